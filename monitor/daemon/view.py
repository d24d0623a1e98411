"""What a rule sees: its series as the store counts them, with what is covered, ready to be judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.model import Finding, Key
from monitor.rules.evaluate import asked
from monitor.rules.rule import Rule
from monitor.rules.select import ANY, OTHER, Selection, mark_keys, other_side, reads
from monitor.series import Bucket, Interval, Measure, Series, join_intervals
from monitor.sources import Source
from monitor.sources.file import File
from monitor.sources.push import Push
from monitor.store import buckets, cursors
from monitor.store.buckets import Counted
from monitor.times import MINUTE

LONGEST_LOOK = 40 * 86400.0


class Sight(Struct, frozen=True, kw_only=True):
    """What all rules of one round share: coverage by source and the open findings, as of `now`."""

    now: float
    covered: dict[str, tuple[Interval, ...]]
    findings: tuple[Finding, ...] = ()


def look(connection: Connection, desk: Desk, now: float, since: float, findings: tuple[Finding, ...]) -> Sight:
    """Reads coverage back to `since` and lets each source's newest interval reach to now within its grace."""
    found = cursors.covered(connection, since, now)
    firsts = cursors.first_covered(connection)
    covered = {}
    for name, intervals in found.items():
        source = desk.sources.get(name)
        covered[name] = _reach(intervals, source, now) if source else intervals
    for name, first in firsts.items():
        covered.setdefault(name, ((first, first),))
    return Sight(now=now, covered=covered, findings=findings)


def _reach(intervals: tuple[Interval, ...], source: Source, now: float) -> tuple[Interval, ...]:
    start, end = intervals[-1]
    return (*intervals[:-1], (start, now)) if now - end <= grace(source) else intervals


def grace(source: Source) -> float:
    """Seconds that a source may stay behind before what it should have covered counts as no data."""
    if source.silent_after is not None:
        return float(source.silent_after)
    if isinstance(source, Push):
        return float(source.expect_every * 2) if source.expect_every else MINUTE
    if isinstance(source, File):
        return max(7200.0, 2.5 * source.every)
    return 2.5 * source.every + MINUTE


def batch(
    connection: Connection, desk: Desk, rule: Rule, sight: Sight, standing: Iterable[Key], since: float | None = None
) -> list[Series]:
    """The series of a rule with all its detector looks back to, from `since` on where instants were missed."""
    part, whole = desk.asked[rule.name]
    if part.kind == "findings":
        return _findings(part, sight, standing)
    spans = _spans(rule, desk, sight.now, since)
    measure, other = reads(rule)
    counted = buckets.of_selection(connection, desk.counting[part.id], spans)
    last = buckets.last_record(connection, desk.counting[part.id]) if rule.detector.unit == "seconds" else {}
    series = _series(desk, rule, part, measure, counted, sight, last)
    series = _with_known(series, part, measure, standing, sight, desk)
    if whole is None or other is None:
        return series
    against = buckets.of_selection(connection, desk.counting[whole.id], spans)
    sides = {s.key: s for s in _series(desk, rule, whole, other, against, sight, {})}
    empty = _empty(desk, whole, other, sight)
    return [replace(s, denominator=sides.get(other_side(s.key, whole), empty)) for s in series]


def _spans(rule: Rule, desk: Desk, now: float, since: float | None) -> tuple[Interval, ...]:
    """What the rule's detector reads for all instants from `since` to `now`."""
    question = asked(rule, desk.zone)
    last = rule.detector.spans(now, question)
    if since is None:
        return join_intervals(list(last))
    first = rule.detector.spans(since, question)
    return join_intervals([(a[0], b[1]) for a, b in zip(first, last, strict=True)])


def _series(
    desk: Desk,
    rule: Rule,
    selection: Selection,
    measure: Measure,
    counted: Sequence[Counted],
    sight: Sight,
    last: Mapping[int, float],
) -> list[Series]:
    marks = {c.key: c.marks.get("families", ()) for c in counted}
    own = _limited([c for c in counted if not any(value == ANY for _, value in c.key)], rule.max_series)
    out = []
    for c in own:
        covered, full = _coverage(desk, selection, measure, c.buckets, sight)
        families = sorted({pair for key in mark_keys(c.key) for pair in marks.get(key, ())})
        out.append(
            Series(
                key=c.key,
                measure=measure,
                buckets=tuple(b for _, b in c.buckets),
                marks={**c.marks, "families": tuple(families)} if families else c.marks,
                covered=covered,
                full=full,
                last_at=last.get(c.id),
            )
        )
    return out


