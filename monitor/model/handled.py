"""What people handle: incidents, their timelines, silences, timers, findings."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from monitor.model.observed import Key, Labels, Tier

IncidentState = Literal["open", "cleared", "resolved", "cancelled"]
Transition = Literal[
    "NEW",
    "RAISED",
    "LOWERED",
    "NO DATA",
    "DATA BACK",
    "CLEARED",
    "CANCELLED",
    "RESOLVED",
    "UPDATE",
    "ESCALATED",
    "TEST",
]


class Axes(Struct, frozen=True):
    """The four axes behind a tier: extent from the ladder; nature, urgency, certainty neutral (0) by default."""

    extent: int = 0
    nature: int = 0
    urgency: int = 0
    certainty: int = 0


class Contact(Struct, frozen=True, kw_only=True):
    """A person as they could be reached when the incident began: channel -> address as it was written (`env:…`)."""

    display: str = ""
    language: str = ""
    timezone: str = ""
    addresses: dict[str, str] = field(default_factory=dict)


class Step(Struct, frozen=True, kw_only=True):
    """One step of the route as it stood when the incident began: who is told, and how long until the next step.

    `to`: people ("zhang-wei") and channels ("channel:ops"). `seats`: for a role, its people in order.
    `tiers`: the tiers for which this step decides. `contacts`: people whom a reload may take from the config, not from
    here. A step of an escalation names it in `chain` and its place in `level`; it is taken only within `hours` and not
    within `not_hours`, wants `acks` answers, and the chain goes round `repeat` times more. `via`: the channels to
    try first. `playbook`: the plan from its tiers on, "" = as it is.
    """

    to: tuple[str, ...]
    ack_within: float | None = None
    tiers: tuple[int, ...] = ()
    seats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    chain: str = ""
    level: int = 0
    hours: str = ""
    not_hours: str = ""
    acks: int = 1
    repeat: int = 0
    via: tuple[str, ...] = ()
    playbook: str = ""


class RunningClock(Struct, frozen=True, kw_only=True):
    """A legal clock that a person started on an incident: since when the law's event stands, and when it is due.

    `due_at` None: the law names no number. Ended by `submitted_at` (what it asks for was handed in) or `ruled_out_at`.
    """

    id: str
    since: float
    due_at: float | None
    started_by: str
    started_at: float
    reason: str = ""
    submitted_at: float | None = None
    ruled_out_at: float | None = None

    @property
    def running(self) -> bool:
        """Neither handed in nor ruled out."""
        return self.submitted_at is None and self.ruled_out_at is None


class Incident(Struct, frozen=True, kw_only=True):
    """What people handle. Key: (risk, scope). `version` grows with each change; writers compare and set it.

    `alerts`: the alerts above calm that belong to it, as (rule, key). `told`: who was owed a notice of it, as people
    ("zhang-wei") and channels ("channel:ops"); `told_tier`: the tier the last notice gave them (calm: none yet, or
    closed since). `told_factor`, `told_families`: the evidence of that notice. `hidden_tier`: the tier a silence hides.
    `acks`: all who answered since it was last asked. `acted_at`: when a person last did anything about it.
    `person_axes`: the axes that people set over what the rules say. `steps_done`: ids of playbook steps.
    `notices_before`: how many notices there were when it was last taken up again.
    """

    number: str
    risk: str
    scope: Labels
    tier: Tier
    opened_at: float
    updated_at: float
    state: IncidentState = "open"
    machine_tier: Tier = Tier.CALM
    person_tier: Tier | None = None
    peak: Tier = Tier.CALM
    axes: Axes = Axes()
    playbook: str = "general"
    steps: tuple[Step, ...] = ()
    step: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    calm_since: float | None = None
    closed_at: float | None = None
    no_data_since: float | None = None
    notices: int = 0
    linked: tuple[str, ...] = ()
    drill: bool = False
    version: int = 0
    alerts: tuple[tuple[str, Key], ...] = ()
    told: tuple[str, ...] = ()
    told_tier: Tier = Tier.CALM
    told_factor: float | None = None
    told_families: tuple[str, ...] = ()
    hidden_tier: Tier | None = None
    acks: tuple[str, ...] = ()
    acted_at: float | None = None
    person_axes: dict[str, int] = field(default_factory=dict)
    clocks: tuple[RunningClock, ...] = ()
    steps_done: tuple[str, ...] = ()
    notices_before: int = 0


class Entry(Struct, frozen=True, kw_only=True):
    """A line of an incident's timeline; never changed. `kind` names a message of the catalogue, `args` fill it."""

    incident: str
    at: float
    actor: str
    kind: str
    args: dict[str, Any] = field(default_factory=dict)


class Silence(Struct, frozen=True, kw_only=True):
    """Hides notices of incidents whose labels fit, up to and including tier `up_to`, until `until`."""

    id: str
    matchers: Labels
    starts_at: float
    until: float
    up_to: Tier
    author: str
    comment: str
    ended_at: float | None = None


class Timer(Struct, frozen=True, kw_only=True):
    """Something due: `escalate` (no acknowledgement) or `calm` (clear after calm_for).

    Identity: (incident, kind, step).
    """

    incident: str
    kind: str
    step: int
    due_at: float
    state: Literal["waiting", "fired", "cancelled"] = "waiting"
    fired_at: float | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """What people should know of the data or the monitor that is no tier. Identity while open: (kind, subject)."""

    kind: str
    subject: str
    since: float
    args: dict[str, Any] = field(default_factory=dict)
    ended_at: float | None = None


class Drill(Struct, frozen=True, kw_only=True):
    """One drill held. `everybody`: it reaches all it would reach in earnest, not only the drill's recipients.

    `noted`: how many notes of its scenario were told.
    """

    id: str
    scenario: str
    started_at: float
    started_by: str
    announced: bool = True
    everybody: bool = False
    stopped_at: float | None = None
    noted: int = 0
