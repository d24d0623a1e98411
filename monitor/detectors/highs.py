"""The highest window of each of the last days, of many series side by side: what `highest` remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitor.detectors.arrays import Floats, np
from monitor.detectors.steps import EXACT
from monitor.detectors.track import When


class Highs:
    """n series after the steps taken so far, `step` seconds each.

    `state` is all of it, together with `day`: the first row is the day that runs, below it lie the days before, the
    newest first. Minus infinity is a day of which nothing was seen.
    """

    def __init__(self, step: float, state: Floats, day: int = -1) -> None:
        self.step, self.state, self.day = step, state, day

    @classmethod
    def of_days(cls, days: int) -> Callable[[int, float, int], Highs]:
        """What makes n series of which nothing has been seen."""
        return lambda n, step, more: cls(step, np.full((days + 1 + more, n), -np.inf))

    def only(self, columns: Sequence[int]) -> Highs:
        """Some of the series, by their columns, in that order."""
        return Highs(self.step, self.state[:, list(columns)], self.day)

    def copy(self) -> Highs:
        """The same state, to go on by itself."""
        return Highs(self.step, self.state.copy(), self.day)

    def take(self, part: Floats, window: Floats, when: When) -> None:
        """The window that ends with the next step; NaN is a gap. `part` is not looked at."""
        if self.day >= 0 and when.day > self.day:
            gone = min(when.day - self.day, len(self.state))
            self.state[gone:] = self.state[: len(self.state) - gone].copy()
            self.state[:gone] = -np.inf
        self.day = max(self.day, when.day)
        self.state[0] = np.fmax(self.state[0], np.round(window, EXACT))

    def before(self) -> tuple[Floats, Floats]:
        """The highest of the days before the one that runs, and how many of them were seen."""
        return np.asarray(self.state[1:].max(axis=0)), np.asarray(np.isfinite(self.state[1:]).sum(axis=0))
