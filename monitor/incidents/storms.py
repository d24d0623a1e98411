"""When much happens at once: how many notices a person gets in an hour, what is put off, what may belong together.

Red is let through once for each incident, whatever a person already had; ends are always let through, so that nobody is
left with an alarm that is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from monitor.model import Facts, Incident, Labels, Owed, Recipient, Tier, Transition
from monitor.times import Duration

HOUR = 3600.0
ENDS: tuple[Transition, ...] = ("CLEARED", "CANCELLED", "RESOLVED")


class StormLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[incident] storm`: notices that one person gets in an hour, `per_incident` and `in_all`; red always comes once.

    Incidents that begin within `together_within` of each other and share scope are offered as one.
    """

    per_incident: int = 6
    in_all: int = 20
    together_within: Duration = Duration(1800)


class SentNotice(Struct, frozen=True):
    """What a person was owed lately: when, of which incident, at which tier."""

    at: float
    incident: str
    tier: Tier


class Held(Struct, frozen=True, kw_only=True):
    """A notice put off for a person, and why: `incident` or `all`. `until`: when there is room again."""

    person: str
    facts: Facts
    why: str
    until: float


def sift(
    owed: Sequence[Owed], sent: Mapping[str, Sequence[SentNotice]], limits: StormLimits, now: float
) -> tuple[list[Owed], list[Held]]:
    """What goes out now, and what is put off into a digest. `sent`: what each person had; channels are not counted.

    Graver notices have the first claim on the room there is. Groups have limits of their own (the channel's rate).
    """
    had = {person: [n for n in notices if now - n.at < HOUR] for person, notices in sent.items()}
    held: list[Held] = []
    kept: dict[int, list[Recipient]] = {}
    for index in sorted(range(len(owed)), key=lambda i: (-owed[i].facts.tier, i)):
        facts = owed[index].facts
        for recipient in owed[index].to:
            mine = had.setdefault(recipient.person, [])
            hold = _hold(recipient.person, facts, mine, limits) if recipient.person else None
            if hold is None:
                mine.append(SentNotice(now, facts.incident, facts.tier))
                kept.setdefault(index, []).append(recipient)
            else:
                held.append(hold)
    out = [Owed(facts=o.facts, to=tuple(kept[i])) for i, o in enumerate(owed) if i in kept]
    return out, held


def _hold(person: str, facts: Facts, had: Sequence[SentNotice], limits: StormLimits) -> Held | None:
    of_this = [n for n in had if n.incident == facts.incident]
    if facts.transition in ENDS:
        return None
    if facts.tier == Tier.RED and not any(n.tier == Tier.RED for n in of_this):
        return None
    if len(of_this) >= limits.per_incident:
        return Held(person=person, facts=facts, why="incident", until=min(n.at for n in of_this) + HOUR)
    if len(had) >= limits.in_all:
        return Held(person=person, facts=facts, why="all", until=min(n.at for n in had) + HOUR)
    return None


def put_off(
    owed: Sequence[Owed], sent: Mapping[str, Sequence[SentNotice]], limits: StormLimits, now: float
) -> list[Owed]:
    """The same notices, with those that are too much put off until there is room.

    What is put off is superseded by what comes after it, so that of each incident only the newest is sent then.
    """
    _, held = sift(owed, sent, limits, now)
    until = {(h.facts.incident, h.facts.notice, h.person): h.until for h in held}
    return [Owed(facts=o.facts, to=tuple(_later(r, o.facts, until) for r in o.to)) for o in owed]


def _later(recipient: Recipient, facts: Facts, until: dict[tuple[str, int, str], float]) -> Recipient:
    room = until.get((facts.incident, facts.notice, recipient.person))
    return recipient if room is None else replace(recipient, after=max(room, recipient.after or 0.0))


class Offer(Struct, frozen=True):
    """Incidents that may be one: they share scope values and began close together. Linking is for a person to do."""

    incidents: tuple[str, ...]
    shared: Labels


def offers(incidents: Sequence[Incident], limits: StormLimits) -> list[Offer]:
    """Pairs of open incidents of different risks, or scopes, that a person may want to link."""
    out: list[Offer] = []
    found = sorted((i for i in incidents if i.state == "open"), key=lambda i: (i.opened_at, i.number))
    for n, first in enumerate(found):
        for second in found[n + 1 :]:
            near = second.opened_at - first.opened_at <= limits.together_within and first.drill == second.drill
            shared = dict(first.scope.items() & second.scope.items())
            alike = shared or not first.scope or not second.scope
            if near and alike and second.number not in first.linked and first.number not in second.linked:
                out.append(Offer((first.number, second.number), shared))
    return out
