"""playbook.toml, faq.toml and clocks.toml as types, and a special plan laid over the general one."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.model import Tier
from monitor.times import Duration

TierWord = Literal["blue", "yellow", "orange", "red"]
Audience = Literal["affected", "customers", "frontline", "staff", "press", "regulator", "partners", "investors"]
AUDIENCES: tuple[Audience, ...] = (
    "affected",
    "customers",
    "frontline",
    "staff",
    "press",
    "regulator",
    "partners",
    "investors",
)
Phase = Literal["15m", "1h", "4h", "24h"]
PHASES: dict[Phase, float] = {"15m": 900.0, "1h": 3600.0, "4h": 14400.0, "24h": 86400.0}
GENERAL = "general"


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """The text in a language: `zh…` is Chinese, all else English."""
        return self.zh if language.startswith("zh") else self.en


NOTHING = Words("", "")


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[role.<id>]`: what someone answers for. `backup` names the role that stands in."""

    title: Words
    duty: Words
    backup: str = ""
    outside: bool = False


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[step]]`: one thing to do by `at` after the notice, and how one knows that it is done.

    `script` names the statement to use: "frontline" or "press".
    """

    id: str
    at: Phase
    role: str
    tiers: tuple[TierWord, ...]
    do: Words
    done_when: Words
    script: Audience | None = None


class TierPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tier.<word>]`: times and people of one tier. `without`: phases that ask for no step, and why."""

    ack_within: Duration
    update_every: Duration
    notify: tuple[str, ...]
    public: Words
    without: dict[Phase, Words] = field(default_factory=dict)


class Authority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[authority.<tier>]`: who decides, approves and publishes; what the front line may grant by itself.

    Nobody reachable within `substitute_after`: the backup of the role decides. Nothing is ever published by itself.
    """

    decide: str
    approve: tuple[str, ...]
    publish: str
    substitute_after: Duration
    limits: Words


class Verify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[verify]`: how many independent sources a fact needs before it is published, who checks, and what to check."""

    min_sources: int
    verifier: str
    checks: tuple[Words, ...] = ()


class Exit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[exit]`: what must be true, and for how long, before a tier is left."""

    hold_for: Duration
    conditions: tuple[Words, ...]


class Review(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[review]`: by when the review is held (working days), and what it asks."""

    within_days: int
    red_within_days: int
    questions: tuple[Words, ...]


class Slots(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[slot.<name>]`: this plan's own words for statements, until people write what is the case.

    `unknown` also stands in the notice: what nobody knows yet and somebody must find out.
    """

    subject: Words
    unknown: Words
    sympathy: Words
    action: Words
    advice: Words
    closing: Words


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """playbook.toml. What a special plan leaves out is the general plan's; steps and questions are added to its."""

    id: str
    version: int
    owner: str
    title: Words
    summary: Words
    scct_cluster: Literal["victim", "accidental", "preventable", "by-cause"]
    review_every: Duration
    triggers: tuple[Words, ...]
    slot: Slots
    reviewed_on: date | None = None
    scct_note: Words = NOTHING
    join: tuple[str, ...] = ()
    principles: tuple[Words, ...] = ()
    clocks: tuple[str, ...] = ()
    role: dict[str, Role] = field(default_factory=dict)
    tier: dict[TierWord, TierPlan] = field(default_factory=dict)
    step: tuple[Step, ...] = ()
    authority: dict[TierWord, Authority] = field(default_factory=dict)
    verify: Verify | None = None
    exit: Exit | None = None
    review: Review | None = None

    def over(self, general: Plan) -> Plan:
        """This plan laid over the general one: own words win, own steps come first within their phase."""
        if self.id == general.id or general.verify is None or general.review is None:
            return self
        verify, review = self.verify or replace(general.verify, checks=()), self.review
        review = review or replace(general.review, questions=())
        return replace(
            self,
            principles=self.principles or general.principles,
            role={**general.role, **self.role},
            tier={**general.tier, **self.tier},
            step=tuple(sorted((*self.step, *general.step), key=lambda s: PHASES[s.at])),
            authority={**general.authority, **self.authority},
            verify=replace(verify, checks=(*verify.checks, *general.verify.checks)),
            exit=self.exit or general.exit,
            review=replace(review, questions=(*review.questions, *general.review.questions)),
        )

    def steps(self, tier: Tier) -> tuple[Step, ...]:
        """The steps of a tier, in the order they are due."""
        return tuple(step for step in self.step if tier.word in step.tiers)

    def next_step(self, tier: Tier, done: tuple[str, ...]) -> Step | None:
        """The first step of a tier that is not done."""
        return next((step for step in self.steps(tier) if step.id not in done), None)


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[question]]` of faq.toml. `after`: the answer once there is a finding. `{fact}`, `{contact}`… are slots."""

    id: str
    ask: Words
    answer: Words
    after: Words | None = None
    hostile: bool = False


FAQ_IDS = (
    "what-happened",
    "am-i-affected",
    "what-now",
    "is-it-safe",
    "when-fixed",
    "compensation",
    "why",
    "who-is-responsible",
    "what-changes",
    "where-news",
    "knew-earlier",
    "hiding",
    "resign",
)
"""The ten questions that everybody asks, and the three that are asked to hurt."""


ClockUnit = Literal["minutes", "hours", "calendar-days", "working-days", "trading-days", "months", "none"]


class SecondLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second limit of one clock, from an event of its own; the earlier of the two holds."""

    unit: ClockUnit
    span: int
    starts: Words


class Clock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A legal clock as data. It runs only when a person has said that the law applies and since when.

    `unit` none: the law names no number, so only elapsed time is shown. `checked_on` None: unverified, and shown so.
    `after`: the clock whose submission starts this one. `shift`: a last day that is free moves to the end, or the
    noon, of the next working day. `free_days` False: weekends and holidays do not count.
    """

    id: str
    jurisdiction: str
    title: Words
    applies_if: Words
    starts: Words
    start: Literal["aware", "occurred", "received", "determined", "submitted", "ended", "fix-available", "decided"]
    unit: ClockUnit
    span: int | None = None
    limit: Words
    recipient: Words
    content: Words
    source: str
    confidence: Literal["A", "B", "C"]
    checked_on: date | None = None
    in_force_from: date | None = None
    in_force_to: date | None = None
    after: str = ""
    also: SecondLimit | None = None
    shift: Literal["", "workday", "noon"] = ""
    free_days: bool = True
    note: Words = NOTHING


class ClockBook(Struct, frozen=True, forbid_unknown_fields=True):
    """clocks.toml."""

    clock: tuple[Clock, ...] = ()


class Faq(Struct, frozen=True, forbid_unknown_fields=True):
    """faq.toml."""

    question: tuple[Question, ...] = ()
