from __future__ import annotations

import pytest
from incident_world import BLUE, CALM, HOUR, ORANGE, RED, T0, YELLOW, World, alert, context, hush, rule, seen
from msgspec import structs

from monitor.incidents import lifecycle
from monitor.incidents.axes import Matrix, nature_of
from monitor.incidents.people import Route
from monitor.incidents.plan import AlertChange
from monitor.incidents.settle import NO_DATA_AFTER
from monitor.model import Tier


def test_calm_to_red_is_one_new_notice() -> None:
    world = World()
    world.judge(alert("surge", RED))
    assert world.notices() == [("NEW", "red", ("zhang", "#ops"))]
    assert world.open[0].number == "INC-2026-0001"
    assert (world.open[0].tier, world.open[0].machine_tier, world.open[0].axes.extent) == (RED, RED, 4)


def test_planning_the_same_again_changes_nothing() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    assert world.judge(alert("surge", ORANGE)) == []


def test_several_alerts_of_one_incident_in_one_tick_are_one_notice() -> None:
    world = World()
    outcomes = world.judge(alert("surge", YELLOW), alert("danger", RED), alert("surge", BLUE, "X2"))
    assert len(outcomes) == 2
    assert world.notices() == [("NEW", "red", ("zhang", "#ops")), ("NEW", "blue", ("#ops", "chen"))]
    assert [e.rule for e in world.owed[0].facts.evidence] == ["danger", "surge"]


def test_a_raise_goes_to_the_route_of_the_new_tier_and_a_lowering_to_all_who_were_told() -> None:
    world = World()
    world.judge(alert("surge", YELLOW))
    world.judge(alert("surge", RED))
    world.judge(alert("surge", ORANGE))
    assert world.notices() == [
        ("NEW", "yellow", ("#ops", "chen")),
        ("RAISED", "red", ("zhang", "#ops")),
        ("LOWERED", "orange", ("#ops", "chen", "zhang")),
    ]
    assert [o.facts.previous_tier for o in world.owed] == [CALM, YELLOW, RED]
    assert [o.facts.notice for o in world.owed] == [1, 2, 3]


def test_clears_after_calm_for_and_tells_everybody_who_was_told() -> None:
    world = World()
    world.judge(alert("surge", YELLOW))
    world.judge(alert("surge", RED))
    world.judge(alert("surge", CALM))
    assert world.open[0].calm_since == T0
    world.wait(HOUR - 1)
    assert world.open
    world.wait(1)
    assert not world.open
    assert world.notices()[-1] == ("CLEARED", "calm", ("#ops", "chen", "zhang"))
    assert world.owed[-1].facts.previous_tier == RED


def test_a_tier_that_comes_back_before_it_cleared_is_not_told_again_but_still_wants_an_answer() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    world.judge(alert("surge", CALM))
    assert [t.kind for t in world.waiting()] == ["calm"]
    world.judge(alert("surge", ORANGE))
    assert len(world.notices()) == 1
    world.wait(900)
    assert world.notices()[-1] == ("ESCALATED", "orange", ("li",))


def test_calm_while_somebody_holds_it_waits_for_them() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    world.act(lifecycle.acknowledge)
    world.judge(alert("surge", CALM))
    world.wait(5 * HOUR)
    assert world.open[0].acknowledged_by == "zhang"
    assert world.notices()[-1] == ("UPDATE", "calm", ("zhang",))
    world.act(lifecycle.resolve, comment="refunded")
    assert world.notices()[-1] == ("RESOLVED", "calm", ("zhang", "#ops"))


def test_reopened_within_the_day_bears_the_same_number_and_after_it_a_new_one() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    world.judge(alert("surge", CALM))
    world.wait(24 * HOUR)
    world.judge(alert("surge", ORANGE))
    assert list(world.incidents) == ["INC-2026-0001"]
    assert world.notices()[-1][0] == "NEW"
    assert "reopened" in world.kinds()
    world.judge(alert("surge", CALM))
    world.wait(26 * HOUR)
    world.judge(alert("surge", ORANGE))
    assert list(world.incidents) == ["INC-2026-0001", "INC-2026-0002"]


def test_after_a_false_alarm_only_a_further_rise_takes_it_up_again() -> None:
    world = World()
    world.judge(alert("surge", ORANGE), alert("danger", YELLOW))
    world.act(lifecycle.false_alarm, comment="a test of the helpdesk")
    world.judge(alert("surge", YELLOW))
    assert not world.open
    world.judge(alert("surge", RED))
    assert [i.number for i in world.open] == ["INC-2026-0001"]
    assert len(world.open[0].alerts) == 2, "the other alert that still stands is taken up too"


