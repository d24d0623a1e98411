"""What a timer does when it is due: the next is told, a calm incident clears, a holder is reminded, a clock runs out.

Late ones fire once and say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.incidents import escalation
from monitor.incidents.asking import EXPIRY, REMINDER, lapse, next_level
from monitor.incidents.change import Change
from monitor.incidents.clock_acts import remind_clock
from monitor.incidents.context import Context
from monitor.incidents.settle import unhide
from monitor.model import Alert, Example, Incident, Outcome, Tier, Timer

LATE = 60.0
"""Seconds after which a timer says that it is late."""


def due(
    incident: Incident,
    timer: Timer,
    context: Context,
    alerts: Sequence[Alert],
    now: float,
    examples: Sequence[Example] = (),
) -> Outcome:
    """Fires one timer. One that no longer applies (answered, closed, not calm) only ends."""
    change = firing(incident, timer, context, alerts, now, examples)
    kind, _, name = timer.kind.partition(":")
    if kind == "clock":
        remind_clock(change, name, timer.step)
    elif incident.state == "open":
        KINDS[kind](change, timer)
    return change.outcome()


def firing(
    incident: Incident,
    timer: Timer,
    context: Context,
    alerts: Sequence[Alert],
    now: float,
    examples: Sequence[Example] = (),
) -> Change:
    """A change that begins with the end of a timer, and knows how late it is."""
    late = now - timer.due_at
    change = Change(incident, context, now, alerts=alerts, examples=examples, late_by=late if late >= LATE else 0.0)
    change.fired(timer)
    return change


def _escalate(change: Change, timer: Timer) -> None:
    incident = change.incident
    waiting = not escalation.answered(incident) and incident.tier > Tier.CALM
    if waiting and timer.step == incident.step + 1:
        next_level(change, "incident.reason.unanswered")


def _calm(change: Change, timer: Timer) -> None:
    incident = change.incident
    if incident.calm_since is None:
        return
    if incident.acknowledged_by is None:
        change.entry("cleared", calm_since=incident.calm_since)
        change.close("cleared", "CLEARED")
    else:
        change.entry("calm_held", by=incident.acknowledged_by)
        change.tell("UPDATE", _holder(change, incident.acknowledged_by), "incident.reason.calm_held")


def _holder(change: Change, owner: str) -> tuple[str, ...]:
    """Who holds it; where that is a login name without an address, everybody told."""
    return (owner,) if change.is_known(owner) else change.incident.told


def _remind(change: Change, timer: Timer) -> None:
    """A holder who did nothing since is reminded; after as long again somebody else is asked too."""
    incident = change.incident
    owner = incident.acknowledged_by
    if owner is None:
        return
    wait = escalation.remind_after(incident.tier, change.context)
    active = max(incident.acted_at or 0.0, incident.acknowledged_at or 0.0)
    if active + wait > change.now:
        change.arm("remind", REMINDER, active + wait)
    elif timer.step == EXPIRY and active < timer.due_at - wait and incident.tier > Tier.CALM:
        lapse(change, "ack_expired", by=owner)
        next_level(change, "incident.reason.ack_expired", by=owner)
    else:
        change.entry("reminded", by=owner)
        change.tell("UPDATE", _holder(change, owner), "incident.reason.remind")
        change.arm("remind", EXPIRY, change.now + wait)


def _mute(change: Change, timer: Timer) -> None:
    unhide(change, "incident.reason.mute_over")


KINDS = {"escalate": _escalate, "calm": _calm, "remind": _remind, "mute": _mute}
