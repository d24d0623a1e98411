"""Brings an incident in line with its alerts: its tier, what is owed, and which timers run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from monitor.incidents import escalation
from monitor.incidents.asking import rise
from monitor.incidents.axes import MISSING, nature_of, tier_of
from monitor.incidents.change import Change
from monitor.incidents.context import Context
from monitor.incidents.evidence import factor_of, families_of, members
from monitor.model import Alert, Axes, Incident, Tier

NO_DATA_AFTER = 900.0
"""Seconds without data before an incident says so."""


def settle(change: Change) -> None:
    """Compares what the incident says with what its alerts say; when they agree, nothing happens."""
    own = members(change.incident, change.alerts)
    before = change.incident
    axes = _axes(before, own, change.context)
    machine, moved = tier_of(axes, change.context.matrix)
    tier = machine if before.person_tier is None else before.person_tier
    change.set(axes=axes, machine_tier=machine, tier=tier, peak=max(before.peak, tier))
    if machine != before.machine_tier:
        change.entry("machine_tier", tier=machine, previous=before.machine_tier, axis=moved)
    _data_state(change, own)
    if tier == Tier.CALM:
        go_calm(change)
        return
    _leave_calm(change)
    _say(change, before, own, moved)
    if before.tier == Tier.CALM and before.told_tier >= tier:
        _resume(change)


def unhide(change: Change, reason_id: str, **args: Any) -> None:
    """What hid it is over: what it hid and what still burns is told now."""
    hidden = change.incident.hidden_tier is not None
    change.set(hidden_tier=None)
    settle(change)
    untold = hidden and not change.owed and not escalation.answered(change.incident)
    burning = change.incident.tier > Tier.CALM and change.incident.told
    if untold and burning and change.tell("UPDATE", change.incident.told, reason_id, **args):
        change.ask(change.incident.step)


def _say(change: Change, before: Incident, own: Sequence[Alert], moved: str) -> bool:
    """At most one notice: the weightiest that there is to tell."""
    return _transition(change, moved) or _overruled(change, before) or _data_notice(change) or _update(change, own)


def _axes(incident: Incident, own: Sequence[Alert], context: Context) -> Axes:
    """What the rules say, with what people said put over it.

    Families that speak for any alert of the incident bear witness to all of it.
    """
    witnesses = len(families_of(own))
    ruled = [(int(a.tier), rule) for a in own if (rule := context.rule(a.rule)) is not None]
    sure = [tier for tier, rule in ruled if rule.certain_with <= witnesses]
    extent = max((int(a.tier) for a in own), default=0)
    doubtful = max(sure, default=0) < extent
    if doubtful and max(sure, default=0) > context.matrix.cap:
        extent, doubtful = max(sure), False  # what is sure needs no cap
    nature = max([0, *(rule.nature for _, rule in ruled), *(_told(a, context) for a in own)])
    axes = Axes(extent=extent, nature=nature, certainty=MISSING if doubtful else 0)
    return msgspec.structs.replace(axes, **incident.person_axes)


def _told(alert: Alert, context: Context) -> int:
    """The nature of what the mentions of an alert credibly tell of."""
    return nature_of(alert.verdict.dangers, context.natures) if alert.verdict else 0


def _transition(change: Change, moved: str) -> bool:
    incident, told = change.incident, change.incident.told_tier
    if incident.tier > told:
        return rise(change, "incident.reason.axis_" + moved if moved else "")
    if incident.tier < told:
        return change.tell("LOWERED", incident.told)
    return False


def _overruled(change: Change, before: Incident) -> bool:
    """The machine rose above the tier a person set: the tier stands, but those told must know."""
    now = change.incident
    if now.person_tier is None or now.machine_tier <= max(before.machine_tier, now.person_tier):
        return False
    to = now.told or escalation.told_at(now, now.tier, 0, change.context, change.now)
    return change.tell("UPDATE", to, f"incident.reason.machine_above.{now.machine_tier.word}")


def _data_state(change: Change, own: Sequence[Alert]) -> None:
    """Without data = none of the alerts that hold the tier has seen any for a while: a late export is no news."""
    top = [a for a in own if a.tier == own[0].tier]
    before = change.now - NO_DATA_AFTER
    missing = [a.no_data_since for a in top if a.no_data_since is not None and a.no_data_since <= before]
    gone = bool(top) and len(missing) == len(top)
    if gone and change.incident.no_data_since is None:
        change.set(no_data_since=min(missing))
        change.entry("no_data", since=min(missing))
    elif not gone and change.incident.no_data_since is not None:
        change.set(no_data_since=None)
        change.entry("data_back")


def _data_notice(change: Change) -> bool:
    was, is_ = change.before.no_data_since, change.incident.no_data_since
    if (was is None) == (is_ is None) or not change.incident.told:
        return False
    return change.tell("DATA BACK" if is_ is None else "NO DATA", change.incident.told)


def _update(change: Change, own: Sequence[Alert]) -> bool:
    """Twice the factor last told, or a family of sources that was not there: worth a word at the same tier."""
    now = change.incident
    if now.told_tier == Tier.CALM or now.no_data_since is not None or not own:
        return False
    new = sorted(set(families_of(own)) - set(now.told_families)) if now.told_families else []
    if new:
        return change.tell("UPDATE", now.told, "incident.reason.new_family", families=", ".join(new))
    factor = factor_of(own)
    if factor and now.told_factor and now.told_factor > 1 and factor >= 2 * now.told_factor:
        return change.tell("UPDATE", now.told, "incident.reason.doubled", factor=f"{factor:.1f}")
    return False


def go_calm(change: Change) -> None:
    """All alerts are calm: asking stops, and after `calm_for` the incident clears."""
    if change.incident.calm_since is not None or change.incident.state != "open":
        return
    change.set(calm_since=change.now, no_data_since=None)
    change.entry("calm", calm_for=float(change.context.settings.calm_for))
    change.stop_asking()
    change.arm("calm", 0, change.now + change.context.settings.calm_for)


def _leave_calm(change: Change) -> None:
    if change.incident.calm_since is not None:
        change.set(calm_since=None)
        change.cancel("calm", 0)


def _resume(change: Change) -> None:
    """It burns again before it cleared, no higher than people were told: an answer is still owed."""
    change.entry("calm_broken", tier=change.incident.tier)
    if not escalation.answered(change.incident):
        change.ask(change.incident.step)