def test_no_data_keeps_the_incident_and_is_told_once_and_its_end_too() -> None:
    world = World()
    world.judge(alert("surge", ORANGE))
    world.judge(alert("surge", ORANGE, no_data_since=T0 - 60))
    assert [n[0] for n in world.notices()] == ["NEW"], "a late export is no news"
    world.judge(alert("surge", ORANGE, no_data_since=T0 - NO_DATA_AFTER))
    world.judge(alert("surge", ORANGE, no_data_since=T0 - NO_DATA_AFTER))
    assert [n[0] for n in world.notices()] == ["NEW", "NO DATA"]
    assert world.open[0].tier == ORANGE
    world.judge(alert("surge", ORANGE))
    assert [n[0] for n in world.notices()] == ["NEW", "NO DATA", "DATA BACK"]


def test_no_data_of_a_lesser_alert_is_no_notice() -> None:
    world = World()
    world.judge(alert("surge", ORANGE), alert("danger", YELLOW))
    world.judge(alert("danger", YELLOW, no_data_since=T0))
    assert [n[0] for n in world.notices()] == ["NEW"]


def test_shadow_rules_plan_nothing_and_a_rule_taken_away_lets_go() -> None:
    world = World()
    assert world.judge(alert("shadow", RED)) == []
    world.judge(alert("surge", RED))
    world.context = context(rules={"danger": rule("danger")})
    world.judge()
    assert world.open[0].calm_since == T0


def test_a_factor_twice_the_last_told_or_a_new_family_is_an_update() -> None:
    world = World()
    world.judge(alert("surge", ORANGE, verdict=seen(40, 10, ("tickets",))))
    world.judge(alert("surge", ORANGE, verdict=seen(70, 10, ("tickets",))))
    assert len(world.notices()) == 1
    world.judge(alert("surge", ORANGE, verdict=seen(80, 10, ("tickets",))))
    world.judge(alert("surge", ORANGE, verdict=seen(81, 10, ("press", "tickets"))))
    assert [n[0] for n in world.notices()] == ["NEW", "UPDATE", "UPDATE"]
    assert [o.facts.reason_id.rsplit(".", 1)[-1] for o in world.owed[1:]] == ["doubled", "new_family"]


# scope of the alerts in order of their coming -> the incidents they end in: (scope, rules, linked)
JOINS = {
    "the same scope": (["surge:X1", "danger:X1"], [({"product": "X1"}, 2, 0)]),
    "other products stand apart": (["surge:X1", "surge:X2"], [({"product": "X1"}, 1, 0), ({"product": "X2"}, 1, 0)]),
    "the whole joins its only part": (["surge:X1", "all:"], [({"product": "X1"}, 2, 0)]),
    "the order does not matter": (["all:", "surge:X1"], [({"product": "X1"}, 2, 0)]),
    "the whole of several stands alone and links them": (
        ["surge:X1", "surge:X2", "all:"],
        [({"product": "X1"}, 1, 0), ({"product": "X2"}, 1, 0), ({}, 1, 2)],
    ),
    "all in one tick": (["all:+surge:X1+surge:X2"], [({"product": "X1"}, 2, 0), ({"product": "X2"}, 1, 0)]),
    "another risk is another matter": (["leak:X1", "surge:X1"], [({"product": "X1"}, 1, 0), ({"product": "X1"}, 1, 0)]),
}


@pytest.mark.parametrize("name", JOINS)
def test_scopes_join(name: str) -> None:
    coming, wanted = JOINS[name]
    world = World()
    for tick in coming:
        world.judge(*[alert(rule, YELLOW, product) for rule, product in (one.split(":") for one in tick.split("+"))])
    assert [(i.scope, len(i.alerts), len(i.linked)) for i in world.incidents.values()] == wanted


def test_the_route_as_it_stood_at_the_start_is_kept() -> None:
    world = World()
    world.judge(alert("surge", YELLOW))
    world.context = context(routes=(Route(to=("wang",)),), people={})
    world.judge(alert("surge", RED))
    assert world.notices()[-1] == ("RAISED", "red", ("zhang", "#ops"))
    assert world.owed[-1].to[0].channels == ("sms", "mail")


