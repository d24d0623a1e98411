"""What people do to an incident: each act gives an Outcome, or is refused with a reason for a person.

ActRefused
  id     the message, `incident.refused.…`, filled by `args`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.incidents import escalation
from monitor.incidents.asking import lapse, next_level, rise, take
from monitor.incidents.change import MONITOR, Change
from monitor.incidents.context import Context
from monitor.incidents.grouping import Scopes, closed_lately
from monitor.incidents.plan import new_incident, number_of, reopened
from monitor.incidents.settle import settle, unhide
from monitor.model import Alert, Incident, Labels, Outcome, Silence, Tier, Transition


class ActRefused(Exception):
    """Nothing changed. `id` names the message, `args` fill it."""

    def __init__(self, id: str, **told: Any) -> None:
        super().__init__(f"incident.refused.{id}")
        self.id = f"incident.refused.{id}"
        self.told = told


def _open(incident: Incident, actor: str, now: float, context: Context, alerts: Sequence[Alert] = ()) -> Change:
    if incident.state != "open":
        raise ActRefused("closed", incident=incident.number, state=incident.state)
    return act(incident, actor, now, context, alerts)


def act(incident: Incident, actor: str, now: float, context: Context, alerts: Sequence[Alert] = ()) -> Change:
    """A change by a person, which counts as something done."""
    change = Change(incident, context, now, actor=actor, alerts=alerts)
    if actor != MONITOR:
        change.set(acted_at=now)
    return change


def acknowledge(
    incident: Incident, actor: str, now: float, context: Context, *, comment: str = "", via: str = ""
) -> Outcome:
    """I take it: asking stops. Refused where somebody holds it already ("held", by=…). `via`: how the answer came."""
    change = _open(incident, actor, now, context)
    if actor in incident.acks or (incident.acknowledged_by is not None and escalation.answered(incident)):
        raise ActRefused("held", by=incident.acknowledged_by, incident=incident.number)
    change.entry("acknowledged", tier=incident.tier, comment=comment, via=via)
    take(change)
    return change.outcome()


def unacknowledge(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = ""
) -> Outcome:
    """The acknowledgement was a mistake: somebody has to answer again, from where asking stopped."""
    change = _open(incident, actor, now, context, alerts)
    if incident.acknowledged_by is None:
        raise ActRefused("not_held", incident=incident.number)
    lapse(change, "unacknowledged", by=incident.acknowledged_by, comment=comment)
    if incident.calm_since is not None:
        change.arm("calm", 0, now + context.settings.calm_for)
    elif incident.tier > Tier.CALM:
        change.ask(incident.step)
    return change.outcome()


def not_me(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = ""
) -> Outcome:
    """Not me: the role's next person is told now. Takes the actor's own acknowledgement back."""
    change = _open(incident, actor, now, context, alerts)
    if incident.acknowledged_by not in (None, actor):
        raise ActRefused("held", by=incident.acknowledged_by, incident=incident.number)
    lapse(change, "not_me", comment=comment)
    change.cancel("escalate", incident.step + 1)
    next_level(change, "incident.reason.not_me", by=actor)
    return change.outcome()


def false_alarm(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = "",
    evidence: str = "",
) -> Outcome:  # fmt: skip
    """Cancelled: it was none; everybody who was told hears so. A further rise of an alert takes the number up again."""
    return _end(incident, actor, now, context, alerts, "cancelled", "CANCELLED", comment, evidence)


def cancel(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = "",
    evidence: str = "",
) -> Outcome:  # fmt: skip
    """The same by its formal name."""
    return false_alarm(incident, actor, now, context, alerts=alerts, comment=comment, evidence=evidence)


def resolve(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = ""
) -> Outcome:
    """Dealt with."""
    return _end(incident, actor, now, context, alerts, "resolved", "RESOLVED", comment)


def _end(
    incident: Incident, actor: str, now: float, context: Context, alerts: Sequence[Alert], state: str,
    transition: Transition, comment: str, evidence: str = "",
) -> Outcome:  # fmt: skip
    change = _open(incident, actor, now, context, alerts)
    change.entry(state, comment=comment, evidence=evidence)
    change.close(state, transition, reason=comment)
    return change.outcome()


def reopen(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = ""
) -> Outcome:
    """An ending was a mistake: it stands again as its alerts say, with the tier it had where they say nothing."""
    if incident.state == "open":
        raise ActRefused("open", incident=incident.number)
    change = act(incident, actor, now, context, alerts)
    standing = {(a.rule, a.key) for a in alerts if a.tier > Tier.CALM}
    change.incident = reopened(incident, _labels(incident), context, now)
    change.set(alerts=tuple(a for a in incident.alerts if a in standing))
    if not change.incident.alerts:
        change.set(person_tier=incident.peak or Tier.BLUE)
    change.entry("reopened_by_person", comment=comment)
    settle(change)
    return change.outcome()


def _labels(incident: Incident) -> Labels:
    key = dict(incident.alerts[0][1]) if incident.alerts else {}
    return {**key, **incident.scope}


def raise_by_person(
    incident: Incident, tier: Tier, actor: str, now: float, context: Context, *,
    reason: str = "", evidence: str = "", alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """A person's tier over the machine's, until given back."""
    change = _open(incident, actor, now, context, alerts)
    if tier <= incident.tier:
        raise ActRefused("not_higher", tier=tier.word, now=incident.tier.word)
    change.entry("raised_by_person", tier=tier, previous=incident.tier, reason=reason, evidence=evidence)
    _set_tier(change, tier, reason)
    return change.outcome()


def lower_by_person(
    incident: Incident, tier: Tier, actor: str, now: float, context: Context, *,
    reason: str = "", evidence: str = "", alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """A person's lower tier, blue at least; to end it, resolve or cancel. A rise of the machine above it is told."""
    change = _open(incident, actor, now, context, alerts)
    if tier >= incident.tier:
        raise ActRefused("not_lower", tier=tier.word, now=incident.tier.word)
    if tier == Tier.CALM:
        raise ActRefused("calm_is_an_end", incident=incident.number)
    change.entry("lowered_by_person", tier=tier, previous=incident.tier, reason=reason, evidence=evidence)
    _set_tier(change, tier, reason)
    return change.outcome()


