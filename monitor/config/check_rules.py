"""Rules: that what they ask can be counted, and that each tier can be reached and shown."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise
from math import inf
from typing import get_args

from monitor.config.convert import show, unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem, Said, Severity
from monitor.detectors import Share
from monitor.mentions.signs import MOOD
from monitor.metrics import SERIES_A_RULE
from monitor.model import Tier
from monitor.rules.rule import MoodWord, Rule, Rung
from monitor.rules.select import TERM
from monitor.times import MINUTE, Bound, write_duration

MENTIONS, FINDINGS, RULES = "mentions", "findings", "rules"
RELATIVE = ("ratio", "share")
WEIGHED = ("count", "stories", "reach")
BRING_ANYTHING = ("push", "replay", "file")
"""Kinds whose records may bear the name of any series."""
CONDITIONS = ("above", "below", "rarer_than", "floor", "families", "sources", "acceleration", "for")


def unknown_series(draft: Draft) -> Iterator[Problem]:
    """`of` and `per`: what is counted must come from somewhere."""
    for path, rule in draft.each("rule"):
        yield from _series(draft, rule.of, (*path, "of"))
        yield from _series(draft, rule.per, (*path, "per"))


def wrong_selections(draft: Draft) -> Iterator[Problem]:
    """`where` and `by`: records must have what is asked of them."""
    for path, rule in draft.each("rule"):
        for key in _unasked(rule):
            rests = ((*path, "of"),)
            yield Problem(path=(*path, "where", key), id="where_unasked", args={"of": rule.of}, rests_on=rests)
        for label in rule.incident_by or ():
            if label not in rule.by:
                rests = ((*path, "by"),)
                yield Problem(path=(*path, "incident_by"), id="incident_by", args={"label": label}, rests_on=rests)


def _unasked(rule: Rule) -> list[str]:
    """Keys of `where` that records of that kind do not have."""
    strange = {
        FINDINGS: ("topic", "source", "family", "labels", "mood", "danger"),
        RULES: ("topic", "source", "family", "labels", "mood", "danger", "kind", "subject"),
        MENTIONS: ("kind", "subject"),
    }.get(rule.of, ("topic", "kind", "subject", "mood", "danger"))
    return [key for key in strange if getattr(rule.where, key)]


def _series(draft: Draft, name: str, path: Path) -> Iterator[Problem]:
    """A series that no source makes by its config: perhaps it is pushed, perhaps misspelt."""
    sources = [source for _, source in draft.each("source") if source.enabled]
    known = {source.series for source in sources if getattr(source, "series", "")}
    if not name or not draft.complete or name in (MENTIONS, FINDINGS, RULES, *known):
        return
    near = get_close_matches(name, [MENTIONS, FINDINGS, RULES, *sorted(known)], 1, 0.75)
    pushed = any(source.__struct_config__.tag in BRING_ANYTHING for source in sources)
    rests = draft.keys_of("source", "series", "kind")
    if near:
        severity: Severity = "warning" if pushed and near[0] in known else "fault"
        args = {"name": name, "right": near[0]}
        yield Problem(
            path=path, id="series_near", args=args, severity=severity, rests_on=rests if near[0] in known else ()
        )
    elif not pushed:
        yield Problem(path=path, id="series_unknown", args={"name": name}, rests_on=rests)


def wrong_counting(draft: Draft) -> Iterator[Problem]:
    """`measure`, `per` and the detector must fit each other and what is counted."""
    for path, rule in draft.each("rule"):
        of, measure, kind = (*path, "of"), (*path, "measure"), (*path, "detector")
        if rule.measure not in _measures(rule):
            args = {"measure": rule.measure, "of": rule.of, "names": ", ".join(_measures(rule))}
            yield Problem(path=measure, id="measure_unfit", args=args, rests_on=(of,))
            continue
        relative = rule.measure in RELATIVE
        if rule.measure == "ratio" and not rule.per:
            yield Problem(path=measure, id="ratio_needs_per", rests_on=((*path, "per"),))
        if rule.measure == "share" and not (rule.per or rule.where.topic or rule.where.mood or rule.where.danger):
            yield Problem(path=measure, id="share_of_all", rests_on=((*path, "per"), (*path, "where")))
        if rule.per and not relative:
            yield Problem(path=(*path, "per"), id="per_unused", args={"measure": rule.measure}, rests_on=(measure,))
        if rule.min_denominator and not relative:
            yield Problem(
                path=(*path, "min_denominator"), id="per_unused", args={"measure": rule.measure}, rests_on=(measure,)
            )
        if (rule.detector.unit == "ratio" or isinstance(rule.detector, Share)) and not relative:
            args = {"kind": rule.detector.__struct_config__.tag, "measure": rule.measure}
            yield Problem(path=kind, id="ratio_detector", args=args, rests_on=(measure,))
        if relative and not rule.detector.reads_both():
            args = {"kind": rule.detector.__struct_config__.tag, "measure": rule.measure}
            yield Problem(path=kind, id="ratio_unread", args=args, rests_on=(measure,))


def wrong_weights(draft: Draft) -> Iterator[Problem]:
    """`weigh` is for mentions, and for what adds up; nothing counts less than not at all."""
    for path, rule in draft.each("rule"):
        at = (*path, "weigh")
        if rule.weigh and (rule.of != MENTIONS or rule.measure not in WEIGHED):
            args = {"names": ", ".join(WEIGHED)}
            yield Problem(path=at, id="weigh_unfit", args=args, rests_on=((*path, "of"), (*path, "measure")))
        for name, weight in rule.weigh.items():
            if not 0 <= weight < inf:
                yield Problem(path=(*at, name), id="weigh_negative", args={"value": weight})
            if name.startswith(MOOD) and name.removeprefix(MOOD) not in get_args(MoodWord):
                yield unknown("mood", name, [f"{MOOD}{mood}" for mood in get_args(MoodWord)], (*at, name))


def _measures(rule: Rule) -> tuple[str, ...]:
    if rule.of in (FINDINGS, RULES):
        return ("count",)
    if rule.of == MENTIONS:
        return ("count", "stories", "authors", "families", "reach", "share", "ratio")
    return ("count", "sum", "avg", "min", "max", "last", "ratio", "share")


def wrong_spans(draft: Draft) -> Iterator[Problem]:
    """Windows are whole minutes; nothing may be asked every no seconds."""
    for path, rule in draft.each("rule"):
        for key, span in (("window", rule.window), ("align", rule.align)):
            if span is not None and (span < MINUTE or span % MINUTE):
                yield _value(draft, (*path, key), "window_minutes")
        for key, number in (("every", rule.every), ("max_series", rule.max_series)):
            if number <= 0:
                yield _value(draft, (*path, key), "not_positive")
        if not 0 < rule.leave.below <= 1:
            yield _value(draft, (*path, "leave", "below"), "leave_below")
        if rule.every > max(rule.window, rule.align or 0):
            args = {"every": write_duration(rule.every), "window": write_duration(rule.window)}
            rests = ((*path, "window"), (*path, "align"))
            yield Problem(path=(*path, "every"), id="every_over_window", args=args, rests_on=rests, severity="warning")
    for path, source in draft.each("source"):
        if source.polled and source.every <= 0:
            yield _value(draft, (*path, "every"), "not_positive")


def wrong_exports(draft: Draft) -> Iterator[Problem]:
    """Series for metrics: each by a value for every label of `by`, once, and no more than metrics take."""
    for path, rule in draft.each("rule"):
        way, rests = (*path, "export"), ((*path, "by"),)
        if len(rule.export) > SERIES_A_RULE:
            yield Problem(path=way, id="export_many", args={"n": len(rule.export), "most": SERIES_A_RULE})
        for i, named in enumerate(rule.export):
            if set(named) != set(rule.by):
                args = {"by": ", ".join(rule.by) or "–"}
                yield Problem(path=(*way, i), id="export_by", args=args, rests_on=rests)
            elif named in rule.export[:i]:
                yield Problem(path=(*way, i), id="export_twice", args={"name": ", ".join(named.values())})


def _value(draft: Draft, path: Path, id: str) -> Problem:
    """A problem that shows what is written."""
    return Problem(path=path, id=id, args={"value": show(draft.written(path))})


def wrong_tiers(draft: Draft) -> Iterator[Problem]:
    """The ladder: every tier asks something it can get, and no tier hides the one under it."""
    families = len(draft.families())
    for path, rule in draft.each("rule"):
        if not rule.rungs():
            yield Problem(path=path, id="no_tier")
        for tier, rung in rule.rungs():
            yield from _rung(rule, rung, (*path, tier.word), path)
            if rung.families is not None and rung.families > families and draft.complete:
                args = {"wanted": rung.families, "there": families}
                rests = draft.keys_of("source", "family")
                yield Problem(path=(*path, tier.word, "families"), id="families_many", args=args, rests_on=rests)
        yield from _order(rule, path)
        yield from _witnesses(draft, rule, path, families)


def _witnesses(draft: Draft, rule: Rule, path: Path, families: int) -> Iterator[Problem]:
    """Families that are to bear witness: only mentions have any, and so many must be there."""
    way = (*path, "certain_with")
    if rule.certain_with and rule.of != MENTIONS:
        yield Problem(
            path=way, id="families_of_what", args={"of": rule.of, "key": "families"}, rests_on=((*path, "of"),)
        )
    elif rule.certain_with > families and draft.complete:
        args = {"wanted": rule.certain_with, "there": families}
        yield Problem(path=way, id="families_many", args=args, rests_on=draft.keys_of("source", "family"))


def _rung(rule: Rule, rung: Rung, path: Path, table: Path) -> Iterator[Problem]:
    if rung.above is None and rung.below is None and rung.rarer_than is None and not (rung.all or rung.any):
        yield Problem(path=path, id="rules_ask_nothing" if rule.of == RULES else "asks_nothing")
    if rung.rarer_than is not None:
        yield from _rarity(rule, (*path, "rarer_than"), table)
    for key, bound in (("above", rung.above), ("below", rung.below)):
        wrong = "" if bound is None else _bound(rule, bound)
        if bound is not None and wrong:
            args = {"value": bound.text or f"{bound:g}"}
            rests = ((*table, "detector"), (*table, "measure"))
            yield Problem(path=(*path, key), id=wrong, args=args, rests_on=rests)
    if rung.above is not None and rung.below is not None and rung.above >= rung.below:
        yield Problem(
            path=(*path, "below"), id="empty_band", args={"above": f"{rung.above:g}", "below": f"{rung.below:g}"}
        )
    yield from _beside(rule, rung, path, table)


def _rarity(rule: Rule, path: Path, table: Path) -> Iterator[Problem]:
    """Whether what it is of has a past to be rare in."""
    if rule.of == RULES or TERM in rule.by:
        args = {"kind": "rules" if rule.of == RULES else TERM}
        yield Problem(path=path, id="no_rarity", args=args, rests_on=((*table, "of"), (*table, "by")))


def _beside(rule: Rule, rung: Rung, path: Path, table: Path) -> Iterator[Problem]:
    """Conditions beyond the score: each of what is counted that has such a thing."""
    allowed = {
        "families": (MENTIONS, RULES),
        "sources": (MENTIONS,),
        "acceleration": (MENTIONS, *({rule.of} - {FINDINGS, RULES})),
        "all": (RULES,),
        "any": (RULES,),
    }
    for key, kinds in allowed.items():
        if getattr(rung, key) not in (None, ()) and rule.of not in kinds:
            id = "parts_of_what" if key in ("all", "any") else "families_of_what"
            yield Problem(path=(*path, key), id=id, args={"of": rule.of, "key": key}, rests_on=((*table, "of"),))


def _bound(rule: Rule, bound: Bound) -> str:
    """Which text says what is wrong with a bound in the detector's unit; "" = nothing."""
    unit = rule.detector.unit
    if unit == "seconds":
        return "" if bound.text else "bound_wants_span"
    if bound.text:
        return "bound_wants_number"
    share = unit == "ratio" or (unit == "measure" and rule.measure in RELATIVE)
    return "bound_over_one" if share and bound > 1 else ""


