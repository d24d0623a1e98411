"""Paging and answering: a tier that rises is told at its first level, then level by level until somebody answers."""

from __future__ import annotations

from typing import Any

from monitor.incidents import escalation
from monitor.incidents.change import Change
from monitor.model import Transition

REMINDER, EXPIRY = 0, 1
"""The two steps of the timer `remind`."""


def rise(change: Change, reason_id: str = "", reason: str = "") -> bool:
    """NEW or RAISED to the first level of the tier, and to whoever held it: an answer is good for its tier only.

    One who raises it with their own hand keeps holding it. Nothing happens under a silence.
    """
    incident = change.incident
    owner = incident.acknowledged_by if incident.acknowledged_by != change.actor else None
    transition: Transition = "NEW" if incident.notices == incident.notices_before else "RAISED"
    if owner and change.hidden_by() is None:
        lapse(change, "ack_lapsed", by=owner, tier=incident.tier)
    if change.hidden_by() is None and incident.step:
        change.stop_asking()
        change.set(step=0)
    change.set(playbook=escalation.playbook_at(incident, change.context))
    level = escalation.level_from(incident, incident.tier, 0, change.context, change.now)
    to = (*(level.to if level else ()), *((owner,) if owner else ()))
    told = change.tell(transition, tuple(dict.fromkeys(to)), reason_id, reason)
    if told and not escalation.answered(change.incident):
        change.ask(level.number if level else 0)
    return told


def next_level(change: Change, reason_id: str, **args: Any) -> None:
    """Tells whoever is next now, and waits for them; when nobody is left, says so loudly."""
    incident = change.incident
    level = escalation.level_from(incident, incident.tier, incident.step + 1, change.context, change.now)
    if level is None:
        change.set(step=incident.step + 1)
        change.entry("nobody_left", tier=incident.tier, step=incident.step + 1)
        change.finding("unanswered", tier=incident.tier.word)
        return
    if level.skipped:
        change.entry("skipped", steps=list(level.skipped))
    change.set(step=level.number)
    change.tell("ESCALATED", level.to, reason_id, **args)
    change.ask(level.number)


def take(change: Change) -> None:
    """The actor answers. Asking stops as soon as enough have."""
    incident = change.incident
    change.set(
        acks=(*incident.acks, change.actor),
        acknowledged_by=incident.acknowledged_by or change.actor,
        acknowledged_at=incident.acknowledged_at if incident.acknowledged_by else change.now,
    )
    if not escalation.answered(change.incident):
        change.entry("more_wanted", has=len(change.incident.acks), wanted=escalation.acks_wanted(incident))
        return
    change.stop_asking()
    change.cancel("remind", EXPIRY)
    change.arm("remind", REMINDER, change.now + escalation.remind_after(incident.tier, change.context))


def lapse(change: Change, kind: str, **args: Any) -> None:
    """Nobody holds it any more; the entry `kind` says why."""
    change.entry(kind, **args)
    change.set(acknowledged_by=None, acknowledged_at=None, acks=())
    change.cancel("remind", REMINDER)
    change.cancel("remind", EXPIRY)
