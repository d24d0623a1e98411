"""What a timer does when it is due: the next person is told, or a calm incident clears. Late ones fire once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.incidents import routes
from monitor.incidents.change import Change
from monitor.incidents.context import Context
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
    late = now - timer.due_at
    change = Change(
        incident, context, now, alerts=alerts, examples=examples, late_by=late if late >= LATE else 0.0
    )  # fmt: skip
    change.fired(timer)
    if incident.state == "open":
        KINDS[timer.kind](change, timer)
    return change.outcome()


def _escalate(change: Change, timer: Timer) -> None:
    incident = change.incident
    answered = incident.acknowledged_by is not None
    if not answered and incident.tier > Tier.CALM and timer.step == incident.step + 1:
        next_level(change, "incident.reason.unanswered")


def next_level(change: Change, reason_id: str, **args: Any) -> None:
    """Tells the role's next person now, and waits for them; when nobody is left, says so loudly."""
    level = change.incident.step + 1
    to = routes.told_at(change.incident, change.incident.tier, level)
    change.set(step=level)
    if not to:
        change.entry("nobody_left", tier=change.incident.tier, step=level)
        change.finding("unanswered", tier=change.incident.tier.word)
        return
    change.tell("ESCALATED", to, reason_id, **args)
    change.ask(level)


def _calm(change: Change, timer: Timer) -> None:
    incident = change.incident
    if incident.calm_since is None:
        return
    if incident.acknowledged_by is None:
        change.entry("cleared", calm_since=incident.calm_since)
        change.close("cleared", "CLEARED")
    else:
        change.entry("calm_held", by=incident.acknowledged_by)
        change.tell("UPDATE", (incident.acknowledged_by,), "incident.reason.calm_held")


KINDS = {"escalate": _escalate, "calm": _calm}
