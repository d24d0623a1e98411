from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_world import HOUR, ORANGE, RED, T0, World, alert, context

from monitor.incidents import lifecycle
from monitor.incidents.drills import Inject, Objective, Run, Scenario, Schedule, next_at, notes, overdue, records, score
from monitor.incidents.hours import is_open, parse
from monitor.incidents.workdays import calendar_of
from monitor.model import Alert, Delivery, Entry, Mention, Sample, Tier
from monitor.times import Duration

SHANGHAI = ZoneInfo("Asia/Shanghai")
RUN = Run(id="d7", scenario="battery", started_at=T0, started_by="zhang")


def span(seconds: float) -> Duration:
    return Duration(seconds)


SCENARIO = Scenario(
    id="battery",
    title={"zh": "充电宝起火", "en": "power bank fire"},
    playbook="product-safety",
    lasts=span(7200),
    inject=(
        Inject(after=span(60), kind="mentions", source="helpdesk", over=span(600), count=5, texts=("起火", "冒烟")),
        Inject(after=span(300), kind="samples", source="kpi", series="returns", value=9.0),
        Inject(after=span(900), kind="note", note={"zh": "记者来电", "en": "a journalist rings"}),
    ),
    objective=(
        Objective(kind="detected", within=span(600)),
        Objective(kind="detected", tier="red", within=span(600)),
        Objective(kind="acked", within=span(900)),
        Objective(kind="escalated", within=span(1800)),
        Objective(kind="ended", within=span(7200)),
    ),
)


def drill(rule: str, tier: Tier, **more: Any) -> Alert:
    plain = alert(rule, tier, **more)
    return msgspec.structs.replace(plain, key=(*plain.key, ("drill", "d7")))


def test_every_record_bears_the_mark_and_comes_in_its_time() -> None:
    found = records(SCENARIO, RUN, T0, T0 + 7200)
    assert [r.labels["drill"] for r in found] == ["d7"] * 6
    mentions = [r for r in found if isinstance(r, Mention)]
    assert [m.text for m in mentions] == ["起火", "冒烟", "起火", "冒烟", "起火"]
    assert [m.at - T0 for m in mentions] == [60, 180, 300, 420, 540]
    assert [r.value for r in found if isinstance(r, Sample)] == [9.0]
    assert notes(SCENARIO, RUN, T0, T0 + 900) == [(T0 + 900, {"zh": "记者来电", "en": "a journalist rings"})]


@given(st.lists(st.floats(0, 7200), max_size=6))
def test_taken_in_pieces_nothing_is_lost_or_doubled(cuts: list[float]) -> None:
    edges = [T0, *sorted(T0 + c for c in cuts), T0 + 7200]
    pieces = [r for a, b in pairwise(edges) for r in records(SCENARIO, RUN, a, b)]
    whole = records(SCENARIO, RUN, T0, T0 + 7200)
    assert sorted(pieces, key=repr) == sorted(whole, key=repr)


def test_a_real_alarm_in_a_drill_has_its_own_unmarked_incident() -> None:
    world = World(context(drill_to=("chen",)))
    world.judge(drill("surge", RED))
    world.judge(alert("surge", RED))
    assert [(i.number, i.drill) for i in world.open] == [("INC-2026-0001", True), ("INC-2026-0002", False)]
    assert [(o.facts.drill, [r.person for r in o.to]) for o in world.owed] == [(True, ["chen"]), (False, ["zhang", ""])]
    world.judge(drill("danger", RED))
    assert [len(i.alerts) for i in world.open] == [2, 1]


def test_a_drill_reaches_its_recipients_only_unless_it_is_held_as_if_real() -> None:
    for drill_to, told in (((), []), (("channel:ops", "li"), ["#ops"]), (None, ["zhang", "#ops"])):
        world = World(context(drill_to=drill_to))
        world.judge(drill("surge", RED))
        assert [who for _, _, to in world.notices() for who in to] == told


def test_those_who_play_are_asked_on_and_hear_of_the_end() -> None:
    world = World(context(drill_to=("chen",)))
    world.judge(drill("surge", RED))
    world.wait(900)
    world.act(lifecycle.acknowledge, by="chen")
    world.act(lifecycle.resolve, by="chen")
    assert [(t, to) for t, _, to in world.notices()] == [
        ("NEW", ("chen",)), ("ESCALATED", ("chen",)), ("RESOLVED", ("chen",)),
    ]  # fmt: skip


def test_the_scorecard_says_what_was_reached_in_time_and_who_never_was() -> None:
    world = World(context(drill_to=None))
    world.now = T0 + 500
    world.judge(drill("surge", ORANGE))
    world.wait(900)
    world.act(lifecycle.acknowledge, by="li")

    def delivery(person: str, state: str) -> Delivery:
        return Delivery(
            id=1, key="k", incident="INC-2026-0001", notice=1, channel="mail", person=person, tier=ORANGE,
            state=state, attempts=1, next_at=T0, created_at=T0, facts=1,
        )  # type: ignore[arg-type]  # fmt: skip

    card = score(SCENARIO, RUN, world.entries, [delivery("zhang", "dead"), delivery("li", "sent")])
    assert [(m.objective.kind, m.seconds, m.met) for m in card.marks] == [
        ("detected", 500, True),
        ("detected", None, False),
        ("acked", 1400, False),
        ("escalated", 1400, True),
        ("ended", None, False),
    ]
    assert (card.met, card.reached, card.not_reached) == (2, ("li",), ("zhang",))


def test_a_statement_is_ready_when_the_last_of_those_who_approve_said_yes() -> None:
    wanted = Objective(kind="statement", within=Duration(3600), name="press")
    scenario = Scenario(id="s", playbook="general", lasts=Duration(7200), title={"en": "s"}, objective=(wanted,))

    def approved(at: float, audience: str, ready: bool) -> Entry:
        told = {"statement": "INC-2026-0001-s1", "role": "legal", "audience": audience, "ready": ready}
        return Entry(incident="INC-2026-0001", at=at, actor="li", kind="incident.statement.approved", args=told)

    lines = [approved(T0 + 60, "staff", True), approved(T0 + 90, "press", False), approved(T0 + 120, "press", True)]
    card = score(scenario, RUN, lines, [])
    assert [(m.seconds, m.met) for m in card.marks] == [(T0 + 120 - RUN.started_at, True)]


@pytest.mark.parametrize("announced", [True, False])
def test_a_drill_is_held_in_its_hours_once_in_its_time(announced: bool) -> None:
    schedule = Schedule(scenario="battery", every=span(90 * 86400), announced=announced)
    days = calendar_of("CN")
    first = next_at(schedule, [], T0, SHANGHAI, days)
    again = next_at(schedule, [RUN], T0, SHANGHAI, days)
    assert first is not None and again is not None
    assert is_open(parse(schedule.hours), first, SHANGHAI, days) and first >= T0
    assert 90 * 86400 <= again - T0 < 120 * 86400
    assert again == next_at(schedule, [RUN], T0, SHANGHAI, days), "a restart does not draw again"
    assert datetime.fromtimestamp(first, SHANGHAI).weekday() < 6


def test_a_drill_not_held_is_found() -> None:
    schedules = [Schedule(scenario="battery", every=span(86400 * 10))]
    assert overdue(schedules, [RUN], T0, T0 + 10.9 * 86400) == []
    assert [f.subject for f in overdue(schedules, [RUN], T0, T0 + 11.1 * 86400)] == ["battery"]
    assert [f.kind for f in overdue(schedules, [], T0 - HOUR * 24 * 12, T0)] == ["drill-overdue"]
