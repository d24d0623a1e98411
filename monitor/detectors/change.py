"""Kind `change`: the window against those before it, or the same time yesterday or last week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from monitor.detectors.amounts import AMOUNTS
from monitor.detectors.detector import Asked
from monitor.detectors.factors import Factor, factor
from monitor.model import Score
from monitor.series import Reading, Series
from monitor.times import DAY, HOUR, MINUTE, Duration, local

LEAST_COVERED = 0.5


class Change(Factor, frozen=True, kw_only=True, tag="change", tag_field="kind"):
    """`against`: before | average | yesterday | last_week, by the clock on the wall. `add`: how much it must differ at
    least. `least`: how large the base must be. `over`: how long before the window an `average` is taken.

    The level is value ÷ base; over a base of nothing `add` alone decides. A base that was covered in part is scaled
    up; one covered by less than half, or from before the first data, gives no level.
    """

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


def _learning(series: Series, base: tuple[float, float]) -> tuple[float, float] | None:
    """(seen, needed) where data began after the reference span, None where an outage hides it."""
    first = series.covered[0][0] if series.covered else base[1]
    if first <= base[0]:
        return None
    seen = max(0.0, (series.covered[-1][1] if series.covered else first) - first)
    return seen, seen + first - base[0]
