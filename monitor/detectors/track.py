"""Many series followed through time by `seasonal`: what is normal now, how far off a value is, how rare that is.

A value is held against two unlike views of its own past, and the larger counts:

- the newest part of the window against what is normal at that time of day and week. Counts are put on a scale where
  their noise is even (Anscombe 1948, Biometrika 35, 246-254: 2√(x + 3/8)), so that 0.1 and 10,000 are judged alike;
- the whole window against the level of the days, on a logarithm.

Both are told in standard deviations of their own highest of each day: z = (x - mean of the daily highests) ÷ their
standard deviation. Highests of a day go by Gumbel's law, so z comes about once in exp(1.28 z + 0.58) days whatever the
series (`surprise`). How often rises really came, and how high, is counted and told as a `Tail`. What looks abnormal
teaches little at once, a lasting shift in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple, Protocol

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.heights import Heights, height, unwide, wide
from monitor.detectors.tail import SLOPE, Tail
from monitor.times import DAY, HOUR

HOURS, WEEKDAYS, VIEWS = 24, 7, 2
MEAN_TO_SD = 1.25
"""A normal deviation's standard deviation over its mean size."""


class Pace(NamedTuple):
    """How fast things are learned: half-lives in seconds, limits in standard deviations."""

    level: float = 3 * DAY
    noise: float = 4 * DAY
    hour: float = 5 * DAY
    weekday: float = 120 * DAY
    clip: float = 3.0
    least_noise: float = 0.7


PACE = Pace()


class When(NamedTuple):
    """The middle of a step on the wall of the rule's zone: hour with its fraction, weekday, and the day's number."""

    hour: float
    weekday: int
    day: int


class Look(NamedTuple):
    """Values as seen at one instant, one a series. `z` is NaN where nothing is known."""

    z: Floats
    part: Floats
    window: Floats
    y: Floats
    normal: Floats
    noise: Floats
    views: Floats
    lifted: Floats
    """How many times the usual may come by what is known beforehand: to the newest part, and to the whole window."""


class Lifted(Protocol):
    """What is known beforehand of a window, one value a series."""

    @property
    def part(self) -> Floats:
        """How many times the usual may come in the newest part."""

    @property
    def window(self) -> Floats:
        """The same of the whole window."""


ROWS = {
    "level": 1,
    "noise": 1,
    "taken": 1,
    "broken": 1,
    "heights": height(VIEWS),
    "hours": HOURS,
    "seen": HOURS,
    "weekdays": WEEKDAYS,
    "seen_weekdays": WEEKDAYS,
}
"""The state's rows; each is a number a series."""
HEIGHT = sum(ROWS.values())


