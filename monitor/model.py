"""The nouns of crisis-monitor: frozen, without I/O.

Instants are Unix seconds (float, UTC), spans are seconds. Nothing here reads a clock.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct, field

Labels = dict[str, str]
Key = tuple[tuple[str, str], ...]
"""The `by` values of a series, in the order the rule names them: (("product", "X1"),)."""


class Tier(IntEnum):
    """How bad: the level of the four colours; 0 is calm. No data is the level -1, never a tier."""

    CALM = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """The tier as data: calm, blue, yellow, orange, red."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Tier:
        """The tier a word names; KeyError when none bears it."""
        return cls[word.upper()]


NO_DATA_LEVEL = -1
WARNING_TIERS = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)

Family = str
"""Of sources: tickets, social, press, regulator, kpi, …: independent kinds of witness."""


class Mention(Struct, frozen=True, kw_only=True):
    """Somebody said something. Identity: (source, id). Event time is `published_at`, or arrival when undated."""

    id: str
    text: str
    seen_at: float
    source: str = ""
    title: str = ""
    url: str = ""
    author: str = ""
    published_at: float | None = None
    lang: str = ""
    labels: Labels = field(default_factory=dict)
    reach: int = 0

    @property
    def at(self) -> float:
        """Event time; arrival where the record bears no date. Never later than arrival."""
        return self.seen_at if self.published_at is None else min(self.published_at, self.seen_at)


SampleKind = Literal["gauge", "delta", "counter"]


class Sample(Struct, frozen=True, kw_only=True):
    """A number of a series. Identity: (series, labels, at). `at` ends the span; the span is 0 when unknown."""

    series: str
    at: float
    value: float
    seen_at: float
    source: str = ""
    kind: SampleKind = "gauge"
    span: float = 0.0
    labels: Labels = field(default_factory=dict)


Cursor = dict[str, Any]
"""Where a source goes on reading: JSON made by the source, opaque to everybody else."""


class Page(Struct, frozen=True, kw_only=True):
    """What one fetch brought: records, the cursor to go on from, and the faults of single records.

    `covers_from` is how far back the source vouches for completeness (None: since the last good fetch).
    `covers_to` likewise (None: the time of the fetch; a file: its newest record).
    `more` asks to be fetched again at once; `unchanged` = the other side said nothing is new (304, same body).
    """

    mentions: tuple[Mention, ...] = ()
    samples: tuple[Sample, ...] = ()
    cursor: Cursor = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    covers_from: float | None = None
    covers_to: float | None = None
    more: bool = False
    unchanged: bool = False


class Score(Struct, frozen=True, kw_only=True):
    """A detector's answer for one series at one instant.

    `value` is the measure; None = no data. `level` is what `above`/`below` are compared with, in the detector's unit
    (threshold: the measure; change: the factor; ratio: the bound of the interval; absence: seconds of silence).
    `level_low` serves `below` where the interval has two ends (ratio); None = use `level`.
    `partial` = some source of the series did not cover the window: a lower bound, may raise, never lets a tier go.
    `learning` = (seconds seen, seconds needed) while rarity can't be told yet. `enough` = the detector's own floor is
    met (change: `add`), asked on entry only. `bounds`: (return period, the value it stands for) for each rarity asked.
    A value without a level is shown, not judged: it neither raises nor lets go.
    """

    value: float | None
    level: float | None = None
    level_low: float | None = None
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None
    added: float | None = None
    denominator: float | None = None
    p_value: float | None = None
    return_period: float | None = None
    partial: bool = False
    learning: tuple[float, float] | None = None
    enough: bool = True
    bounds: tuple[tuple[float, float], ...] = ()


class Reason(Struct, frozen=True):
    """A condition and how it stood: ("above", wanted 2.0, found 8.9, held True)."""

    condition: str
    wanted: float
    found: float | None
    held: bool


class Verdict(Struct, frozen=True, kw_only=True):
    """What a rule says of one series at one instant. `tier` None = no data."""

    rule: str
    key: Key
    at: float
    tier: Tier | None
    score: Score
    reasons: tuple[Reason, ...] = ()
    families: tuple[str, ...] = ()
    partial: bool = False
    windowed: tuple[float, float] = (0.0, 0.0)


class Alert(Struct, frozen=True, kw_only=True):
    """The standing of one series under one rule: what `for`, `leave` and dwell remember.

    Calm and idle ones are not kept.

    `pending`: tier level -> since when its conditions hold. `under`: tier level -> since when its leave bound is
    undercut; `below_since` is that of the present tier.
    """

    rule: str
    key: Key
    tier: Tier = Tier.CALM
    since: float = 0.0
    began: float = 0.0
    pending: dict[int, float] = field(default_factory=dict)
    under: dict[int, float] = field(default_factory=dict)
    below_since: float | None = None
    no_data_since: float | None = None
    verdict: Verdict | None = None

    @property
    def idle(self) -> bool:
        """Nothing to remember: calm, nothing pending, data there."""
        return self.tier == Tier.CALM and not self.pending and self.no_data_since is None


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
    within `not_hours`, wants `acks` answers, and the chain goes round `repeat` times more.
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


