"""Spans and instants as people write them: `1h30m`, RFC 3339, epoch seconds or milliseconds. No clock is read here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "mo": 2592000.0, "y": 31536000.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(mo|ms|[smhdwy])")
_MONDAY = datetime(1970, 1, 5).toordinal()
_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Duration(float):
    """A span in seconds, written `s m h d w mo y`, combinable."""


class Bound(float):
    """A number, or a span where the detector measures one (absence). `text`: the span as it was written, else ""."""

    text: str = ""


def duration(text: str) -> Duration:
    """Seconds of a written span; ValueError says what would be right."""
    rest = _SPAN.sub("", text.strip())
    if rest or not text.strip():
        raise ValueError(f"{text!r} is no duration; write a number with s, m, h, d, w, mo or y, such as 30s, 1h30m, 2w")
    return Duration(sum(float(n) * UNITS[u] for n, u in _SPAN.findall(text)))


def write_duration(seconds: float) -> str:
    """The shortest writing that reads back the same: 5400 -> 1h30m."""
    left, out = round(seconds), ""
    for unit in ("w", "d", "h", "m", "s"):
        n, left = divmod(left, round(UNITS[unit]))
        out += f"{n}{unit}" if n else ""
    return out or "0s"


def instant(value: object, zone: ZoneInfo) -> float:
    """Unix seconds of RFC 3339 text, an ISO date-time without zone (read in `zone`), or epoch s/ms.

    A bare date is the end of that local day. ValueError on anything else, on NaN and on years outside 1990–2100.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is no time; write 2026-01-31T08:00:00+08:00 or epoch seconds")
    if isinstance(value, int | float):
        at = float(value) / 1000 if abs(value) > 1e11 else float(value)
    else:
        at = _read(str(value).strip(), zone)
    if not 631152000 <= at <= 4133980800:
        raise ValueError(f"{value!r} lies outside the years 1990 to 2100")
    return at


def _read(text: str, zone: ZoneInfo) -> float:
    if re.fullmatch(r"\d{9,14}(\.\d+)?", text):
        n = float(text)
        return n / 1000 if n > 1e11 else n
    if _BARE_DATE.fullmatch(text):
        return day_span(text, zone)[1]
    try:
        stamp = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise ValueError(f"{text!r} is no time; write 2026-01-31T08:00:00+08:00 or epoch seconds") from None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).timestamp()


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def coming(text: str, now: float, zone: ZoneInfo) -> float:
    """The next instant a person means by `03:00` or `Sat 03:00` on a zone's clock, or a written time; "" = now."""
    found = re.fullmatch(r"(?:([A-Za-z]{3})[a-z]*\s+)?(\d{1,2}):(\d\d)", text.strip())
    if not text.strip():
        return now
    if not found:
        return instant(text, zone)
    if (found[1] and found[1].lower() not in WEEKDAYS) or int(found[2]) > 23 or int(found[3]) > 59:
        raise ValueError(f"{text!r} is no time; write 03:00, Sat 03:00 or 2026-01-31T08:00:00+08:00")
    day = local(now, zone).date()
    while True:
        at = datetime.combine(day, time(int(found[2]), int(found[3])), zone).timestamp()
        if at >= now and (not found[1] or day.weekday() == WEEKDAYS.index(found[1].lower())):
            return at
        day += timedelta(days=1)


def is_bare_date(value: object) -> bool:
    """True for `2026-01-31`: a whole local day, not an instant."""
    return isinstance(value, str) and bool(_BARE_DATE.fullmatch(value.strip()))


def day_span(date: str, zone: ZoneInfo) -> tuple[float, float]:
    """Start and end of a local day (23, 24 or 25 hours long)."""
    day = datetime.strptime(date.strip(), "%Y-%m-%d").date()
    ends = (datetime.combine(d, time(), zone).timestamp() for d in (day, day + timedelta(days=1)))
    start, end = ends
    return start, end


def rfc3339(at: float, zone: ZoneInfo | None = None) -> str:
    """An instant as RFC 3339 with its zone, to the second."""
    return datetime.fromtimestamp(int(at), zone or UTC).isoformat()


def local(at: float, zone: ZoneInfo) -> datetime:
    """An instant on the clock of a zone."""
    return datetime.fromtimestamp(at, zone)


def floor_to(at: float, step: float) -> float:
    """The last point of the grid at or before an instant (grid from the epoch)."""
    return at - at % step


def aligned(at: float, step: float, zone: ZoneInfo) -> float:
    """The last point at or before an instant on a zone's grid: weeks from Monday, days and their parts from midnight.

    Steps of several days count from Monday 1970-01-05; steps that don't divide the day begin anew each midnight.
    """
    there = local(at, zone)
    midnight = datetime.combine(there.date(), time(), zone)
    if step < DAY:
        return midnight.timestamp() + floor_to(at - midnight.timestamp(), step)
    days = max(1, round(step / DAY))
    back = (there.date().toordinal() - _MONDAY) % days
    return datetime.combine(there.date() - timedelta(days=back), time(), zone).timestamp()
