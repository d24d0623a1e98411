"""What is known of days beforehand: which are worked, and which occasions bring more than usual.

A day off counts as the last day of the weekend, a made-up one as the working day next to it. Occasions are stretches of
days off, the first working day after a long one, and planned promotions: in them more is expected, as told or as
earlier ones of their kind have brought, and what they bring teaches nothing of ordinary days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.track import Look, Tracks, When, even, uneven
from monitor.model import Key

OFF, BACK = "/off", "/back"
"""Days off, and the first working day after `LONG` of them or more; no promotion can bear such a name."""
LONG = 3
UNTOLD = 2.0
"""How many times the usual a promotion is expected to bring of which nothing is told and none was seen."""
ALLOWANCE = 1.25
"""What is expected of an occasion may be missed by so much before anything counts as unusual."""
MOST = 20.0
WORTH = 5.0
"""How many records what is expected beforehand is worth against those that came."""
KEPT = 0.5
"""What an earlier occasion is worth beside the one after it."""
CAPPED, CLIP = 2.0, 3.0
"""Nothing teaches more than so many times what was expected, and so many standard deviations."""
ROWS = 4
"""Of each kind: what came and what usually would have, in those that are over, and in the one that runs."""
FURTHEST = 30
"""No stretch of days off is longer."""
LONGEST = 800
"""Days, further back than anything looks."""


class Calendar(Protocol):
    """Which days are worked."""

    def kind(self, day: date) -> str:
        """`work`, `off` (a holiday) or `weekend`."""

    def weekend(self) -> frozenset[int]:
        """The weekdays that are usually not worked."""


class Occasion(Struct, frozen=True, kw_only=True):
    """One stretch of time. Those of a `kind` learn from each other.

    `expect`: how many times the usual it brings, None = as much as earlier ones did. `labels`: of which series.
    """

    kind: str
    start: float
    end: float
    expect: float | None = None
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def share(self, start: float, end: float) -> float:
        """Which part of a span lies within."""
        return max(0.0, min(self.end, end) - max(self.start, start)) / (end - start)

    def touches(self, keys: Sequence[Key]) -> Truths:
        """Which of the series it is about."""
        if not self.labels:
            return np.ones(len(keys), dtype=bool)
        asked = self.labels
        return np.array([all(dict(key).get(name) in values for name, values in asked) for key in keys], dtype=bool)


class Lift(NamedTuple):
    """What occasions do to a window, one value a series: `part` and `window` are how many times the usual may come.

    `expected`: of the whole window. Of the newest step: `usual` what would come otherwise; `shares` and `times` of each
    occasion, `first` the one that counts where several are on.
    """

    found: list[Occasion]
    on: Truths
    part: Floats
    window: Floats
    expected: Floats
    usual: Floats
    shares: Floats
    times: Floats
    first: Any

    @property
    def times_now(self) -> Floats:
        """How many times the usual is expected of the newest part."""
        return np.asarray((1 + (self.times - 1) * self.shares).max(axis=0))

    def promotions(self) -> list[tuple[str, float] | None]:
        """The promotion that each series is in, and how many times the usual it is expected to bring."""
        out: list[tuple[str, float] | None] = []
        for column, i in enumerate(self.first.tolist()):
            planned = self.found[i].kind not in (OFF, BACK) and self.shares[i, column] > 0
            out.append((self.found[i].kind, float(self.times[i, column])) if planned else None)
        return out


class Almanac:
    """What is known of days on the wall of a zone. Remembers what it has worked out."""

    def __init__(self, zone: ZoneInfo, calendar: Calendar | None = None, promotions: Sequence[Occasion] = ()) -> None:
        self.zone, self.calendar, self.promotions = zone, calendar, tuple(promotions)
        own = dict.fromkeys(each.kind for each in self.promotions)
        self.kinds: tuple[str, ...] = (*((OFF, BACK) if calendar else ()), *own)
        self.rows = ROWS * len(self.kinds)
        self._weekdays: dict[int, int] = {}
        self._on: dict[int, tuple[Occasion, ...]] = {}

    def __repr__(self) -> str:
        return f"Almanac({self.zone.key}, {self.calendar}, {len(self.promotions)} promotions)"

    def same(self, other: Almanac) -> bool:
        """Whether another one knows the same."""
        mine, yours = ((a.zone, a.calendar, a.promotions) for a in (self, other))
        return mine == yours

    def read(self, at: float) -> When:
        """An instant on the wall, with the weekday as which its day counts."""
        there = datetime.fromtimestamp(at, self.zone)
        day = there.toordinal()
        return When(there.hour + there.minute / 60, self.weekday(day), day)

    def weekday(self, day: int) -> int:
        """As which day of the week a day counts."""
        if day not in self._weekdays:
            self._weekdays[day] = self._counts_as(date.fromordinal(day))
        return self._weekdays[day]

    def _counts_as(self, day: date) -> int:
        own = day.weekday()
        if self.calendar is None:
            return own
        rest = self.calendar.weekend()
        if (self.calendar.kind(day) == "work") == (own not in rest):
            return own
        if own in rest:
            return min(set(range(7)) - rest, key=lambda d: min((d - own) % 7, (own - d) % 7), default=own)
        return max(rest, default=own)

    def on(self, start: float, end: float) -> list[Occasion]:
        """The occasions that touch a span."""
        if not self.kinds:
            return []
        first, last = (datetime.fromtimestamp(at, self.zone).toordinal() for at in (start, end))
        near = dict.fromkeys(occasion for day in range(first, last + 1) for occasion in self._of_day(day))
        return [occasion for occasion in near if occasion.start < end and occasion.end > start]

    def _of_day(self, day: int) -> tuple[Occasion, ...]:
        if day not in self._on:
            start, end = self._midnight(day), self._midnight(day + 1)
            planned = [p for p in self.promotions if p.start < end and p.end > start]
            self._on[day] = (*planned, *self._free(date.fromordinal(day)))
        return self._on[day]

    def _midnight(self, day: int) -> float:
        return datetime.combine(date.fromordinal(day), time(), self.zone).timestamp()

    def _free(self, day: date) -> list[Occasion]:
        """The stretch of days off that a day lies in, or that it comes after."""
        if self.calendar is None:
            return []
        worked = self.calendar.kind(day) == "work"
        last = day.toordinal() - worked
        first = last + 1
        while last - first < FURTHEST and self._kind(first - 1) != "work":
            first -= 1
        while not worked and last - first < FURTHEST and self._kind(last + 1) != "work":
            last += 1
        if all(self._kind(each) != "off" for each in range(first, last + 1)):
            return []
        if worked:
            long = last - first + 1 >= LONG
            return [Occasion(kind=BACK, start=self._midnight(last + 1), end=self._midnight(last + 2))] if long else []
        return [Occasion(kind=OFF, start=self._midnight(first), end=self._midnight(last + 1))]

    def _kind(self, day: int) -> str:
        assert self.calendar is not None
        return self.calendar.kind(date.fromordinal(day))

    def digest(self, start: float, end: float) -> str:
        """What it says of the days of a span, "" where that is nothing: days are what they are."""
        first, last = (datetime.fromtimestamp(at, self.zone).toordinal() for at in (start, end))
        days = range(max(first, last - LONGEST), last + 1) if self.kinds else ()
        begun = dict.fromkeys(o for day in days for o in self._of_day(day) if o.start < end)
        strange = {day: counts for day in days if (counts := self.weekday(day)) != date.fromordinal(day).weekday()}
        if not begun and not strange:
            return ""
        said = msgspec.json.encode((strange, list(begun)))
        return hashlib.blake2b(said, digest_size=8).hexdigest()

    def arranged(self, rows: Floats, kinds: Sequence[str]) -> Floats:
        """Rows that were learned of some kinds, for the kinds there are now."""
        old = {kind: rows[ROWS * i : ROWS * (i + 1)] for i, kind in enumerate(kinds)}
        none = np.zeros((ROWS, rows.shape[1]))
        return np.concatenate([rows[:0], *(old.get(kind, none) for kind in self.kinds)])

    def missed(self, keys: Sequence[Key], start: float, end: float) -> float:
        """Since when occasions of their own were on for these series alone, that nobody else knows of."""
        own = [o for o in self.promotions if o.labels and o.start < end and o.end > start]
        return min((o.start for o in own if o.touches(keys).any()), default=float("inf"))

    def lift(self, tracks: Tracks, keys: Sequence[Key], end: float, parts: int) -> Lift | None:
        """What occasions do to the window of so many steps that ends at an instant; None where none touches it."""
        step = tracks.step
        found = self.on(end - parts * step, end)
        if not found:
            return None
        touched = np.array([occasion.touches(keys) for occasion in found])
        times = np.array([self._times(tracks, occasion) for occasion in found])
        usual, expected, may = (np.zeros(len(keys)) for _ in range(3))
        newest: tuple[Floats, Floats, Floats] | None = None
        for start in (end - (k + 1) * step for k in range(parts)):
            plain = uneven(tracks.normal(self.read(start + step / 2)))
            shares = np.array([occasion.share(start, start + step) for occasion in found])[:, None] * touched
            much = 1 + (times * ALLOWANCE - 1) * shares
            newest = newest or (plain, shares, much)
            usual = usual + plain
            expected = expected + plain * (1 + (times - 1) * shares).max(axis=0)
            may = may + plain * much.max(axis=0)
        assert newest is not None
        plain, shares, much = newest
        part = much.max(axis=0)
        window = (may + 1e-9 * part) / (usual + 1e-9)
        first = much.argmax(axis=0)
        return Lift(found, np.asarray(touched.any(axis=0)), part, window, expected, plain, shares, times, first)

    def _times(self, tracks: Tracks, occasion: Occasion) -> Floats:
        """How many times the usual is expected of each series."""
        came, would, _, _ = self._learned(tracks, occasion.kind)
        if occasion.expect is not None:
            return np.full(len(came), occasion.expect)
        before = 1.0 if occasion.kind in (OFF, BACK) else UNTOLD
        return np.asarray(np.clip((came + WORTH * before) / (would + WORTH), 1.0, MOST))

    def _learned(self, tracks: Tracks, kind: str) -> Floats:
        first = ROWS * self.kinds.index(kind)
        return tracks.more[first : first + ROWS]

    def take(self, tracks: Tracks, keys: Sequence[Key], at: float, block: Floats, window: Floats) -> Look:
        """Looks at the step that begins at an instant and learns from it; `block`: the parts of its window."""
        part, end, when = block[:, -1], at + tracks.step, self.read(at + tracks.step / 2)
        lift = self.lift(tracks, keys, end, block.shape[1])
        look = tracks.look(part, window, when, lift)
        self.learn(tracks, look, lift, when, end)
        return look

    def learn(self, tracks: Tracks, look: Look, lift: Lift | None, when: When, end: float) -> None:
        """A step is over and stood as it was last looked at."""
        if lift is None:
            tracks.learn(look, when)
            return
        tracks.learn(look._replace(z=np.where(lift.on, np.nan, look.z)), when)
        before = tracks.heights.before
        before[:] = np.where(np.isnan(look.z), before, look.z)
        self._teach(tracks, lift, look.part, end)

    def _teach(self, tracks: Tracks, lift: Lift, part: Floats, end: float) -> None:
        """What occasions brought in the step that ends at an instant is learned, each kind by itself."""
        known = ~np.isnan(part) & (tracks.heights.days >= 2)
        for i, occasion in enumerate(lift.found):
            rows, share = self._learned(tracks, occasion.kind), lift.shares[i]
            here = known & (lift.first == i) & (share > 0)
            most = uneven(even(CAPPED * lift.times[i] * lift.usual) + CLIP * tracks.noise)
            came = np.minimum(np.where(here, part, 0.0), most) - (1 - share) * lift.usual
            rows[2] += np.where(here, np.maximum(came, 0.0), 0.0)
            rows[3] += np.where(here, share * lift.usual, 0.0)
            if end - tracks.step < occasion.end <= end:
                rows[:2] = np.where(rows[3] > 0, KEPT * rows[:2] + rows[2:], rows[:2])
                rows[2:] = 0.0


@cache
def plain(zone: ZoneInfo) -> Almanac:
    """The almanac of a zone that knows of nothing."""
    return Almanac(zone)