def _order(rule: Rule, path: Path) -> Iterator[Problem]:
    rungs = rule.rungs()
    for (lower, one), (higher, other) in pairwise(rungs):
        way = (*path, higher.word)
        rests = ((*path, lower.word), (*path, "detector"))
        args = {"lower": _tier(lower), "higher": _tier(higher)}
        if _implies(one, other):
            yield Problem(path=_first_key(way, other), id="hides_lower", args=args, rests_on=rests)
        elif key := _eases(one, other):
            yield Problem(path=(*way, key), id="eases", args={**args, "key": key}, rests_on=rests, severity="warning")


def _implies(lower: Rung, higher: Rung) -> bool:
    """Whenever the lower tier holds, so does the higher: the lower one can never be seen."""
    return (lower.all, lower.any) == (higher.all, higher.any) and all(
        asked is None or (given is not None and (given <= asked if key == "below" else given >= asked))
        for key, given, asked in _conditions(lower, higher)
    )


def _eases(lower: Rung, higher: Rung) -> str:
    """The first condition in which the higher tier asks less than the lower, though it asks more in another."""
    for key, one, other in _conditions(lower, higher):
        if one is not None and other is not None and (other > one if key == "below" else other < one):
            return key
    return ""


def _conditions(lower: Rung, higher: Rung) -> Iterator[tuple[str, float | None, float | None]]:
    for key in CONDITIONS:
        name = "for_" if key == "for" else key
        yield key, getattr(lower, name), getattr(higher, name)


def _first_key(path: Path, rung: Rung) -> Path:
    written = [key for key in ("above", "below", "rarer_than") if getattr(rung, key) is not None]
    return (*path, written[0]) if written else path


def _tier(tier: Tier) -> Said:
    return Said(f"tier.{tier.word}")
