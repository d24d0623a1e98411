"""The highest window of each of the last days, of many series side by side: what `highest` remembers."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked
from monitor.detectors.factors import heights
from monitor.detectors.kept import Kept, window_of
from monitor.detectors.occasions import plain
from monitor.detectors.rated import Levels
from monitor.detectors.steps import EXACT
from monitor.model import Key


class Highs:
    """n series after the steps taken so far, `step` seconds each.

    `state` is all of it, together with `day`: the first row is the day that runs, below it lie the `days` before, the
    newest first. Minus infinity is a day of which nothing was seen. `levels`: how high the windows stood over the
    highest of the days before them, in the rows below these, where a rarity is asked.
    """

    def __init__(self, step: float, days: int, state: Floats, day: int = -1) -> None:
        self.step, self.days, self.state, self.day = step, days, state, day
        self.highest, levels = state[: days + 1], state[days + 1 :]
        self.levels = Levels(step, levels, day) if len(levels) else None

    @classmethod
    def fresh(cls, step: float, days: int, *, rated: bool) -> Highs:
        """One series of which nothing has been seen."""
        nothing = np.full((days + 1, 1), -np.inf)
        return cls(step, days, np.concatenate([nothing, Levels.fresh(step).state]) if rated else nothing)

    def of(self, state: Floats, day: int) -> Highs:
        """The same of another state."""
        return Highs(self.step, self.days, state, day)

    def only(self, columns: Sequence[int]) -> Highs:
        """Some of the series, by their columns, in that order."""
        return self.of(self.state[:, list(columns)], self.day)

    def copy(self) -> Highs:
        """The same state, to go on by itself."""
        return self.of(self.state.copy(), self.day)

    def take(self, window: Floats, day: int, learn: int, asked: Asked) -> None:
        """The window that ends with the next step, on a day; NaN is a gap."""
        if self.day >= 0 and day > self.day:
            gone = min(day - self.day, len(self.highest))
            self.highest[gone:] = self.highest[: len(self.highest) - gone].copy()
            self.highest[:gone] = -np.inf
        self.day, told = max(self.day, day), np.round(window, EXACT)
        if self.levels is not None:
            self.levels.take(self.height(window, learn, asked), window, day)
        self.highest[0] = np.fmax(self.highest[0], told)

    def height(self, window: Floats, learn: int, asked: Asked) -> Floats:
        """How high windows stand over the days before, NaN where fewer than `learn` of them were seen."""
        bound, seen = self.before()
        return np.where(seen < learn, np.nan, heights(np.round(window, EXACT), bound, asked))

    def before(self) -> tuple[Floats, Floats]:
        """The highest of the days before the one that runs, and how many of them were seen."""
        return np.asarray(self.highest[1:].max(axis=0)), np.asarray(np.isfinite(self.highest[1:]).sum(axis=0))

    def reached(self, window: Floats) -> Floats:
        """On how many of those days so much was reached."""
        return np.asarray((self.highest[1:] >= window).sum(axis=0))


class KeptHighs(Kept):
    """The highs of all series of one rule, of so many days; how rare they are, where that is asked."""

    def __init__(self, step: float, parts: int, days: int, learn: int, asked: Asked) -> None:
        super().__init__(step, parts, plain(asked.zone))
        self.days, self.learn, self.asked = days, learn, asked

    def fresh(self) -> Highs:
        """One series of which nothing has been seen."""
        return Highs.fresh(self.step, self.days, rated=bool(self.asked.rarities))

    def take(self, tracks: Highs, keys: Sequence[Key], at: float, block: Floats) -> None:
        """The window that ends with the step."""
        tracks.take(window_of(block), self.almanac.read(at + self.step / 2).day, self.learn, self.asked)
