"""Kind `zscore`: how many standard deviations the window lies above the mean of what was before it.

What is asked of Prometheus as `(x - avg_over_time(x[1w])) / stddev_over_time(x[1w])`, and of others as "mean + k sd".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from monitor.detectors.amounts import AMOUNTS, amounts
from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.steps import EXACT
from monitor.model import Score
from monitor.series import Reading, Series
from monitor.times import DAY, MINUTE, Duration

LIMIT = 1e6
ROUNDING = 1e-6
"""A baseline that differs by less than this part of itself does not differ."""


class Zscore(Detector, frozen=True, kw_only=True, tag="zscore", tag_field="kind"):
    """`baseline`: how long a past is held against, in steps of `step` (default: the window). `inside`: the window is a
    part of it, as in Prometheus's own expression; a z of n steps can then not pass √(n − 1).

    The level is (value − mean) ÷ standard deviation, the value of a longer window told for one step. A baseline that
    does not differ at all is exceeded by anything above it. Half of it must be covered.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 3.0

    baseline: Duration = Duration(7 * DAY)
    step: Duration | None = None
    inside: bool = False

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The window as value, the mean as expected (of as long a span), the z as level."""
        start, end = asked.span(now)
        step, edge = self._step(asked), end if self.inside else start
        steps = np.round(amounts(batch, edge - step * np.arange(self._steps(asked), -1, -1.0)), EXACT)
        return [
            self._score(series.reading(start, end), before, _times(series, asked, step), step)
            for series, before in zip(batch, steps, strict=True)
        ]

    def lookback(self, asked: Asked) -> float:
        """The window and the baseline before it."""
        return asked.window + self._steps(asked) * self._step(asked) + MINUTE

    def value_at(self, level: float, score: Score) -> float | None:
        """So many standard deviations above the mean."""
        if score.value is None or score.expected is None or not score.level:
            return None
        return score.expected + (score.value - score.expected) * level / score.level

    def _step(self, asked: Asked) -> float:
        return asked.window if self.step is None else float(self.step)

    def _steps(self, asked: Asked) -> int:
        return max(2, round(self.baseline / self._step(asked)))

    def _score(self, current: Reading, before: Floats, times: float, step: float) -> Score:
        """`times`: of how many steps the value is the sum."""
        if current.value is None:
            return Score(value=None, partial=current.partial)
        known = before[np.isfinite(before)]
        if len(known) < max(2, len(before) / 2):
            learning = (len(known) * step, len(before) * step / 2)
            return Score(value=current.value, partial=current.partial, learning=learning)
        mean, sd = float(known.mean()), float(known.std())
        level = deviations(current.value / times - mean, sd, ROUNDING * abs(mean))
        return Score(value=current.value, level=level, expected=mean * times, partial=current.partial)


def deviations(above: float, sd: float, nothing: float) -> float:
    """How many standard deviations lie above, kept finite; `nothing`: what differs by no more does not differ."""
    if sd <= nothing:
        return LIMIT if above > nothing else 0.0
    return max(-LIMIT, min(LIMIT, above / sd))


def _times(series: Series, asked: Asked, step: float) -> float:
    """How many steps a value adds up; of what does not add up the value is told as it is."""
    return asked.window / step if series.measure in AMOUNTS else 1.0
