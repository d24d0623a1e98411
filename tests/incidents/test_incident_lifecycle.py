from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from incident_world import BLUE, CALM, HOUR, ORANGE, RED, T0, YELLOW, World, alert, context, hush

from monitor.incidents import lifecycle
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.people import Route, Team
from monitor.incidents.timeline import words, write
from monitor.messages import say
from monitor.model import Entry, Outcome, Tier


def burning(tier: Tier = ORANGE) -> World:
    world = World()
    world.judge(alert("surge", tier))
    return world


def test_an_acknowledgement_stops_the_escalation() -> None:
    world = burning()
    assert [(t.kind, t.step, t.due_at) for t in world.waiting()] == [("escalate", 1, T0 + 900)]
    world.act(lifecycle.acknowledge)
    assert (world.open[0].acknowledged_by, world.open[0].acknowledged_at) == ("zhang", T0)
    assert [t.kind for t in world.waiting()] == ["remind"]
    world.wait(2 * HOUR - 1)
    assert len(world.notices()) == 1


def test_one_who_took_it_and_did_nothing_is_reminded_and_then_the_next_is_asked() -> None:
    world = burning()
    world.act(lifecycle.acknowledge)
    world.wait(2 * HOUR)
    assert world.notices()[-1] == ("UPDATE", "orange", ("zhang",))
    world.act(lifecycle.comment, "called the supplier")
    world.wait(2 * HOUR)
    assert world.notices()[-1] == ("UPDATE", "orange", ("zhang",))
    assert world.kinds().count("reminded") == 2
    world.wait(2 * HOUR)
    assert world.notices()[-1] == ("ESCALATED", "orange", ("li",))
    assert world.open[0].acknowledged_by is None


def test_taken_back_the_next_person_is_asked_again() -> None:
    world = burning()
    world.act(lifecycle.acknowledge)
    world.act(lifecycle.unacknowledge)
    world.wait(900)
    assert world.notices()[-1] == ("ESCALATED", "orange", ("li",))


def test_taken_back_while_calm_it_clears_by_itself() -> None:
    world = burning()
    world.act(lifecycle.acknowledge)
    world.judge(alert("surge", CALM))
    world.wait(2 * HOUR)
    world.act(lifecycle.unacknowledge)
    world.wait(HOUR)
    assert world.incidents["INC-2026-0001"].state == "cleared"


def test_not_me_tells_the_next_person_now() -> None:
    world = burning()
    world.act(lifecycle.not_me)
    assert world.notices()[-1] == ("ESCALATED", "orange", ("li",))
    assert world.owed[-1].facts.lead == "li"
    assert [(t.step, t.due_at) for t in world.waiting()] == [(2, T0 + 900)]


def test_silence_of_everybody_is_a_finding_that_an_answer_ends() -> None:
    world = burning()
    world.wait(2 * 900)
    assert world.kinds()[-1] == "nobody_left"
    assert [(f.kind, f.ended_at) for f in world.findings] == [("unanswered", None)]
    world.act(lifecycle.acknowledge, by="chen")
    assert world.findings[-1].ended_at == world.now


def test_a_raise_needs_an_answer_of_its_own() -> None:
    world = burning(YELLOW)
    world.act(lifecycle.acknowledge, by="chen")
    world.judge(alert("surge", RED))
    assert world.notices()[-1] == ("RAISED", "red", ("zhang", "#ops", "chen"))
    assert world.open[0].acknowledged_by is None
    assert "ack_lapsed" in world.kinds()
    world.wait(900)
    assert world.notices()[-1] == ("ESCALATED", "red", ("li",))


def test_without_a_written_time_the_tier_gives_it_where_a_person_is_asked() -> None:
    team = {"crisis": Team(name="crisis", roles={"leader": ("zhang", "li")})}
    people = World(context(teams=team, routes=(Route(to=("crisis",)),)))
    people.judge(alert("surge", RED))
    assert [t.due_at - T0 for t in people.waiting()] == [300]
    group = World(context(routes=(Route(to=("channel:ops",)),)))
    group.judge(alert("surge", RED))
    assert group.waiting() == []


