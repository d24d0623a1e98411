"""A series as detectors see it: buckets in time, what is covered, and the value of a window.

Pure. A bucket is additive content of `[start, start + span)`. No data is not zero: a window that nothing covers has
no value.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

from msgspec import Struct, field

from monitor.model import Key

Measure = Literal[
    "count", "stories", "authors", "families", "reach", "sum", "avg", "min", "max", "last", "ratio", "share"
]
MINUTE = 60.0
LARGEST = 1e300


class Bucket(Struct, frozen=True, gc=False):
    """What happened in `[start, start + span)`: `n` records, `stories` new ones, and sum, min, max, last of the values.

    For mentions `sum` is the reach. `last` is the value of the newest record, at `last_at`.
    """

    start: float
    span: float
    n: float = 0.0
    stories: float = 0.0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    last: float | None = None
    last_at: float = 0.0


Interval = tuple[float, float]


class Reading(Struct, frozen=True, gc=False):
    """The value of a window: None = no data. `covered` is the covered share of it, 0 to 1.

    `partial` = a source that belongs to the series did not cover all of the window.
    """

    value: float | None
    covered: float = 1.0
    partial: bool = False


class Series(Struct, frozen=True, kw_only=True, gc=False):
    """One series of a rule, ready to be judged.

    `buckets` are sorted by start (several sources may stand side by side). `marks`: for `authors` and `families` the
    sorted (minute, key) pairs of who was seen when. `covered`: where at least one source of the series vouches;
    `full`: where all do. Both are sorted, disjoint intervals. `denominator` is the other side of a ratio or share.
    """

    key: Key
    measure: Measure
    buckets: tuple[Bucket, ...] = ()
    marks: dict[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    covered: tuple[Interval, ...] = ()
    full: tuple[Interval, ...] = ()
    denominator: Series | None = None
    last_at: float | None = None
    longest: float = float("inf")
    """The longest span among the buckets, where it is known: what begins earlier than that need not be looked at."""

    def reading(self, start: float, end: float, *, least: float = 0.5) -> Reading:
        """The measure over `[start, end)`; no value where less than `least` of it is covered and nothing was seen.

        Counts of a window with gaps are not scaled up: they are marked partial.
        """
        covered = share_covered(self.covered, start, end)
        partial = share_covered(self.full, start, end) < 0.999
        inside = self.inside(start, end)
        if covered < least and not inside:
            return Reading(None, covered, partial)
        return Reading(_finite(self._measure(inside, start, end)), covered, partial or covered < 0.999)

    def inside(self, start: float, end: float) -> list[Bucket]:
        """The buckets that belong to `[start, end)`, at least in part."""
        first = bisect_left(self.buckets, start - self.longest, key=_start) if self.longest < end else 0
        last = bisect_left(self.buckets, end, key=_start)
        return [b for b in self.buckets[first:last] if _overlaps(b, start, end)]

    def _measure(self, inside: list[Bucket], start: float, end: float) -> float | None:
        match self.measure:
            case "count" | "ratio" | "share":
                return sum(b.n * weight(b, start, end) for b in inside)
            case "stories":
                return sum(b.stories * weight(b, start, end) for b in inside)
            case "reach" | "sum":
                return sum(b.sum * weight(b, start, end) for b in inside)
            case "authors" | "families":
                return float(len(self.seen(self.measure, start, end)))
            case "avg":
                n = sum(b.n for b in inside)
                return sum(b.sum for b in inside) / n if n else None
            case "min":
                return min((b.min for b in inside if b.min is not None), default=None)
            case "max":
                return max((b.max for b in inside if b.max is not None), default=None)
            case "last":
                return max(((b.last_at, b.last) for b in inside if b.last is not None), default=(0.0, None))[1]

    def seen(self, kind: str, start: float, end: float) -> set[str]:
        """The distinct keys (authors, families) marked in a window."""
        marks = self.marks.get(kind, ())
        first = bisect_left(marks, (start, ""))
        return {key for minute, key in marks[first:] if minute < end}


def _finite(value: float | None) -> float | None:
    """Sums of absurd numbers stay numbers."""
    return value if value is None or -LARGEST <= value <= LARGEST else LARGEST if value > 0 else -LARGEST


def weight(bucket: Bucket, start: float, end: float) -> float:
    """The share of a bucket that a window takes: all of a minute it touches, else by overlap (spread evenly)."""
    if bucket.span <= MINUTE:
        return 1.0
    return max(0.0, min(end, bucket.start + bucket.span) - max(start, bucket.start)) / bucket.span


def _start(bucket: Bucket) -> float:
    return bucket.start


def _overlaps(bucket: Bucket, start: float, end: float) -> bool:
    if bucket.span <= MINUTE:
        return start <= bucket.start < end
    return bucket.start < end and bucket.start + bucket.span > start


def share_covered(intervals: tuple[Interval, ...], start: float, end: float) -> float:
    """The share of `[start, end)` that the intervals cover."""
    if end <= start:
        return 0.0
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in intervals) / (end - start)


def join_intervals(intervals: list[Interval], gap: float = 0.0) -> tuple[Interval, ...]:
    """Sorted and merged; intervals at most `gap` seconds apart become one."""
    out: list[Interval] = []
    for a, b in sorted(intervals):
        if out and a <= out[-1][1] + gap:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return tuple(out)


def intersect(left: tuple[Interval, ...], right: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Where both cover."""
    out = [(max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) < min(b, d)]
    return join_intervals(out)
