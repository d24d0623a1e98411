"""From changed alerts to incidents: opened, joined, raised, lowered, without data, calm. Pure.

Planning compares what an incident says with what its alerts say, so planning again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from monitor.incidents import routes
from monitor.incidents.axes import tier_of
from monitor.incidents.change import Change
from monitor.incidents.context import Context
from monitor.incidents.evidence import factor_of, families_of, members
from monitor.incidents.grouping import closed_lately, contains, home
from monitor.model import Alert, Axes, Example, Incident, Key, Labels, Outcome, Tier

AlertId = tuple[str, Key]


class AlertChange(Struct, frozen=True, kw_only=True):
    """One alert judged: how it stood and how it stands. `before` None = never planned (new, or its rule went live).

    `late_by`: how long after the fact it was seen (0 = in time). `data_at`: the newest record behind it.
    Unchanged alerts above calm may be given too: they bring UPDATE notices (factor ×2, a new family).
    """

    before: Alert | None
    after: Alert
    examples: tuple[Example, ...] = ()
    late_by: float = 0.0
    data_at: float | None = None

    @property
    def id(self) -> AlertId:
        """(rule, key)."""
        return self.after.rule, self.after.key

    @property
    def rises(self) -> bool:
        """Higher than it was."""
        return self.after.tier > (self.before.tier if self.before else Tier.CALM)


def plan(
    changes: Sequence[AlertChange],
    open: Sequence[Incident],
    recent: Sequence[Incident],
    standing: Sequence[Alert],
    context: Context,
    now: float,
    next_number: int,
) -> list[Outcome]:
    """What a tick comes to: at most one outcome, and one notice, per incident.

    `open`: all open incidents. `recent`: incidents closed within `reopen_within`. `standing`: all alerts above calm
    after the tick (at least those of the open incidents). `next_number`: the running number of the next new incident.
    """
    board = _Board(open, recent, context, now, next_number)
    changes = list({c.id: c for c in changes}.values())
    for change in changes:
        if context.live(change.after.rule):
            board.place(change)
    after = {(a.rule, a.key): a for a in standing} | {c.id: c.after for c in changes}
    alerts = [a for a in after.values() if context.live(a.rule)]
    return [o for number in board.touched() if (o := board.settle(number, alerts)) is not None]


class _Board:
    """The incidents of one tick, and which changes touch which."""

    def __init__(
        self, open: Sequence[Incident], recent: Sequence[Incident], context: Context, now: float, next_number: int
    ) -> None:
        self.open = {i.number: i for i in open}
        self.recent = closed_lately(recent, now, context.settings.reopen_within)
        self.context = context
        self.now = now
        self.next_number = next_number
        self.homes = {alert: i.number for i in open for alert in i.alerts}
        self.changes: dict[str, list[AlertChange]] = {}
        self.fresh: dict[str, Incident] = {}

    def place(self, change: AlertChange) -> None:
        """Finds, reopens or makes the incident of a change; a calm alert without one is no matter."""
        number = self.homes.get(change.id)
        if number is None and change.rises:
            number = self._find(change)
            self.homes[change.id] = number
        if number is not None:
            self.changes.setdefault(number, []).append(change)

    def _find(self, change: AlertChange) -> str:
        rule = self.context.rules[change.after.rule]
        scope = rule.scope(change.after.key)
        found, links = home(rule.risk, scope, self.open.values())
        if found is None:
            found, links = self._begin(rule.risk, scope, links, change)
        return found.number

    def _begin(
        self, risk: str, scope: Labels, links: tuple[str, ...], change: AlertChange
    ) -> tuple[Incident, tuple[str, ...]]:
        old, _ = home(risk, scope, self.recent)
        labels = {**dict(change.after.key), **scope}
        wanted = self.context.rules[change.after.rule].playbook
        if old is not None and not links:
            made = reopened(old, labels, self.context, self.now)
        else:
            number = number_of(self.next_number, self.now, self.context)
            self.next_number += 1
            made = new_incident(number, risk, scope, labels, self.context, self.now, playbook=wanted, linked=links)
        self.recent = [i for i in self.recent if i.number != made.number]
        self.open[made.number] = made
        self.fresh[made.number] = made
        return made, links

    def touched(self) -> list[str]:
        """Incidents with changes, and those with an alert whose rule is gone."""
        gone = [i.number for i in self.open.values() if any(not self.context.live(rule) for rule, _ in i.alerts)]
        return list(dict.fromkeys([*self.changes, *gone]))

    def settle(self, number: str, alerts: Sequence[Alert]) -> Outcome | None:
        """The outcome for one incident, or None when nothing changed."""
        changes = self.changes.get(number, [])
        late = max((c.late_by for c in changes), default=0.0)
        dated = [c.data_at for c in changes if c.data_at is not None]
        examples = {(e.text, e.source): e for c in sorted(changes, key=lambda c: -c.after.tier) for e in c.examples}
        change = Change(
            self.open[number], self.context, self.now, alerts=alerts, examples=tuple(examples.values()), late_by=late,
            data_at=max(dated, default=None),
        )  # fmt: skip
        if number in self.fresh:
            _note_beginning(change)
        join(change, [c.after for c in changes], self.context)
        settle(change)
        return None if change.nothing else change.outcome()


def number_of(n: int, now: float, context: Context) -> str:
    """INC-2026-0042, the year by the organisation's clock."""
    year = datetime.fromtimestamp(now, ZoneInfo(context.timezone)).year
    return f"INC-{year}-{n:04d}"


