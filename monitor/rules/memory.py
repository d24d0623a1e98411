"""A store in memory for replays: the buckets, marks and coverage that the same counting made, read as Series."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from monitor.model import Key
from monitor.rules.buckets import Counted, merge
from monitor.rules.rule import Rule
from monitor.rules.select import RULES, Selection, mark_keys, other_side, reads, selections
from monitor.series import Bucket, Interval, Measure, Series, intersect, join_intervals
from monitor.times import MINUTE

At = tuple[int, Key]
FAR = float("inf")


class Shelf:
    """The buckets of one series: sorted spans, and beside each what stands in it, by source."""

    __slots__ = ("buckets", "last_at", "longest", "spans")

    def __init__(self) -> None:
        self.spans: list[tuple[float, float, str]] = []
        self.buckets: list[Bucket] = []
        self.longest = MINUTE
        self.last_at: float | None = None

    def put(self, source: str, bucket: Bucket) -> None:
        """Adds to the bucket that stands there."""
        at = (bucket.start, bucket.span, source)
        i = len(self.spans) if not self.spans or at > self.spans[-1] else bisect_left(self.spans, at)
        if i < len(self.spans) and self.spans[i] == at:
            self.buckets[i] = merge(self.buckets[i], bucket)
        else:
            self.spans.insert(i, at)
            self.buckets.insert(i, merge(None, bucket))
        self.longest = max(self.longest, bucket.span)
        self.last_at = bucket.last_at if self.last_at is None else max(self.last_at, bucket.last_at)

    def between(self, start: float, end: float) -> tuple[Bucket, ...]:
        """The buckets that touch `[start, end)`."""
        first = bisect_left(self.spans, (start - self.longest, 0.0, ""))
        last = bisect_left(self.spans, (end, 0.0, ""))
        return tuple(self.buckets[first:last])


class Memory:
    """What is known at one moment of a replay.

    `families`: source -> family. `lives`: where each source of mentions vouches, from its first to its last record,
    save for its `gaps`, sorted. A sample vouches for its own span alone.
    """

    def __init__(
        self,
        families: Mapping[str, str],
        lives: Mapping[str, Interval],
        gaps: Mapping[str, Sequence[Interval]] | None = None,
    ) -> None:
        self.families, self.lives = families, lives
        self.vouched = {source: _less(life, (gaps or {}).get(source, ())) for source, life in lives.items()}
        self.shelves: dict[At, Shelf] = {}
        self.marks: dict[At, dict[str, list[tuple[float, str]]]] = {}
        self.keys: dict[int, dict[Key, None]] = {}
        self._selections: dict[str, tuple[Selection, Selection | None]] = {}
        self.spans: dict[At, dict[str, list[Interval]]] = {}
        self.since = FAR
        """From when on what was taken last changed counts."""

    def take(self, counted: Counted) -> set[At]:
        """Adds what was counted; returns the series that changed."""
        touched = set()
        self.since = FAR
        for (id, key, source, start, _), bucket in counted.buckets.items():
            touched.add((id, key))
            self.since = min(self.since, start)
            shelf = self.shelves.get((id, key))
            if shelf is None:
                shelf = self.shelves[id, key] = Shelf()
                self.keys.setdefault(id, {})[key] = None
            shelf.put(source, bucket)
        for (id, key, kind, minute, who), n in counted.marks.items():
            touched.add((id, key))
            marks = self.marks.setdefault((id, key), {}).setdefault(kind, [])
            at = bisect_left(marks, (minute, who))
            if n > 0 and marks[at : at + 1] != [(minute, who)]:
                marks.insert(at, (minute, who))
        return touched

    def renew(self, id: int, counted: Counted) -> None:
        """Puts these series in the place of all that a selection had."""
        for key in self.keys.pop(id, {}):
            self.shelves.pop((id, key), None)
            self.marks.pop((id, key), None)
        self.take(counted)

    def cover(self, id: int, key: Key, source: str, span: Interval) -> None:
        """A sample of that series and source came and vouches for its span."""
        spans = self.spans.setdefault((id, key), {}).setdefault(source, [])
        if spans and spans[-1][0] <= span[0] <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], span[1]))
        elif spans and span[0] < spans[-1][0]:
            spans[:] = join_intervals([*spans, span])
        else:
            spans.append(span)

    def known(self, rule: Rule) -> list[Key]:
        """The keys of a rule's series, oldest first. By nothing, source or family they are there from the start."""
        part, _ = self._asked(rule)
        if part.kind == RULES:
            return [()]
        keys = dict.fromkeys(self._given(part))
        keys.update(self.keys.get(part.id, {}))
        return list(keys)

    def _asked(self, rule: Rule) -> tuple[Selection, Selection | None]:
        """The rule's selections, made once: they are asked for at every instant."""
        if rule.name not in self._selections:
            self._selections[rule.name] = selections(rule)
        return self._selections[rule.name]

    def _given(self, part: Selection) -> list[Key]:
        if not part.by:
            return [()]
        if part.kind != "mentions" or not set(part.by) <= {"source", "family"}:
            return []
        pseudo = [{"source": s, "family": self.families.get(s, "")} for s in self._sources(part, FAR)]
        return [tuple((name, row[name]) for name in part.by) for row in pseudo]

    def series(self, rule: Rule, keys: Iterable[Key], start: float, now: float) -> list[Series]:
        """The series of a rule as known at `now`, back to `start`."""
        part, whole = self._asked(rule)
        measure, against = reads(rule)
        out = []
        for key in keys:
            other = None
            if whole is not None and against is not None:
                other = self._one(whole, other_side(key, whole), against, start, now, None, marked=False)
            out.append(self._one(part, key, measure, start, now, other, marked=True))
        return out

    def _one(
        self,
        what: Selection,
        key: Key,
        measure: Measure,
        start: float,
        now: float,
        other: Series | None,
        *,
        marked: bool,
    ) -> Series:
        shelf = self.shelves.get((what.id, key))
        covered, full = self._coverage(what, key, start, now)
        return Series(
            key=key,
            measure=measure,
            buckets=shelf.between(start, now) if shelf is not None else (),
            marks=self._marks(what, key, start) if marked else {},
            covered=covered,
            full=full,
            denominator=other,
            last_at=shelf.last_at if shelf is not None else None,
            longest=shelf.longest if shelf is not None else MINUTE,
        )

    def _marks(self, what: Selection, key: Key, start: float) -> dict[str, tuple[tuple[float, str], ...]]:
        found: dict[str, list[tuple[float, str]]] = {}
        for variant in mark_keys(key):
            for kind, marks in self.marks.get((what.id, variant), {}).items():
                found.setdefault(kind, []).extend(marks[bisect_left(marks, (start, "")) :])
        return {kind: tuple(sorted(marks)) for kind, marks in found.items()}

    def _coverage(
        self, what: Selection, key: Key, start: float, now: float
    ) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
        """Where at least one source of the series vouches, and where all do."""
        if what.kind == "samples":
            sides = [_clip(spans, start, now) for spans in self.spans.get((what.id, key), {}).values()]
        else:
            named = dict(key).get("source")
            sources = [s for s in self._sources(what, now) if named is None or s == named]
            sides = [_clip(self.vouched[s], start, now) for s in sources]
        if len(sides) == 1:
            return sides[0], sides[0]
        full = sides[0] if sides else ()
        for side in sides[1:]:
            full = intersect(full, side)
        return join_intervals(list(chain.from_iterable(sides))), full

    def _sources(self, what: Selection, now: float) -> list[str]:
        where = what.where
        return [
            source
            for source, (first, _) in self.lives.items()
            if first <= now
            and (not where.source or source in where.source)
            and (not where.family or self.families.get(source, "") in where.family)
        ]


def _less(life: Interval, gaps: Sequence[Interval]) -> list[Interval]:
    """A life without its gaps."""
    edges = [life[0], *(min(max(edge, life[0]), life[1]) for gap in gaps for edge in gap), life[1]]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _clip(spans: list[Interval], start: float, end: float) -> tuple[Interval, ...]:
    """The sorted, disjoint intervals that reach into `[start, end)`; the first keeps its beginning."""
    first = bisect_left(spans, (start, FAR)) - 1
    last = bisect_left(spans, (end, 0.0))
    return tuple([(a, min(b, end)) for a, b in spans[max(0, first) : last] if b > start])
