"""Counting: mentions and samples into buckets and marks, once, where they come in. Pure; the hot path of the ingest.

Mentions that are alike (same source, family, topics, labels) count in the same series, so the series are found once
for each kind of mention and the counting itself is a few additions, however many rules there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b

from msgspec import Struct, structs

from monitor.mentions.signs import DANGER
from monitor.model import Key, Labels, Mention
from monitor.rules.combine import vouching
from monitor.rules.rule import Rule
from monitor.rules.select import ANY, MARKS, MENTIONS, Selection, by_term, fits, keys_of, marked, selections, witnesses
from monitor.series import Bucket
from monitor.times import MINUTE

REMEMBERED = 50_000
"""Kinds of mentions kept at hand; labels of many values make many kinds."""


class Compiled(Struct, frozen=True):
    """All that a set of rules counts: each selection once, and of what it keeps marks (`select.marked`)."""

    mentions: tuple[Selection, ...]
    samples: dict[str, tuple[Selection, ...]]
    marks: dict[int, frozenset[str]]

    def marking(self, selection: int, kind: str) -> bool:
        """Whether a selection keeps marks of a kind."""
        return kind in self.marks.get(selection, ())

    @property
    def dangers(self) -> frozenset[int]:
        """The selections that keep which dangers were told."""
        return frozenset(id for id in self.marks if self.marking(id, "dangers"))

    @property
    def selections(self) -> tuple[Selection, ...]:
        """Every selection."""
        return (*self.mentions, *(s for group in self.samples.values() for s in group))


def compile_rules(rules: Sequence[Rule]) -> Compiled:
    """What the rules count where records come in. Who spoke is marked only where a rule asks for it."""
    asked = vouching(rules)
    found: dict[int, Selection] = {}
    marks: dict[int, frozenset[str]] = {}
    for rule in rules:
        part, whole = selections(rule)
        if by_term(part):
            continue  # its series are found in the texts
        found.update({s.id: s for s in (part, whole) if s is not None and s.kind in ("mentions", "samples")})
        if kinds := marked(rule) | ({"families"} if rule.name in asked else set()):
            marks[part.id] = kinds | marks.get(part.id, frozenset())
    samples: dict[str, list[Selection]] = {}
    for s in found.values():
        if s.of != MENTIONS:
            samples.setdefault(s.of, []).append(s)
    return Compiled(
        mentions=tuple(s for s in found.values() if s.of == MENTIONS),
        samples={name: tuple(group) for name, group in samples.items()},
        marks=marks,
    )


BucketKey = tuple[int, Key, str, float, float]
"""(selection, key, source, start, span)."""
MarkKey = tuple[int, Key, str, float, str]
"""(selection, key, kind of mark, minute, who); of a danger who is `kind:family:author`."""


class Counted(Struct, frozen=True):
    """What a batch adds. A bucket's numbers are to be added to those that stand (`merge`), marks likewise."""

    buckets: dict[BucketKey, Bucket]
    marks: dict[MarkKey, int]


class _Alike:
    """Where mentions of one kind count."""

    __slots__ = (
        "authors", "dangers", "endangered", "family", "labels", "named", "series", "source", "weights", "witness",
    )  # fmt: skip

    def __init__(self, compiled: Compiled, source: str, family: str, topics: frozenset[str], labels: Labels) -> None:
        self.source, self.family = source, family
        counted = [(s, key, s.weight(topics)) for s, key in contributions(compiled, source, family, topics, labels)]
        self.weights = [(s.id, key, weight) for s, key, weight in counted if weight]
        self.series = [(id, key) for id, key, _ in self.weights]
        self.authors = [(id, key) for id, key in self.series if compiled.marking(id, "authors")]
        self.dangers = sorted(t.removeprefix(DANGER) for t in topics if t.startswith(DANGER))
        self.endangered = [(id, key) for id, key in self.series if self.dangers and compiled.marking(id, "dangers")]
        self.named = bool(self.authors or self.endangered)
        self.labels = [
            (id, key, kind, _hashed(labels[kind]))
            for id, key in self.series
            for kind in compiled.marks.get(id, ())
            if kind not in MARKS and labels.get(kind)
        ]
        self.witness = [
            (s.id, key, kind, who)
            for kind, who in (("families", family), ("sources", source))
            for s in compiled.mentions
            if who and compiled.marking(s.id, kind) and witnesses(s, topics, labels)
            for key in keys_of(s, topics, source, family, labels, ANY)
        ]


def contributions(
    compiled: Compiled, source: str, family: str, topics: frozenset[str], labels: Labels
) -> Iterator[tuple[Selection, Key]]:
    """The series that a mention counts in."""
    for s in compiled.mentions:
        if fits(s, topics, source, family, labels):
            for key in keys_of(s, topics, source, family, labels):
                yield s, key


def contributions_of_samples(
    compiled: Compiled, source: str, family: str, series: str, labels: Labels
) -> list[tuple[int, Key]]:
    """The series of rules that a sample counts in."""
    return [
        (s.id, key)
        for s in compiled.samples.get(series, ())
        if fits(s, (), source, family, labels)
        for key in keys_of(s, (), source, family, labels)
    ]


