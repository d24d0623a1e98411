"""What `seasonal` remembers of a rule's series from one judgement to the next, so that each reads only what is new.

A cache and nothing more: thrown away it is made anew from the buckets, and stands as if it had gone on. It leaves
points on its way, every two hours and at midnight; when counts change it goes over the steps again from the last point
before them. What changes before all points makes everything anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from monitor.detectors.amounts import amounts
from monitor.detectors.arrays import Floats, np
from monitor.detectors.occasions import ROWS, Almanac
from monitor.detectors.track import Tracks
from monitor.model import Key
from monitor.series import Interval, Series
from monitor.times import HOUR, floor_to

JUST_BEFORE = 1e-3
"""What is over just now is still judged, not yet learned."""
APART = 2 * HOUR
LATELY, MIDNIGHTS = 3, 2
"""How many points are held: of those two hours apart, and of midnights."""
SAVED_AFTER = 2 * HOUR
"""A point is written down when it is this old: most of what comes late has come by then."""
METHOD = 3
"""How things are learned, counted up with each change: what another method has written down is made anew."""
NOBODY: Key = (("", ""),)
"""The series that nobody wrote to: what a new one was before it came."""


class Point(NamedTuple):
    """The tracks after the step that ends at `upto`, and the newest parts of the window then."""

    upto: float
    tracks: Any
    parts: Floats
    midnight: bool = False


class Saved(Struct, frozen=True):
    """A point as it is written down. `days`: what was known of them from `since` on."""

    step: float
    parts: int
    upto: float
    day: int
    keys: list[Key]
    state: bytes
    window: bytes
    kinds: tuple[str, ...] = ()
    since: float = 0.0
    days: str = ""
    method: int = 1
    zone: str = ""


class Kept:
    """The tracks of all series of one rule. For one reader at a time.

    Who remembers something else says what is `fresh` and how a step is taken: things made of `step`, a `state` with a
    column a series, and `day`, that `copy`, give `only` some series, and go on `of` another state.
    """

    def __init__(self, step: float, parts: int, almanac: Almanac) -> None:
        self.step, self.parts, self.almanac = step, parts, almanac
        self.keys: dict[Key, int] = {NOBODY: 0}
        self.points: list[Point] = []
        self.point: Point | None = None
        self.dirty = float("inf")
        self._since: float | None = None
        self._begun = 0.0
        self._vouched: tuple[Interval, ...] = ()

    def fresh(self) -> Any:
        """One series of which nothing has been seen."""
        return Tracks.fresh(1, self.step, self.almanac.rows)

    def take(self, tracks: Any, keys: Sequence[Key], at: float, block: Floats) -> None:
        """The step that begins at an instant; `block`: the parts of its window, a row a series."""
        self.almanac.take(tracks, keys, at, block, window_of(block))

    def changed(self, since: float) -> None:
        """Counts changed from an instant on."""
        self.dirty = min(self.dirty, since)

    def rewind(self, at: float) -> None:
        """Instants from this one on are judged anew, in order: what the next batch holds must reach back to it."""
        self.changed(self.begun(at - JUST_BEFORE))

    def forget(self) -> None:
        """Everything may have changed."""
        self.keys, self.points, self.point = {NOBODY: 0}, [], None

    def back(self, now: float) -> float | None:
        """How many seconds of buckets before `now` the next batch must hold; None = all there are."""
        base = next((p for p in reversed(self.points) if p.upto <= self.dirty), None)
        self._since = base.upto if base is not None else None
        return None if base is None else now - base.upto + self.step

    def follow(self, batch: Sequence[Series], end: float, since: float) -> Any:
        """The tracks after the step that ends at `end`. Nothing before `since` is looked at."""
        self._begun = since
        self._recover(batch)
        if self.almanac.kinds:
            self.changed(self.almanac.missed([s.key for s in batch if s.key not in self.keys], since, end))
        here = self.point
        if here is not None and here.upto == end and self.dirty >= end and all(s.key in self.keys for s in batch):
            return here.tracks
        start = self._start(batch, end, since)
        self._admit(batch)
        edges = self.edges(start.upto, end)
        self.point = self._go(start, edges, self.values(batch, edges))
        return self.point.tracks

    def begun(self, at: float) -> float:
        """When the step began that an instant lies in."""
        return floor_to(at, self.step)

    def edges(self, start: float, end: float) -> Floats:
        """The edges of the steps between two of them."""
        return np.asarray(start + self.step * np.arange(round((end - start) / self.step) + 1.0))

    def before(self, batch: Sequence[Series]) -> Floats:
        """What came in the parts of the window before the running one, a row a series, as last followed."""
        assert self.point is not None
        return self.point.parts[[self.keys[s.key] for s in batch]]

    def _recover(self, batch: Sequence[Series]) -> None:
        """What a source vouched for may turn out to be otherwise: then counts have changed from there on."""
        covered = batch[0].covered if batch and alike(batch) else ()
        before, self._vouched = self._vouched, covered
        if self.point is None or before is covered or not before or not covered:
            return
        start, end = max(before[0][0], covered[0][0], self._since or 0.0), self.point.upto
        edges = set(_between(before, start, end)) ^ set(_between(covered, start, end))
        if edges:
            self.changed(min(edge for pair in edges for edge in pair))

    def _start(self, batch: Sequence[Series], end: float, since: float) -> Point:
        """Where to go on from: where it stands, a point before what changed, or nothing at all."""
        dirty, self.dirty = self.dirty, float("inf")
        here = self.point
        if here is not None and here.upto <= min(dirty, end):
            return here
        points = [p for p in self.points if p.upto <= min(dirty, end) and p.upto >= (self._since or 0.0)]
        if not points and self._since is not None:  # the batch holds too little: what has changed is for the next one
            self.dirty = dirty
            points = [p for p in self.points if self._since <= p.upto <= end][:1]
            if not points:  # nor is there anything to go on from: the next batch shall hold all there is
                self.changed(0.0)
        if points:
            self.points = [p for p in self.points if p.upto <= points[-1].upto]
            return points[-1]._replace(tracks=points[-1].tracks.copy())
        self.forget()
        firsts = [s.covered[0][0] for s in batch if s.covered]
        first = self.begun(max(since, min(firsts, default=end)))
        return Point(min(first, end), self.fresh(), np.full((1, self.parts - 1), np.nan))

    def _admit(self, batch: Sequence[Series]) -> None:
        """Series not known yet begin as the one that nobody wrote to stands, at every point."""
        for series in batch:
            self.keys.setdefault(series.key, len(self.keys))

    def _widened(self, point: Point) -> tuple[Any, Floats]:
        """The point with a column for each series known: a new one is as nobody."""
        known = point.tracks.state.shape[1]
        if known == len(self.keys):
            return point.tracks, point.parts
        columns = [*range(known), *[0] * (len(self.keys) - known)]
        return point.tracks.only(columns), point.parts[columns]

    def values(self, batch: Sequence[Series], edges: Floats) -> Floats:
        """What each series counted in each step, NaN where too little was covered; in the order of `keys`."""
        found = amounts(batch, edges)
        covered = batch[0].covered if batch and alike(batch) else ()
        empty = amounts([Series(key=NOBODY, measure="count", covered=covered)], edges)
        out = np.repeat(empty, len(self.keys), axis=0)
        if len(batch):
            out[[self.keys[s.key] for s in batch]] = found
        return out

    def _go(self, start: Point, edges: Floats, values: Floats) -> Point:
        """Takes step by step, and leaves points on the way."""
        tracks, parts = self._widened(start)
        joined, before, keys = np.concatenate([parts, values], axis=1), self.parts - 1, list(self.keys)
        for k, at in enumerate(edges[:-1].tolist()):
            day, block = self.almanac.read(at + self.step / 2).day, joined[:, k : k + self.parts]
            midnight = tracks.day not in (day, -1)
            if midnight or floor_to(at, max(APART, self.step)) == at:
                self._leave(Point(at, tracks.copy(), block[:, :before].copy(), midnight))
            self.take(tracks, keys, at, block)
        return Point(float(edges[-1]), tracks, joined[:, values.shape[1] :])

    def _leave(self, point: Point) -> None:
        points = [*(p for p in self.points if p.upto < point.upto), point]
        held = [p for p in points if p.midnight][-MIDNIGHTS:] + [p for p in points if not p.midnight][-LATELY:]
        self.points = sorted(held, key=lambda p: p.upto)

    def save(self, now: float) -> Saved | None:
        """The newest point that is old enough, None where there is none."""
        point = next((p for p in reversed(self.points) if p.upto <= min(now - SAVED_AFTER, self.dirty)), None)
        if point is None:
            return None
        state, keys = point.tracks.state, list(self.keys)[: point.tracks.state.shape[1]]
        return Saved(
            self.step, self.parts, point.upto, point.tracks.day, keys, state.tobytes(), point.parts.tobytes(),
            self.almanac.kinds, self._begun, self.almanac.digest(self._begun, point.upto), METHOD,
            self.almanac.zone.key,
        )  # fmt: skip

    def load(self, saved: Saved) -> None:
        """Goes on from what was written down, where it is of the same make; else it is as if there were nothing."""
        n, fresh = len(saved.keys), self.fresh()
        own = len(fresh.state) - self.almanac.rows
        height = own + ROWS * len(saved.kinds)
        state, parts = np.frombuffer(saved.state), np.frombuffer(saved.window)
        make = saved.step, saved.parts, saved.method, saved.zone
        if make != (self.step, self.parts, METHOD, self.almanac.zone.key) or state.size != height * n:
            return
        if saved.keys[0] != NOBODY or saved.days != self.almanac.digest(saved.since, saved.upto):
            return
        self.keys, self._begun = {key: i for i, key in enumerate(saved.keys)}, saved.since
        state = state.reshape(height, n)
        state = np.concatenate([state[:own], self.almanac.arranged(state[own:], saved.kinds)])
        window = parts.reshape(n, self.parts - 1).copy()
        self.points = [Point(saved.upto, fresh.of(state, saved.day), window, midnight=False)]


def alike(batch: Sequence[Series]) -> bool:
    """Whether the same sources vouch for all."""
    first = batch[0].covered
    return all(s.covered is first or s.covered == first for s in batch)


def _between(intervals: tuple[Interval, ...], start: float, end: float) -> list[Interval]:
    return [(max(a, start), min(b, end)) for a, b in intervals if a < end and b > start]


def window_of(block: Floats) -> Floats:
    """What the parts of windows come to, scaled up for those missing; NaN under half of them or without the newest."""
    known = ~np.isnan(block)
    n = known.sum(axis=1)
    total = np.where(known, block, 0.0).sum(axis=1)
    told = (n >= (block.shape[1] + 1) // 2) & known[:, -1]
    return np.asarray(np.where(told, total / np.maximum(n, 1) * block.shape[1], np.nan))
