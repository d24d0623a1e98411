from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from incident_world import HOUR, RED, T0, World, alert, context, hush

from monitor.incidents import clock_acts, lifecycle
from monitor.incidents.clocks import ClockSpec, Limit, Unit, due, in_force, running
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.workdays import calendar_of


def spec(unit: Unit, span: int | None, where: str = "CN", **more: Any) -> ClockSpec:
    free_days = more.pop("free_days", True)
    return ClockSpec(id="c", jurisdiction=where, limit=Limit(unit=unit, span=span, free_days=free_days), **more)


def at(text: str, one: ClockSpec) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=one.zone).timestamp()


# clock, event, due (local times of the jurisdiction)
COUNTED: dict[str, tuple[ClockSpec, str, str | None]] = {
    "four hours, any day": (spec("hours", 4), "2026-10-03 23:00", "2026-10-04 03:00"),
    "72 hours over a DST day are 72 hours": (spec("hours", 72, "EU"), "2026-10-24 12:00", "2026-10-27 11:00"),
    "two working days over the National Day": (spec("working-days", 2), "2026-09-30 10:00", "2026-10-10 00:00"),
    "a make-up Saturday is worked": (spec("working-days", 1), "2026-10-09 10:00", "2026-10-11 00:00"),
    "but exchanges rest on it": (spec("trading-days", 1), "2026-10-09 10:00", "2026-10-13 00:00"),
    "three days after that day": (spec("calendar-days", 3, "SG"), "2026-11-02 09:00", "2026-11-06 00:00"),
    "a month ends on the last day there is": (spec("months", 1, "EU"), "2026-01-31 09:00", "2026-03-01 00:00"),
    "13 months go over a year": (spec("months", 13, "EU"), "2026-01-15 09:00", "2027-02-16 00:00"),
    "on a free day, to the next working day": (
        spec("calendar-days", 15, shift="workday"),
        "2026-09-18 09:00",
        "2026-10-09 00:00",
    ),
    "on a free day, to noon of the next working day": (
        spec("months", 1, "EU", shift="noon"),
        "2026-11-25 09:00",
        "2026-12-28 12:00",
    ),
    "hours that free days do not count": (
        spec("hours", 24, "US", free_days=False),
        "2026-11-25 18:00",
        "2026-11-27 18:00",
    ),
    "and over a weekend": (spec("hours", 24, "US", free_days=False), "2026-11-20 18:00", "2026-11-23 18:00"),
    "no number": (spec("none", None), "2026-11-20 18:00", None),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_clock_counts_as_its_law_counts(name: str) -> None:
    one, event, wanted = COUNTED[name]
    found = due(one, at(event, one), calendar_of(one.country))
    assert found == (None if wanted is None else at(wanted, one))


def test_the_earlier_of_two_limits_holds() -> None:
    dora = spec("hours", 24, "EU", also=Limit(unit="hours", span=4))
    days = calendar_of(dora.country)
    assert due(dora, T0, days) == T0 + 24 * HOUR
    assert due(dora, T0, days, also_since=T0 + HOUR) == T0 + 5 * HOUR
    assert due(dora, T0, days, also_since=T0 + 23 * HOUR) == T0 + 24 * HOUR


def test_a_rule_holds_from_its_day_to_its_day() -> None:
    old = spec("hours", 1, in_force_from=date(2026, 1, 1), in_force_to=date(2026, 4, 14))
    assert [in_force(old, at(t, old)) for t in ("2025-12-31 23:59", "2026-01-01 00:00", "2026-04-14 23:59")] == [
        False, True, True,
    ]  # fmt: skip
    assert not in_force(old, at("2026-04-15 00:00", old))


def test_own_days_off_count_as_free() -> None:
    plain = spec("working-days", 1)
    own = calendar_of("CN")
    assert due(plain, at("2026-11-19 12:00", plain), own) == at("2026-11-21 00:00", plain)


def burning() -> World:
    world = World()
    world.judge(alert("leak", RED))
    return world


def test_half_a_quarter_and_no_time_left_are_told_though_silenced_and_though_closed() -> None:
    world = burning()
    world.act(clock_acts.start_clock, spec("hours", 4), T0, by="wang", reason="1.2 M people")
    assert running(world.open[0]) == {"c": T0 + 4 * HOUR}
    world.silence(hush(RED, risk="data-breach"))
    world.act(lifecycle.acknowledge)
    world.wait(2 * HOUR)
    assert world.owed[-1].facts.reason_id == "incident.reason.clock_half"
    assert [r.person for r in world.owed[-1].to] == ["zhang", "", "wang"]
    assert world.owed[-1].facts.clocks == {"c": T0 + 4 * HOUR}
    world.act(lifecycle.resolve)
    world.wait(2 * HOUR)
    assert [o.facts.reason_id.rsplit("_", 1)[-1] for o in world.owed[-2:]] == ["quarter", "overdue"]
    assert [(f.kind, f.subject) for f in world.findings if f.kind == "clock-overdue"] == [
        ("clock-overdue", "INC-2026-0001/c")
    ]
    world.act(clock_acts.submit_clock, "c", world.now, by="wang")
    assert world.findings[-1].ended_at == world.now


def test_handed_in_it_stops_and_starts_what_follows() -> None:
    world = burning()
    final = ClockSpec(id="final", jurisdiction="EU", limit=Limit(unit="months", span=1), after="c")
    with pytest.raises(ActRefused, match="clock_waits"):
        world.act(clock_acts.start_clock, final, T0)
    world.act(clock_acts.start_clock, spec("hours", 72, "EU"), T0)
    world.now += HOUR
    world.act(clock_acts.submit_clock, "c", T0 + 1800, following=[final])
    assert list(running(world.open[0])) == ["final"]
    assert world.open[0].clocks[-1].since == T0 + 1800
    assert [t.kind for t in world.waiting() if t.kind.startswith("clock")] == ["clock:final"]


def test_a_law_that_was_looked_at_and_does_not_apply_is_ruled_out_without_being_started() -> None:
    world = World(context(clocks={"c": ClockSpec(id="c", jurisdiction="CN", limit=Limit(unit="hours", span=4))}))
    world.judge(alert("leak", RED))
    world.act(clock_acts.rule_out_clock, "c", reason="no data")
    (clock,) = world.open[0].clocks
    assert (clock.ruled_out_at, clock.due_at, clock.running) == (world.now, None, False)
    with pytest.raises(ActRefused, match="no_clock"):
        world.act(clock_acts.rule_out_clock, "d", reason="no data")


def test_ruled_out_it_wants_a_reason_and_started_again_it_is_corrected() -> None:
    world = burning()
    world.act(clock_acts.start_clock, spec("hours", 4), T0)
    world.now += 60
    world.act(clock_acts.start_clock, spec("hours", 4), T0 - 1800, reason="mail found")
    assert running(world.open[0]) == {"c": T0 - 1800 + 4 * HOUR}
    with pytest.raises(ActRefused, match="reason_wanted"):
        world.act(clock_acts.rule_out_clock, "c", reason="")
    world.act(clock_acts.rule_out_clock, "c", reason="test data only")
    assert running(world.open[0]) == {}
    with pytest.raises(ActRefused, match="clock_not_running"):
        world.act(clock_acts.submit_clock, "c", T0)
    assert [k for k in world.kinds() if k.startswith("clock")] == [
        "clock_started", "clock_corrected", "clock_ruled_out",
    ]  # fmt: skip


def test_a_clock_of_no_number_runs_without_reminders() -> None:
    world = burning()
    world.act(clock_acts.start_clock, spec("none", None), T0)
    assert running(world.open[0]) == {} and world.open[0].clocks[0].running
    assert not [t for t in world.waiting() if t.kind.startswith("clock")]


def test_no_clock_runs_from_a_time_to_come_or_under_a_law_not_in_force() -> None:
    world = burning()
    with pytest.raises(ActRefused, match="clock_future"):
        world.act(clock_acts.start_clock, spec("hours", 4), T0 + 1)
    with pytest.raises(ActRefused, match="clock_not_in_force"):
        world.act(clock_acts.start_clock, spec("hours", 4, in_force_from=date(2030, 1, 1)), T0)
