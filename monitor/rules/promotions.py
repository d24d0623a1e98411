"""A promotion as it is written, and which rules' series it lifts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.detectors.amounts import AMOUNTS
from monitor.detectors.occasions import Occasion
from monitor.rules.rule import Rule
from monitor.times import day_span, instant, is_bare_date


class Promoted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Empty lists ask nothing. A rule that does not tell a label apart is not lifted by what is said of it."""

    rule: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Promotion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[promotion]]`, `from` … `to`: times of the organisation's zone; a date is the whole day.

    `expect`: how many times the usual it brings to rules of kind `seasonal`; left out, as much as earlier promotions of
    that name brought to the series, and twice the usual before the first. Where several are on the largest counts.
    `where`: which series it lifts.
    """

    name: str
    from_: str = field(name="from")
    to: str
    expect: float | None = None
    where: Promoted = Promoted()

    def span(self, zone: ZoneInfo) -> tuple[float, float]:
        """From when to when. ValueError where one of them is no time."""
        start = day_span(self.from_, zone)[0] if is_bare_date(self.from_) else instant(self.from_, zone)
        return start, instant(self.to, zone)


def occasion(promotion: Promotion, rule: Rule, zone: ZoneInfo) -> Occasion | None:
    """What a promotion is to a rule; None = nothing."""
    where, asked = promotion.where, rule.where
    if (
        rule.measure not in AMOUNTS
        or rule.measure in ("ratio", "share")
        or (where.rule and rule.name not in where.rule)
    ):
        return None
    if where.family and asked.family and not set(where.family) & set(asked.family):
        return None
    for label, values in where.labels.items():
        if label not in rule.by and not set(values) & set(asked.labels.get(label, ())):
            return None
    start, end = promotion.span(zone)
    labels = tuple((label, values) for label, values in where.labels.items() if label in rule.by)
    return Occasion(kind=promotion.name, start=start, end=end, expect=promotion.expect, labels=labels)
