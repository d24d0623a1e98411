"""People and channels: whoever may be told can be reached, and no channel hands on in a circle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.incidents.hours import parse
from monitor.incidents.workdays import is_country
from monitor.secret import KINDS

LANGUAGE = re.compile(r"(zh|en)([-_][A-Za-z0-9]+)*")


def poor_addresses(draft: Draft) -> Iterator[Problem]:
    """Addresses that cannot be right, and languages there is no text in."""
    for path, person in draft.each("person"):
        if person.email and not is_reference(person.email) and not re.fullmatch(r"[^@\s]+@[^@\s]+", person.email):
            yield Problem(path=(*path, "email"), id="no_email", args={"value": person.email})
    for key in ("person", "channel"):
        for path, table in draft.each(key):
            if table.language and not LANGUAGE.fullmatch(table.language):
                yield Problem(path=(*path, "language"), id="no_language", args={"value": table.language})


def wrong_hours(draft: Draft) -> Iterator[Problem]:
    """Hours that name no hours, and calendars of no country."""
    for path, person in draft.each("person"):
        for key in ("hours", "quiet"):
            try:
                parse(getattr(person, key))
            except ValueError:
                yield Problem(path=(*path, key), id="no_hours", args={"value": getattr(person, key)})
    own = set(draft.merged.tables.get("calendar", ()))
    asked = [(path, person) for path, person in draft.each("person")] + [(("incident",), draft.table("incident"))]
    for path, table in asked:
        if table.calendar and table.calendar not in own and not is_country(table.calendar):
            yield Problem(path=(*path, "calendar"), id="no_calendar", args={"value": table.calendar})


def wrong_actors(draft: Draft) -> Iterator[Problem]:
    """Tokens and accounts by which people act: of a known kind, there, and one person's only."""
    tokens = {token.name for token in draft.table("server").token}
    first: dict[str, Path] = {}
    for path, person in draft.each("person"):
        for i, actor in enumerate(person.acts_as):
            here: Path = (*path, "acts_as", i)
            kind, _, name = actor.partition(":")
            if kind not in ("token", "user") or not name:
                yield Problem(path=here, id="no_actor", args={"value": actor})
            elif kind == "token" and name not in tokens:
                yield unknown("token", name, tokens, here)
            elif first.setdefault(actor, here) != here:
                file, line = draft.merged.place(first[actor])
                yield Problem(path=here, id="actor_twice", args={"value": actor, "first": f"{file}:{line}"})


def is_reference(text: str) -> bool:
    """A secret by reference: `env:…`, `file:…`, `credential:…`."""
    return text.partition(":")[0] in KINDS


def reach(draft: Draft, person: Any, first: Iterable[str] = ()) -> list[str]:
    """The channels that reach a person in the order of trial; `first` are those of the route."""
    channels = {channel.name: channel for _, channel in draft.each("channel")}
    named = {*first, *person.via}
    wanted = [channels[name] for name in dict.fromkeys((*first, *(person.via or channels))) if name in channels]
    return [
        c.name for c in wanted if (c.name in named and c.group) or (c.address_of and getattr(person, c.address_of, ""))
    ]


def unreachable_people(draft: Draft) -> Iterator[Problem]:
    """A person whom no channel reaches, and one who is to be told where no address of theirs stands."""
    channels = {channel.name: channel for _, channel in draft.each("channel")}
    rests: tuple[Path, ...] = (("channel",),)
    for path, person in draft.each("person"):
        for i, name in enumerate(person.via):
            channel = channels.get(name)
            if channel and not channel.group and not getattr(person, channel.address_of, ""):
                args = {"name": name, "key": channel.address_of}
                yield Problem(path=(*path, "via", i), id="via_without_address", args=args, rests_on=(path, *rests))
        if not person.via and not reach(draft, person) and channels and draft.complete:
            keys = ", ".join(sorted({c.address_of for c in channels.values() if c.address_of})) or "via"
            yield Problem(path=path, id="unreachable", args={"keys": keys}, severity="warning", rests_on=rests)


def fallback_loops(draft: Draft) -> Iterator[Problem]:
    """Channels that fall back on each other in a circle, told once."""
    onward = {channel.name: channel.fallback for _, channel in draft.each("channel") if channel.name}
    told: set[str] = set()
    for path, channel in draft.each("channel"):
        way = [channel.name]
        while onward.get(way[-1]) and onward[way[-1]] not in way:
            way.append(onward[way[-1]])
        if channel.name and onward.get(way[-1]) == channel.name and not told & set(way):
            told.update(way)
            args = {"way": " → ".join([*way, channel.name])}
            yield Problem(path=(*path, "fallback"), id="fallback_loop", args=args)
