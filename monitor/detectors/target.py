"""Kind `target`: a figure against its goal: whether it is missed, by how much, and for how long without a break.

A miss must be certain: of a ratio Wilson's interval is asked, of an average the interval from its own parts (batch
means: Law, A. M. (2015), Simulation Modeling and Analysis, 5th ed., 9.5), so that few records miss nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import ClassVar

from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.ratio import Z, interval
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import MINUTE, Duration, floor_to

PARTS = 4
"""A window is looked back at in quarters."""
BACK = 24
"""How many windows it looks back at most."""
BATCHES = 5
"""An average of fewer parts has no interval of its own."""


class Target(Detector, frozen=True, kw_only=True, tag="target", tag_field="kind"):
    """`at_least` or `at_most`: the goal, in the measure's unit. `dwell`: how long it must have been missed; looked back
    is at most 24 windows. `least`: under so many records (of a ratio: of the whole) nothing is judged.

    The level is how far the safe end of the value lies on the wrong side, as a part of the goal: `above = 0` asks
    whether it is missed, `above = 0.1` whether by more than a tenth.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 0.0

    at_least: float | None = None
    at_most: float | None = None
    dwell: Duration = Duration(0)
    least: float = 1.0

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The figure as value, the goal as expected, its certain shortfall as level, since when as `lasting`."""
        return [self._score(series, now, asked) for series in batch]

    def reads_both(self) -> bool:
        """It holds a part against its whole."""
        return True

    def lookback(self, asked: Asked) -> float:
        """Until `dwell` is over, but at least four windows."""
        return asked.window + self._back(asked) + 2 * MINUTE

    def _back(self, asked: Asked) -> float:
        return max(4 * asked.window, min(self.dwell + asked.window, BACK * asked.window))

    @property
    def goal(self) -> float:
        """What is to be kept."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    def _score(self, series: Series, now: float, asked: Asked) -> Score:
        start, end = asked.span(now)
        reading = series.reading(start, end)
        ends = self._interval(series, start, end)
        if reading.value is None:
            return Score(value=None, partial=reading.partial)
        value = reading.value
        if series.denominator is not None:
            whole = series.denominator.reading(start, end).value or 0.0
            value = value / whole if whole > 0 else 0.0
        shown = Score(value=value, expected=self.goal, partial=reading.partial)
        if ends is None:
            return shown
        lasting = self._lasting(series, now, asked) if self._missed(ends) > 0 else 0.0
        return Score(
            value=value,
            level=self._missed(ends),
            lower=ends[0],
            upper=ends[1],
            expected=self.goal,
            lasting=lasting,
            enough=lasting >= self.dwell,
            partial=reading.partial,
        )

    def _missed(self, ends: tuple[float, float]) -> float:
        """By which part of the goal the better end of the interval lies on the wrong side; below 0 it does not."""
        short = self.goal - ends[1] if self.at_least is not None else ends[0] - self.goal
        return short / max(abs(self.goal), 1e-9)

    def _lasting(self, series: Series, now: float, asked: Asked) -> float:
        """Seconds that it has been missed without a break, told in quarters of the window. A gap is a break."""
        step = max(MINUTE, floor_to(asked.window / PARTS, MINUTE))
        back = floor_to(now, step)
        while now - back <= self._back(asked) - step:
            ends = self._interval(series, back - step - asked.window, back - step)
            if ends is None or self._missed(ends) <= 0:
                break
            back -= step
        return now - back + step

    def _interval(self, series: Series, start: float, end: float) -> tuple[float, float] | None:
        """Between which values the figure surely lies; None where nothing can be said."""
        reading = series.reading(start, end)
        if reading.value is None:
            return None
        if series.denominator is not None:
            whole = series.denominator.reading(start, end).value
            judged = whole is not None and whole > 0 and whole >= self.least and reading.value >= 0
            return interval(reading.value, whole) if judged and whole else None
        inside = series.inside(start, end)
        if series.measure in ("avg", "min", "max", "last") and sum(b.n for b in inside) < self.least:
            return None
        error = _error(inside, reading.value) if series.measure == "avg" else 0.0
        return reading.value - Z * error, reading.value + Z * error


def _error(parts: Sequence[Bucket], mean: float) -> float:
    """The standard error of an average, from how its parts scatter around it; 0 of too few parts."""
    parts = [b for b in parts if b.n > 0]
    total = sum(b.n for b in parts)
    if len(parts) < BATCHES or total <= 0:
        return 0.0
    scatter = sum(b.n * (b.sum / b.n - mean) ** 2 for b in parts) / (len(parts) - 1)
    return sqrt(scatter / total)