def new_incident(
    number: str,
    risk: str,
    scope: Labels,
    labels: Labels,
    context: Context,
    now: float,
    *,
    playbook: str = "",
    linked: tuple[str, ...] = (),
    drill: bool = False,
) -> Incident:
    """A fresh incident, calm until settled, with the route as it stands now."""
    return Incident(
        number=number, risk=risk, scope=scope, tier=Tier.CALM, opened_at=now, updated_at=now,
        playbook=context.playbook_of(risk, playbook), steps=routes.steps_for(risk, labels, context), linked=linked,
        drill=drill,
    )  # fmt: skip


def reopened(old: Incident, labels: Labels, context: Context, now: float) -> Incident:
    """The same number taken up again, with the route as it stands now; whom it told is kept."""
    return msgspec.structs.replace(
        old, state="open", tier=Tier.CALM, machine_tier=Tier.CALM, person_tier=None, closed_at=None, calm_since=None,
        no_data_since=None, acknowledged_by=None, acknowledged_at=None, step=0, told_tier=Tier.CALM,
        told_factor=None, told_families=(), hidden_tier=None, steps=routes.steps_for(old.risk, labels, context),
    )  # fmt: skip


def _note_beginning(change: Change) -> None:
    incident = change.incident
    if incident.version == 0:
        change.entry("opened", risk=incident.risk, scope=incident.scope, linked=list(incident.linked))
    else:
        change.entry("reopened", risk=incident.risk, scope=incident.scope)


def join(change: Change, changed: Sequence[Alert], context: Context) -> None:
    """Takes the alerts above calm in, and those that went calm, or whose rule is gone, out."""
    incident = change.incident
    standing = {(a.rule, a.key): a for a in change.alerts if a.tier > Tier.CALM}
    kept = [alert for alert in incident.alerts if alert in standing]
    joined = [(a.rule, a.key) for a in changed if a.tier > Tier.CALM and (a.rule, a.key) not in kept]
    for rule, key in joined:
        change.entry("joined", rule=rule, key=dict(key), tier=standing[rule, key].tier)
        scope = context.rules[rule].scope(key)
        if scope != change.incident.scope and contains(change.incident.scope, scope):
            change.entry("narrowed", scope=scope)
            change.set(scope=scope)
    change.set(alerts=(*kept, *joined))


def settle(change: Change) -> None:
    """Brings an incident in line with its alerts: its tier, what is owed, and which timers run."""
    own = members(change.incident, change.alerts)
    before = change.incident
    axes = _axes(own, change.context)
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


def _say(change: Change, before: Incident, own: Sequence[Alert], moved: str) -> bool:
    """At most one notice: the weightiest that there is to tell."""
    return _transition(change, moved) or _overruled(change, before) or _data_notice(change) or _update(change, own)


def _axes(own: Sequence[Alert], context: Context) -> Axes:
    rules = [context.rules[a.rule] for a in own]
    return Axes(
        extent=max((int(a.tier) for a in own), default=0),
        nature=max((r.nature for r in rules), default=0),
        certainty=min((r.certainty for r in rules), default=0),
    )


def _transition(change: Change, moved: str) -> bool:
    incident, told = change.incident, change.incident.told_tier
    if incident.tier > told:
        return _rise(change, moved)
    if incident.tier < told:
        return change.tell("LOWERED", incident.told)
    return False


def _rise(change: Change, moved: str) -> bool:
    incident = change.incident
    owner = incident.acknowledged_by
    first = incident.told_tier == Tier.CALM or not incident.told
    if change.hidden_by() is None and owner is not None:
        change.entry("ack_lapsed", by=owner, tier=incident.tier)
        change.set(acknowledged_by=None, acknowledged_at=None)
    to = [*routes.told_at(change.incident, incident.tier, 0), *([owner] if owner else [])]
    reason = "incident.reason.axis_" + moved if moved else ""
    told = change.tell("NEW" if first else "RAISED", tuple(dict.fromkeys(to)), reason)
    if told:
        change.ask()
    return told


def _overruled(change: Change, before: Incident) -> bool:
    """The machine rose above the tier a person set: the tier stands, but those told must know."""
    now = change.incident
    if now.person_tier is None or now.machine_tier <= max(before.machine_tier, now.person_tier):
        return False
    to = now.told or routes.told_at(now, now.tier, 0)
    return change.tell("UPDATE", to, f"incident.reason.machine_above.{now.machine_tier.word}")


def _data_state(change: Change, own: Sequence[Alert]) -> None:
    """Without data = none of the alerts that hold the tier sees any."""
    top = [a for a in own if a.tier == own[0].tier]
    missing = [a.no_data_since for a in top if a.no_data_since is not None]
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
    if change.incident.acknowledged_by is None:
        change.ask(change.incident.step)
