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
from monitor.incidents.change import Change
from monitor.incidents.context import Context, RuleInfo
from monitor.incidents.grouping import Scopes, closed_lately
from monitor.incidents.settle import settle
from monitor.model import Alert, Driver, Example, Incident, Key, Labels, Outcome, Tier

DRILL = "drill"
AlertId = tuple[str, Key]


class AlertChange(Struct, frozen=True, kw_only=True):
    """One alert judged: how it stood and how it stands. `before` None = never planned (new, or its rule went live).

    `late_by`: how long after the fact it was seen (0 = in time). `data_at`: the newest record behind it.
    `drivers`: the slices in which its rise lies.
    Unchanged alerts above calm may be given too: they bring UPDATE notices (factor ×2, a new family).
    """

    before: Alert | None
    after: Alert
    examples: tuple[Example, ...] = ()
    late_by: float = 0.0
    data_at: float | None = None
    drivers: tuple[Driver, ...] = ()

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
    alerts = {id: alert for id, alert in after.items() if context.live(alert.rule)}
    return [o for number in board.touched() if (o := board.settle(number, alerts)) is not None]


class _Board:
    """The incidents of one tick, and which changes touch which."""

    def __init__(
        self, open: Sequence[Incident], recent: Sequence[Incident], context: Context, now: float, next_number: int
    ) -> None:
        self.open = {i.number: i for i in open}
        self.scopes = Scopes(open)
        self.recent = Scopes(closed_lately(recent, now, context.settings.reopen_within))
        self.context = context
        self.now = now
        self.next_number = next_number
        self.homes = {alert: i.number for i in open for alert in i.alerts}
        self.changes: dict[str, list[AlertChange]] = {}
        self.fresh: set[str] = set()
        self.narrowed: dict[str, Labels] = {}

    def place(self, change: AlertChange) -> None:
        """Finds, reopens or makes the incident of a change; a calm alert without one is no matter."""
        number = self.homes.get(change.id)
        if number is None and change.rises:
            number = self._find(change)
            self.homes[change.id] = number
        if number is not None:
            self.changes.setdefault(number, []).append(change)

    def _find(self, change: AlertChange) -> str:
        rule = self.context.rule(change.after.rule)
        assert rule is not None, "only live rules are placed"
        scope = rule.scope(change.after.key)
        found, links = self.scopes.home(rule.risk, scope, is_drill(change.after.key))
        if found is None:
            return self._begin(rule, scope, links, change.after.key)
        stands = self.narrowed.get(found.number, found.scope)
        if stands.items() < scope.items():
            self.scopes.narrow(found, scope)
            self.narrowed[found.number] = scope
        return found.number

    def _begin(self, rule: RuleInfo, scope: Labels, links: tuple[str, ...], key: Key) -> str:
        drill = is_drill(key)
        old, _ = self.recent.home(rule.risk, scope, drill)
        labels = {**dict(key), **scope}
        if old is not None and not links and old.number not in self.open:
            made = reopened(old, labels, self.context, self.now)
        else:
            number = number_of(self.next_number, self.now, self.context)
            self.next_number += 1
            made = new_incident(
                number, rule.risk, scope, labels, self.context, self.now, playbook=rule.playbook, linked=links,
                drill=drill,
            )  # fmt: skip
        self.open[made.number] = made
        self.scopes.add(made)
        self.fresh.add(made.number)
        return made.number

    def touched(self) -> list[str]:
        """Incidents with changes, and those with an alert whose rule is gone."""
        gone = [i.number for i in self.open.values() if any(not self.context.live(rule) for rule, _ in i.alerts)]
        return list(dict.fromkeys([*self.changes, *gone]))

    def settle(self, number: str, alerts: dict[AlertId, Alert]) -> Outcome | None:
        """The outcome for one incident, or None when nothing changed."""
        changes, incident = self.changes.get(number, []), self.open[number]
        late = max((c.late_by for c in changes), default=0.0)
        dated = [c.data_at for c in changes if c.data_at is not None]
        examples = {(e.text, e.source): e for c in sorted(changes, key=lambda c: -c.after.tier) for e in c.examples}
        ids = dict.fromkeys([*incident.alerts, *(c.id for c in changes)])
        change = Change(
            incident, self.context, self.now, alerts=[alerts[id] for id in ids if id in alerts],
            examples=tuple(examples.values()), late_by=late, data_at=max(dated, default=None),
            drivers=next((c.drivers for c in sorted(changes, key=lambda c: -c.after.tier) if c.drivers), ()),
        )  # fmt: skip
        if number in self.fresh:
            _note_beginning(change)
        if number in self.narrowed:
            change.entry("narrowed", scope=self.narrowed[number])
            change.set(scope=self.narrowed[number])
        join(change, [c.after for c in changes])
        settle(change)
        return None if change.nothing else change.outcome()


def is_drill(key: Key) -> bool:
    """True for an alert of a drill: its series bears the label `drill`. Real ones never share its incident."""
    return any(label == DRILL for label, _ in key)


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
        no_data_since=None, acknowledged_by=None, acknowledged_at=None, acks=(), step=0, told_tier=Tier.CALM,
        notices_before=old.notices, told_factor=None, told_families=(), hidden_tier=None,
        steps=routes.steps_for(old.risk, labels, context),
    )  # fmt: skip


def _note_beginning(change: Change) -> None:
    incident = change.incident
    if incident.version == 0:
        change.entry("opened", risk=incident.risk, scope=incident.scope, linked=list(incident.linked))
    else:
        change.entry("reopened", risk=incident.risk, scope=incident.scope)


def join(change: Change, changed: Sequence[Alert]) -> None:
    """Takes the alerts above calm in, and those that went calm, or whose rule is gone, out."""
    standing = {(a.rule, a.key) for a in change.alerts if a.tier > Tier.CALM}
    kept = [alert for alert in change.incident.alerts if alert in standing]
    joined = [a for a in changed if a.tier > Tier.CALM and (a.rule, a.key) not in kept]
    for alert in joined:
        change.entry("joined", rule=alert.rule, key=dict(alert.key), tier=alert.tier)
    change.set(alerts=(*kept, *((a.rule, a.key) for a in joined)))
