"""Kind `change`: the window against those before it, or the same time yesterday or last week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from monitor.detectors.detector import Asked, Detector, Unit
from monitor.model import Score
from monitor.series import Reading, Series
from monitor.times import DAY, HOUR, MINUTE, Duration, local

LARGEST = 1e6
"""The factor over a base of nothing, and the largest told."""
LEAST_COVERED = 0.5
AMOUNTS = ("count", "stories", "reach", "sum")
"""Measures that grow with the window, and may come to nothing."""
HALF = 0.5
"""Half a record more on both sides (Haldane 1955, Ann Hum Genet 20, 309-311): else five over nothing would be no rarer
than one over nothing, and a base that is nothing now and then would make no finite factor rare."""


class Change(Detector, frozen=True, kw_only=True, tag="change", tag_field="kind"):
    """`against`: before | average | yesterday | last_week, by the clock on the wall. `add`: how much it must differ at
    least. `least`: how large the base must be. `over`: how long before the window an `average` is taken.

    The level is value ÷ base; over a base of nothing `add` alone decides. A base that was covered in part is scaled
    up; one covered by less than half, or from before the first data, gives no level.
    """

    unit: ClassVar[Unit] = "factor"

    against: Literal["before", "average", "yesterday", "last_week"] = "before"
    over: Duration = Duration(DAY)
    add: float = 0.0
    least: float = 0.0

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure as value, the base as expected, the factor as level."""
        start, end = asked.span(now)
        base = self._base(start, end, asked)
        return [self._compare(series, series.reading(start, end), base, asked.window) for series in batch]

    def lookback(self, asked: Asked) -> float:
        """The window and the one it is held against, with an hour for clocks that are put forward or back."""
        back = {
            "before": asked.window + MINUTE,
            "average": self.over + MINUTE,
            "yesterday": DAY + HOUR,
            "last_week": 7 * DAY + HOUR,
        }
        return asked.window + MINUTE + back[self.against]

    def value_at(self, level: float, score: Score) -> float | None:
        """So many times what is expected; over a base of nothing as many times the value that is."""
        if score.expected == 0 and score.value and score.level:
            return level / score.level * score.value
        return None if score.expected is None else level * score.expected

    def height(self, score: Score, asked: Asked) -> float | None:
        """The factor, of amounts with half a record more on both sides."""
        value, base = score.value, score.expected
        if value is None or base is None or not _is_amount(value, base, asked):
            return score.level
        return (value + HALF) / (base + HALF)

    def level_at(self, height: float, score: Score, asked: Asked) -> float:
        """The factor of the value that stands so high; over a base of nothing as many times the one that is."""
        value, base = score.value, score.expected
        if value is None or base is None or score.level is None or not _is_amount(value, base, asked):
            return height
        wanted = max(0.0, height * (base + HALF) - HALF)
        return score.level / value * wanted if value and not base else factor(wanted, base)

    def _base(self, start: float, end: float, asked: Asked) -> tuple[float, float]:
        """The reference span, of as many minutes as the current one; an average is taken over a longer one."""
        if self.against == "average":
            return start - self.over, start
        if self.against == "before":
            running = 0.0 if end - start <= asked.window else MINUTE
            return start - asked.window - running, start
        back = timedelta(days=1 if self.against == "yesterday" else 7)
        shift = end - (local(end, asked.zone) - back).timestamp()
        return start - shift, end - shift

    def _compare(self, series: Series, current: Reading, base: tuple[float, float], window: float) -> Score:
        if current.value is None:
            return Score(value=None, partial=current.partial)
        before = series.reading(*base)
        if before.value is None or before.covered < LEAST_COVERED:
            return Score(value=current.value, partial=True, learning=_learning(series, base))
        additive = series.measure in AMOUNTS
        expected = before.value / min(1.0, before.covered) if additive else before.value
        if additive and self.against == "average":
            expected *= window / self.over
        added = current.value - expected
        return Score(
            value=current.value,
            level=factor(current.value, expected),
            expected=expected,
            added=added,
            enough=abs(added) >= self.add and expected >= self.least,
            partial=current.partial,
        )


def factor(value: float, base: float) -> float:
    """value ÷ base, kept finite and rising with the value; nothing over nothing is no change."""
    if base <= 0:
        return LARGEST if value > base else 1.0
    return max(-LARGEST, min(LARGEST, value / base))


def _is_amount(value: float, base: float, asked: Asked) -> bool:
    return asked.measure in AMOUNTS and min(value, base) >= 0


def _learning(series: Series, base: tuple[float, float]) -> tuple[float, float] | None:
    """(seen, needed) where data began after the reference span, None where an outage hides it."""
    first = series.covered[0][0] if series.covered else base[1]
    if first <= base[0]:
        return None
    seen = max(0.0, (series.covered[-1][1] if series.covered else first) - first)
    return seen, seen + first - base[0]
