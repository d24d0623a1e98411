"""Who is told: routes to steps as they stand when an incident begins, and steps to recipients."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from monitor.incidents.context import Context
from monitor.incidents.people import Person, Route
from monitor.model import WARNING_TIERS, Contact, Incident, Labels, Recipient, Step, Tier

CHANNEL = "channel:"
ROTA = "rota:"


def steps_for(risk: str, labels: Labels, context: Context) -> tuple[Step, ...]:
    """The snapshot an incident keeps: for each tier the first route that fits, and those after a `continue`."""
    deciding: dict[int, list[int]] = {}
    for tier in WARNING_TIERS:
        for index in _deciding(tier, risk, labels, context.routes):
            deciding.setdefault(index, []).append(tier)
    return tuple(
        step
        for index, tiers in sorted(deciding.items())
        for step in _steps(context.routes[index], tuple(tiers), context)
    )


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


def _steps(route: Route, tiers: tuple[int, ...], context: Context) -> Iterable[Step]:
    """A route as one step, its roles' backups behind it; with an escalation, that one's steps in a chain."""
    escalation = context.escalations.get(route.escalation)
    wait = None if escalation else route.ack_within
    if route.to or not escalation:
        yield _step(route.to, tiers, context, ack_within=wait, via=route.via, playbook=route.playbook)
    for level, step in enumerate(escalation.step if escalation else ()):
        yield _step(
            step.to, tiers, context, ack_within=step.wait, chain=route.escalation, level=level, hours=step.hours,
            not_hours=step.not_hours, acks=escalation.acks if escalation else 1,
            repeat=escalation.repeat if escalation else 0, via=step.via or route.via, playbook=route.playbook,
        )  # fmt: skip


def _step(
    targets: tuple[str, ...], tiers: tuple[int, ...], context: Context, *, via: tuple[str, ...] = (), **more: Any
) -> Step:  # fmt: skip
    to: list[str] = []
    seats: dict[str, tuple[str, ...]] = {}
    for target in targets:
        people = seats_of(target, context)
        seats.update(people)
        to += [name if name.startswith(ROTA) else seat[0] for name, seat in people.items()] if people else [target]
    names = [t for t in to if not t.startswith((CHANNEL, ROTA))] + [n for seat in seats.values() for n in seat]
    contacts = {n: contact(context.people[n], context, via) for n in dict.fromkeys(names) if n in context.people}
    return Step(to=tuple(dict.fromkeys(to)), tiers=tiers, seats=seats, contacts=contacts, via=via, **more)


def seats_of(target: str, context: Context) -> dict[str, tuple[str, ...]]:
    """The roles behind `team/role` or `team`, or a rota, each with its people in order; else empty."""
    if target.startswith(ROTA):
        rota = context.rotas.get(target.removeprefix(ROTA))
        return {target: tuple(dict.fromkeys([*rota.people, *(o.person for o in rota.override)]))} if rota else {}
    team, _, role = target.partition("/")
    if target.startswith(CHANNEL) or target in context.people or team not in context.teams:
        return {}
    roles = context.teams[team].roles
    return {f"{team}/{name}": people for name, people in roles.items() if people and role in ("", name)}


def everybody_of(targets: Iterable[str], context: Context) -> tuple[str, ...]:
    """People and channels behind targets, backups too."""
    out: list[str] = []
    for target in targets:
        seats = seats_of(target, context)
        out += [name for seat in seats.values() for name in seat] if seats else [target]
    return tuple(dict.fromkeys(out))


def contact(person: Person, context: Context, via: tuple[str, ...] = ()) -> Contact:
    """How a person can be reached now, channels in the order of trial."""
    addresses = {name: _address(person, name, context) for name in reach(person, context, via)}
    return Contact(display=person.display, language=person.language, timezone=person.timezone, addresses=addresses)


def reach(person: Person, context: Context, first: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A person's channels in order: those of the route, then their own `via`, else every one with an address."""
    own = person.via or tuple(name for name in context.channels if _address(person, name, context))
    known = [context.channels[name] for name in dict.fromkeys((*first, *own)) if name in context.channels]
    return tuple(c.name for c in known if c.group or _address(person, c.name, context))


def _address(person: Person, channel: str, context: Context) -> str:
    wanted = context.channels[channel].address_of
    return str(getattr(person, wanted, "")) if wanted else ""


def recipients(keys: Iterable[str], incident: Incident, context: Context) -> tuple[Recipient, ...]:
    """People and channels ("channel:ops") as recipients; those whom nothing reaches have no channels."""
    wanted = tuple(dict.fromkeys(keys))
    taken = {key.removeprefix(CHANNEL) for key in wanted if key.startswith(CHANNEL)}
    return tuple(_recipient(key, taken, incident, context) for key in wanted)


def _recipient(key: str, taken: set[str], incident: Incident, context: Context) -> Recipient:
    if key.startswith(CHANNEL):
        return Recipient(person="", channels=chain(key.removeprefix(CHANNEL), taken, context))
    first = _methods(key, incident)
    if key in context.people:
        return Recipient(person=key, channels=reach(context.people[key], context, first))
    kept = contact_of(key, incident)
    ways = tuple(kept.addresses) if kept else ()
    return Recipient(person=key, channels=tuple(dict.fromkeys((*(name for name in first if name in ways), *ways))))


def _methods(key: str, incident: Incident) -> tuple[str, ...]:
    """The channels that the step of the snapshot by which somebody is told now would try first."""
    mine = [s for s in incident.steps if incident.tier in s.tiers and (key in s.to or key in _seated(s))]
    turn = [s for s in mine if s.chain and s.level == incident.step % _levels(s.chain, incident)]
    return next((s.via for s in turn or mine if s.via), ())


def _seated(step: Step) -> set[str]:
    return {name for seat in step.seats.values() for name in seat}


def _levels(chain: str, incident: Incident) -> int:
    return 1 + max(s.level for s in incident.steps if s.chain == chain and incident.tier in s.tiers)


def contact_of(name: str, incident: Incident) -> Contact | None:
    """A person out of the incident's snapshot: for one whom a reload took from the config."""
    return next((step.contacts[name] for step in incident.steps if name in step.contacts), None)


def chain(channel: str, taken: set[str], context: Context) -> tuple[str, ...]:
    """A channel and its fallbacks, without those told anyway and without going in a circle."""
    out = [channel]
    while (info := context.channels.get(out[-1])) and info.fallback and info.fallback not in {*out, *taken}:
        out.append(info.fallback)
    return tuple(out)
