"""Legal clocks: when something is due by law, counted as the law counts. Never files anything; a person starts each.

A clock starts where a named person says the law's event stands ("aware since 09:12"), because that is a judgement. Days
are counted from the day after the event and end at midnight, on the clock of the jurisdiction.
"""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from monitor.incidents.hours import ALWAYS, after_open, moment
from monitor.incidents.workdays import Calendar
from monitor.model import Incident, RunningClock

Unit = Literal["minutes", "hours", "calendar-days", "working-days", "trading-days", "months", "none"]
Shift = Literal["", "workday", "noon"]
NOON = 12 * 60
SECONDS = {"minutes": 60.0, "hours": 3600.0}
ZONES = {"CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "TW": "Asia/Taipei", "JP": "Asia/Tokyo", "KR": "Asia/Seoul",
         "SG": "Asia/Singapore", "IN": "Asia/Kolkata", "AU": "Australia/Sydney", "EU": "Europe/Brussels",
         "UK": "Europe/London", "US": "America/New_York"}  # fmt: skip
COUNTRIES = {"EU": "BE", "UK": "GB"}
"""Whose calendar counts working days where the jurisdiction is no country; the organisation's own rows win."""


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So much from an event: 4 hours, 2 working days, 1 month. `free_days` False = free days do not count (hours)."""

    unit: Unit
    span: int | None = None
    free_days: bool = True


class ClockSpec(Struct, frozen=True, kw_only=True):
    """What the engine needs of a clock's data. `also`: a second limit from a second event; the earlier one holds.

    `shift`: where the last day is free, the end of the next working day, or its noon. `after`: id of the clock whose
    submission starts this one.
    """

    id: str
    jurisdiction: str
    limit: Limit
    also: Limit | None = None
    shift: Shift = ""
    after: str = ""
    timezone: str = ""
    in_force_from: date | None = None
    in_force_to: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The clock by which its days begin and end."""
        return ZoneInfo(self.timezone or ZONES.get(self.jurisdiction, "UTC"))

    @property
    def country(self) -> str:
        """Whose working days it counts."""
        return COUNTRIES.get(self.jurisdiction, self.jurisdiction)


def in_force(spec: ClockSpec, at: float) -> bool:
    """True when the rule applies to an event of that instant."""
    day = datetime.fromtimestamp(at, spec.zone).date()
    return not (spec.in_force_from and day < spec.in_force_from) and not (spec.in_force_to and day > spec.in_force_to)


def due(spec: ClockSpec, since: float, days: Calendar, also_since: float | None = None) -> float | None:
    """When it is due; None where the law names no number. `also_since`: the event of the second limit, if it stands."""
    first = _end(spec.limit, since, spec, days)
    second = _end(spec.also, also_since, spec, days) if spec.also and also_since is not None else None
    return min((x for x in (first, second) if x is not None), default=None)


def _end(limit: Limit, since: float, spec: ClockSpec, days: Calendar) -> float | None:
    if limit.span is None or limit.unit == "none":
        return None
    if limit.unit in SECONDS:
        end = _hours(limit, since, spec.zone, days)
        return _shifted_hours(end, spec, days)
    day = _last_day(limit.unit, limit.span, datetime.fromtimestamp(since, spec.zone).date(), days)
    if spec.shift and not days.is_workday(day):
        return moment(days.next_workday(day), NOON if spec.shift == "noon" else 24 * 60, spec.zone)
    return moment(day, 24 * 60, spec.zone)


def _hours(limit: Limit, since: float, zone: ZoneInfo, days: Calendar) -> float:
    seconds = (limit.span or 0) * SECONDS[limit.unit]
    if limit.free_days:
        return since + seconds
    return after_open(WORKED, since, seconds, zone, days)


WORKED = (msgspec.structs.replace(ALWAYS[0], days=frozenset(range(5))),)
"""All hours of days that are worked."""


def _shifted_hours(end: float, spec: ClockSpec, days: Calendar) -> float:
    day = datetime.fromtimestamp(end, spec.zone).date()
    if not spec.shift or days.is_workday(day):
        return end
    return moment(days.next_workday(day), NOON if spec.shift == "noon" else 24 * 60, spec.zone)


def _last_day(unit: Unit, span: int, day: date, days: Calendar) -> date:
    if unit == "calendar-days":
        return day + timedelta(days=span)
    if unit == "working-days":
        return days.plus_workdays(day, span)
    if unit == "trading-days":
        return _plus_trading_days(day, span, days)
    month = day.month - 1 + span
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def _plus_trading_days(day: date, n: int, days: Calendar) -> date:
    """Exchanges rest on every weekend, made up for or not."""
    while n > 0:
        day += timedelta(days=1)
        n -= day.weekday() < 5 and days.is_workday(day)
    return day


Mark = Literal["half", "quarter", "overdue"]
MARKS: tuple[Mark, ...] = ("half", "quarter", "overdue")


def marks(clock: RunningClock) -> dict[Mark, float]:
    """When half and a quarter of the time is left, and when it is over; empty where the law names no number."""
    if clock.due_at is None:
        return {}
    span = clock.due_at - clock.since
    return {"half": clock.due_at - span / 2, "quarter": clock.due_at - span / 4, "overdue": clock.due_at}


def next_mark(clock: RunningClock, now: float) -> tuple[int, float] | None:
    """The next mark as (index in MARKS, instant); None when all are past or it has ended."""
    if not clock.running:
        return None
    ahead = [(index, at) for index, at in enumerate(marks(clock).values()) if at > now]
    return ahead[0] if ahead else None


def running(incident: Incident) -> dict[str, float]:
    """What a notice counts down: id -> due at, the nearest first."""
    found = [(c.due_at, c.id) for c in incident.clocks if c.running and c.due_at is not None]
    return {id: due_at for due_at, id in sorted(found)}


def find(incident: Incident, id: str) -> RunningClock | None:
    """The clock of that id, running or ended."""
    return next((c for c in incident.clocks if c.id == id), None)
