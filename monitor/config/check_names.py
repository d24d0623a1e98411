"""Names: each is borne once, can be written in a command, and whoever is named exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem

NAMED = ("source", "topic", "rule", "person", "team", "channel")
FAMILIES = ("tickets", "social", "press", "regulator", "kpi", "reviews", "forum", "market")
"""Families that may be named before a source of them is set up."""
CHANNEL, ROTA = "channel:", "rota:"
_NO_NAME = re.compile(r"[/:=*,\x00-\x1f\x7f]|^\s*$|^\s|\s$")


def duplicate_names(draft: Draft) -> Iterator[Problem]:
    """The second table of a name."""
    for key in NAMED:
        yield from _twice(draft, [(path, table.name) for path, table in draft.each(key)])
    yield from _twice(draft, [(("server", "token", i), t.name) for i, t in enumerate(draft.table("server").token)])


def _twice(draft: Draft, named: list[tuple[Path, str]]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for path, name in named:
        if name and first.setdefault(name, path) != path:
            file, line = draft.merged.place((*first[name], "name"))
            yield Problem(path=(*path, "name"), id="name_twice", args={"name": name, "first": f"{file}:{line}"})


def ill_named(draft: Draft) -> Iterator[Problem]:
    """Names that commands, routes or `--data NAME=FILE` could not tell apart from their own marks."""
    for key in NAMED:
        for path, table in draft.each(key):
            if _NO_NAME.search(table.name):
                yield Problem(path=(*path, "name"), id="ill_named", args={"name": table.name})
    for path, team in draft.each("team"):
        for role in team.roles:
            if _NO_NAME.search(role):
                yield Problem(path=(*path, "roles", role), id="ill_named", args={"name": role})


def unknown_names(draft: Draft) -> Iterator[Problem]:
    """Whoever is named and does not exist. Where a file could not be read, nobody can tell."""
    if not draft.complete:
        return
    yield from _in_rules(draft)
    people, channels = draft.names("person"), draft.names("channel")
    for path, person in draft.each("person"):
        yield from _unknown("channel", person.via, channels, (*path, "via"))
    for path, team in draft.each("team"):
        for role, members in team.roles.items():
            yield from _unknown("person", members, people, (*path, "roles", role))
    for path, channel in draft.each("channel"):
        if channel.fallback and channel.fallback not in channels:
            yield unknown("channel", channel.fallback, channels, (*path, "fallback"))
    for path, route in draft.each("route"):
        yield from _unknown_targets(draft, route.to, (*path, "to"))
        if route.escalation and route.escalation not in draft.names("escalation"):
            yield unknown("escalation", route.escalation, draft.names("escalation"), (*path, "escalation"))


def _in_rules(draft: Draft) -> Iterator[Problem]:
    topics, sources = draft.names("topic"), draft.names("source")
    families = draft.families() | set(FAMILIES)
    for path, rule in draft.each("rule"):
        where = (*path, "where")
        yield from _unknown("topic", rule.where.topic, topics, (*where, "topic"))
        yield from _unknown("source", rule.where.source, sources, (*where, "source"))
        yield from _unknown("family", rule.where.family, families, (*where, "family"))
        for i, family in enumerate(rule.where.family):
            if family in families and family not in draft.families():
                path_ = (*where, "family", i)
                yield Problem(path=path_, id="idle_family", args={"name": family}, severity="warning")


def _unknown(what: str, wanted: Iterable[str], known: set[str], path: Path) -> Iterator[Problem]:
    for i, name in enumerate(wanted):
        if name not in known:
            yield unknown(what, name, known, (*path, i))


def _unknown_targets(draft: Draft, wanted: Iterable[str], path: Path) -> Iterator[Problem]:
    people, teams, seats = draft.names("person"), draft.names("team"), _seats(draft)
    marked = {f"{CHANNEL}{name}" for name in draft.names("channel")} | {f"{ROTA}{name}" for name in draft.names("rota")}
    for i, target in enumerate(wanted):
        team, slash, _ = target.partition("/")
        if target in people | marked | seats or (target in teams and not slash):
            continue
        if target.startswith((CHANNEL, ROTA)):
            yield unknown("target", target, marked, (*path, i))
        elif team in teams:
            yield unknown("role", target, {seat for seat in seats if seat.startswith(f"{team}/")}, (*path, i))
        else:
            yield unknown("target", target, people | teams | marked | seats, (*path, i))


def _seats(draft: Draft) -> set[str]:
    return {f"{team.name}/{role}" for _, team in draft.each("team") for role in team.roles}
