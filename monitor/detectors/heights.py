"""How high many series stand against their own past: in standard deviations of their daily highests, and how rarely.

z = (x - mean of the daily highests) ÷ their standard deviation, of each of some views of a series; the largest counts.
Rises above z = 0 are counted by how high they came, and told as a `Tail`. Of steps longer than a day each is a day.
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.tail import LEVELS, USUAL, Tail, levels_of, tail_of
from monitor.times import DAY, HOUR

LEAST_SPREAD = 0.01
UNKNOWN = -1e9
"""The z of a series that has not seen two days."""


class Worth(NamedTuple):
    """How daily highests are learned: half-life and gap in seconds, limits in standard deviations, worths in days."""

    highest: float = 20 * DAY
    clip: float = 3.0
    clip_low: float = 1.0
    """How far below the usual a daily highest teaches: empty days between busy ones do not make all heights usual."""
    spread: float = 0.4
    """The standard deviation of daily highests before anything is known of it."""
    spread_worth: float = 5.0
    spread_known: float = 15.0
    """After how many days that worth is halved, soon nothing: what varies by a tenth of the first guess would seem calm
    for months, and no rise of it high."""
    together: float = 6 * HOUR
    """Exceedances nearer than this are one rise."""
    settled: float = 20.0
    """Heights are counted after so many days: before, the spread is mostly a guess."""


WORTH = Worth()


def height(views: int) -> int:
    """How many rows the state has."""
    return 6 + LEVELS + 3 * views


class Heights:
    """n series after the steps taken so far, `step` seconds each; `state` is all of it: `height(views)` x n.

    `beside`: the rises of others, by level, from which these may learn the shape of a tail.
    """

    def __init__(self, step: float, state: Floats, views: int) -> None:
        self.step = step
        self.days, self.today, self.watched, self.peak, self.since = state[:5]
        self.reached, self.before = state[5 : 5 + LEVELS], state[5 + LEVELS]
        """`before`: the z of the step before."""
        self.usual, self.varying, self.highest = state[6 + LEVELS : height(views)].reshape(3, views, -1)
        self.beside: Floats | float = 0.0
        self._spread: Floats | None = None
        self._rate = 1 - 0.5 ** (1 / (WORTH.highest / DAY))
        self._gap = max(1, round(WORTH.together / step))
        self._a_day = max(1.0, DAY / step)

    def begin(self) -> None:
        """Nothing has been seen."""
        self.peak[:] = -np.inf
        self.before[:] = UNKNOWN
        self.highest[:] = -np.inf

    def spread(self) -> Floats:
        """The standard deviation of the daily highests of each view."""
        if self._spread is None:
            worth = WORTH.spread_worth / (1 + (self.days / WORTH.spread_known) ** 4)
            varied = self.varying * self.days + worth * WORTH.spread**2
            self._spread = np.asarray(np.sqrt(np.maximum(varied / (self.days + worth), LEAST_SPREAD**2)))
        return self._spread

    def z(self, views: Floats) -> Floats:
        """The larger z of the views of now, NaN where they are."""
        z = np.minimum(((views - self.usual) / self.spread()).max(axis=0), -UNKNOWN)
        return np.asarray(np.where(self.days >= 2, z, UNKNOWN + 0 * z))

    def at(self, z: Floats) -> Floats:
        """The views that stand at a z."""
        return np.asarray(self.usual + z * self.spread())

    def learn(self, z: Floats, views: Floats, empty: Truths | None = None) -> None:
        """A step is over and stood so; NaN is a gap, but where it is `empty`: no rise, and time in which none came."""
        known = np.asarray(~np.isnan(z))
        seen = known if empty is None else known | empty
        self._count(z, known)
        self.highest[:] = np.fmax(self.highest, np.where(known, views, -np.inf))
        self.before[:] = np.where(known, z, UNKNOWN)
        self.today += seen
        self.watched += seen & (self.days >= WORTH.settled)

    def turn(self, hidden: Floats | float) -> None:
        """A day is over: its highest, if there is one, is learned where at least half of it was seen.

        `hidden`: the variance that a daily highest hides by being told in whole counts.
        """
        known = np.isfinite(self.highest)
        whole = (self.today >= 0.5 * self._a_day) & known.any(axis=0)
        self.today[:] = 0
        spread = self.spread()
        off = np.where(whole, np.where(known, self.highest, 0.0) - self.usual, 0.0)
        kept = np.maximum(np.minimum(off, WORTH.clip * spread), -WORTH.clip_low * spread)
        off = np.where(self.days >= 2, kept, off)
        rate = np.maximum(self._rate, 1 / (self.days + 1))
        self.usual += rate * off
        later = whole & (self.days >= 1)
        self.varying[:] = np.where(later, (1 - rate) * (self.varying + rate * (off**2 + hidden)), self.varying)
        self.days += whole
        self.highest[:] = -np.inf
        self._spread = None

    def _count(self, z: Floats, known: Truths) -> None:
        """Rises that are over are counted, with how high they came."""
        self.since += 1
        over = np.isfinite(self.peak) & (self.since > self._gap)
        if over.any():
            self.reached += levels_of(np.where(over, self.peak, -np.inf))
            self.peak[over] = -np.inf
        above = known & (z > 0) & (self.days >= WORTH.settled)
        if above.any():
            self.peak[above] = np.maximum(self.peak[above], z[above])
            self.since[above] = 0

    def learn_from(self, all_: Heights) -> None:
        """These are some of all the series of a rule: the others tell of the shape of a tail too."""
        self.beside = all_.reached.sum(axis=1, keepdims=True) - self.reached

    def tail(self) -> Tail:
        """How rare a z is, from the rises so far."""
        unit = max(self.step, DAY) / DAY
        return tail_of(self.watched * self.step / DAY, self.reached, self.beside, USUAL * unit)


def wide(x: Floats) -> Floats:
    """Values on a logarithm that bears zeros. Negative values mirror."""
    return np.asarray(np.log(2) + np.copysign(np.log(np.abs(x) + 2) - np.log(2), x))


def unwide(y: Floats) -> Floats:
    """Values from that logarithm, at least 0."""
    return np.asarray(np.maximum(np.exp(np.minimum(y, 700.0)) - 2, 0.0))
