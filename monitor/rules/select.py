"""What a rule counts: selections, the keys of their series, and which records fit.

A selection is what is counted whatever the measure: two rules that ask the same records by the same labels share its
buckets. Its number is a hash of what it says, so it is the same on every node and after every restart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from typing import Any, Literal

from msgspec import Struct, json, structs

from monitor.detectors import Spread
from monitor.mentions.signs import DANGER, MOOD
from monitor.model import Key
from monitor.rules.rule import Rule, Where
from monitor.series import Measure

Kind = Literal["mentions", "samples", "findings", "rules"]
MENTIONS = "mentions"
FINDINGS = "findings"
SAID = ("topic", "mood", "danger")
"""Pseudo labels of `by`, and keys of `where`, that ask what a text says."""
RULES = "rules"
MARKS = ("authors", "families", "sources", "dangers")
"""What marks are kept of besides labels: who of them was seen in which minute."""
ANY = "*"
"""In the key of a family mark: of a record that lacks the label and so bears witness for every value."""
TERM = "term"
"""The pseudo label of `by` for the words of texts: counted by no bucket, found by `rules.terms`."""
EVERYTHING = Where()
OTHER = "other"
"""The value that gathers the series beyond `max_series`."""


class Selection(Struct, frozen=True):
    """Records counted together: `of` mentions, findings or a sample series, those that fit `where`, by labels.

    A `by` may name a label, or `source`, `family`, `mood`, `topic` or `danger` (one series for each that fits), or
    `term` (one for each new word); for findings `subject`. `weigh`: what is said, and how often that makes it count.
    """

    id: int
    of: str
    where: Where
    by: tuple[str, ...]
    weigh: tuple[tuple[str, float], ...] = ()

    @property
    def kind(self) -> Kind:
        """Mentions, findings, other rules, or samples."""
        return self.of if self.of in (MENTIONS, FINDINGS, RULES) else "samples"  # type: ignore[return-value]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it asks for by name."""
        return (*self.where.topic, *(name for name, _ in self.weigh if ":" not in name))

    def weight(self, said: Collection[str]) -> float:
        """How often a mention that says this counts."""
        return next((weight for name, weight in self.weigh if name in said), 1.0)


def selection(
    of: str, where: Where = EVERYTHING, by: tuple[str, ...] = (), weigh: Mapping[str, float] | None = None
) -> Selection:
    """A selection with its stable number. The order of lists in `where` makes no difference, elsewhere it does."""
    tidy = Where(
        topic=_sorted(where.topic),
        source=_sorted(where.source),
        family=_sorted(where.family),
        labels={name: _sorted(where.labels[name]) for name in sorted(where.labels)},
        kind=_sorted(where.kind),
        subject=_sorted(where.subject),
        mood=_sorted(where.mood),
        danger=_sorted(where.danger),
    )
    weights = tuple((weigh or {}).items())
    return Selection(_number(of, _written(tidy), by, *([weights] if weights else [])), of, tidy, by, weights)


def _written(where: Where) -> dict[str, Any]:
    """What makes the number: keys that came later stand in it only where they ask something."""
    return {key: value for key, value in structs.asdict(where).items() if value or key not in ("mood", "danger")}


def by_term(selection: Selection) -> bool:
    """Whether a selection is of mentions by the words of their texts."""
    return selection.kind == MENTIONS and TERM in selection.by


def asks(selection: Selection, sign: Literal["mood", "danger"]) -> bool:
    """Whether it matters to a selection how a text speaks, or which dangers it tells of."""
    weighed = any(name.startswith(f"{sign}:") for name, _ in selection.weigh)
    return bool(getattr(selection.where, sign)) or sign in selection.by or weighed


def selections(rule: Rule) -> tuple[Selection, Selection | None]:
    """What a rule counts, and for a ratio or share what it is held against.

    `share`: the same whatever the text says, or `per`; `ratio`: `per`. The other side bears nothing said in its `by`.
    """
    part = selection(rule.of, rule.where, rule.by, rule.weigh)
    if rule.measure not in ("ratio", "share"):
        return part, None
    by = tuple(label for label in rule.by if label not in SAID)
    if rule.per:
        where = rule.where if rule.per == rule.of else Where(labels=rule.where.labels)
        return part, selection(rule.per, whatever_said(where), by)
    return part, selection(rule.of, whatever_said(rule.where), by)


def whatever_said(where: Where) -> Where:
    """The same records, whatever their texts say."""
    return structs.replace(where, topic=(), mood=(), danger=())