class Evidence(Struct, frozen=True, kw_only=True):
    """One alert as a notice tells it: the numbers behind a tier."""

    rule: str
    key: Key
    tier: Tier
    since: float
    measure: str
    window: float
    detector: str
    unit: str
    score: Score
    reasons: tuple[Reason, ...] = ()
    families: tuple[str, ...] = ()
    families_known: int = 0
    against: str = ""


class Example(Struct, frozen=True, kw_only=True):
    """A mention as a notice quotes it: short, masked, untrusted."""

    text: str
    source: str
    family: str
    at: float
    url: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """Everything a notice is rendered from, stored with the transition. Names of people, never their addresses.

    `over_silence`: a silence hid this incident up to that tier and this notice stands above it. `steps_done`: ids of
    playbook steps that are done. `clocks`: legal clocks that a person started, id -> due at.
    """

    incident: str
    notice: int
    transition: Transition
    tier: Tier
    previous_tier: Tier
    risk: str
    scope: Labels
    at: float
    since: float
    playbook: str
    playbook_revision: str
    labels: Labels = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    examples: tuple[Example, ...] = ()
    data_at: float | None = None
    late_by: float = 0.0
    lead: str | None = None
    backup: str | None = None
    ack_by: float | None = None
    peak: Tier = Tier.CALM
    actor: str = ""
    reason: str = ""
    organisation: str = ""
    timezone: str = "UTC"
    drill: bool = False
    supersedes_unsent: Tier | None = None
    reason_id: str = ""
    reason_args: dict[str, Any] = field(default_factory=dict)
    over_silence: Tier | None = None
    steps_done: tuple[str, ...] = ()
    clocks: dict[str, float] = field(default_factory=dict)


class Text(Struct, frozen=True, tag="text"):
    """Our own words."""

    text: str


class Quoted(Struct, frozen=True, tag="quoted"):
    """Somebody else's words: a channel neutralises them in its own dialect."""

    text: str


class Link(Struct, frozen=True, tag="link"):
    """A link of ours, checked, http(s)."""

    label: str
    url: str


Part = Text | Quoted | Link


class Line(Struct, frozen=True, kw_only=True):
    """A line of a notice. Vital lines are never cut; of the others the highest `priority` number goes first."""

    id: str
    parts: tuple[Part, ...]
    vital: bool = False
    priority: int = 5


class Notice(Struct, frozen=True, kw_only=True):
    """A rendered notice in one language, before a channel puts it into its dialect. `lines` do not repeat the title.

    `since`: when the incident's tier began (None: unknown).
    `key` is the idempotency key of the delivery: the same at every try.
    """

    key: str
    incident: str
    number: int
    transition: Transition
    tier: Tier
    previous_tier: Tier
    language: str
    title: tuple[Part, ...]
    lines: tuple[Line, ...]
    at: float
    since: float | None = None
    labels: Labels = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    drill: bool = False


class Target(Struct, frozen=True, kw_only=True):
    """Whom one delivery goes to over one channel. `address` is that person's there; "" = the channel itself."""

    channel: str
    person: str = ""
    display: str = ""
    address: str = ""
    language: str = "zh"


class Receipt(Struct, frozen=True, kw_only=True):
    """The other side's yes: its own id where it gave one, and an excerpt of its answer."""

    provider_id: str = ""
    answer: str = ""


DeliveryState = Literal["queued", "sending", "sent", "retrying", "refused", "superseded", "dead"]


class Delivery(Struct, frozen=True, kw_only=True):
    """One notice on its way to one target. `key` is made once and kept over all tries."""

    id: int
    key: str
    incident: str
    notice: int
    channel: str
    person: str
    tier: Tier
    state: DeliveryState
    attempts: int
    next_at: float
    created_at: float
    facts: int
    sent_at: float | None = None
    answer: str = ""
    tried: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    claimed_at: float | None = None


class Recipient(Struct, frozen=True, kw_only=True):
    """One who is owed a notice: a person over their channels in the order of trial, or (person "") a channel itself.

    `after`: not before this instant (the person's quiet hours); None = at once.
    """

    person: str
    channels: tuple[str, ...]
    after: float | None = None


class Owed(Struct, frozen=True, kw_only=True):
    """A notice that a transition owes, with all it goes to."""

    facts: Facts
    to: tuple[Recipient, ...]


class Outcome(Struct, frozen=True, kw_only=True):
    """What one change of one incident comes to; the store writes all of it in one transaction, or none.

    `incident` bears the new version; the row must still bear `incident.version - 1` (version 1: must not exist yet).
    `timers` are set by their identity (incident, kind, step): waiting ones arm, fired and cancelled ones end.
    `findings` are opened by their identity (kind, subject), closed where `ended_at` is set.
    """

    incident: Incident
    entries: tuple[Entry, ...] = ()
    owed: tuple[Owed, ...] = ()
    timers: tuple[Timer, ...] = ()
    findings: tuple[Finding, ...] = ()
