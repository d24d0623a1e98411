"""Names: each is borne once, can be written in a command, and whoever is named exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from msgspec.structs import replace

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem

NAMED = (
    "source",
    "topic",
    "label",
    "rule",
    "person",
    "team",
    "channel",
    "escalation",
    "rota",
    "mute",
    "contact",
    "digest",
)
FAMILIES = ("tickets", "social", "press", "regulator", "kpi", "reviews", "forum", "market")
"""Families that may be named before a source of them is set up."""
CHANNEL, ROTA = "channel:", "rota:"
SLIP = 0.8
"""So alike are a name and the one that was meant when a finger slipped."""
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
    for key in (*NAMED, "promotion"):
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
    for path, person in draft.each("person"):
        yield from _unknown(draft, "channel", person.via, (*path, "via"))
    for path, team in draft.each("team"):
        for role, members in team.roles.items():
            yield from _unknown(draft, "person", members, (*path, "roles", role))
    for path, channel in draft.each("channel"):
        yield from _unknown_one(draft, "channel", channel.fallback, (*path, "fallback"))
    yield from unknown_targets(draft, draft.table("reading").front_line, ("reading", "front_line"))
    for path, route in draft.each("route"):
        yield from unknown_targets(draft, route.to, (*path, "to"))
        yield from _unknown_one(draft, "escalation", route.escalation, (*path, "escalation"))
        yield from _unknown(draft, "channel", route.via, (*path, "via"))
    for path, escalation in draft.each("escalation"):
        for i, step in enumerate(escalation.step):
            yield from _unknown(draft, "channel", step.via, (*path, "step", i, "via"))
    yield from unknown_targets(draft, draft.table("heartbeat").tell, ("heartbeat", "tell"))


def _in_rules(draft: Draft) -> Iterator[Problem]:
    there = draft.families()
    for path, rule in draft.each("rule"):
        where = (*path, "where")
        yield from _unknown(draft, "topic", rule.where.topic, (*where, "topic"))
        for name in rule.weigh:
            if ":" not in name:
                yield from _unknown_one(draft, "topic", name, (*path, "weigh", name))
        yield from _unknown(draft, "source", rule.where.source, (*where, "source"))
        for i, family in enumerate(rule.where.family):
            at = (*where, "family", i)
            if family not in there and family not in FAMILIES:
                yield unknown("family", family, there | set(FAMILIES), at)
            elif family not in there:
                yield Problem(path=at, id="idle_family", args={"name": family}, severity="warning")


def _unknown(draft: Draft, key: str, wanted: Iterable[str], path: Path) -> Iterator[Problem]:
    for i, name in enumerate(wanted):
        yield from _unknown_one(draft, key, name, (*path, i))


def _unknown_one(draft: Draft, key: str, name: str, path: Path) -> Iterator[Problem]:
    """Where a table lacks its name, it may be the one that is meant; only what looks like a slip is told then."""
    known = draft.names(key)
    if name and name not in known and (not draft.nameless(key) or get_close_matches(name, known, 1, SLIP)):
        yield unknown(key, name, known, path)


def unknown_targets(draft: Draft, wanted: Iterable[str], path: Path) -> Iterator[Problem]:
    """Whoever is to be told and does not exist: a person, a role, a rota, a channel."""
    people, teams, seats = draft.names("person"), draft.names("team"), _seats(draft)
    marked = {f"{CHANNEL}{name}" for name in draft.names("channel")} | {f"{ROTA}{name}" for name in draft.names("rota")}
    nameless = any(draft.nameless(key) for key in ("person", "team", "channel", "rota"))
    for i, target in enumerate(wanted):
        team, slash, _ = target.partition("/")
        if target in people | marked | seats or (target in teams and not slash):
            continue
        if team in teams:
            of_team = {seat for seat in seats if seat.startswith(f"{team}/")}
            rests = draft.keys_of("team", "roles")
            yield replace(unknown("role", target, of_team, (*path, i)), rests_on=rests)
            continue
        there = marked if target.startswith((CHANNEL, ROTA)) else people | teams | marked | seats
        if not nameless or get_close_matches(target, there, 1, SLIP):
            yield unknown("target", target, there, (*path, i))


def _seats(draft: Draft) -> set[str]:
    return {f"{team.name}/{role}" for _, team in draft.each("team") for role in team.roles}
