"""Who is told: routes to steps as they stand when an incident begins, and steps to recipients."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from monitor.incidents.context import Context
from monitor.incidents.people import Person, Route
from monitor.model import WARNING_TIERS, Contact, Incident, Labels, Recipient, Step, Tier

CHANNEL = "channel:"
ACK_WITHIN = {Tier.BLUE: 4 * 3600.0, Tier.YELLOW: 3600.0, Tier.ORANGE: 900.0, Tier.RED: 300.0}
"""Until the next person is told where the route says nothing and there are people to ask."""


def steps_for(risk: str, labels: Labels, context: Context) -> tuple[Step, ...]:
    """The snapshot an incident keeps: for each tier the first route that fits, and those after a `continue`."""
    deciding: dict[int, list[int]] = {}
    for tier in WARNING_TIERS:
        for index in _deciding(tier, risk, labels, context.routes):
            deciding.setdefault(index, []).append(tier)
    return tuple(_step(context.routes[index], tuple(tiers), context) for index, tiers in sorted(deciding.items()))


def _deciding(tier: Tier, risk: str, labels: Labels, routes: tuple[Route, ...]) -> Iterable[int]:
    for index, route in enumerate(routes):
        if tier.word in route.tier and fits(route, risk, labels):
            yield index
            if not route.continue_:
                return


def fits(route: Route, risk: str, labels: Labels) -> bool:
    """Risk by wildcard, every label by one of its values (`*` = any)."""
    if not any(fnmatchcase(risk, wanted) for wanted in route.risk):
        return False
    return all(
        name in labels and any(fnmatchcase(labels[name], wanted) for wanted in values)
        for name, values in route.labels.items()
    )


def _step(route: Route, tiers: tuple[int, ...], context: Context) -> Step:
    to: list[str] = []
    seats: dict[str, tuple[str, ...]] = {}
    for target in route.to:
        people = seats_of(target, context)
        seats.update(people)
        to += [seat[0] for seat in people.values()] if people else [target]
    names = dict.fromkeys([t for t in to if not t.startswith(CHANNEL)] + [n for seat in seats.values() for n in seat])
    contacts = {name: contact(context.people[name], context) for name in names if name in context.people}
    return Step(to=tuple(dict.fromkeys(to)), ack_within=route.ack_within, tiers=tiers, seats=seats, contacts=contacts)


def seats_of(target: str, context: Context) -> dict[str, tuple[str, ...]]:
    """The roles behind `team/role` or `team`, each with its people in order; empty for a person or a channel."""
    team, _, role = target.partition("/")
    if target.startswith(CHANNEL) or target in context.people or team not in context.teams:
        return {}
    roles = context.teams[team].roles
    return {f"{team}/{name}": people for name, people in roles.items() if people and role in ("", name)}


def contact(person: Person, context: Context) -> Contact:
    """How a person can be reached now, channels in the order of trial."""
    addresses = {name: _address(person, name, context) for name in reach(person, context)}
    return Contact(display=person.display, language=person.language, timezone=person.timezone, addresses=addresses)


def reach(person: Person, context: Context) -> tuple[str, ...]:
    """A person's channels in order: `via`, else every channel for which an address stands."""
    if person.via:
        known = [context.channels[name] for name in person.via if name in context.channels]
        return tuple(c.name for c in known if c.group or _address(person, c.name, context))
    return tuple(name for name in context.channels if _address(person, name, context))


def _address(person: Person, channel: str, context: Context) -> str:
    wanted = context.channels[channel].address_of
    return str(getattr(person, wanted, "")) if wanted else ""


def deciding_steps(incident: Incident, tier: Tier) -> list[Step]:
    """The steps of the snapshot that decide for a tier."""
    return [step for step in incident.steps if tier in step.tiers]


def told_at(incident: Incident, tier: Tier, level: int) -> tuple[str, ...]:
    """Who is told at a level of a tier: all targets at 0, then the n-th person of each role. Nobody twice."""
    steps = deciding_steps(incident, tier)
    if level == 0:
        return tuple(dict.fromkeys(target for step in steps for target in step.to))
    seats = [seat for step in steps for seat in step.seats.values()]
    return tuple(dict.fromkeys(seat[level] for seat in seats if len(seat) > level))


def ack_within(incident: Incident, tier: Tier) -> float | None:
    """Seconds until the next level, the shortest of the route's; the tier's own where there is somebody to ask."""
    steps = deciding_steps(incident, tier)
    written = [step.ack_within for step in steps if step.ack_within is not None]
    if written:
        return min(written)
    asked = any(not target.startswith(CHANNEL) for step in steps for target in step.to)
    return ACK_WITHIN.get(tier) if asked else None


def lead_and_backup(incident: Incident, tier: Tier, level: int = 0) -> tuple[str | None, str | None]:
    """Who acts, and who is next: of the first role; without roles the first people named."""
    steps = deciding_steps(incident, tier)
    seats = [seat for step in steps for seat in step.seats.values()]
    people = list(seats[0]) if seats else [t for step in steps for t in step.to if not t.startswith(CHANNEL)]
    return _at(people, level), _at(people, level + 1)


def _at(people: list[str], index: int) -> str | None:
    return people[index] if index < len(people) else None


def recipients(keys: Iterable[str], incident: Incident, context: Context) -> tuple[Recipient, ...]:
    """People and channels ("channel:ops") as recipients; those whom nothing reaches have no channels."""
    wanted = tuple(dict.fromkeys(keys))
    taken = {key.removeprefix(CHANNEL) for key in wanted if key.startswith(CHANNEL)}
    return tuple(_recipient(key, taken, incident, context) for key in wanted)


def _recipient(key: str, taken: set[str], incident: Incident, context: Context) -> Recipient:
    if key.startswith(CHANNEL):
        return Recipient(person="", channels=chain(key.removeprefix(CHANNEL), taken, context))
    if key in context.people:
        return Recipient(person=key, channels=reach(context.people[key], context))
    kept = contact_of(key, incident)
    return Recipient(person=key, channels=tuple(kept.addresses) if kept else ())


def contact_of(name: str, incident: Incident) -> Contact | None:
    """A person out of the incident's snapshot: for one whom a reload took from the config."""
    return next((step.contacts[name] for step in incident.steps if name in step.contacts), None)


def chain(channel: str, taken: set[str], context: Context) -> tuple[str, ...]:
    """A channel and its fallbacks, without those told anyway and without going in a circle."""
    out = [channel]
    while (info := context.channels.get(out[-1])) and info.fallback and info.fallback not in {*out, *taken}:
        out.append(info.fallback)
    return tuple(out)
