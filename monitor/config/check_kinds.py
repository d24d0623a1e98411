"""Detectors' own options, and rules over rules: what their types alone cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem, Said
from monitor.detectors import Change, Cusum, Detector, Highest, NewTerm, Serfling, Spread, Target, Threshold, Zscore
from monitor.detectors.target import BACK
from monitor.model import Tier
from monitor.rules.combine import circle
from monitor.rules.ladder import part_of
from monitor.rules.rule import Rule
from monitor.rules.select import MENTIONS, RULES, TERM
from monitor.times import DAY, MINUTE, Duration, write_duration

TERM_MEASURES = ("count", "stories", "authors")
TERM_EVERY = Duration(600)
"""Each look at words goes through all texts of the memory for those that came up since."""


def wrong_detectors(draft: Draft) -> Iterator[Problem]:
    """Options that must fit each other, the rule, and what is counted."""
    for path, rule in draft.each("rule"):
        way, of, detector = (*path, "detector"), (*path, "of"), rule.detector
        if rule.of == RULES and not isinstance(detector, Threshold):
            yield Problem(path=way, id="rules_detector", rests_on=(of,))
        if isinstance(detector, Spread) and rule.of != MENTIONS:
            yield Problem(path=way, id="spread_of_what", args={"of": rule.of}, rests_on=(of,))
        if isinstance(detector, NewTerm) and not rule.by:
            yield Problem(path=way, id="new_term_by", rests_on=((*path, "by"),))
        if TERM in rule.by:
            yield from _by_term(rule, path)
        if isinstance(detector, NewTerm) and detector.memory <= detector.fresh:
            yield Problem(path=(*way, "memory"), id="new_term_memory", rests_on=((*way, "fresh"),))
        if isinstance(detector, Target):
            yield from _target(rule, detector, way)
        if isinstance(detector, Cusum):
            yield from _least(detector, way, {"baseline": 2, "lag": 0, "over": 1, "shift": 0.01, "once_in": 2})
        if isinstance(detector, Highest):
            yield from _least(detector, way, {"learn": 1, "days": max(1, detector.learn)})
        if isinstance(detector, Change) and detector.against == "average":
            yield from _shortest((*way, "over"), detector.over, rule.window)
        if isinstance(detector, Zscore):
            step = detector.step if detector.step is not None else rule.window
            yield from _shortest((*way, "step"), step, MINUTE)
            yield from _shortest((*way, "baseline"), detector.baseline, 2 * step)
        if isinstance(detector, Serfling):
            if (rule.align or rule.window) < DAY:
                key = "align" if rule.align else "window"
                yield Problem(path=way, id="serfling_step", rests_on=((*path, key),))
            yield from _least(detector, way, {"years": 1, "harmonics": 0, "lag": 0, "alpha": 1e-9})


def _by_term(rule: Rule, path: Path) -> Iterator[Problem]:
    """Words of texts: only mentions have any, only new ones are told, nothing else goes with them, none is a metric."""
    by = (*path, "by")
    if rule.of != MENTIONS:
        yield Problem(path=by, id="term_of_what", args={"of": rule.of}, rests_on=((*path, "of"),))
    if not isinstance(rule.detector, NewTerm):
        args = {"kind": rule.detector.__struct_config__.tag}
        yield Problem(path=(*path, "detector"), id="term_detector", args=args, rests_on=(by,))
        return
    if len(rule.by) > 1:
        yield Problem(path=by, id="term_alone")
    if rule.measure not in TERM_MEASURES:
        args = {"measure": rule.measure, "names": ", ".join(TERM_MEASURES)}
        yield Problem(path=(*path, "measure"), id="term_measure", args=args, rests_on=(by,))
    if rule.every < TERM_EVERY:
        args = {"every": write_duration(rule.every), "least": write_duration(TERM_EVERY)}
        yield Problem(path=(*path, "every"), id="term_every", args=args, rests_on=(by,))
    if rule.export:
        yield Problem(path=(*path, "export"), id="term_export", rests_on=(by,))
    for tier, rung in rule.rungs():
        if rung.acceleration is not None:
            way = (*path, tier.word, "acceleration")
            yield Problem(path=way, id="families_of_what", args={"of": TERM, "key": "acceleration"}, rests_on=(by,))


def _target(rule: Rule, detector: Target, path: Path) -> Iterator[Problem]:
    if (detector.at_least is None) == (detector.at_most is None):
        yield Problem(path=path, id="target_goal")
    elif detector.goal == 0:
        yield Problem(path=path, id="target_zero")
    if detector.dwell > BACK * rule.window:
        args = {"dwell": write_duration(detector.dwell), "most": write_duration(BACK * rule.window)}
        yield Problem(path=(*path, "dwell"), id="target_dwell", args=args, rests_on=((*path[:-1], "window"),))


def _least(detector: Detector, path: Path, least: Mapping[str, float]) -> Iterator[Problem]:
    for key, lowest in least.items():
        if getattr(detector, key) < lowest:
            args = {"value": f"{getattr(detector, key):g}", "least": f"{lowest:g}"}
            yield Problem(path=(*path, key), id="too_little", args=args)


def _shortest(path: Path, span: float, least: float) -> Iterator[Problem]:
    if span < least:
        args = {"value": write_duration(Duration(span)), "least": write_duration(Duration(least))}
        yield Problem(path=path, id="span_short", args=args, rests_on=((*path[:-2], "window"),))


def wrong_parts(draft: Draft) -> Iterator[Problem]:
    """Rules over rules: the others are there, can reach what is asked of them, and do not come back to this one."""
    rules = {rule.name: rule for _, rule in draft.each("rule")}
    around = circle(list(rules.values()))
    for path, rule in draft.each("rule"):
        if rule.of != RULES:
            continue
        if rule.name in around:
            rests = draft.keys_of("rule", "name")
            yield Problem(path=(*path, "of"), id="rules_circle", args={"names": ", ".join(around)}, rests_on=rests)
        for tier, rung in rule.rungs():
            for key in ("all", "any"):
                for i, part in enumerate(getattr(rung, key)):
                    yield from _part(draft, part, (*path, tier.word, key, i), rules)


def _part(draft: Draft, part: str, path: Path, rules: Mapping[str, Rule]) -> Iterator[Problem]:
    name, tier = part_of(part)
    if tier is None:
        yield Problem(path=path, id="part_tier", args={"part": part})
        return
    known = draft.names("rule")
    if name not in known and draft.complete:
        near = get_close_matches(name, sorted(known), 1)
        args = {"name": name, "right": near[0] if near else ""}
        id = "part_near" if near else "part_unknown"
        yield Problem(path=path, id=id, args=args, rests_on=draft.keys_of("rule", "name"))
    elif name in rules and max((t for t, _ in rules[name].rungs()), default=Tier.CALM) < tier:
        yield Problem(path=path, id="part_never", args={"name": name, "tier": Said(f"tier.{tier.word}")})