def test_a_person_tier_stands_until_given_back_and_a_rise_above_it_is_told() -> None:
    world = burning(ORANGE)
    world.act(lifecycle.lower_by_person, BLUE, reason="a promotion", alerts=world.standing())
    assert (world.open[0].tier, world.notices()[-1][0]) == (BLUE, "LOWERED")
    world.judge(alert("danger", YELLOW))
    assert world.open[0].tier == BLUE and world.notices()[-1][0] == "LOWERED"
    world.judge(alert("danger", RED))
    assert world.open[0].tier == BLUE
    assert world.notices()[-1][0] == "UPDATE" and "红色" in world.owed[-1].facts.reason
    world.act(lifecycle.give_back, alerts=world.standing())
    assert (world.open[0].tier, world.notices()[-1][:2]) == (RED, ("RAISED", "red"))


def test_a_tier_given_back_over_calm_alerts_clears_in_its_time() -> None:
    world = burning(YELLOW)
    world.act(lifecycle.raise_by_person, RED, reason="the press calls", evidence="a call", alerts=world.standing())
    world.judge(alert("surge", CALM))
    world.wait(5 * HOUR)
    assert world.open[0].tier == RED, "the machine does not clear what a person holds up"
    world.act(lifecycle.give_back)
    world.wait(HOUR)
    assert world.notices()[-1][0] == "CLEARED"


def test_raised_by_hand_with_no_alert_is_told_and_joined_by_the_alert_that_comes() -> None:
    world = World()
    world.write(
        lifecycle.open_by_person(
            "mass-complaints", {"product": "X1"}, ORANGE, "wang", T0, world.context,
            open=[], next_number=7, reason="a journalist called", evidence="phone note",
        )
    )  # fmt: skip
    assert world.notices() == [("NEW", "orange", ("zhang", "#ops"))]
    assert (world.owed[0].facts.actor, world.owed[0].facts.reason) == ("wang", "a journalist called")
    assert world.open[0].playbook == "mass-complaints"
    world.judge(alert("surge", RED))
    assert [i.number for i in world.open] == ["INC-2026-0007"]
    assert world.open[0].machine_tier == RED


def test_a_false_alarm_undone_stands_as_its_alerts_say() -> None:
    world = burning()
    world.act(lifecycle.false_alarm, comment="a test")
    assert world.notices()[-1] == ("CANCELLED", "calm", ("zhang", "#ops"))
    assert world.waiting() == []
    world.act(lifecycle.reopen, alerts=world.standing(), comment="it was real")
    assert (world.open[0].state, world.open[0].tier) == ("open", ORANGE)
    assert world.notices()[-1][:2] == ("NEW", "orange")
    assert len(world.waiting()) == 1


def test_a_hidden_incident_still_tells_its_end_to_those_told_before() -> None:
    world = burning()
    world.silence(hush(RED))
    world.judge(alert("surge", CALM))
    world.wait(HOUR)
    assert world.notices()[-1][0] == "CLEARED"


def test_what_was_taken_up_again_in_silence_ends_in_silence() -> None:
    world = burning()
    world.act(lifecycle.false_alarm)
    world.silence(hush(RED, until=T0 + 9 * HOUR))
    world.judge(alert("danger", YELLOW))
    world.judge(alert("danger", CALM), alert("surge", CALM))
    world.wait(HOUR)
    assert [n[0] for n in world.notices()] == ["NEW", "CANCELLED"]


def test_the_end_of_a_silence_asks_again_for_an_answer() -> None:
    world = burning()
    silence = hush(RED, until=T0 + HOUR)
    world.silence(silence)
    world.wait(HOUR)
    assert len(world.notices()) == 1, "the escalation was hidden"
    world.act(lifecycle.silence_ended, silence, by="monitor", alerts=world.standing())
    assert world.notices()[-1][0] == "UPDATE"


