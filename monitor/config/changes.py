"""What a reload changes: which sources, topics and rules mean something else than before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from monitor.config.schema import Config
from monitor.rules.rule import Rule


class Names(Struct, frozen=True, kw_only=True):
    """Names, sorted. `changed` = there before and after, with another meaning."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def all(self) -> set[str]:
        """Whatever is not as it was."""
        return {*self.added, *self.removed, *self.changed}


class Changes(Struct, frozen=True, kw_only=True):
    """`topic.changed` must be counted anew; `rule.changed` also holds rules that only name what changed."""

    source: Names
    topic: Names
    rule: Names
    label: Names = Names()


def changed(old: Config, new: Config) -> Changes:
    """The difference of two configs, in meaning: a note or the order of tables makes none."""
    source = _names(old.source, new.source, lambda source: source)
    topic = _names(old.topic, new.topic, lambda topic: topic.query)
    rule = _names(old.rule, new.rule, lambda rule: rule)
    label = _names(old.label, new.label, lambda label: label)
    read = old.reading != new.reading
    families = _moved_families(old, new)
    before = {each.name: each for each in old.rule}
    touched = {
        each.name
        for each in new.rule
        if each.name in before
        and (_reads(each, topic.all(), source.all(), families) or _reads_into(each, label.all(), read=read))
    }
    return Changes(
        source=source, topic=topic, label=label, rule=replace(rule, changed=_sorted({*rule.changed, *touched}))
    )


def _names(old: Iterable[Any], new: Iterable[Any], meaning: Callable[[Any], Any]) -> Names:
    before, after = ({each.name: meaning(each) for each in side} for side in (old, new))
    return Names(
        added=_sorted(after.keys() - before.keys()),
        removed=_sorted(before.keys() - after.keys()),
        changed=_sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    )


def _moved_families(old: Config, new: Config) -> set[str]:
    """Families that have won or lost a source."""
    sides = [{(s.name, s.family, s.enabled) for s in config.source} for config in (old, new)]
    return {family for _, family, _ in sides[0] ^ sides[1]}


def _reads(rule: Rule, topics: set[str], sources: set[str], families: set[str]) -> bool:
    """Whether a rule counts something that is not as it was."""
    where = rule.where
    if topics & {*where.topic, *rule.weigh}:
        return True
    if where.source:
        return bool(sources & set(where.source))
    return bool(families & set(where.family)) if where.family else bool(families)


def _reads_into(rule: Rule, labels: set[str], *, read: bool) -> bool:
    """Whether what it reads into mentions is not as it was: labels, or how moods and dangers are found."""
    asked = {*rule.where.labels, *rule.by}
    weighed = any(":" in name for name in rule.weigh)
    said = bool(rule.where.mood or rule.where.danger or weighed or rule.nature == "read" or asked & {"mood", "danger"})
    return bool(labels & asked) or (read and said)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
