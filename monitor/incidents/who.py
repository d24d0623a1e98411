"""Who would be told, when and how: the plan for a tier at a time, by the very code that runs live."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from monitor.incidents import escalation, routes
from monitor.incidents.context import Context
from monitor.incidents.plan import new_incident
from monitor.incidents.quiet import muting, quiet_until
from monitor.model import Incident, Labels, Recipient, Tier


class PlanStep(Struct, frozen=True, kw_only=True):
    """One level: at which instant (if nobody answers), whom, and which levels were passed over to get there.

    A recipient without channels cannot be reached; `after` = waits for the end of their quiet hours.
    """

    level: int
    at: float
    to: tuple[Recipient, ...]
    skipped: tuple[int, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """All levels of a tier. `gives_up_at`: when nobody is left to ask; None = nobody is asked for an answer.

    `muted_by`: the mute that would hide it at that time.
    """

    tier: Tier
    playbook: str
    steps: tuple[PlanStep, ...] = ()
    acks: int = 1
    gives_up_at: float | None = None
    muted_by: str | None = None


def who(tier: Tier, risk: str, labels: Labels, at: float, context: Context) -> Plan:
    """Walks the escalation of an incident that would begin at `at` and that nobody answers."""
    incident = at_tier(new_incident("", risk, labels, labels, context, at), tier)
    steps: list[PlanStep] = []
    now: float | None = at
    number = 0
    while now is not None and (level := escalation.level_from(incident, tier, number, context, now)) is not None:
        incident = replace(incident, step=level.number)
        to = tuple(_waiting(r, tier, context, now) for r in routes.recipients(level.to, incident, context))
        steps.append(PlanStep(level=level.number, at=now, to=to, skipped=level.skipped))
        number = level.number + 1
        now = escalation.waits_until(incident, level.number, context, now)
    muted = muting(incident, tier, context, at)
    return Plan(
        tier=tier, playbook=escalation.playbook_at(incident, context), steps=tuple(steps),
        acks=escalation.acks_wanted(incident), gives_up_at=now if steps else None,
        muted_by=muted.author if muted else None,
    )  # fmt: skip


def at_tier(incident: Incident, tier: Tier) -> Incident:
    """An incident as if it stood at a tier."""
    return Incident(
        number=incident.number, risk=incident.risk, scope=incident.scope, tier=tier, opened_at=incident.opened_at,
        updated_at=incident.updated_at, playbook=incident.playbook, steps=incident.steps,
    )  # fmt: skip


def _waiting(recipient: Recipient, tier: Tier, context: Context, now: float) -> Recipient:
    after = quiet_until(recipient.person, tier, context, now)
    return Recipient(person=recipient.person, channels=recipient.channels, after=after)
