"""What people do to an incident beside answering: links, steps of the playbook, axes, legal clocks."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.incidents import lifecycle
from monitor.incidents.axes import NATURES, URGENCIES
from monitor.incidents.clock_acts import rule_out_clock, start_clock, submit_clock
from monitor.incidents.clocks import ClockSpec, Limit
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.model import Alert, Incident, Outcome
from monitor.playbook.plan import Clock
from monitor.web.acts import Link, PathAct, RuleOutClock, SetAxes, StartClock, Step, SubmitClock, Unstep


def do_path_act(
    incident: Incident, act: PathAct, actor: str, now: float, context: Context, alerts: Sequence[Alert]
) -> Outcome:
    """What one of them comes to."""
    match act:
        case Link():
            return lifecycle.link(incident, act.other, actor, now, context, comment=act.comment, evidence=act.evidence)
        case Step():
            return lifecycle.step_done(incident, act.step, actor, now, context, comment=act.comment)
        case Unstep():
            return lifecycle.step_undone(incident, act.step, actor, now, context)
        case SetAxes():
            return _axes(incident, act, actor, now, context, alerts)
        case StartClock():
            spec = _spec(act.clock, context)
            return start_clock(
                incident, spec, now if act.since is None else act.since, actor, now, context, reason=act.comment,
                also_since=act.also_since, alerts=alerts,
            )  # fmt: skip
        case SubmitClock():
            following = tuple(context.clocks.values())
            at = now if act.at is None else min(act.at, now)
            return submit_clock(
                incident, act.clock, at, actor, now, context, reason=act.comment, following=following, alerts=alerts
            )
        case RuleOutClock():
            return rule_out_clock(incident, act.clock, actor, now, context, reason=act.comment, alerts=alerts)


def _axes(
    incident: Incident, act: SetAxes, actor: str, now: float, context: Context, alerts: Sequence[Alert]
) -> Outcome:
    return lifecycle.set_axes(
        incident, actor, now, context, reason=act.comment, alerts=alerts,
        nature=None if act.nature is None else NATURES.index(act.nature),
        urgency=None if act.urgency is None else URGENCIES.index(act.urgency),
        certainty=None if act.certain is None else (0 if act.certain else -1),
    )  # fmt: skip


def _spec(id: str, context: Context) -> ClockSpec:
    if id not in context.clocks:
        raise ActRefused("no_clock", clock=id)
    return context.clocks[id]


def spec_of(clock: Clock) -> ClockSpec:
    """What the engine needs of a clock of the playbooks."""
    also = None if clock.also is None else Limit(unit=clock.also.unit, span=clock.also.span)
    return ClockSpec(
        id=clock.id, jurisdiction=clock.jurisdiction, also=also, shift=clock.shift, after=clock.after,
        limit=Limit(unit=clock.unit, span=clock.span, free_days=clock.free_days),
        in_force_from=clock.in_force_from, in_force_to=clock.in_force_to,
    )  # fmt: skip
