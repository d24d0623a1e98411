"""The ladder: which tiers a score reaches, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from monitor.model import WARNING_TIERS, Reason, Score, Tier
from monitor.rules.rule import Rule, Rung


class Climb(Struct, frozen=True, gc=False):
    """What a score comes to before `for` and dwell are asked.

    `tier`: the highest whose conditions all hold, calm when none, None without data. `held`: every one that holds.
    `reasons`: the conditions of `tier`; when calm those of the lowest rung. `apart`: tiers whose rules no longer stand
    together.
    """

    tier: Tier | None
    held: tuple[Tier, ...] = ()
    reasons: tuple[Reason, ...] = ()
    partial: bool = False
    apart: tuple[Tier, ...] = ()


class Beside(Struct, frozen=True, kw_only=True):
    """What a tier may ask besides the score, all of the window.

    `families`, `sources`: who had a story of their own to tell. `acceleration`: the growth since the window before,
    less the growth of that one; None where it is not known. `rules`: how the rules stand that this one is over.
    """

    families: frozenset[str] = frozenset()
    sources: int = 0
    acceleration: float | None = None
    rules: dict[str, Tier] = {}


ALONE = Beside()


def climb(rule: Rule, score: Score, beside: Beside = ALONE) -> Climb:
    """The highest tier whose conditions all hold, whether lower ones hold or not."""
    if score.value is None:
        return Climb(None, partial=score.partial)
    asked = [(tier, conditions(rung, rule, score, beside)) for tier, rung in rule.rungs()]
    held = tuple([tier for tier, reasons in asked if score.enough and all([r.held for r in reasons])])
    apart = tuple(t for t, reasons in asked if any(r.condition in ("all", "any") and not r.held for r in reasons))
    tier = max(held, default=Tier.CALM)
    reasons = next((r for t, r in asked if t == tier), asked[0][1] if asked else ())
    return Climb(tier, held, tuple(reasons), score.partial, apart)


def conditions(rung: Rung, rule: Rule, score: Score, beside: Beside = ALONE) -> tuple[Reason, ...]:
    """Each condition of a rung and how it stands."""
    low = score.level if score.level_low is None else score.level_low
    out = []
    if rung.above is not None:
        out.append(Reason("above", rung.above, score.level, score.level is not None and score.level > rung.above))
    if rung.below is not None:
        known = low is not None and not (score.partial and _grows(rule))
        out.append(Reason("below", rung.below, low, known and low is not None and low < rung.below))
    if rung.rarer_than is not None:
        rarity = None if score.learning else score.return_period
        rare = rarity is not None and (rarity >= rung.rarer_than or _is_beyond(rung, rule, score, beside))
        out.append(Reason("rarer_than", rung.rarer_than, rarity, rare))
    if rung.floor is not None:
        out.append(Reason("floor", rung.floor, score.value, score.value is not None and score.value >= rung.floor))
    return (*out, *_beside(rung, beside))


def _beside(rung: Rung, beside: Beside) -> Iterator[Reason]:
    """The conditions that look beyond the score."""
    if rung.families is not None:
        n = len(beside.families)
        yield Reason("families", rung.families, n, n >= rung.families)
    if rung.sources is not None:
        yield Reason("sources", rung.sources, beside.sources, beside.sources >= rung.sources)
    if rung.acceleration is not None:
        found = beside.acceleration
        yield Reason("acceleration", rung.acceleration, found, found is not None and found >= rung.acceleration)
    for name, parts, wanted in (("all", rung.all, len(rung.all)), ("any", rung.any, 1)):
        if parts:
            n = sum(stands(part, beside.rules) for part in parts)
            yield Reason(name, wanted, n, n >= wanted)


def part_of(text: str) -> tuple[str, Tier | None]:
    """The rule that `all` or `any` names, and the tier it must have reached; None where no tier is called that."""
    name, colon, word = text.rpartition(":")
    if not colon:
        return text, Tier.BLUE
    return name, next((tier for tier in WARNING_TIERS if tier.word == word), None)


def stands(part: str, rules: Mapping[str, Tier]) -> bool:
    """Whether a rule has reached what is asked of it."""
    name, least = part_of(part)
    return least is not None and rules.get(name, Tier.CALM) >= least


def _is_beyond(rung: Rung, rule: Rule, score: Score, beside: Beside) -> bool:
    """Rarer than anything in a history too short to claim more; orange and red want a floor and a second family too."""
    if rung.rarer_than is None or (score.beyond or 0.0) < rung.rarer_than:
        return False
    if rung is rule.orange or rung is rule.red:
        return rung.floor is not None and len(beside.families) >= 2
    return True


def _grows(rule: Rule) -> bool:
    """Measures that a missing source can only make smaller: a part of them says nothing of `below`."""
    return rule.measure in ("count", "stories", "authors", "families", "reach", "sum", "max")


def standing(rung: Rung, rule: Rule, score: Score) -> Literal["above", "under", "unknown"]:
    """How a score stands to the leave bound of a rung that was entered; floor and families are not asked again.

    `under` = at least one condition lies beyond its leave bound; `unknown` = none of them can be told. Of a bound of 0
    or less there is no share: it is left where it is no longer crossed.
    """
    ease = rule.leave.below
    low = score.level if score.level_low is None else score.level_low
    bound = dict(score.bounds).get(rung.rarer_than) if rung.rarer_than is not None else None
    beyond: list[bool] = []
    if rung.above is not None and score.level is not None:
        beyond.append(score.level < rung.above * ease if rung.above > 0 else score.level <= rung.above)
    if rung.below is not None and low is not None:
        beyond.append(low * ease > rung.below if rung.below > 0 else low >= rung.below)
    if bound is not None and score.level is not None:
        beyond.append(score.level < ease * bound if bound > 0 else score.level <= bound)
    if not beyond:
        return "unknown"
    return "under" if any(beyond) else "above"
