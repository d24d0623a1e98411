"""What the judge keeps of the store's counts, so that each judgement reads only what is new.

A cache and nothing more: thrown away at any time, it is filled again from the buckets. After a commit that changed
counts it is told from which minute on; only that is read again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import ceil
from operator import attrgetter

from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.model import Key
from monitor.series import Bucket, Interval, join_intervals
from monitor.store import buckets
from monitor.times import MINUTE

TRIM = 2 * 86400.0
"""How much more than is asked is kept before the old is let go."""
LATELY, ROUNDED = 2 * 3600.0, 3600.0


_start, _span = attrgetter("start"), attrgetter("span")


class Counted(Struct, frozen=True, gc=False):
    """One series as counted: buckets sorted by start, marks by kind, its last record."""

    id: int
    key: Key
    buckets: tuple[Bucket, ...] = ()
    marks: dict[str, tuple[tuple[float, str], ...]] = {}
    longest: float = MINUTE
    last_at: float | None = None

    def spans(self) -> tuple[Interval, ...]:
        """Where buckets stand gapless."""
        return join_intervals([(b.start, b.start + b.span) for b in self.buckets], MINUTE)


class _Held:
    """One selection: from when on it is held, and its series."""

    def __init__(self, since: float, last: dict[int, float]) -> None:
        self.since = since
        self.last = last
        self.keys: dict[int, Key] = {}
        self.buckets: dict[int, list[Bucket]] = {}
        self.marks: dict[int, dict[str, list[tuple[float, str]]]] = {}
        self.counted: dict[int, Counted] = {}


class Memory:
    """The counts of the selections that were judged lately. For one reader at a time."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}
        self.terms: dict[str, list[Counted]] = {}
        """Of rules by term: the series that were found last."""
        self._coming: dict[int, float] = {}
        self._dirty: dict[int, float] = {}
        self._back: dict[int, dict[float, float]] = {}
        self._all = False

    def changed(self, selection: int, since: float) -> None:
        """A commit changed counts of a selection, in minutes from `since` on."""
        self._coming[selection] = min(since, self._coming.get(selection, since))

    def begin(self) -> None:
        """A reading begins: what was committed before it must be seen by it, what comes later by the next one."""
        if self._all:
            self._held, self._dirty, self._all = {}, {}, False
        for selection, since in self._coming.items():
            self._dirty[selection] = min(since, self._dirty.get(selection, since))
        self._coming = {}

    def clear(self) -> None:
        """Everything may have changed: the next reading begins anew. One that goes on may not have seen it."""
        self._all = True

    def counted(self, connection: Connection, selection: int, back: float, now: float) -> list[Counted]:
        """The series of a selection with all buckets that reach into the last `back` seconds."""
        back = self._furthest(selection, back, now)
        since, held = now - back, self._held.get(selection)
        if held is None or held.since > since:
            held = self._fill(connection, selection, since)
        elif selection in self._dirty:
            _refresh(connection, selection, held, self._dirty[selection])
        self._dirty.pop(selection, None)
        if held.since < since - TRIM:
            _trim(held, since)
        return list(held.counted.values())

    def _furthest(self, selection: int, back: float, now: float) -> float:
        """The longest look back that was asked lately: rules share a selection, and ask by turns."""
        asked = self._back.setdefault(selection, {})
        asked[ceil(back / ROUNDED) * ROUNDED] = now
        self._back[selection] = {length: at for length, at in asked.items() if abs(now - at) <= LATELY}
        return max(self._back[selection])

    def _fill(self, connection: Connection, selection: int, since: float) -> _Held:
        back = since - max(MINUTE, buckets.longest(connection, selection))
        held = self._held[selection] = _Held(since, buckets.last_record(connection, selection))
        _read(connection, selection, held, back)
        _put_together(held, held.keys)
        return held


def _refresh(connection: Connection, selection: int, held: _Held, since: float) -> None:
    """Reads again what begins at or after an instant."""
    touched = set()
    for id, rows in held.buckets.items():
        if rows and rows[-1].start >= since:
            del rows[bisect_left(rows, since, key=_start) :]
            touched.add(id)
    for id, kinds in held.marks.items():
        for kind, pairs in kinds.items():
            if pairs and pairs[-1][0] >= since:
                kinds[kind] = [pair for pair in pairs if pair[0] < since]
                touched.add(id)
    touched |= _read(connection, selection, held, since)
    _put_together(held, touched)


def _read(connection: Connection, selection: int, held: _Held, since: float) -> set[int]:
    """Adds what begins at or after an instant; returns the series that got something."""
    touched = set()
    for id, bucket in buckets.since(connection, selection, since):
        held.buckets.setdefault(id, []).append(bucket)
        if bucket.n > 0 and bucket.last_at > held.last.get(id, 0.0):
            held.last[id] = bucket.last_at
        touched.add(id)
    for id, kind, minute, who in buckets.marks_since(connection, selection, since - since % MINUTE):
        held.marks.setdefault(id, {}).setdefault(kind, []).append((minute, who))
        touched.add(id)
    if not held.keys or touched - held.keys.keys():
        held.keys = buckets.keys(connection, selection)
        touched |= held.keys.keys() - held.counted.keys()
    return touched


def _put_together(held: _Held, ids: Iterable[int]) -> None:
    for id in ids:
        rows = tuple(held.buckets.get(id, ()))
        told = {kind: tuple(pairs) for kind, pairs in held.marks.get(id, {}).items()}
        longest = max(map(_span, rows), default=MINUTE)
        held.counted[id] = Counted(id, held.keys[id], rows, told, longest, held.last.get(id))


def _trim(held: _Held, since: float) -> None:
    for id, rows in held.buckets.items():
        held.buckets[id] = [b for b in rows if b.start + b.span > since]
    for kinds in held.marks.values():
        for kind, pairs in kinds.items():
            kinds[kind] = [pair for pair in pairs if pair[0] >= since - MINUTE]
    held.since = since
    _put_together(held, held.keys)
