"""Routes: every tier a rule can reach has somebody to tell, and somebody who hears it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from monitor.config.check_names import CHANNEL, ROTA
from monitor.config.check_people import reach
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem, Said, Severity

GRAVE = ("orange", "red")
MAY_RING = ("webhook", "alertmanager", "pagerduty")
"""Kinds behind which something may ring that we do not see."""
PEOPLE: tuple[Path, ...] = tuple((key,) for key in ("route", "escalation", "rota", "person", "team", "channel"))


def targets(draft: Draft, route: Any) -> set[str]:
    """The channels through which a route and its escalation reach anybody."""
    people = {person.name: person for _, person in draft.each("person")}
    teams = {team.name: team for _, team in draft.each("team")}
    channels = draft.names("channel")
    out: set[str] = set()
    for target in _asked(draft, route):
        team, _, role = target.partition("/")
        if target.startswith(CHANNEL):
            out |= {target.removeprefix(CHANNEL)} & channels
            continue
        seats = teams[team].roles if team in teams else {}
        names = [target] if target in people else [n for r, seat in seats.items() if role in ("", r) for n in seat]
        first = _methods(draft, route)
        out.update(channel for name in names if name in people for channel in reach(draft, people[name], first))
    return out


def _methods(draft: Draft, route: Any) -> list[str]:
    """The channels that a route and its escalation try first."""
    steps = [step for _, e in draft.each("escalation") if e.name == route.escalation for step in e.step]
    return [*route.via, *(name for step in steps for name in step.via)]


def _asked(draft: Draft, route: Any) -> list[str]:
    """All targets of a route, those of its escalation too, rotas as the people in them."""
    chains = {escalation.name: escalation.step for _, escalation in draft.each("escalation")}
    rotas = {rota.name: rota for _, rota in draft.each("rota")}
    out = [*route.to, *(target for step in chains.get(route.escalation, ()) for target in step.to)]
    turns = [rotas[target.removeprefix(ROTA)] for target in out if target.removeprefix(ROTA) in rotas]
    return [*out, *(name for rota in turns for name in (*rota.people, *(o.person for o in rota.override)))]


def nobody_told(draft: Draft) -> Iterator[Problem]:
    """A tier that a rule can reach, and no route tells anybody. Without any route: one warning."""
    if not draft.complete or not draft.lists.get("rule"):
        return
    routes = [route for _, route in draft.each("route")]
    if not routes and "route" not in draft.merged.tables:
        yield Problem(path=("route",), id="no_route", severity="warning", rests_on=PEOPLE)
        return
    for path, rule in draft.each("rule"):
        silent = [tier.word for tier, _ in rule.rungs() if not _told(draft, routes, rule.risk, tier.word)]
        grave = [word for word in silent if word in GRAVE]
        if rule.mode == "live" and silent:
            word = (grave or silent)[0]
            args = {"tier": Said(f"tier.{word}"), "risk": rule.risk, "word": word}
            asked = any(_asks(route, rule.risk, word) for route in routes)
            rests = PEOPLE if asked else draft.keys_of("route", "tier", "risk", "labels", "continue")
            rests = (*rests, (*path, "risk"), (*path, "mode"))
            severity: Severity = "fault" if grave else "warning"
            yield Problem(path=(*path, word), id="nobody_told", args=args, rests_on=rests, severity=severity)


def reports_unheard(draft: Draft) -> Iterator[Problem]:
    """`[alertmanager]` is written, and nobody is told of a tier that its alerts can come to."""
    if not draft.complete or "alertmanager" not in draft.merged.tables or "route" not in draft.merged.tables:
        return
    routes, how = [route for _, route in draft.each("route")], draft.table("alertmanager")
    silent = [tier.word for tier in sorted(how.reachable()) if not _told(draft, routes, how.risk, tier.word)]
    if silent:
        word = next((word for word in silent if word in GRAVE), silent[0])
        args = {"tier": Said(f"tier.{word}"), "risk": how.risk, "word": word}
        severity: Severity = "fault" if word in GRAVE else "warning"
        rests = (*PEOPLE, *draft.keys_of("route", "tier", "risk", "labels", "continue"))
        yield Problem(path=("alertmanager",), id="nobody_told", args=args, rests_on=rests, severity=severity)


def _told(draft: Draft, routes: list[Any], risk: str, tier: str) -> bool:
    """Whether anybody is told; a route that asks for labels may decide or not, so those after it are asked as well."""
    for route in routes:
        if _asks(route, risk, tier):
            if targets(draft, route):
                return True
            if not route.continue_ and not route.labels:
                return False
    return False


def _asks(route: Any, risk: str, tier: str) -> bool:
    return tier in route.tier and any(fnmatchcase(risk, wanted) for wanted in route.risk)


def ack_links_to_nowhere(draft: Draft) -> Iterator[Problem]:
    """A route that waits for an acknowledgement needs an address its link can start with. Told once."""
    if draft.table("server").public_url:
        return
    for path, route in draft.each("route"):
        if route.ack_within is not None:
            rests: tuple[Path, ...] = (("server", "public_url"),)
            yield Problem(path=(*path, "ack_within"), id="ack_without_url", rests_on=rests)
            return


def hidden_routes(draft: Draft) -> Iterator[Problem]:
    """A route that is never asked, because the ones before it take everything."""
    before: list[tuple[Path, Any]] = []
    for path, route in draft.each("route"):
        pairs = [(tier, risk) for tier in route.tier for risk in route.risk]
        hiding = {_hidden_by(before, tier, risk) for tier, risk in pairs}
        if pairs and () not in hiding:
            file, line = draft.merged.place(min(hiding))
            args = {"first": f"{file}:{line}"}
            yield Problem(path=path, id="route_hidden", args=args, severity="warning", rests_on=(("route",),))
        before.append((path, route))


def _hidden_by(before: list[tuple[Path, Any]], tier: str, risk: str) -> Path:
    for path, route in before:
        takes = tier in route.tier and any(wanted in ("*", risk) for wanted in route.risk)
        if takes and not route.continue_ and not route.labels:
            return path
    return ()


def only_chat_or_mail(draft: Draft) -> Iterator[Problem]:
    """An orange or red route of which nothing rings, or nothing says whether it arrived.

    Where nothing that rings is configured at all, the team is still setting up: it is warned.
    """
    channels = {channel.name: channel for _, channel in draft.each("channel")}
    for path, route in draft.each("route"):
        reached = [channels[name] for name in targets(draft, route) if name in channels]
        if not reached or not set(GRAVE) & set(route.tier):
            continue
        if not any(channel.verified for channel in reached):
            yield Problem(path=(*path, "to"), id="nothing_verified", rests_on=PEOPLE)
        elif not any(channel.rings or channel.__struct_config__.tag in MAY_RING for channel in reached):
            there = any(channel.rings for channel in channels.values())
            severity: Severity = "fault" if there and not route.continue_ else "warning"
            yield Problem(path=(*path, "to"), id="nothing_rings", severity=severity, rests_on=PEOPLE)