def give_back(
    incident: Incident, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = (), comment: str = ""
) -> Outcome:
    """The machine's tier counts again."""
    change = _open(incident, actor, now, context, alerts)
    if incident.person_tier is None:
        raise ActRefused("no_person_tier", incident=incident.number)
    change.entry("given_back", tier=incident.machine_tier, previous=incident.tier, comment=comment)
    change.set(person_tier=None)
    settle(change)
    return change.outcome()


def set_axes(
    incident: Incident, actor: str, now: float, context: Context, *,
    nature: int | None = None, urgency: int | None = None, certainty: int | None = None,
    reason: str = "", alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """What people know of nature, urgency and certainty stands over what the rules say; the matrix makes the tier."""
    change = _open(incident, actor, now, context, alerts)
    asked = {"nature": nature, "urgency": urgency, "certainty": certainty}
    axes = {name: level for name, level in asked.items() if level is not None}
    if not axes:
        raise ActRefused("no_axis", incident=incident.number)
    change.entry("axes", axes=axes, reason=reason)
    change.set(person_axes={**incident.person_axes, **axes})
    settle(change)
    return change.outcome()


def _set_tier(change: Change, tier: Tier, reason: str) -> None:
    """Puts a person's tier up and tells."""
    told = change.incident.told_tier
    change.set(person_tier=tier, tier=tier, peak=max(change.incident.peak, tier), calm_since=None)
    change.cancel("calm", 0)
    if tier < told:
        change.tell("LOWERED", change.incident.told, reason=reason)
    elif tier > told:
        rise(change, reason=reason)


def open_by_person(
    risk: str, scope: Labels, tier: Tier, actor: str, now: float, context: Context, *,
    open: Sequence[Incident], recent: Sequence[Incident] = (), alerts: Sequence[Alert] = (), next_number: int,
    reason: str = "", evidence: str = "", drill: bool = False,
) -> Outcome:  # fmt: skip
    """An incident the rules did not see: joins the open one of that risk and scope, or takes up a recent number."""
    if tier == Tier.CALM:
        raise ActRefused("calm_is_an_end", incident="")
    found, links = Scopes(open).home(risk, scope, drill)
    if found is not None:
        return raise_by_person(found, tier, actor, now, context, reason=reason, evidence=evidence, alerts=alerts)
    old, _ = Scopes(closed_lately(recent, now, context.settings.reopen_within)).home(risk, scope, drill)
    if old is not None and not links:
        made = reopened(old, scope, context, now)
    else:
        number = number_of(next_number, now, context)
        made = new_incident(number, risk, scope, scope, context, now, linked=links, drill=drill)
    change = act(made, actor, now, context, alerts)
    change.entry("opened_by_person", risk=risk, scope=scope, tier=tier, reason=reason, evidence=evidence)
    _set_tier(change, tier, reason)
    return change.outcome()


def comment(incident: Incident, text: str, actor: str, now: float, context: Context) -> Outcome:
    """A line for the timeline, also after the end."""
    change = act(incident, actor, now, context)
    change.entry("comment", comment=text)
    return change.outcome()


def drill_note(incident: Incident, text: str, now: float, context: Context, *, alerts: Sequence[Alert] = ()) -> Outcome:
    """What somebody plays in a drill (a call, a letter): told to whoever was told of it."""
    change = Change(incident, context, now, alerts=alerts)
    change.entry("drill_note", comment=text)
    change.tell("UPDATE", incident.told, reason=text, unhidden=True)
    return change.outcome()


def step_done(incident: Incident, step: str, actor: str, now: float, context: Context, *, comment: str = "") -> Outcome:
    """A step of the playbook is done; notices name the next one."""
    if step in incident.steps_done:
        raise ActRefused("step_done", step=step, incident=incident.number)
    change = act(incident, actor, now, context)
    change.set(steps_done=(*incident.steps_done, step))
    change.entry("step_done", step=step, comment=comment)
    return change.outcome()


def step_undone(incident: Incident, step: str, actor: str, now: float, context: Context) -> Outcome:
    """It was not done after all."""
    if step not in incident.steps_done:
        raise ActRefused("step_open", step=step, incident=incident.number)
    change = act(incident, actor, now, context)
    change.set(steps_done=tuple(s for s in incident.steps_done if s != step))
    change.entry("step_undone", step=step)
    return change.outcome()


def link(
    incident: Incident, other: str, actor: str, now: float, context: Context, *, comment: str = "", evidence: str = ""
) -> Outcome:
    """Notes that another incident belongs with this one; they are never merged."""
    if other == incident.number or other in incident.linked:
        raise ActRefused("linked", incident=incident.number, other=other)
    change = act(incident, actor, now, context)
    change.set(linked=(*incident.linked, other))
    change.entry("linked", other=other, comment=comment, evidence=evidence)
    return change.outcome()


def silence_added(
    incident: Incident, silence: Silence, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = ()
) -> Outcome:
    """Notes on each incident it hides that a silence was made; `context.silences` holds it already."""
    change = _open(incident, actor, now, context, alerts)
    change.entry("silence_added", silence=silence.id, until=silence.until, up_to=silence.up_to, comment=silence.comment)
    return change.outcome()


def silence_ended(
    incident: Incident, silence: Silence, actor: str, now: float, context: Context, *, alerts: Sequence[Alert] = ()
) -> Outcome:
    """The silence is over (its time, or a person): what it hid and what still burns is told now."""
    change = _open(incident, actor, now, context, alerts)
    change.entry("silence_ended", silence=silence.id, by=silence.author)
    unhide(change, "incident.reason.silence_over", by=silence.author)
    return change.outcome()