def _limited(counted: list[Counted], most: int) -> list[Counted]:
    """At most so many series: the largest by records keep their names, the rest are one, called other."""
    if len(counted) <= most:
        return counted
    counted = sorted(counted, key=lambda c: (-sum(b.n for _, b in c.buckets), c.id))
    rest = counted[most - 1 :]
    pairs = tuple(sorted((pair for c in rest for pair in c.buckets), key=lambda pair: pair[1].start))
    kinds = {kind for c in rest for kind in c.marks}
    marks = {kind: tuple(sorted({m for c in rest for m in c.marks.get(kind, ())})) for kind in kinds}
    key = tuple((label, OTHER) for label, _ in rest[0].key)
    return [*counted[: most - 1], Counted(rest[0].id, key, pairs, marks)]


def _with_known(
    series: list[Series], part: Selection, measure: Measure, standing: Iterable[Key], sight: Sight, desk: Desk
) -> list[Series]:
    """Series that stand above calm, and the one of a rule without `by`, are judged though nothing was counted."""
    there = {s.key for s in series}
    wanted = {*standing, ()} if not part.by else set(standing)
    empty = _empty(desk, part, measure, sight)
    return series + [replace(empty, key=key) for key in sorted(wanted - there)]


def _empty(desk: Desk, selection: Selection, measure: Measure, sight: Sight) -> Series:
    covered, full = _coverage(desk, selection, measure, (), sight)
    return Series(key=(), measure=measure, covered=covered, full=full)


def _coverage(
    desk: Desk, selection: Selection, measure: Measure, found: Sequence[tuple[str, Bucket]], sight: Sight
) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Where at least one source of the series vouches, and where all of them do."""
    if selection.kind == "samples":
        if measure in ("last", "avg", "min", "max"):
            return ((0.0, sight.now),), ((0.0, sight.now),)
        spans = join_intervals([(b.start, b.start + b.span) for _, b in found], MINUTE)
        return spans, spans
    names = witnesses_of(desk, selection)
    parts = [sight.covered[name] for name in names if name in sight.covered]
    covered = join_intervals([interval for part in parts for interval in part])
    gone = [gap for part in parts for gap in _gaps(part, covered)]
    return covered, _without(covered, join_intervals(gone))


def witnesses_of(desk: Desk, selection: Selection) -> list[str]:
    """The sources whose mentions a selection can count."""
    where = selection.where
    return [
        source.name
        for source in desk.sources.values()
        if source.enabled
        and (not where.source or source.name in where.source)
        and (not where.family or source.family in where.family)
    ]


def _gaps(part: tuple[Interval, ...], covered: tuple[Interval, ...]) -> list[Interval]:
    """Where a source that had begun covers nothing although others do."""
    if not part or not covered:
        return []
    ends = covered[-1][1]
    edges = [*part, (ends, ends)]
    return [(a[1], b[0]) for a, b in pairwise(edges) if b[0] - a[1] > 1.0]


def _without(covered: tuple[Interval, ...], gone: tuple[Interval, ...]) -> tuple[Interval, ...]:
    left = list(covered)
    for start, end in gone:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return tuple(left)


def _findings(part: Selection, sight: Sight, standing: Iterable[Key]) -> list[Series]:
    """Findings that are open now, by subject: the count is what stands, whatever the window."""
    where = part.where
    minute = sight.now - sight.now % MINUTE - MINUTE
    found: dict[Key, float] = dict.fromkeys(standing, 0.0)
    for finding in sight.findings:
        if (where.kind and finding.kind not in where.kind) or (where.subject and finding.subject not in where.subject):
            continue
        values = {"subject": finding.subject, "kind": finding.kind}
        key = tuple((label, values.get(label, "")) for label in part.by)
        found[key] = found.get(key, 0.0) + 1
    if not part.by:
        found.setdefault((), 0.0)
    ever = ((minute - LONGEST_LOOK, sight.now),)
    return [
        Series(key=key, measure="count", buckets=(Bucket(minute, MINUTE, n),), covered=ever, full=ever, last_at=minute)
        for key, n in found.items()
    ]
