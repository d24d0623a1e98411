"""What people are told: facts, notices, whom they go to, and what became of them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from monitor.model.handled import Entry, Finding, Incident, Timer, Transition
from monitor.model.observed import Key, Labels, Reason, Score, Tier


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
    title: dict[str, str] = field(default_factory=dict)
    """What people call the rule, by language."""
    over: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of a rule over rules: the titles of those that stand."""


class Example(Struct, frozen=True, kw_only=True):
    """A mention as a notice quotes it: short, masked, untrusted.

    `why`: the words in it for which it counts, where moods or dangers were asked. `identity`: the customer who said it,
    for the front line alone.
    """

    text: str
    source: str
    family: str
    at: float
    url: str = ""
    why: tuple[str, ...] = ()
    identity: str = ""


class Driver(Struct, frozen=True, kw_only=True):
    """A slice in which a rise lies: `n` of the `total` mentions of the window, `before` of those of the one before."""

    label: str
    value: str
    n: int
    before: int
    total: int


class Also(Struct, frozen=True, kw_only=True):
    """Another notice that was put off and is told in one message with this one."""

    incident: str
    tier: Tier
    transition: Transition
    risk: str


class SummaryRow(Struct, frozen=True, kw_only=True):
    """One incident in a digest."""

    incident: str
    tier: Tier
    peak: Tier
    risk: str
    scope: Labels
    since: float


class Summary(Struct, frozen=True, kw_only=True):
    """What a digest tells, gravest first. `findings`: (kind, subject)."""

    since: float
    opened: tuple[SummaryRow, ...] = ()
    still_open: tuple[SummaryRow, ...] = ()
    ended: tuple[SummaryRow, ...] = ()
    hidden: tuple[SummaryRow, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()


class Facts(Struct, frozen=True, kw_only=True):
    """Everything a notice is rendered from, stored with the transition. Names of people, never their addresses.

    `over_silence`: a silence hid this incident up to that tier and this notice stands above it. `steps_done`: ids of
    playbook steps that are done. `clocks`: legal clocks that a person started, id -> due at. `also`: what else was put
    off for the one who reads it. `digest`: it is a letter about many incidents, of none in particular. `drivers`: the
    slices in which the rise of the gravest alert lies.
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
    also: tuple[Also, ...] = ()
    digest: Summary | None = None
    drivers: tuple[Driver, ...] = ()


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
