"""One series followed through time by `seasonal`: what is normal now, how far off a value is, how rare that is.

Counts are put on a scale where their noise is even (Anscombe 1948: 2√(x + 3/8)), so that 0.1 and 10,000 a step are
judged alike. Three unlike views are taken and the largest counts: against the time of day and week, against the last
hours, against the highest of the last weeks. What looks abnormal teaches little at once, a lasting shift in full.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from monitor.detectors.tail import Tail, tail_of
from monitor.times import DAY, HOUR

SLOTS = 24
WEEKDAYS = 7
NOISE = 1.0
"""The standard deviation of a Poisson count on the even scale."""
LEAST_NOISE = 0.7
MEAN_TO_SD = 1.25
"""A normal deviation's standard deviation over its mean size."""


class Pace(NamedTuple):
    """How fast things are learned: half-lives in seconds, limits in standard deviations."""

    level: float = 3 * DAY
    recent: float = 2 * HOUR
    noise: float = 4 * DAY
    slot: float = 5 * DAY
    weekday: float = 120 * DAY
    record: float = 0.1
    """Standard deviations a day that the remembered record sinks by."""
    clip: float = 3.0
    share: float = 0.01
    together: float = 2 * HOUR
    """Exceedances nearer than this are one rise."""


PACE = Pace()


class Look(NamedTuple):
    """A value as seen at one instant, on the even scale: its height, and what the three views hold it against."""

    height: float
    normal: float
    noise: float
    recent: float
    unrest: float
    record: float

    def value_at(self, height: float) -> float:
        """The count that would be seen at a height."""
        views = (
            self.normal + height * self.noise,
            self.recent + height * self.unrest,
            self.record + height * self.noise,
        )
        return count(min(views))


def even(x: float) -> float:
    """A count on the even scale. Negative values mirror."""
    return 2 * sqrt(x + 0.375) if x >= 0 else 2 * sqrt(0.375) * 2 - 2 * sqrt(0.375 - x)


def count(y: float) -> float:
    """A count from the even scale, at least 0."""
    return max(0.0, (y / 2) ** 2 - 0.375) if y > 0 else 0.0


class Track:
    """The state after the steps taken so far, `step` seconds each."""

    def __init__(self, step: float, pace: Pace = PACE) -> None:
        self.step, self.pace = step, pace
        self._level = _rate(step, max(pace.level, 20 * step))
        self._recent = _rate(step, max(pace.recent, 2 * step))
        self._noise = _rate(step, max(pace.noise, 30 * step))
        self._slot = _rate(step, pace.slot / SLOTS)
        self._weekday = _rate(step, pace.weekday / WEEKDAYS)
        self._gap = max(1, round(pace.together / step))
        self.taken = self.missing = 0
        self.level = self.recent = self.record = 0.0
        self.noise = self.unrest = NOISE
        self.slots, self.seen = [0.0] * SLOTS, [0] * SLOTS
        self.weekdays, self.seen_weekdays = [0.0] * WEEKDAYS, [0] * WEEKDAYS
        self.heights: list[float] = []
        self._tail: tuple[int, Tail | None] = (0, None)

    def normal(self, hour: float, weekday: int) -> float:
        """What is normal at an hour (0 to 24, with its fraction) of a weekday, between the middles of two hours."""
        if self.step >= DAY:
            return self.level + self.weekdays[weekday]
        place = (hour - 0.5) % SLOTS
        first = int(place)
        part = place - first
        slot = self.slots[first] * (1 - part) + self.slots[(first + 1) % SLOTS] * part
        return self.level + slot + self.weekdays[weekday]

    def look(self, x: float, hour: float, weekday: int) -> Look:
        """How a value stands; changes nothing."""
        y = even(x)
        normal = self.normal(hour, weekday)
        height = max((y - normal) / self.noise, (y - self.recent) / self.unrest, (y - self.record) / self.noise)
        return Look(height, normal, self.noise, self.recent, self.unrest, self.record)

    def take(self, x: float, hour: float, weekday: int) -> Look:
        """Looks at the value of the next step and learns from it."""
        y = even(x)
        if not self.taken:
            self.level = self.recent = self.record = y
        elif self.missing:
            self._fade(hour, weekday)
        self.missing = 0
        look = self.look(x, hour, weekday)
        self.heights.append(look.height)
        self.taken += 1
        self._learn(y, look, int(hour) % SLOTS, weekday)
        return look

    def _learn(self, y: float, look: Look, slot: int, weekday: int) -> None:
        limit, warm = self.pace.clip, 1 / self.taken
        off = _clipped(y - look.normal, limit * self.noise)
        self.level += max(self._level, warm) * off
        if self.step < DAY:
            self.seen[slot] += 1
            rate = max(self._slot, 1 / (self.seen[slot] + 12))
            target = y - self.level - self.weekdays[weekday] - self.slots[slot]
            self.slots[slot] += rate * _clipped(target, limit * self.noise)
        self.seen_weekdays[weekday] += 1
        rate = max(self._weekday, 1 / (self.seen_weekdays[weekday] + 7 * max(1.0, DAY / self.step)))
        here = self.slots[slot] if self.step < DAY else 0.0
        target = y - self.level - here - self.weekdays[weekday]
        self.weekdays[weekday] += rate * _clipped(target, limit * self.noise)
        jump = y - self.recent
        self.recent += max(self._recent, warm) * jump
        learn = max(self._noise, warm)
        least = LEAST_NOISE * NOISE
        self.noise = max(least, self.noise + learn * (abs(off) * MEAN_TO_SD - self.noise))
        size = abs(_clipped(jump, limit * self.unrest))
        self.unrest = max(least, self.unrest + learn * (size * MEAN_TO_SD - self.unrest))
        self.record = max(y, self.record - self.pace.record * self.step / DAY * self.noise)

    def miss(self) -> None:
        """Nothing is known of the next step."""
        self.missing += 1

    def _fade(self, hour: float, weekday: int) -> None:
        """After steps of which nothing is known, what the last hours were has faded into what is normal."""
        kept = (1 - self._recent) ** self.missing
        self.recent = self.recent * kept + self.normal(hour, weekday) * (1 - kept)

    def tail(self) -> Tail | None:
        """The tail of the heights so far, told anew once a day."""
        upto = self.taken - self.taken % max(1, round(DAY / self.step))
        if self._tail[0] != upto:
            self._tail = upto, tail_of(self.heights[:upto], self.step, self._gap, self.pace.share)
        return self._tail[1]


def _rate(step: float, half_life: float) -> float:
    return float(1 - 0.5 ** (step / half_life))


def _clipped(x: float, limit: float) -> float:
    return max(-limit, min(limit, x))