def test_comments_and_links_leave_the_rest_alone() -> None:
    world = burning()
    world.act(lifecycle.comment, "called the supplier")
    world.act(lifecycle.link, "INC-2026-0099")
    assert world.open[0].linked == ("INC-2026-0099",)
    assert len(world.notices()) == 1


Act = Callable[[World], Outcome]
REFUSED: dict[str, tuple[Act, str]] = {
    "held by another": (lambda w: (w.act(lifecycle.acknowledge, by="li"), w.act(lifecycle.acknowledge))[1], "held"),
    "held by another, not me": (
        lambda w: (w.act(lifecycle.acknowledge, by="li"), w.act(lifecycle.not_me))[1],
        "held",
    ),
    "nobody holds it": (lambda w: w.act(lifecycle.unacknowledge), "not_held"),
    "not higher": (lambda w: w.act(lifecycle.raise_by_person, ORANGE), "not_higher"),
    "not lower": (lambda w: w.act(lifecycle.lower_by_person, RED), "not_lower"),
    "calm is an end": (lambda w: w.act(lifecycle.lower_by_person, CALM), "calm_is_an_end"),
    "no tier to give back": (lambda w: w.act(lifecycle.give_back), "no_person_tier"),
    "still open": (lambda w: w.act(lifecycle.reopen), "open"),
    "closed": (lambda w: (w.act(lifecycle.resolve), w.act(lifecycle.acknowledge))[1], "closed"),
    "linked with itself": (lambda w: w.act(lifecycle.link, "INC-2026-0001"), "linked"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_act_that_cannot_be_is_refused_with_words(name: str) -> None:
    act, wanted = REFUSED[name]
    with pytest.raises(ActRefused) as refused:
        act(burning())
    assert refused.value.id == f"incident.refused.{wanted}"
    for language in ("zh", "en"):
        assert say(language, refused.value.id, **words(refused.value.told, language, ZoneInfo("UTC")))


def test_every_entry_reads_in_both_languages() -> None:
    world = burning(YELLOW)
    steps: list[Any] = [
        lambda: world.act(lifecycle.acknowledge),
        lambda: world.judge(alert("surge", RED, no_data_since=T0)),
        lambda: world.judge(alert("surge", ORANGE)),
        lambda: world.wait(3 * HOUR),
        lambda: world.act(lifecycle.silence_added, hush()),
        lambda: world.judge(alert("surge", CALM)),
        lambda: world.wait(3 * HOUR),
        lambda: world.act(lifecycle.reopen, comment="not over"),
    ]
    for step in steps:
        step()
    for language in ("zh", "en"):
        for entry in world.entries:
            text = write(entry, language, ZoneInfo("Asia/Shanghai"))
            assert text and "{" not in text
            if language == "zh" and "tier" in entry.args:
                assert entry.args["tier"] not in text


def test_what_an_act_rests_on_stands_in_the_timeline_and_its_absence_leaves_no_trace() -> None:
    world = World()
    world.judge(alert("surge", RED))
    world.act(lifecycle.lower_by_person, ORANGE, reason="one shop", evidence="a call")
    world.act(lifecycle.link, "INC-2026-0009", comment="same batch", evidence="lot 7")
    world.act(lifecycle.cancel, comment="old video", evidence="its date")
    zone = ZoneInfo("UTC")
    kinds = ("lowered_by_person", "linked", "cancelled")
    said = [write(e, "en", zone) for e in world.entries if e.kind.rpartition(".")[2] in kinds]
    assert said == [
        "lowered by hand: red → orange; reason: one shop; evidence: a call",
        "linked with INC-2026-0009 same batch; evidence: lot 7",
        "false alarm, cancelled: old video; evidence: its date",
    ]
    before = Entry(incident="INC-2026-0001", at=T0, actor="li", kind="incident.entry.linked",
                   args={"other": "INC-2026-0002", "comment": ""})  # fmt: skip
    assert write(before, "en", zone) == "linked with INC-2026-0002"