class Tally:
    """Gathers what a batch of records adds; `drain` hands it over and begins anew.

    Not for several threads at once. The memory of kinds lives on over drains.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self._alike: dict[tuple[str, str, frozenset[str], tuple[str, ...]], _Alike] = {}
        asked = {kind for kinds in compiled.marks.values() for kind in kinds if kind not in MARKS}
        self._names = tuple(sorted({n for s in compiled.mentions for n in (*s.where.labels, *s.by)} | asked))
        self._minutes: dict[tuple[_Alike, float], list[float]] = {}
        self._authors: dict[tuple[_Alike, float, str], int] = {}
        self._samples: dict[BucketKey, Bucket] = {}

    def add(
        self, mention: Mention, topics: frozenset[str], *, family: str, story_is_new: bool = True, sign: int = 1
    ) -> None:
        """Counts a mention; `sign` -1 takes one out again (a correction: take out the old, add the new).

        Labels are those of the record and its source together. Highest, lowest and last reach are not taken back.
        """
        alike = self._kind(mention, topics, family)
        at, reach = mention.at, float(mention.reach)
        minute = at - at % MINUTE
        row = self._minutes.get((alike, minute))
        if row is None:
            self._minutes[alike, minute] = [sign, sign * story_is_new, sign * reach, reach, reach, reach, at]
        else:
            row[0] += sign
            row[1] += sign * story_is_new
            row[2] += sign * reach
            if reach < row[3]:
                row[3] = reach
            if reach > row[4]:
                row[4] = reach
            if at >= row[6]:
                row[5], row[6] = reach, at
        if alike.named and (mention.author or alike.endangered):
            who = (alike, minute, f"{mention.source}\0{mention.author}" if mention.author else "")
            self._authors[who] = self._authors.get(who, 0) + sign

    def _kind(self, mention: Mention, topics: frozenset[str], family: str) -> _Alike:
        labels = mention.labels
        values = tuple([labels.get(n, "\0") for n in self._names]) if labels else ()
        kind = (mention.source, family, topics, values)
        alike = self._alike.get(kind)
        if alike is None:
            if len(self._alike) >= REMEMBERED:
                self._alike.clear()
            alike = self._alike[kind] = _Alike(self.compiled, mention.source, family, topics, labels)
        return alike

    def add_samples(self, source: str, family: str, series: str, labels: Labels, buckets: Iterable[Bucket]) -> None:
        """Counts what `spread` made of the samples of one series, labels and source."""
        where = contributions_of_samples(self.compiled, source, family, series, labels)
        for bucket in buckets:
            for id, key in where:
                at = (id, key, source, bucket.start, bucket.span)
                self._samples[at] = merge(self._samples.get(at), bucket)

    def drain(self) -> Counted:
        """What was added since the last drain."""
        counted = Counted(self._samples, {})
        for (alike, minute), row in self._minutes.items():
            bucket = Bucket(minute, MINUTE, *row)
            for id, key, weight in alike.weights:
                at = (id, key, alike.source, minute, MINUTE)
                counted.buckets[at] = merge(counted.buckets.get(at), _weighed(bucket, weight))
            for id, key, kind, who in alike.labels:
                _mark(counted.marks, (id, key, kind, minute, who), int(row[0]))
            if row[1]:  # only what is no copy of another text bears witness
                for id, key, kind, who in alike.witness:
                    _mark(counted.marks, (id, key, kind, minute, who), int(row[1]))
        for (alike, minute, author), n in self._authors.items():
            who = _hashed(author) if author else ""
            for id, key in alike.authors if who else ():
                _mark(counted.marks, (id, key, "authors", minute, who), n)
            for id, key in alike.endangered:
                for danger in alike.dangers:
                    _mark(counted.marks, (id, key, "dangers", minute, f"{danger}:{alike.family}:{who}"), n)
        self._minutes, self._authors, self._samples = {}, {}, {}
        return counted


def _hashed(who: str) -> str:
    return blake2b(who.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _mark(marks: dict[MarkKey, int], at: MarkKey, n: int) -> None:
    marks[at] = marks.get(at, 0) + n


def _weighed(bucket: Bucket, weight: float) -> Bucket:
    """What counts so often; the lowest, highest and last reach stay as told."""
    if weight == 1:
        return bucket
    n, stories, total = weight * bucket.n, weight * bucket.stories, weight * bucket.sum
    return structs.replace(bucket, n=n, stories=stories, sum=total)


def merge(old: Bucket | None, new: Bucket) -> Bucket:
    """Two counts of the same span as one; the newest value is the last."""
    if old is None:
        return new
    return Bucket(
        old.start,
        old.span,
        old.n + new.n,
        old.stories + new.stories,
        old.sum + new.sum,
        _extreme(min, old.min, new.min),
        _extreme(max, old.max, new.max),
        *((new.last, new.last_at) if new.last_at >= old.last_at else (old.last, old.last_at)),
    )


def _extreme(pick: Callable[[float, float], float], a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else pick(a, b)
