"""What the pages and the API ask for, as frozen answers: the nouns of the model, put together for reading."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from monitor.incidents.people import ExternalContact
from monitor.incidents.storms import Offer
from monitor.incidents.who import Plan, PlanStep
from monitor.model import (
    Delivery,
    Drill,
    Entry,
    Evidence,
    Example,
    Facts,
    Finding,
    Incident,
    Pause,
    Silence,
    Tier,
    Timer,
)

Mode = Literal["live", "shadow"]


class Point(Struct, frozen=True):
    """The measure of a rule's window at one instant, and what was normal for it; None = no data, or not known."""

    at: float
    value: float | None
    expected: float | None = None


class RuleState(Struct, frozen=True, kw_only=True):
    """A rule now: its leading series (highest tier, then rarest) and the trail of that series, oldest first.

    `tier` None = no data, or not judged yet. `worrying`: how many of its `series` stand above calm. `lead` tells the
    numbers of the leading series, also while it is calm.
    """

    rule: str
    tier: Tier | None = None
    mode: Mode = "live"
    series: int = 0
    worrying: int = 0
    since: float | None = None
    lead: Evidence | None = None
    trail: tuple[Point, ...] = ()


class SourceState(Struct, frozen=True, kw_only=True):
    """A source now. `up` None = not tried yet. `error`: the last fault; `lag`: seconds from event to arrival.

    `pause` None = it is read.
    `quality`: shares of the last day's records that are duplicates, undated, unreadable, unmatched; gaps: of its time.
    """

    source: str
    up: bool | None = None
    last_success_at: float | None = None
    last_record_at: float | None = None
    next_at: float | None = None
    lag: float | None = None
    records_day: int = 0
    error: str = ""
    saturated: bool = False
    pause: Pause | None = None
    quality: dict[str, float] = field(default_factory=dict)


class Tried(Struct, frozen=True, kw_only=True):
    """How an attempt at a source ended. `read` records came, of which `new` were not known; `refused`: why single
    records were not taken. All of it None or empty where it failed: then the source's `error` says why.
    """

    source: SourceState
    read: int | None = None
    new: int | None = None
    unchanged: bool = False
    refused: tuple[str, ...] = ()


class Sent(Struct, frozen=True, kw_only=True):
    """A notice that went out, or tries to: what it was rendered from, and its deliveries in the order of their rows."""

    facts: Facts
    deliveries: tuple[Delivery, ...] = ()


class Overview(Struct, frozen=True, kw_only=True):
    """The whole state in one consistent read.

    `incidents`: all open ones, highest tier first, then the newest. `closed`: the last few that ended.
    `offers`: open incidents that may be one, for a person to link. `rules`, `sources`: every one of the config, in its
    order. `notices`: newest first. `silences`: those in force.
    """

    at: float
    incidents: tuple[Incident, ...] = ()
    closed: tuple[Incident, ...] = ()
    rules: tuple[RuleState, ...] = ()
    sources: tuple[SourceState, ...] = ()
    notices: tuple[Sent, ...] = ()
    findings: tuple[Finding, ...] = ()
    silences: tuple[Silence, ...] = ()
    offers: tuple[Offer, ...] = ()
    pending: int = 0
    dead: int = 0


class StoryTold(Struct, frozen=True, kw_only=True):
    """A story and its copies: who told it first, where and how fast it spread. `hours`: (its begin, mentions)."""

    story: str
    text: str
    n: int
    first_at: float
    first_source: str
    first_url: str
    last_at: float
    sources: tuple[str, ...]
    families: tuple[str, ...]
    authors: int
    reach: int
    hours: tuple[tuple[int, int], ...] = ()


class Dossier(Struct, frozen=True, kw_only=True):
    """All of one incident. `evidence`, `examples`, `stories` and `offers` as of now; `timers` those still waiting."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    notices: tuple[Sent, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    examples: tuple[Example, ...] = ()
    stories: tuple[StoryTold, ...] = ()
    timers: tuple[Timer, ...] = ()
    silences: tuple[Silence, ...] = ()
    offers: tuple[Offer, ...] = ()


class Reached(Struct, frozen=True):
    """A delivery that a channel said yes to: the last one to a person (or "") over it."""

    person: str
    channel: str
    at: float


class Way(Struct, frozen=True, kw_only=True):
    """Who would be told of a tier, level by level if nobody answers, and when each of them was last reached.

    `proved`: when each channel last proved that it works, by any notice that was taken or by its canary.
    `gives_up_at`: when nobody is left to ask. `muted_by`: the mute that would hide it at that time.
    """

    tier: Tier
    playbook: str
    levels: tuple[PlanStep, ...]
    acks: int
    gives_up_at: float | None
    muted_by: str | None
    displays: dict[str, str]
    reached: tuple[Reached, ...] = ()
    outside: tuple[ExternalContact, ...] = ()
    proved: tuple[Reached, ...] = ()

    @classmethod
    def of(
        cls,
        plan: Plan,
        displays: dict[str, str],
        reached: tuple[Reached, ...] = (),
        outside: tuple[ExternalContact, ...] = (),
        proved: tuple[Reached, ...] = (),
    ) -> Way:
        """A plan as it is shown. `outside`: whom outside the house one may ring."""
        return cls(
            tier=plan.tier, playbook=plan.playbook, levels=plan.steps, acks=plan.acks, gives_up_at=plan.gives_up_at,
            muted_by=plan.muted_by, displays=displays, reached=reached, outside=outside,
            proved=proved,
        )  # fmt: skip


class Practisable(Struct, frozen=True, kw_only=True):
    """A scenario that can be held. `title`: language -> text; `lasts` in seconds."""

    id: str
    title: dict[str, str]
    playbook: str
    lasts: float


class DrillBook(Struct, frozen=True, kw_only=True):
    """What can be practised, what is being practised, and what was, the newest first."""

    scenarios: tuple[Practisable, ...]
    running: Drill | None
    held: tuple[Drill, ...]


class Health(Struct, frozen=True):
    """Whether the loops move: loop -> seconds since it last advanced, and those that stand still."""

    ages: dict[str, float] = field(default_factory=dict)
    stuck: tuple[str, ...] = ()


class Readiness(Struct, frozen=True):
    """What still keeps the service from its work, of config, store, listening; empty = ready."""

    missing: tuple[str, ...] = ()