def reads(rule: Rule) -> tuple[Measure, Measure | None]:
    """The measure that the series of both sides bear: parts and wholes are counts of records or sums of samples."""
    if rule.measure not in ("ratio", "share"):
        return rule.measure, None
    whole = rule.per or rule.of
    return ("count" if rule.of == MENTIONS else "sum"), ("count" if whole == MENTIONS else "sum")


def marked(rule: Rule) -> frozenset[str]:
    """Of what a rule needs marks: authors, families, sources, dangers, or the values of a label."""
    if rule.of != MENTIONS:
        return frozenset()
    kinds: set[str] = {kind for kind in MARKS if kind == rule.measure}
    rungs = [rung for _, rung in rule.rungs()]
    if rule.certain_with or any(rung.families is not None or rung.rarer_than is not None for rung in rungs):
        kinds.add("families")
    if any(rung.sources is not None for rung in rungs):
        kinds.add("sources")
    if rule.nature == "read":
        kinds.add("dangers")
    if isinstance(rule.detector, Spread):
        kinds.add(rule.detector.marks)
    return frozenset(kinds)


def asks_stories(rules: Iterable[Rule]) -> bool:
    """Whether texts must be told from their copies: for a count of stories, and where families or sources witness."""
    return any(rule.measure == "stories" or marked(rule) & {"families", "sources"} or _joins(rule) for rule in rules)


def _joins(rule: Rule) -> bool:
    """Whether it asks for the families of the rules it is over."""
    return rule.of == RULES and any(rung.families is not None for _, rung in rule.rungs())


def _sorted(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(set(values)))


def _number(*content: object) -> int:
    """A 63-bit number that depends on the content alone."""
    return int.from_bytes(blake2b(json.encode(content), digest_size=8).digest(), "big") >> 1


@lru_cache(maxsize=100_000)
def series_id(selection_id: int, key: Key) -> int:
    """The stable 63-bit number of a series."""
    return _number(selection_id, key)


def fits(selection: Selection, topics: Iterable[str], source: str, family: str, labels: Mapping[str, str]) -> bool:
    """Whether a record counts: every list of `where` that is not empty must hold its value."""
    where = selection.where
    if (where.source and source not in where.source) or (where.family and family not in where.family):
        return False
    return says(where, topics) and all(labels.get(name) in values for name, values in where.labels.items())


def says(where: Where, said: Iterable[str]) -> bool:
    """Whether a mention says what is asked: one of the topics, one of the moods, one of the dangers."""
    if not (where.topic or where.mood or where.danger):
        return True
    there = frozenset(said)
    return (
        (not where.topic or not there.isdisjoint(where.topic))
        and (not where.mood or any(MOOD + mood in there for mood in where.mood))
        and (not where.danger or any(DANGER + danger in there for danger in where.danger))
    )


def witnesses(selection: Selection, topics: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Whether a mention is evidence of its family: topic and labels fit, whatever source or family are asked.

    A label the record does not carry is not asked of it.
    """
    where = selection.where
    if not says(where, topics):
        return False
    return all(labels[name] in values for name, values in where.labels.items() if name in labels)


def keys_of(
    selection: Selection,
    topics: Iterable[str],
    source: str,
    family: str,
    labels: Mapping[str, str],
    missing: str = "",
) -> list[Key]:
    """The series a record counts in: one, or with `topic` (`danger`) in `by` one per topic that holds and `where` asks.

    A label the record lacks has the value `missing`.
    """
    values: list[list[str]] = []
    for label in selection.by:
        if label in SAID:
            values.append(_said(label, getattr(selection.where, label), topics))
        else:
            values.append([{"source": source, "family": family}.get(label) or labels.get(label, missing)])
    return [tuple(zip(selection.by, row, strict=True)) for row in product(*values)]


def _said(label: str, wanted: tuple[str, ...], topics: Iterable[str]) -> list[str]:
    """What a mention says under one of SAID, as far as it is wanted."""
    mark = {"mood": MOOD, "danger": DANGER}.get(label, "")
    there = (t.removeprefix(mark) for t in topics if (t.startswith(mark) if mark else ":" not in t))
    return sorted(t for t in there if not wanted or t in wanted)


def other_side(key: Key, whole: Selection) -> Key:
    """The key of the denominator that a series of the numerator is held against."""
    return tuple((label, value) for label, value in key if label in whole.by)


def mark_keys(key: Key) -> list[Key]:
    """The keys whose family marks are evidence for a series: its own, and those with ANY for labels that lack."""
    return [tuple(pairs) for pairs in product(*(((label, value), (label, ANY)) for label, value in key))]
