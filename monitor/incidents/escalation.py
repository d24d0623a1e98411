"""Who is told at which level, how long is waited for an answer, and who is next when none comes.

Level 0 is the first telling. A plain route then goes to the n-th person of each role. A chain (`[[escalation]]`) goes
to its n-th step, from the first again as often as it repeats. Both are read from the incident's own snapshot; only who
is on duty by a rota is asked anew, since hand-overs go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.incidents.context import Context
from monitor.incidents.hours import after_open, is_open, parse
from monitor.incidents.rota import on_duty
from monitor.incidents.routes import CHANNEL, ROTA
from monitor.model import Incident, Step, Tier

ACK_WITHIN = {Tier.BLUE: 4 * 3600.0, Tier.YELLOW: 3600.0, Tier.ORANGE: 900.0, Tier.RED: 300.0}
REMIND = {Tier.BLUE: 86400.0, Tier.YELLOW: 8 * 3600.0, Tier.ORANGE: 2 * 3600.0, Tier.RED: 3600.0}
WAITS_IN = {Tier.BLUE: "Mon-Fri 09:00-18:00", Tier.YELLOW: "07:00-23:00"}
"""Where nothing else is written, the lower tiers wait for an answer in these hours only."""


class Level(Struct, frozen=True):
    """One level: who is told, and the levels before it that were passed over (nobody there, or not their hours)."""

    number: int
    to: tuple[str, ...]
    skipped: tuple[int, ...] = ()


def deciding(incident: Incident, tier: Tier) -> list[Step]:
    """The steps of the snapshot that decide for a tier."""
    return [step for step in incident.steps if tier in step.tiers]


def playbook_at(incident: Incident, context: Context) -> str:
    """The plan that holds at the incident's tier: that of its route, else the one it has."""
    named = [s.playbook for s in deciding(incident, incident.tier) if s.playbook in context.playbooks]
    return named[0] if named else incident.playbook


def last_level(steps: Sequence[Step]) -> int:
    """The last level at which anybody could be told."""
    seats = [len(seat) - 1 for step in steps if not step.chain for seat in step.seats.values()]
    chains = [(1 + max(s.level for s in chain)) * (1 + chain[0].repeat) - 1 for chain in _chains(steps).values()]
    return max([0, *seats, *chains])


def _chains(steps: Sequence[Step]) -> dict[str, list[Step]]:
    out: dict[str, list[Step]] = {}
    for step in steps:
        if step.chain:
            out.setdefault(step.chain, []).append(step)
    return out


def told_at(incident: Incident, tier: Tier, number: int, context: Context, now: float) -> tuple[str, ...]:
    """People and channels told at a level of a tier. Nobody twice."""
    steps = deciding(incident, tier)
    out = [target for step in _taken(steps, number, context, now) for target in _targets(step, number, context, now)]
    return tuple(dict.fromkeys(out))


def _taken(steps: Sequence[Step], number: int, context: Context, now: float) -> list[Step]:
    """The steps that speak at a level: every plain one, and of each chain the one whose turn it is."""
    return [s for s in _turn(steps, number) if in_hours(s, context, now)]


def _turn(steps: Sequence[Step], number: int) -> list[Step]:
    rounds = {name: 1 + max(s.level for s in chain) for name, chain in _chains(steps).items()}
    return [
        s
        for s in steps
        if not s.chain or (number < rounds[s.chain] * (1 + s.repeat) and number % rounds[s.chain] == s.level)
    ]


def in_hours(step: Step, context: Context, now: float) -> bool:
    """True when a step is taken at this time: within `hours`, not within `not_hours`."""
    zone, calendar = ZoneInfo(context.timezone), context.calendar()
    if step.hours and not is_open(parse(step.hours), now, zone, calendar):
        return False
    return not (step.not_hours and is_open(parse(step.not_hours), now, zone, calendar))


def _targets(step: Step, number: int, context: Context, now: float) -> list[str]:
    if step.chain or number == 0:
        out: list[str] = []
        for target in step.to:
            out += _nth(step, target, 0, context, now) if target.startswith(ROTA) else [target]
        return out
    return [name for seat in step.seats for name in _nth(step, seat, number, context, now)]


def _nth(step: Step, seat: str, n: int, context: Context, now: float) -> list[str]:
    """The n-th person of a role, or of a rota as it stands now (as it stood, should a reload have taken it away)."""
    people = step.seats.get(seat, ())
    rota = context.rotas.get(seat.removeprefix(ROTA)) if seat.startswith(ROTA) else None
    if rota is not None:
        people = on_duty(rota, now, context.timezone)
    return list(people[n : n + 1])


def level_from(incident: Incident, tier: Tier, number: int, context: Context, now: float) -> Level | None:
    """The first level at or after a number at which somebody is told; None when nobody is left."""
    last = last_level(deciding(incident, tier))
    skipped: list[int] = []
    for n in range(number, last + 1):
        if to := told_at(incident, tier, n, context, now):
            return Level(n, to, tuple(skipped))
        skipped.append(n)
    return None


def acks_wanted(incident: Incident) -> int:
    """How many people must answer."""
    return max((step.acks for step in deciding(incident, incident.tier)), default=1)


def answered(incident: Incident) -> bool:
    """True when nobody has to be asked any more."""
    return incident.acknowledged_by is not None and len(incident.acks) >= acks_wanted(incident)


def waits_until(incident: Incident, number: int, context: Context, now: float) -> float | None:
    """When the next level is due: the shortest written wait; else the tier's own, where there is somebody to ask."""
    tier, steps = incident.tier, deciding(incident, incident.tier)
    written = [s.ack_within for s in _turn(steps, number) if s.ack_within is not None]
    if written:
        return now + min(written)
    if not any(not target.startswith(CHANNEL) for step in steps for target in step.to):
        return None
    own = context.settings.ack_within.get(tier.word)  # type: ignore[call-overload]
    if own is not None:
        return now + float(own)
    hours = WAITS_IN.get(tier)
    wait = ACK_WITHIN.get(tier, ACK_WITHIN[Tier.BLUE])
    if hours is None:
        return now + wait
    return after_open(parse(hours), now, wait, ZoneInfo(context.timezone), context.calendar())


def remind_after(tier: Tier, context: Context) -> float:
    """How long one who took it may do nothing before a reminder."""
    own = context.settings.remind.get(tier.word)  # type: ignore[call-overload]
    return float(own) if own is not None else REMIND.get(tier, REMIND[Tier.BLUE])


def lead_and_backup(incident: Incident, context: Context, now: float) -> tuple[str | None, str | None]:
    """Who acts, and who is asked when they do not answer."""
    told = told_at(incident, incident.tier, incident.step, context, now)
    people = [name for name in told if not name.startswith(CHANNEL)]
    after = level_from(incident, incident.tier, incident.step + 1, context, now)
    others = [name for name in (*(after.to if after else ()), *people) if not name.startswith(CHANNEL)]
    lead = people[0] if people else None
    return lead, next((name for name in others if name != lead), None)
