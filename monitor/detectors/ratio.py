"""Kind `ratio`: a part of a whole (returns per orders, share of angry mentions); its interval, not its point, crosses.

Interval: Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209–212.
Where the part exceeds the whole (complaints per order may), Byar's approximation for a Poisson count takes over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, sqrt
from typing import ClassVar

from monitor.detectors.detector import Asked, Detector, Unit
from monitor.model import Score
from monitor.series import Series, share_covered
from monitor.times import MINUTE, aligned, floor_to

Z = 1.959964
SPANS_BACK = 8
WHOLE = 0.999


class Ratio(Detector, frozen=True, kw_only=True, tag="ratio", tag_field="kind"):
    """`above` asks the lower end of the 95 % interval, `below` the upper end.

    Judged is the newest span that both sides cover, at most eight spans back: with `align` whole aligned spans (as
    many as the window needs), else the window. Under `min_denominator` the value is shown but not judged.
    """

    unit: ClassVar[Unit] = "ratio"

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The ratio as value, its interval as the level."""
        return [_score(series, now, asked) for series in batch]

    def reads_both(self) -> bool:
        """It holds a part against its whole."""
        return True

    def lookback(self, asked: Asked) -> float:
        """Eight spans."""
        return (SPANS_BACK + 1) * max(asked.window, asked.align or 0.0) + MINUTE


def _score(series: Series, now: float, asked: Asked) -> Score:
    whole = series.denominator
    span = None if whole is None else newest(series, whole, now, asked)
    if whole is None or span is None:
        return Score(value=None)
    a, b = series.reading(*span), whole.reading(*span)
    if a.value is None or b.value is None:
        return Score(value=None)
    part, total, partial = a.value, b.value, a.partial or b.partial
    if total <= 0 or total < asked.min_denominator or part < 0:
        return Score(value=part / total if total > 0 else 0.0, added=part, denominator=total, partial=partial)
    low, high = interval(part, total)
    return Score(
        value=part / total,
        level=low,
        level_low=high,
        lower=low,
        upper=high,
        added=part,
        denominator=total,
        partial=partial,
    )


def newest(series: Series, whole: Series, now: float, asked: Asked) -> tuple[float, float] | None:
    """The newest wholly covered span; else the newest at least half covered."""
    half = None
    for start, end in _spans(series, whole, now, asked):
        covered = min(share_covered(side.covered, start, end) for side in (series, whole))
        if covered >= WHOLE:
            return start, end
        if covered >= 0.5 and half is None:
            half = start, end
    return half


def _spans(series: Series, whole: Series, now: float, asked: Asked) -> Iterator[tuple[float, float]]:
    if asked.align is None:
        start, end = asked.span(now)
        yield start, end
        known = min(side.covered[-1][1] if side.covered else 0.0 for side in (series, whole))
        if now - SPANS_BACK * asked.window <= known < end:
            yield floor_to(known, MINUTE) - asked.window, floor_to(known, MINUTE)
        return
    steps = max(1, ceil(asked.window / asked.align - 1e-9))
    ends = [aligned(now, asked.align, asked.zone)]
    while len(ends) < SPANS_BACK + steps:
        ends.append(aligned(ends[-1] - 1, asked.align, asked.zone))
    for i in range(SPANS_BACK):
        yield ends[i + steps], ends[i]


def interval(part: float, total: float) -> tuple[float, float]:
    """The 95 % interval of part ÷ total, total > 0; both ends rise with `part`."""
    if part <= total:
        return wilson(part, total)
    centre, width = 1 - 1 / (9 * part), Z / (3 * sqrt(part))
    after = part + 1
    high = after / total * (1 - 1 / (9 * after) + Z / (3 * sqrt(after))) ** 3
    low = part / total * max(0.0, centre - width) ** 3
    return max(low, wilson(total, total)[0]), max(high, 1.0)


def wilson(part: float, total: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion, 0 ≤ part ≤ total."""
    p, z2 = part / total, Z * Z / total
    centre = p + z2 / 2
    half = Z * sqrt(max(0.0, p * (1 - p) / total + z2 / (4 * total)))
    return max(0.0, (centre - half) / (1 + z2)), min(1.0, (centre + half) / (1 + z2))
