from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from incident_world import CALM, HOUR, ORANGE, RED, T0, YELLOW, World, alert, context

from monitor.incidents import lifecycle
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.people import Person
from monitor.incidents.review import (
    add_action,
    answer,
    check_effect,
    course,
    do,
    drop,
    due_at,
    findings,
    hold,
    missing,
    note,
    wanted,
)
from monitor.incidents.timeline import words, write
from monitor.incidents.workdays import calendar_of
from monitor.messages import say
from monitor.model import Action, Entry, Incident, Review, Tier

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_course_of_a_night_is_read_from_its_timeline() -> None:
    world = World(context(people={**context().people, "li": Person(name="li")}))
    world.judge(alert("surge", ORANGE))
    world.wait(900)
    world.judge(alert("surge", RED))
    world.wait(120)
    world.act(lifecycle.acknowledge, by="zhang")
    world.judge(alert("surge", CALM))
    world.wait(HOUR)
    world.act(lifecycle.resolve)
    told = course(world.incidents["INC-2026-0001"], world.entries, first_signal=T0 - 600)
    assert (told.detection, told.first_red, told.to_ack) == (600, T0 + 900, 1020)
    assert [(a.person, a.tier, a.seconds) for a in told.acks] == [("zhang", RED, 1020)]
    assert told.unreachable == ("li",) and told.escalations == 0
    assert told.closed_at == world.now and not told.raised_by_hand


def test_an_answer_is_measured_from_when_that_person_was_asked() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    world.wait(900 + 60)
    world.act(lifecycle.acknowledge, by="li")
    told = course(world.open[0], world.entries)
    assert [(a.person, a.seconds) for a in told.acks] == [("li", 60)]
    assert told.escalations == 1


DUE = {RED: "2026-10-11 00:00", ORANGE: "2026-10-14 00:00"}


@pytest.mark.parametrize("peak", DUE)
def test_a_review_is_due_after_working_days_sooner_after_red(peak: Tier) -> None:
    closed = datetime(2026, 9, 30, 15, tzinfo=SHANGHAI).timestamp()
    incident = Incident(
        number="INC-2026-0001", risk="r", scope={}, tier=CALM, opened_at=T0, updated_at=closed, closed_at=closed,
        peak=peak, state="resolved",
    )  # fmt: skip
    end = datetime.fromtimestamp(due_at(incident, calendar_of("CN"), SHANGHAI), SHANGHAI)
    assert end.strftime("%Y-%m-%d %H:%M") == DUE[peak]
    assert wanted(incident)


def test_small_ones_drills_and_false_alarms_need_no_review() -> None:
    world = World()
    world.judge(alert("surge", YELLOW))
    world.act(lifecycle.resolve)
    world.judge(alert("leak", RED))
    world.act(lifecycle.false_alarm)
    assert [wanted(i) for i in world.incidents.values()] == [False, False]


def review(*actions: Action) -> Review:
    return Review(incident="INC-2026-0001", due_at=T0 + 1000, causes=("a seal",), actions=actions)


def action(**more: object) -> Action:
    base: dict[str, object] = {"id": "a1", "text": "weigh each lot", "owner": "li", "due_at": T0 + 500}
    return Action(**(base | more))  # type: ignore[arg-type]


def test_it_is_not_held_while_something_is_missing() -> None:
    bare = Review(incident="INC-2026-0001", due_at=T0)
    assert [lack.id for lack in missing(bare, 1)] == ["no_cause", "no_lesson", "no_answer"]
    with pytest.raises(ActRefused, match="review_lacks"):
        hold(bare, "zhang", T0, 0)
    held, entry = hold(review(action()), "zhang", T0, 0)
    assert (held.held_by, entry.args) == ("zhang", {"actions": 1})


def test_what_is_overdue_is_found_and_what_is_done_is_not() -> None:
    late = review(action(), action(id="a2", due_at=T0 + 9e6), action(id="a3", check_at=T0 + 10, done_at=T0))
    assert [(f.kind, f.subject) for f in findings([late], T0 + 2000)] == [
        ("review-overdue", "INC-2026-0001"),
        ("action-overdue", "INC-2026-0001/a1"),
        ("effect-unchecked", "INC-2026-0001/a3"),
    ]
    done, _ = do(late, "a1", "li", T0)
    done, _ = drop(done, "a3", "li", T0, reason="machine replaced")
    done, _ = hold(done, "zhang", T0, 0)
    assert findings([done], T0 + 2000) == []


def test_an_effect_is_checked_until_the_root_is_gone_and_a_relapse_opens_the_action_again() -> None:
    one, _ = do(review(action(metric="complaints a day", before=80.0, wanted=20.0)), "a1", "li", T0)
    entries: list[Entry] = []
    effects: list[str] = []
    for value in (35.0, 18.0, 50.0, 15.0):
        one, entry = check_effect(one, "a1", value, "li", T0)
        entries.append(entry)
        effects.append(one.actions[0].effect)
    assert effects == ["not_reached", "reached", "relapsed", "reached"]
    again, _ = check_effect(one, "a1", 60.0, "li", T0)
    assert again.actions[0].done_at is None
    assert [f.kind for f in findings([hold(again, "zhang", T0, 0)[0]], T0)] == ["action-relapsed"]
    for entry in entries:
        assert say("zh", entry.kind, **entry.args) and say("en", entry.kind, **entry.args)


def test_acts_on_what_is_not_there_are_refused() -> None:
    for attempt, id in (
        (lambda: do(review(), "a9", "li", T0), "no_action"),
        (lambda: drop(review(action()), "a1", "li", T0, reason=""), "reason_wanted"),
        (lambda: check_effect(review(action()), "a1", 1.0, "li", T0), "no_metric"),
    ):
        with pytest.raises(ActRefused, match=id) as refused:
            attempt()
        for language in ("zh", "en"):
            assert say(language, refused.value.id, **words(refused.value.told, language, SHANGHAI))


def test_notes_answers_and_actions_are_lines_of_the_timeline_and_nothing_is_overwritten() -> None:
    one = Review(incident="INC-2026-0001", due_at=T0)
    lines = []
    for kind, text in (("cause", "a seal"), ("why", "no test > no time >  "), ("well", "fast"), ("playbook", "step 3")):
        one, entry = note(one, kind, text, "li", T0)
        lines.append(entry)
    one, entry = answer(one, "1", "02:50", "li", T0, 1)
    one, again = answer(one, "1", "02:40", "li", T0, 1)
    one, planned = add_action(one, Action(id="", text="weigh each lot", owner="li", due_at=T0), "li", T0)
    assert (one.causes, one.whys, one.went_well) == (("a seal",), (("no test", "no time"),), ("fast",))
    assert (one.playbook_changes, one.answers, one.actions[0].id) == (("step 3",), {"1": "02:40"}, "a1")
    for line in [*lines, entry, again, planned]:
        for language in ("zh", "en"):
            assert write(line, language, SHANGHAI)
    held, _ = hold(one, "zhang", T0, 1)
    with pytest.raises(ActRefused, match="review_held"):
        note(held, "cause", "another", "li", T0)
    do(held, "a1", "li", T0)


def test_a_question_nobody_asked_has_no_answer() -> None:
    with pytest.raises(ActRefused, match="no_question"):
        answer(review(), "2", "x", "li", T0, 1)
