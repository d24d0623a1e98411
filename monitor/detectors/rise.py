"""One peak per rise: of a run of abnormal steps only the first, and those that go far beyond it, count again."""

from __future__ import annotations

from math import log

from monitor.times import DAY, HOUR

LEAST = 6 * HOUR
"""A return period below this is no rise."""
REST = 18 * HOUR
"""A rise is over when nothing was abnormal for so long."""
BEYOND = 4.0
"""A rise counts again when it is this many times rarer than when it last counted."""
LOW, HIGH = HOUR, 1000 * 365 * DAY


class Rises:
    """Follows the return periods of one series, step by step."""

    def __init__(self, step: float) -> None:
        self._least, self._rest = max(LEAST, 3 * step), max(REST, 3 * step)
        self._height = 0.0
        self._last = float("-inf")

    def peak(self, at: float, period: float) -> float:
        """The return period where this step is the peak of a rise so far, else 0."""
        if at - self._last > self._rest:
            self._height = 0.0
        if period < self._least:
            return 0.0
        self._last = at
        if period <= BEYOND * self._height:
            return 0.0
        self._height = period
        return period


def score_of(period: float) -> float:
    """A return period as a number from 0 (an hour) to 1 (a thousand years)."""
    return min(1.0, max(0.0, log(max(period, LOW) / LOW) / log(HIGH / LOW)))
