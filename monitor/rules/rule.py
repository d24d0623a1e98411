"""A rule as it is written: what is counted, by what, which detector judges, and the ladder of four tiers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from monitor.detectors import DetectorKind, Threshold
from monitor.model import Key, Labels, Tier
from monitor.series import Measure
from monitor.times import Bound, Duration

MoodWord = Literal["negative", "neutral", "positive"]
_TIERS = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The conditions of one tier; all must hold. At least one of above, below, rarer_than.

    Of a rule over rules `all` and `any` stand in their place: names of rules, each with the tier it must have reached
    ("surge" = any tier, "surge:orange").
    """

    above: Bound | None = None
    below: Bound | None = None
    rarer_than: Duration | None = None
    floor: float | None = None
    families: int | None = None
    sources: int | None = None
    acceleration: float | None = None
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    for_: Duration = field(default=Duration(0), name="for")


class Leave(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tier is left after the value stayed `dwell` under `below` × its bound (a `below` tier: over bound ÷ below)."""

    below: float = 0.9
    dwell: Duration = Duration(600)


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which records count. Empty lists ask nothing. `kind` and `subject` are for findings.

    `mood`: how the text speaks; `danger`: kinds of danger of which it tells at least one as having happened.
    """

    topic: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kind: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    mood: tuple[MoodWord, ...] = ()
    danger: tuple[str, ...] = ()


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]`. Spans are seconds. `of` = mentions, findings, or the name of a sample series.

    `nature`: how grave it is by its kind, or `read`: as grave as the dangers that what it counts credibly tells of.
    `certain_with`: families of sources that must bear witness before the tier may pass `[matrix] uncertain` (0 = none).
    `export`: up to 20 of its series, each by a value for every label of `by`, that metrics show one by one.
    `weigh`: how often a mention counts by what it says: topics, `mood:…`, `danger:…`; the first that holds, else once.
    """

    name: str
    risk: str
    title: str | dict[str, str] = ""
    of: str = "mentions"
    where: Where = Where()
    weigh: dict[str, float] = field(default_factory=dict)
    per: str = ""
    measure: Measure = "count"
    window: Duration = Duration(3600)
    every: Duration = Duration(60)
    align: Duration | None = None
    min_denominator: float = 0.0
    by: tuple[str, ...] = ()
    incident_by: tuple[str, ...] | None = None
    max_series: int = 200
    export: tuple[Labels, ...] = ()
    mode: Literal["live", "shadow"] = "live"
    playbook: str = ""
    nature: Literal["ordinary", "serious", "grave", "read"] = "ordinary"
    certain_with: int = 0
    detector: DetectorKind = Threshold()
    blue: Rung | None = None
    yellow: Rung | None = None
    orange: Rung | None = None
    red: Rung | None = None
    leave: Leave = Leave()

    def rungs(self) -> list[tuple[Tier, Rung]]:
        """The tiers that are written, lowest first."""
        rungs = (self.blue, self.yellow, self.orange, self.red)
        return [(tier, rung) for tier, rung in zip(_TIERS, rungs, strict=True) if rung is not None]

    def exported(self) -> dict[Key, str]:
        """The series that metrics show one by one: key -> what they are called there."""
        keys = [tuple((label, named[label]) for label in self.by if label in named) for named in self.export]
        return {key: ", ".join(value for _, value in key) for key in keys}

    def title_in(self, language: str) -> str:
        """What people call it, "" where the rule does not say: one text for all, or one for each language."""
        return self.title if isinstance(self.title, str) else self.title.get(language, "")

    def scope_labels(self) -> tuple[str, ...]:
        """The labels that set incidents apart: `incident_by`, else `by` without channel and region."""
        if self.incident_by is not None:
            return self.incident_by
        return tuple(label for label in self.by if label not in ("channel", "region"))
