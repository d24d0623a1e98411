"""What people do to legal clocks: start or correct one, hand in what it asks for, rule it out; and its reminders.

Each is an entry of the timeline: that is the audit line.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from monitor.incidents import clocks
from monitor.incidents.change import Change
from monitor.incidents.clocks import ClockSpec
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused, act
from monitor.model import Alert, Finding, Incident, Outcome, RunningClock


def start_clock(
    incident: Incident, spec: ClockSpec, since: float, actor: str, now: float, context: Context, *,
    reason: str = "", also_since: float | None = None, alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """Legal says that a law applies, and since when. Started again, it is corrected; the old line stays."""
    change = act(incident, actor, now, context, alerts)
    if since > now:
        raise ActRefused("clock_future", clock=spec.id)
    if not clocks.in_force(spec, since):
        raise ActRefused("clock_not_in_force", clock=spec.id)
    since = _after(incident, spec, since)
    clock = RunningClock(
        id=spec.id, since=since, due_at=clocks.due(spec, since, context.calendar(spec.country), also_since),
        started_by=actor, started_at=now, reason=reason,
    )  # fmt: skip
    known = clocks.find(incident, spec.id)
    change.entry(
        "clock_corrected" if known else "clock_started", clock=spec.id, since=since, due_at=clock.due_at, reason=reason
    )
    _put(change, clock)
    return change.outcome()


def _after(incident: Incident, spec: ClockSpec, since: float) -> float:
    """A clock that starts with another report starts when that one was handed in, whatever was said."""
    if not spec.after:
        return since
    first = clocks.find(incident, spec.after)
    if first is None or first.submitted_at is None:
        raise ActRefused("clock_waits", clock=spec.id, other=spec.after)
    return first.submitted_at


def submit_clock(
    incident: Incident, id: str, at: float, actor: str, now: float, context: Context, *,
    reason: str = "", following: Sequence[ClockSpec] = (), alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """What it asks for was handed in at `at`. `following`: clocks that this starts by their law; they start at once."""
    change = act(incident, actor, now, context, alerts)
    clock = _running(incident, id)
    change.entry("clock_submitted", clock=id, at=at, late=clock.due_at is not None and at > clock.due_at, reason=reason)
    _put(change, msgspec.structs.replace(clock, submitted_at=at))
    _end_overdue(change, id)
    for spec in following:
        if spec.after == id:
            due = clocks.due(spec, at, context.calendar(spec.country))
            change.entry("clock_started", clock=spec.id, since=at, due_at=due, reason="")
            _put(change, RunningClock(id=spec.id, since=at, due_at=due, started_by=actor, started_at=now))
    return change.outcome()


def rule_out_clock(
    incident: Incident, id: str, actor: str, now: float, context: Context, *,
    reason: str, alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """It does not apply, or not after all: by whom and why is kept. It need not have been started."""
    change = act(incident, actor, now, context, alerts)
    if not reason:
        raise ActRefused("reason_wanted", incident=incident.number)
    clock = _running(incident, id) if clocks.find(incident, id) else _not_begun(id, actor, now, context, reason)
    change.entry("clock_ruled_out", clock=id, reason=reason)
    _put(change, msgspec.structs.replace(clock, ruled_out_at=now))
    _end_overdue(change, id)
    return change.outcome()


def _end_overdue(change: Change, id: str) -> None:
    subject = f"{change.incident.number}/{id}"
    change.findings.append(Finding(kind="clock-overdue", subject=subject, since=change.now, ended_at=change.now))


def _running(incident: Incident, id: str) -> RunningClock:
    clock = clocks.find(incident, id)
    if clock is None or not clock.running:
        raise ActRefused("clock_not_running", clock=id, incident=incident.number)
    return clock


def _not_begun(id: str, actor: str, now: float, context: Context, reason: str) -> RunningClock:
    if id not in context.clocks:
        raise ActRefused("no_clock", clock=id)
    return RunningClock(id=id, since=now, due_at=None, started_by=actor, started_at=now, reason=reason)


def _put(change: Change, clock: RunningClock) -> None:
    """Keeps a clock and sets its next reminder. A clock runs on when its incident has ended."""
    others = [c for c in change.incident.clocks if c.id != clock.id]
    change.set(clocks=(*others, clock))
    ahead = clocks.next_mark(clock, change.now)
    for step in range(len(clocks.MARKS)):
        if ahead and step == ahead[0]:
            change.arm(f"clock:{clock.id}", *ahead)
        else:
            change.cancel(f"clock:{clock.id}", step)


def remind_clock(change: Change, id: str, step: int) -> None:
    """Half, a quarter of its time is left, or none: everybody told of the incident hears so; no silence hides it."""
    clock = clocks.find(change.incident, id)
    if clock is None or not clock.running:
        return
    mark = clocks.MARKS[step]
    change.entry(f"clock_{mark}", clock=id, due_at=clock.due_at)
    to = tuple(dict.fromkeys([*change.incident.told, clock.started_by]))
    change.tell("UPDATE", to, f"incident.reason.clock_{mark}", unhidden=True, clock=id)
    if mark == "overdue":
        subject = f"{change.incident.number}/{id}"
        change.findings.append(Finding(kind="clock-overdue", subject=subject, since=change.now, args={"clock": id}))
    ahead = clocks.next_mark(clock, change.now)
    if ahead:
        change.arm(f"clock:{id}", *ahead)
