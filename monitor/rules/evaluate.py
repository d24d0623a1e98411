"""A rule judged at one instant: series -> scores -> verdicts -> alerts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec import structs

from monitor.detectors import rated
from monitor.detectors.detector import UTC, Asked
from monitor.detectors.kept import Kept
from monitor.model import CREDIBLE, Alert, Key, Score, Verdict
from monitor.rules.hold import hold
from monitor.rules.ladder import Beside, climb
from monitor.rules.rule import Rule
from monitor.series import Series
from monitor.times import MINUTE

WHOLE = 0.999


def asked(rule: Rule, zone: ZoneInfo = UTC, series: int = 0, kept: Kept | None = None) -> Asked:
    """What a rule asks of its detector."""
    rarities = sorted({float(rung.rarer_than) for _, rung in rule.rungs() if rung.rarer_than is not None})
    return Asked(
        window=rule.window,
        align=rule.align,
        min_denominator=rule.min_denominator,
        measure=rule.measure,
        zone=zone,
        rarities=tuple(rarities),
        series=series,
        kept=kept,
    )


def lookback(rule: Rule, zone: ZoneInfo = UTC) -> float:
    """How many seconds of buckets before `now` a rule's series need."""
    return _with_windows_before(rule, rated.lookback(rule.detector, asked(rule, zone)))


def accelerates(rule: Rule) -> bool:
    """Whether a tier asks for acceleration: the windows before are looked at too."""
    return any(rung.acceleration is not None for _, rung in rule.rungs())


def acceleration(series: Series, start: float, end: float) -> float | None:
    """How much more it grew over this window than over the one before; None where those before have gaps."""
    width = end - start
    readings = [series.reading(start - i * width, end - i * width) for i in range(3)]
    if any(r.value is None for r in readings) or any(r.covered < WHOLE for r in readings[1:]):
        return None
    x, before, first = (r.value or 0.0 for r in readings)
    return (x - before) - (before - first)


def needs(rule: Rule, now: float, zone: ZoneInfo = UTC, kept: Kept | None = None) -> float:
    """The same with what is kept of earlier judgements."""
    return _with_windows_before(rule, rated.needs(rule.detector, asked(rule, zone, kept=kept), now))


def _with_windows_before(rule: Rule, back: float) -> float:
    return max(back, 3 * (rule.window + MINUTE)) if accelerates(rule) else back


def evaluate(
    rule: Rule,
    batch: Sequence[Series],
    alerts: Mapping[Key, Alert],
    now: float,
    *,
    zone: ZoneInfo = UTC,
    families: Mapping[Key, frozenset[str]] | None = None,
    series: int = 0,
    kept: Kept | None = None,
) -> list[Alert]:
    """The alert of each series after this instant, in order, each with its verdict; idle ones are there too.

    `alerts` are those that stand by key (missing = calm). `families` by key, where the caller counts them itself;
    else those marked in the window. `series`: how many the rule has, where the batch holds but some of them. `kept`:
    what the rule's detector made to be kept; then the batch is all series.
    """
    question = asked(rule, zone, series, kept)
    scores = rated.score(rule.detector, batch, now, question)
    span = question.span(now)
    out = []
    for one, score in zip(batch, scores, strict=True):
        seen = one.seen("families", *span) if families is None else families.get(one.key, frozenset())
        beside = Beside(
            families=frozenset(seen),
            sources=len(one.seen("sources", *span)),
            acceleration=acceleration(one, *span) if accelerates(rule) else None,
        )
        before = alerts.get(one.key) or Alert(rule=rule.name, key=one.key)
        dangers = credible(one.seen("dangers", *span)) if rule.nature == "read" else ()
        out.append(judge(rule, before, score, beside, span, dangers))
    return out


def credible(marks: Collection[str]) -> tuple[str, ...]:
    """The dangers that may be believed: told by a family that is believed, or by two authors or more.

    `marks` are `kind:family:author` of mentions that tell of one as having happened.
    """
    told: dict[str, set[str]] = {}
    for mark in marks:
        kind, family, author = mark.split(":", 2)
        told.setdefault(kind, set()).add(family if family in CREDIBLE else author)
    return tuple(sorted(kind for kind, who in told.items() if who & CREDIBLE or len(who - {""}) >= 2))


def judge(
    rule: Rule,
    before: Alert,
    score: Score,
    beside: Beside,
    span: tuple[float, float],
    dangers: tuple[str, ...] = (),
) -> Alert:
    """One series: what the ladder says of its score, held against what stood. The verdict bears the tier in force."""
    now = span[1]
    reached = climb(rule, score, beside)
    after = hold(before, reached, score, rule, now)
    verdict = Verdict(
        rule=rule.name,
        key=before.key,
        at=now,
        tier=None if reached.tier is None else after.tier,
        score=score,
        reasons=reached.reasons,
        families=tuple(sorted(beside.families)),
        dangers=dangers,
        partial=score.partial,
        windowed=span,
    )
    return structs.replace(after, verdict=verdict)