class Tracks:
    """The state of n series after the steps taken so far, `step` seconds each.

    `state` is all of it, an array of HEIGHT x n and `more` rows for what others learn, together with `day`; the
    attributes are its rows. `heights`: how the views stand against their daily highests.
    """

    level: Floats
    noise: Floats
    taken: Floats
    broken: Floats
    """Steps whose count was no whole number."""
    hours: Floats
    seen: Floats
    weekdays: Floats
    seen_weekdays: Floats

    def __init__(self, step: float, state: Floats, day: int = -1, pace: Pace = PACE) -> None:
        self.step, self.state, self.day, self.pace = step, state, day, pace
        rows, at = {}, 0
        for name, many in ROWS.items():
            rows[name] = state[at] if many == 1 else state[at : at + many]
            at += many
        self.heights = Heights(step, rows.pop("heights"), VIEWS)
        for name, row in rows.items():
            setattr(self, name, row)
        self.more = state[at:]
        self._level = _rate(step, max(pace.level, 7 * step))
        self._noise = _rate(step, max(pace.noise, 30 * step))
        self._hour = _rate(step, pace.hour / HOURS)
        self._weekday = _rate(step, pace.weekday / WEEKDAYS)
        self._a_day = max(1.0, DAY / step)
        self._an_hour = max(1.0, HOUR / step)

    @classmethod
    def fresh(cls, n: int, step: float, more: int = 0) -> Tracks:
        """n series of which nothing has been seen."""
        out = cls(step, np.zeros((HEIGHT + more, n)))
        out.noise[:] = 1.0
        out.heights.begin()
        return out

    def of(self, state: Floats, day: int) -> Tracks:
        """The same of another state."""
        return Tracks(self.step, state, day, self.pace)

    def only(self, columns: Sequence[int]) -> Tracks:
        """Some of the series, by their columns, in that order."""
        return self.of(self.state[:, list(columns)], self.day)

    def copy(self) -> Tracks:
        """The same state, to go on by itself."""
        return self.of(self.state.copy(), self.day)

    def normal(self, when: When) -> Floats:
        """What is normal of the newest part, on the even scale; short steps lie between the middles of two hours."""
        out = self.level + self.weekdays[when.weekday]
        if self.step >= DAY:
            return np.asarray(out)
        place = (when.hour - 0.5) % HOURS if self.step < HOUR else float(int(when.hour))
        first = int(place)
        share = place - first
        out = out + self.hours[first] * (1 - share)
        return np.asarray(out + self.hours[(first + 1) % HOURS] * share if share else out)

    def look(self, part: Floats, window: Floats, when: When, lift: Lifted | None = None) -> Look:
        """How the values of the newest part and of the whole window stand; changes nothing."""
        lifted = np.ones((2, len(part))) if lift is None else np.array([lift.part, lift.window])
        y, normal = even(part / lifted[0]), self.normal(when)
        normal = np.where(self.taken > 0, normal, y)
        views = np.array([wide(window / lifted[1]), wide(np.maximum((y - normal) / self.noise, 0.0))])
        return Look(self.heights.z(views), part, window, y, normal, self.noise.copy(), views, lifted)

    def take(self, part: Floats, window: Floats, when: When) -> Look:
        """Looks at the values of the next step and learns from them; NaN is a gap."""
        look = self.look(part, window, when)
        self.learn(look, when)
        return look

    def learn(self, look: Look, when: When) -> None:
        """A step is over and stood as it was last looked at."""
        if when.day != self.day:
            if self.day >= 0:
                self.heights.turn(self._rounded())
            self.day = when.day
        self.heights.learn(look.z, look.views)
        self._follow(look, when, np.asarray(~np.isnan(look.z)))

    def _follow(self, look: Look, when: When, known: Truths) -> None:
        """What is normal, and how far values lie off it."""
        y, limit = np.where(known, look.y, 0.0), self.pace.clip * self.noise
        self.level += np.where(known & (self.taken == 0), y, 0.0)
        self.taken += known
        self.broken += known & (look.part != np.rint(look.part))
        warm = 1 / np.maximum(self.taken, 1)
        off = np.where(known, _clipped(y - look.normal, limit), 0.0)
        self.level += np.maximum(self._level, warm) * off
        weekday, hour = self.weekdays[when.weekday], int(when.hour) % HOURS
        base = y - self.level - weekday
        if self.step < DAY:
            seen, slot = self.seen[hour], self.hours[hour]
            seen += known
            slot += known * np.maximum(self._hour, 1 / (seen + self._an_hour)) * _clipped(base - slot, limit)
            base = base - slot
        seen = self.seen_weekdays[when.weekday]
        seen += known
        weekday += known * np.maximum(self._weekday, 1 / (seen + 7 * self._a_day)) * _clipped(base, limit)
        learn = known * np.maximum(self._noise, warm)
        self.noise += learn * (np.abs(off) * MEAN_TO_SD - self.noise)
        np.maximum(self.noise, self.pace.least_noise, out=self.noise)

    def _rounded(self) -> Floats:
        """The variance that a daily highest of whole counts hides by being whole, in both views.

        It is a twelfth of the square of one count more (Sheppard 1898). Without it highests of one count each, many
        days in a row, would pass for a series that never varies.
        """
        beyond = np.exp(np.minimum(np.maximum(self.heights.usual, log(2)), 700.0))
        y = np.maximum(self.level + (beyond[1] - 2) * self.noise, 2 * sqrt(0.375))
        one = np.log1p(np.array([np.ones_like(y), 2 / (y * self.noise)]) / beyond)
        return np.asarray(np.where(2 * self.broken < self.taken, one**2 / 12, 0.0))

    def tail(self) -> Tail:
        """How rare a z is, from the rises so far."""
        return self.heights.tail()

    def value_at(self, z: Floats, look: Look) -> Floats:
        """The value of the window that would be seen at a z, were it the newest part that grew."""
        views = self.heights.at(z)
        whole = unwide(views[0]) * look.lifted[1]
        height = unwide(views[1])
        part = np.where(height > 0, uneven(look.normal + height * look.noise), 0.0) * look.lifted[0]
        return np.asarray(np.maximum(np.minimum(whole, look.window - look.part + part), 0.0))


def surprise(z: Floats) -> Floats:
    """Days in which a daily highest of this z comes about once, by Gumbel's law alone."""
    return np.asarray(np.exp(np.clip(SLOPE * z + 0.5772157, -100, 100)))


def even(x: Floats) -> Floats:
    """Counts on a scale where their noise is even. Negative values mirror."""
    least = 2 * sqrt(0.375)
    return np.asarray(least + np.copysign(2 * np.sqrt(np.abs(x) + 0.375) - least, x))


def uneven(y: Floats) -> Floats:
    """Counts from the even scale, at least 0."""
    return np.asarray(np.where(y > 0, np.maximum((y / 2) ** 2 - 0.375, 0.0), 0.0))


def _clipped(x: Floats, limit: Floats) -> Floats:
    return np.asarray(np.maximum(np.minimum(x, limit), -limit))


def _rate(step: float, half_life: float) -> float:
    return float(1 - 0.5 ** (step / half_life))
