"""What is wrong with the data of a source: late, gaps, twice, undated, unreadable, unmatched, suddenly few. Pure.

Judged by the last hours against the source's own days before, so that what is usual for it is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from msgspec import Struct

from monitor.metrics import QUALITIES
from monitor.series import Interval, share_covered
from monitor.store.cursors import Standing
from monitor.store.intake import HOUR, Hour

RECENT = 3
"""Whole hours looked at."""
DAYS = 14
"""Days before that say what is usual."""
LATE, LATE_FACTOR = 1800.0, 3.0
"""Seconds, and times the usual, from which records are late."""
TWICE, UNDATED, UNREADABLE, UNMATCHED = 0.5, 0.5, 0.05, 0.95
"""Shares from which they are a finding."""
LEAST = 10
LEAST_FEW, FEW, LEAST_DAYS = 20, 0.2, 3
"""A drop: so many are usual in those hours, less than this share of them came, and so many days are known."""
GAPS = 0.1


class Quality(Struct, frozen=True, kw_only=True):
    """The last day of a source: shares of its records, of its time that nobody vouches for, and the mean lag in s."""

    duplicates: float = 0.0
    undated: float = 0.0
    unreadable: float = 0.0
    unmatched: float = 0.0
    gaps: float = 0.0
    lag: float | None = None


def listened_to(covered: tuple[Interval, ...], standing: Standing) -> tuple[Interval, ...]:
    """What was covered since a source was first listened to, or resumed: between history and that nothing is a gap."""
    since = max(standing.first_good or 0.0, standing.resumed_at or 0.0)
    return tuple((max(start, since), end) for start, end in covered if end > since)


def shares_of(found: Quality) -> dict[str, float]:
    """The shares, by what they are of."""
    return {name: getattr(found, name) for name in QUALITIES}


def quality(hours: Mapping[int, Hour], covered: tuple[Interval, ...], now: float) -> Quality:
    """The figures of the last day."""
    day = _sum(hours, now - 24 * HOUR, now + HOUR)
    return Quality(
        duplicates=_share(day.duplicates, day.accepted + day.duplicates),
        undated=_share(day.undated, day.accepted),
        unreadable=_share(day.rejected, day.accepted + day.rejected),
        unmatched=_share(day.unmatched, day.accepted),
        gaps=_gaps(covered, now),
        lag=day.lag / day.accepted if day.accepted else None,
    )


def faults(
    hours: Mapping[int, Hour], covered: tuple[Interval, ...], now: float, *, pushed: bool
) -> dict[str, dict[str, Any]]:
    """Kind of finding -> its numbers. `pushed`: what a list shows again each time is no duplicate."""
    end = now // HOUR * HOUR
    begin = end - RECENT * HOUR
    recent, usual = _sum(hours, begin, now + HOUR), _sum(hours, end - DAYS * 24 * HOUR, begin)
    out: dict[str, dict[str, Any]] = {}
    if pushed:
        _put(out, "source-duplicates", recent.duplicates, recent.accepted + recent.duplicates, TWICE)
        _put(out, "undated", recent.undated, recent.accepted, UNDATED)
    _put(out, "source-unreadable", recent.rejected, recent.accepted + recent.rejected, UNREADABLE)
    if _share(usual.unmatched, usual.accepted) < UNMATCHED * 0.8 and usual.accepted >= 10 * LEAST:
        _put(out, "source-unmatched", recent.unmatched, recent.accepted, UNMATCHED)
    if recent.accepted >= LEAST and usual.accepted >= LEAST:
        lag, before = recent.lag / recent.accepted, usual.lag / usual.accepted
        if lag > max(LATE, LATE_FACTOR * before):
            out["source-late"] = {"span": lag}
    out |= _drop(hours, end)
    gaps = _gaps(covered, now)
    if gaps > GAPS:
        out["source-gaps"] = {"share": round(100 * gaps)}
    return out


KINDS = ("source-duplicates", "source-unreadable", "source-unmatched", "source-late", "source-few", "source-gaps")


def _put(out: dict[str, dict[str, Any]], kind: str, part: int, whole: int, from_: float) -> None:
    if whole >= LEAST and part > 0 and part / whole >= from_:
        out[kind] = {"n": part, "records": whole}


def _drop(hours: Mapping[int, Hour], end: float) -> dict[str, dict[str, Any]]:
    """Fewer than these hours of the day usually bring; days before the source brought anything say nothing."""
    first = min(hours, default=end)
    days = []
    for back in range(1, DAYS + 1):
        until = end - back * 24 * HOUR
        if until - RECENT * HOUR >= first:
            days.append(_sum(hours, until - RECENT * HOUR, until).accepted)
    usual = median(days) if len(days) >= LEAST_DAYS else 0.0
    came = _sum(hours, end - RECENT * HOUR, end).accepted
    return {"source-few": {"n": came, "usual": round(usual)}} if usual >= LEAST_FEW and came < FEW * usual else {}


def _sum(hours: Mapping[int, Hour], start: float, end: float) -> Hour:
    total = Hour()
    for hour, came in hours.items():
        if start <= hour < end:
            total += came
    return total


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _gaps(covered: tuple[Interval, ...], now: float) -> float:
    """The share of the last day, since the source first vouched for any of it, that nobody vouches for."""
    if not covered:
        return 0.0
    start = max(now - 24 * HOUR, covered[0][0])
    end = covered[-1][1]
    return 1.0 - share_covered(covered, start, end) if end - start > HOUR else 0.0