def test_nobody_named_is_said_once_and_a_finding_from_orange_on() -> None:
    world = World(context(routes=()))
    world.judge(alert("surge", BLUE))
    world.judge(alert("surge", BLUE))
    assert (world.kinds().count("nobody_to_tell"), world.findings) == (1, [])
    world.judge(alert("surge", ORANGE))
    assert [f.kind for f in world.findings if f.ended_at is None] == ["unrouted"]


def test_grave_nature_raises_a_tier_and_the_notice_says_so() -> None:
    world = World(context(rules={"hurt": rule("hurt", nature=2), "lone": rule("lone", "rumour", certain_with=2)}))
    world.judge(alert("hurt", YELLOW), alert("lone", RED))
    assert [(i.tier, i.axes.extent) for i in world.open] == [(ORANGE, 3 - 1), (YELLOW, 4)]
    assert [o.facts.reason_id for o in world.owed] == ["incident.reason.axis_nature", "incident.reason.axis_certainty"]
    assert Matrix().nature.grave == 1


def test_the_notice_says_by_when_an_answer_is_wanted_and_who_is_next() -> None:
    world = World()
    world.judge(alert("surge", ORANGE, verdict=seen(40, 10)))
    world.judge(alert("surge", ORANGE, verdict=seen(90, 10)))
    first, update = (o.facts for o in world.owed)
    assert (first.lead, first.backup, first.ack_by) == ("zhang", "li", T0 + 900)
    assert first.ack_by == world.waiting()[0].due_at
    assert (update.transition, update.ack_by) == ("UPDATE", None)


def test_a_late_finding_says_how_late() -> None:
    world = World()
    world.judge_changes(AlertChange(before=None, after=alert("surge", ORANGE), late_by=7800, data_at=T0 - 7800))
    assert (world.owed[0].facts.late_by, world.owed[0].facts.data_at) == (7800, T0 - 7800)


SILENCED = {  # tier of the alert, tier the silence hides up to -> transitions told
    (BLUE, YELLOW): [],
    (YELLOW, YELLOW): [],
    (ORANGE, YELLOW): ["NEW"],
    (RED, RED): [],
}


@pytest.mark.parametrize(("tier", "up_to"), SILENCED)
def test_a_silence_hides_up_to_its_tier(tier: Tier, up_to: Tier) -> None:
    world = World()
    world.silence(hush(up_to))
    world.judge(alert("surge", tier))
    world.judge(alert("surge", tier))
    assert [n[0] for n in world.notices()] == SILENCED[tier, up_to]
    assert len(world.open) == 1, "the incident is there all the same"
    assert world.kinds().count("silenced") == (0 if SILENCED[tier, up_to] else 1)


def test_a_raise_above_a_silence_goes_out_and_says_so() -> None:
    world = World()
    world.silence(hush(YELLOW))
    world.judge(alert("surge", YELLOW))
    world.judge(alert("surge", RED))
    assert [n[0] for n in world.notices()] == ["NEW"]
    assert world.owed[0].facts.over_silence == YELLOW


def test_a_silence_that_fits_one_alert_of_two_hides_nothing() -> None:
    world = World()
    world.silence(hush(RED, rule="surge"))
    world.judge(alert("surge", ORANGE), alert("danger", ORANGE))
    assert [n[0] for n in world.notices()] == ["NEW"]


def test_the_end_of_a_silence_tells_what_still_burns() -> None:
    world = World()
    silence = hush(YELLOW)
    world.silence(silence)
    world.judge(alert("surge", YELLOW))
    world.now = silence.until
    world.act(lifecycle.silence_ended, silence, by="monitor", alerts=world.standing())
    assert [n[0] for n in world.notices()] == ["NEW"]


def test_dangers_told_give_the_nature_and_a_child_makes_them_graver() -> None:
    levels = {"injury": 1, "fire": 2, "police": 0}
    assert [nature_of(told, levels) for told in ((), ("police",), ("injury",), ("fire", "police"))] == [0, 0, 1, 2]
    assert [nature_of(told, levels) for told in (("child",), ("child", "injury"), ("child", "fire"))] == [0, 2, 2]
    world = World(context(rules={"hurt": rule("hurt")}, natures=levels))
    told = alert("hurt", YELLOW, verdict=seen(40, 10))
    assert told.verdict is not None
    world.judge(structs.replace(told, verdict=structs.replace(told.verdict, dangers=("fire",))))
    assert [(i.tier, i.axes.nature) for i in world.open] == [(ORANGE, 2)]
