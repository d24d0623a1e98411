"""Kind `new_term`: a word, a complaint's topic or any other value of `by` that was not there before.

How likely so many records are, had the value always been as seldom as it was: the predictive distribution of a
Poisson count under Jeffreys' prior, a negative binomial (Gelman, A. et al. (2013), Bayesian Data Analysis, 3rd ed.,
2.6).
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.detector import Asked, Detector
from monitor.detectors.tails import count_tail
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE, Duration

JEFFREYS = 0.5
LEAST_COVERED = 0.5


class NewTerm(Detector, frozen=True, kw_only=True, tag="new_term", tag_field="kind"):
    """`memory`: how far it looks back; `fresh`: for how long what has come up is new; `seldom`: how many records may
    have been there before that.

    The level is the measure of the window, 0 where the value was there before. Until half of the memory is covered
    nothing is judged: all would be new.
    """

    memory: Duration = Duration(90 * DAY)
    fresh: Duration = Duration(7 * DAY)
    seldom: float = 2.0

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure as value, what the memory lets expect of a window as expected."""
        return [self._score(series, now, asked) for series in batch]

    def lookback(self, asked: Asked) -> float:
        """The memory, but at least the window and what is fresh."""
        return max(self.memory, self.fresh + asked.window) + asked.window + 2 * MINUTE

    def _score(self, series: Series, now: float, asked: Asked) -> Score:
        start, end = asked.span(now)
        reading = series.reading(start, end)
        if reading.value is None:
            return Score(value=None, partial=reading.partial)
        since, until = start - self.memory, min(start, end - self.fresh)
        before = series.reading(since, until)
        seen = before.covered * (until - since)
        if seen < LEAST_COVERED * (until - since):
            need = LEAST_COVERED * self.memory
            return Score(value=reading.value, partial=reading.partial, learning=(min(seen, need), need))
        known = before.value or 0.0
        windows = asked.window / seen
        return Score(
            value=reading.value,
            level=reading.value if known <= self.seldom else 0.0,
            expected=known * windows,
            p_value=float(count_tail(reading.value, (known + JEFFREYS) * windows, 1 + windows)),
            partial=reading.partial,
            before=(known, seen),
        )
