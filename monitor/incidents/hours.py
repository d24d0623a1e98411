"""Written hours of the week (`Mon-Fri 09:00-18:00, Sat 10:00-14:00`) on a zone's clock, with holidays left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.incidents.workdays import Calendar
from monitor.series import Interval, join_intervals

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"(?:([A-Za-z]{3})(?:-([A-Za-z]{3}))?\s+)?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
WHOLE_DAY = 24 * 60


class Span(Struct, frozen=True):
    """Minutes of a local day, on some weekdays (0 = Monday). An end at or before the start lies on the next day."""

    days: frozenset[int]
    start: int
    end: int


Hours = tuple[Span, ...]
ALWAYS: Hours = (Span(frozenset(range(7)), 0, WHOLE_DAY),)


@cache
def parse(text: str) -> Hours:
    """`Mon-Fri 09:00-18:00, Sat 10:00-14:00`; without days every day; over midnight `22:00-06:00`; "" = always.

    ValueError says what would be right.
    """
    if not text.strip():
        return ALWAYS
    return tuple(_span(part.strip(), text) for part in text.split(","))


def _span(part: str, text: str) -> Span:
    found = _RANGE.fullmatch(part)
    if not found:
        raise ValueError(f"{text!r} are no hours; write them as Mon-Fri 09:00-18:00, Sat 10:00-14:00")
    first, last, *clock = found.groups()
    start, end = int(clock[0]) * 60 + int(clock[1]), int(clock[2]) * 60 + int(clock[3])
    if start >= WHOLE_DAY or end > WHOLE_DAY or int(clock[1]) > 59 or int(clock[3]) > 59:
        raise ValueError(f"{text!r} are no hours; the clock goes from 00:00 to 24:00")
    return Span(_days(first, last, text), start, end)


def _days(first: str | None, last: str | None, text: str) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    try:
        a = DAYS.index(first.lower())
        b = DAYS.index((last or first).lower())
    except ValueError:
        raise ValueError(f"{text!r} names no day of the week; write {', '.join(d.title() for d in DAYS)}") from None
    return frozenset((a + i) % 7 for i in range((b - a) % 7 + 1))


def moment(day: date, minute: int, zone: ZoneInfo) -> float:
    """The instant of a minute of a local day; minute 1440 is the next midnight. DST days are 23 or 25 hours long."""
    day, minute = day + timedelta(days=minute // WHOLE_DAY), minute % WHOLE_DAY
    return datetime.combine(day, time(minute // 60, minute % 60), zone).timestamp()


def _of_day(hours: Hours, day: date, zone: ZoneInfo, calendar: Calendar | None) -> Iterator[Interval]:
    weekday = _weekday(hours, day, calendar)
    for span in hours:
        if weekday in span.days:
            over = span.end <= span.start
            yield moment(day, span.start, zone), moment(day, span.end + (WHOLE_DAY if over else 0), zone)


def _weekday(hours: Hours, day: date, calendar: Calendar | None) -> int:
    """The weekday whose hours hold: none on a holiday; a Monday's on a weekend that is made up for."""
    weekday = day.weekday()
    kind = calendar.kind(day) if calendar else "work"
    if kind == "off":
        return -1
    made_up = calendar is not None and kind == "work" and weekday >= 5
    return 0 if made_up and not any(weekday in span.days for span in hours) else weekday


def open_within(
    hours: Hours, start: float, end: float, zone: ZoneInfo, calendar: Calendar | None = None
) -> tuple[Interval, ...]:
    """The open stretches of `[start, end)`, merged."""
    day = datetime.fromtimestamp(start, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end, zone).date()
    found: list[Interval] = []
    while day <= last:
        found += [(max(a, start), min(b, end)) for a, b in _of_day(hours, day, zone, calendar) if a < end and b > start]
        day += timedelta(days=1)
    return join_intervals(found)


def is_open(hours: Hours, at: float, zone: ZoneInfo, calendar: Calendar | None = None) -> bool:
    """True within the hours."""
    return bool(open_within(hours, at, at + 1e-3, zone, calendar))


def next_open(
    hours: Hours, at: float, zone: ZoneInfo, calendar: Calendar | None = None, days: int = 30
) -> float | None:
    """The first open instant at or after `at`, looked for over so many days; None = never."""
    found = open_within(hours, at, at + days * 86400, zone, calendar)
    return found[0][0] if found else None


def after_open(
    hours: Hours, at: float, seconds: float, zone: ZoneInfo, calendar: Calendar | None = None, days: int = 60
) -> float:
    """The instant by which so many open seconds have passed; where they never do, plain seconds."""
    for horizon in (2.0, 10.0, float(days)):
        left = seconds
        for start, end in open_within(hours, at, at + horizon * 86400, zone, calendar):
            if end - start >= left:
                return start + left
            left -= end - start
    return at + seconds
