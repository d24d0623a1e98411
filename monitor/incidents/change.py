"""One change of one incident while it grows: entries, notices and timers gathered into an Outcome.

Planning, acts of people and timers all speak through it, so that a notice is owed, hidden or addressed in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from monitor.incidents import escalation, routes
from monitor.incidents.context import Context
from monitor.incidents.evidence import factor_of, facts_of, families_of, members
from monitor.incidents.quiet import muting, quiet_until
from monitor.incidents.silences import covering, hiding
from monitor.messages import say
from monitor.model import (
    Alert,
    Driver,
    Entry,
    Example,
    Finding,
    Incident,
    Outcome,
    Owed,
    Recipient,
    Silence,
    Tier,
    Timer,
    Transition,
)

MONITOR = "monitor"
ENDINGS: tuple[Transition, ...] = ("CLEARED", "CANCELLED", "RESOLVED")
"""Never hidden: whoever was told of an incident hears of its end."""


class Change:
    """Grows by calls, ends in `outcome()`. `alerts` are all standing alerts (those of other incidents are ignored)."""

    def __init__(
        self,
        incident: Incident,
        context: Context,
        now: float,
        *,
        actor: str = MONITOR,
        alerts: Sequence[Alert] = (),
        examples: Sequence[Example] = (),
        late_by: float = 0.0,
        data_at: float | None = None,
        drivers: Sequence[Driver] = (),
    ) -> None:
        self.before = incident
        self.incident = incident
        self.context = context
        self.now = now
        self.actor = actor
        self.alerts = alerts
        self.examples = tuple(examples)
        self.drivers = tuple(drivers)
        self.late_by = late_by
        self.data_at = data_at
        self.entries: list[Entry] = []
        self.owed: list[Owed] = []
        self.timers: dict[tuple[str, int], Timer] = {}
        self.findings: list[Finding] = []

    def set(self, **fields: Any) -> None:
        """Changes fields of the incident."""
        self.incident = msgspec.structs.replace(self.incident, **fields)

    def entry(self, kind: str, **args: Any) -> None:
        """Adds a line to the timeline: kind `x` is the message `incident.entry.x`."""
        told = {name: value.word if isinstance(value, Tier) else value for name, value in args.items()}
        self.entries.append(
            Entry(
                incident=self.incident.number, at=self.now, actor=self.actor, kind=f"incident.entry.{kind}", args=told
            )
        )

    def finding(self, kind: str, **args: Any) -> None:
        """Opens a finding about this incident."""
        self.findings.append(Finding(kind=kind, subject=self.incident.number, since=self.now, args=args))

    def end_finding(self, kind: str) -> None:
        """Closes it, should it be open."""
        self.findings.append(Finding(kind=kind, subject=self.incident.number, since=self.now, ended_at=self.now))

    def arm(self, kind: str, step: int, due_at: float) -> None:
        """Sets a timer."""
        self._timer(kind, step, Timer(incident=self.incident.number, kind=kind, step=step, due_at=due_at))

    def fired(self, timer: Timer) -> None:
        """Marks a timer as done."""
        self._timer(timer.kind, timer.step, msgspec.structs.replace(timer, state="fired", fired_at=self.now))

    def cancel(self, kind: str, step: int) -> None:
        """Ends a timer that may be waiting."""
        ended = Timer(incident=self.incident.number, kind=kind, step=step, due_at=self.now, state="cancelled")
        self._timer(kind, step, ended)

    def _timer(self, kind: str, step: int, timer: Timer) -> None:
        self.timers[kind, step] = timer

    def stop_asking(self) -> None:
        """Nobody needs to answer any more: the next step of the escalation is off."""
        self.cancel("escalate", self.incident.step + 1)
        if self.incident.step:
            self.end_finding("unanswered")

    def ask(self, level: int = 0) -> None:
        """From this level on somebody has to answer, else the next level is told."""
        if level == 0 and self.incident.step:
            self.stop_asking()
        self.set(step=level)
        due = escalation.waits_until(self.incident, level, self.context, self.now)
        if due is not None:
            self.arm("escalate", level + 1, due)

    def hidden_by(self) -> Silence | None:
        """The silence, or the mute of this hour, that hides the present tier of this incident."""
        silence = hiding(self.incident, self.incident.tier, self.alerts, self.context.silences, self.now)
        return silence or muting(self.incident, self.incident.tier, self.context, self.now)

    def tell(
        self,
        transition: Transition,
        to: Sequence[str],
        reason_id: str = "",
        reason: str = "",
        *,
        unhidden: bool = False,
        **args: Any,
    ) -> bool:
        """Owes a notice to people and channels, or notes which silence hides it. False when nobody is told.

        `unhidden`: no silence concerns it.
        """
        silence = None if unhidden or transition in ENDINGS else self.hidden_by()
        if silence is not None:
            self._hide(transition, silence)
            return False
        reachable = self._reachable(to)
        if not reachable:
            if transition in ("NEW", "RAISED"):
                self._unheard()
            return False
        self.set(notices=self.incident.notices + 1, hidden_tier=None)
        args = {name: self._display(value) for name, value in args.items()}
        text = reason or (say(self.context.language, reason_id, **args) if reason_id else "")
        facts = facts_of(
            self.incident, transition, self.context, self.now, self.alerts, self.examples,
            previous=self.before.told_tier, actor="" if self.actor == MONITOR else self.actor, reason=text,
            reason_id=reason_id, reason_args=args, over_silence=self._pierced(transition), late_by=self.late_by,
            data_at=self.data_at,
        )  # fmt: skip
        facts = msgspec.structs.replace(facts, drivers=self.drivers)
        self.owed.append(Owed(facts=facts, to=tuple(reachable)))
        self._remember(transition, self._drilled(to))
        self.entry("told", transition=transition, tier=facts.tier, notice=facts.notice, to=_names(reachable))
        return True

    def _reachable(self, to: Sequence[str]) -> list[Recipient]:
        tier = max(self.incident.tier, self.before.told_tier)
        found = [
            msgspec.structs.replace(r, after=quiet_until(r.person, tier, self.context, self.now))
            for r in routes.recipients(filter(self.is_known, self._drilled(to)), self.incident, self.context)
        ]
        for lost in (r for r in found if not r.channels):
            self.entry("unreachable", person=lost.person)
            self.finding("unreachable", person=lost.person)
        return [r for r in found if r.channels]

    def _drilled(self, to: Sequence[str]) -> Sequence[str]:
        """In a drill only its own recipients; where none of them is asked, they play whoever is."""
        allowed = self.context.drill_to
        if not self.incident.drill or allowed is None:
            return to
        return [key for key in to if key in allowed] or allowed

    def is_known(self, key: str) -> bool:
        """A channel, or somebody in the config or the incident's snapshot; an actor may be neither (a login name)."""
        known = key in self.context.people or routes.contact_of(key, self.incident) is not None
        return known or key.startswith(routes.CHANNEL) or any(key in step.to for step in self.incident.steps)

    def _unheard(self) -> None:
        """No route, or nobody it names can be reached: said once per tier, and loudly from orange on."""
        tier = self.incident.tier
        self.entry("nobody_to_tell", tier=tier)
        self.set(told_tier=tier)
        if tier >= Tier.ORANGE:
            self.finding("unrouted", tier=tier.word, risk=self.incident.risk)

    def _hide(self, transition: Transition, silence: Silence) -> None:
        if silence.id.startswith("mute:"):
            self.arm("mute", 0, silence.until)
        if self.incident.hidden_tier == self.incident.tier and transition != "ESCALATED":
            return
        self.set(hidden_tier=self.incident.tier)
        self.entry(
            "silenced", transition=transition, tier=self.incident.tier, silence=silence.id, by=silence.author,
            until=silence.until,
        )  # fmt: skip

    def _pierced(self, transition: Transition) -> Tier | None:
        """The tier up to which a silence hides this incident, when it has risen above that."""
        if transition not in ("NEW", "RAISED"):
            return None
        lower = covering(self.incident, self.alerts, self.context.silences, self.now)
        return max((s.up_to for s in lower), default=None)

    def _display(self, value: Any) -> Any:
        """A person's name as people read it."""
        person = self.context.people.get(value) if isinstance(value, str) else None
        return person.display or value if person else value

    def _remember(self, transition: Transition, to: Sequence[str]) -> None:
        self.set(told=tuple(dict.fromkeys([*self.incident.told, *to])))
        if transition in ENDINGS:
            self.set(told_tier=Tier.CALM, told_factor=None, told_families=())
            return
        own = members(self.incident, self.alerts)
        self.set(told_tier=self.incident.tier, told_factor=factor_of(own), told_families=families_of(own))

    def close(self, state: str, transition: Transition, reason_id: str = "", reason: str = "", **args: Any) -> None:
        """Ends the incident, its timers, and tells everybody who was told before."""
        self.stop_asking()
        for kind, step in (("calm", 0), ("remind", 0), ("remind", 1), ("mute", 0)):
            self.cancel(kind, step)
        self.set(
            state=state,
            closed_at=self.now,
            tier=Tier.CALM,
            person_tier=None,
            calm_since=None,
            no_data_since=None,
            hidden_tier=None,
        )
        if self.incident.notices > self.incident.notices_before:
            self.tell(transition, self.incident.told, reason_id, reason, **args)
        self.set(told_tier=Tier.CALM, told_factor=None, told_families=())

    @property
    def nothing(self) -> bool:
        """True when there is nothing to write."""
        return self.incident == self.before and not (self.entries or self.owed or self.timers or self.findings)

    def outcome(self) -> Outcome:
        """All of it, under the next version."""
        self.set(version=self.before.version + 1, updated_at=self.now)
        return Outcome(
            incident=self.incident, entries=tuple(self.entries), owed=tuple(self.owed),
            timers=tuple(self.timers.values()), findings=tuple(self.findings),
        )  # fmt: skip


def _names(recipients: Sequence[Recipient]) -> list[str]:
    return [r.person or r.channels[0] for r in recipients]
