"""One peak per rise: of a run of abnormal steps the first, and those that enter a level four times as rare."""

from __future__ import annotations

from math import floor, log

from monitor.times import DAY, HOUR

LEAST, FOLD = 30 * HOUR, 4.0
"""Levels are 1.25, 5, 20, 80 … days: a rise counts where it begins, and again where it enters a higher one."""
REST = DAY
"""A rise is over when nothing was abnormal for so long."""
LOW, HIGH = HOUR, 1000 * 365 * DAY


class Rises:
    """Follows the return periods of one series, step by step."""

    def __init__(self, step: float) -> None:
        self._least, self._rest = max(LEAST, 3 * step), max(REST, 3 * step)
        self._level = -1
        self._last = float("-inf")

    def peak(self, at: float, period: float) -> float:
        """The level in seconds where this step begins a rise or lifts it to a higher one, else 0."""
        if at - self._last > self._rest:
            self._level = -1
        if period < self._least:
            return 0.0
        self._last = at
        level = floor(log(min(period, HIGH) / self._least, FOLD) + 1e-9)
        if level <= self._level:
            return 0.0
        self._level = level
        return float(self._least * FOLD**level)


def score_of(period: float) -> float:
    """A return period as a number from 0 (an hour) to 1 (a thousand years)."""
    return min(1.0, max(0.0, log(max(period, LOW) / LOW) / log(HIGH / LOW)))
