"""What comes in and what is seen in it: mentions, samples, scores, verdicts, alerts."""

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
CREDIBLE = frozenset({"tickets", "press", "regulator"})
"""Families whose single mention is believed: customers known to us, and those who check before they write."""


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


class Said(Struct, frozen=True, kw_only=True):
    """What reading made of a mention, kept beside it.

    `mood`: 0 praise … 1 complaint, None where nobody asked; `words`: those that speak against us; `dangers`: kind,
    word, and how it is meant ("told" = as having happened).
    """

    mood: float | None = None
    words: tuple[str, ...] = ()
    dangers: tuple[tuple[str, str, str], ...] = ()

    @property
    def why(self) -> tuple[str, ...]:
        """The words that count: dangers told first."""
        told = [word for _, word, standing in self.dangers if standing == "told"]
        return tuple(dict.fromkeys([*told, *self.words]))


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


REPORTED = "alertmanager/"
"""What the names of rules begin with that an Alertmanager judges, not we: `alertmanager/HighErrorRate`."""


class Reported(Struct, frozen=True, kw_only=True):
    """An alert as an Alertmanager reports it. Identity: (group, fingerprint).

    `group` is its groupKey, `key` the labels of its group in order. `ends_at` None = it fires. `heard_at`: when it was
    last spoken of.
    """

    group: str
    fingerprint: str
    name: str
    key: Key
    severity: str
    starts_at: float
    ends_at: float | None
    heard_at: float
    summary: str = ""
    url: str = ""

    @property
    def rule(self) -> str:
        """The rule that its verdict counts as."""
        return REPORTED + self.name


Cursor = dict[str, Any]
"""Where a source goes on reading: JSON made by the source, opaque to everybody else."""


class Page(Struct, frozen=True, kw_only=True):
    """What one fetch brought: records, the cursor to go on from, and the faults of single records.

    `covers_from` is how far back the source vouches for completeness (None: since the last good fetch).
    `covers_to` likewise (None: the time of the fetch; a file: its newest record, 0 before the first).
    `more` asks to be fetched again at once; `unchanged` = the other side said nothing is new (304, same body).
    `first` = still of the first reading, however many pages that takes: what bears no date in it is not counted.
    """

    mentions: tuple[Mention, ...] = ()
    samples: tuple[Sample, ...] = ()
    cursor: Cursor = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    covers_from: float | None = None
    covers_to: float | None = None
    more: bool = False
    unchanged: bool = False
    first: bool = False


class Pause(Struct, frozen=True, kw_only=True):
    """A person stopped the reading of a source: when, who and why. Until it is resumed its time is no data."""

    at: float
    by: str
    why: str


class Score(Struct, frozen=True, kw_only=True, gc=False):
    """A detector's answer for one series at one instant.

    `value` is the measure; None = no data. `level` is what `above`/`below` are compared with, in the detector's unit
    (threshold: the measure; change: the factor; ratio: the bound of the interval; absence: seconds of silence).
    `level_low` serves `below` where the interval has two ends (ratio); None = use `level`.
    `partial` = some source of the series did not cover the window: a lower bound, may raise, never lets a tier go.
    `learning` = (seconds seen, seconds needed) while rarity can't be told yet. `enough` = the detector's own floor is
    met (change: `add`), asked on entry only. `bounds`: (return period, level at which it begins) of each rarity asked.
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
    beyond: float | None = None
    history: float | None = None
    """What the return period would be, were the history seen long enough to claim it, and the seconds of that history:
    "rarer than anything in n days"."""
    lasting: float | None = None
    """Seconds that a goal has been missed without a break (target)."""
    before: tuple[float, float] | None = None
    """How much of it there was before what is new, and in how many covered seconds (new_term)."""
    parts: tuple[tuple[str, int], ...] = ()
    """Of a rule over rules: those that stand, each with its tier."""
    promotion: tuple[str, float] | None = None
    """The planned promotion it stands in, and how many times the usual that is expected to bring."""


class Reason(Struct, frozen=True, gc=False):
    """A condition and how it stood: ("above", wanted 2.0, found 8.9, held True)."""

    condition: str
    wanted: float
    found: float | None
    held: bool


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """What a rule says of one series at one instant. `tier` None = no data.

    `dangers`: the kinds of danger that its mentions credibly tell of, where the rule reads its nature from them.
    """

    rule: str
    key: Key
    at: float
    tier: Tier | None
    score: Score
    reasons: tuple[Reason, ...] = ()
    families: tuple[str, ...] = ()
    partial: bool = False
    windowed: tuple[float, float] = (0.0, 0.0)
    dangers: tuple[str, ...] = ()


class Alert(Struct, frozen=True, kw_only=True, gc=False):
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
