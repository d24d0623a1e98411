"""The highest window of each of the last days, of many series side by side: what `highest` remembers."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.arrays import Floats, np
from monitor.detectors.kept import Kept, window_of
from monitor.detectors.occasions import Almanac
from monitor.detectors.steps import EXACT
from monitor.model import Key


class Highs:
    """n series after the steps taken so far, `step` seconds each.

    `state` is all of it, together with `day`: the first row is the day that runs, below it lie the days before, the
    newest first. Minus infinity is a day of which nothing was seen.
    """

    def __init__(self, step: float, state: Floats, day: int = -1) -> None:
        self.step, self.state, self.day = step, state, day

    def only(self, columns: Sequence[int]) -> Highs:
        """Some of the series, by their columns, in that order."""
        return Highs(self.step, self.state[:, list(columns)], self.day)

    def copy(self) -> Highs:
        """The same state, to go on by itself."""
        return Highs(self.step, self.state.copy(), self.day)

    def take(self, window: Floats, day: int) -> None:
        """The window that ends with the next step, on a day; NaN is a gap."""
        if self.day >= 0 and day > self.day:
            gone = min(day - self.day, len(self.state))
            self.state[gone:] = self.state[: len(self.state) - gone].copy()
            self.state[:gone] = -np.inf
        self.day = max(self.day, day)
        self.state[0] = np.fmax(self.state[0], np.round(window, EXACT))

    def before(self) -> tuple[Floats, Floats]:
        """The highest of the days before the one that runs, and how many of them were seen."""
        return np.asarray(self.state[1:].max(axis=0)), np.asarray(np.isfinite(self.state[1:]).sum(axis=0))

    def reached(self, window: Floats) -> tuple[int, ...]:
        """On how many of those days so much was reached."""
        return tuple((self.state[1:] >= window).sum(axis=0).tolist())

    def ranked(self) -> Floats:
        """The highest of each of those days, the largest first: what lies above the k-th came on k days at most."""
        return np.asarray(-np.sort(-self.state[1:], axis=0))


class KeptHighs(Kept):
    """The highs of all series of one rule, of so many days."""

    def __init__(self, step: float, parts: int, almanac: Almanac, days: int) -> None:
        super().__init__(step, parts, almanac)
        self.days = days

    def fresh(self) -> Highs:
        """One series of which nothing has been seen."""
        return Highs(self.step, np.full((self.days + 1, 1), -np.inf))

    def take(self, tracks: Highs, keys: Sequence[Key], at: float, block: Floats) -> None:
        """The window that ends with the step."""
        tracks.take(window_of(block), self.almanac.read(at + self.step / 2).day)
