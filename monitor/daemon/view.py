"""What a rule sees: its series as the store counts them, with what is covered, ready to be judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.memory import Counted, Memory
from monitor.detectors.kept import Kept
from monitor.model import Finding, Key
from monitor.rules.evaluate import needs
from monitor.rules.rule import Rule
from monitor.rules.select import ANY, OTHER, Selection, mark_keys, other_side, reads
from monitor.series import Bucket, Interval, Measure, Series, join_intervals
from monitor.sources import Source
from monitor.sources.file import File
from monitor.sources.push import Push
from monitor.sources.stream import Stream
from monitor.store import cursors
from monitor.times import MINUTE

LONGEST_LOOK = 40 * 86400.0
WITNESSED = ("families", "sources")
"""Marks that records bear witness by though they lack the label of a series."""
TEND = 300.0
"""How often it is noted that push sources are listened to."""


class Sight(Struct, frozen=True, kw_only=True):
    """What all rules of one round share: coverage by source and the open findings, as of `now`."""

    now: float
    covered: dict[str, tuple[Interval, ...]]
    findings: tuple[Finding, ...] = ()


def look(connection: Connection, desk: Desk, now: float, since: float, findings: tuple[Finding, ...]) -> Sight:
    """Reads coverage back to `since` and lets each source's newest interval reach to now within its grace.

    That of a paused source ends where it was paused.
    """
    found = cursors.covered(connection, since, now)
    firsts = cursors.first_covered(connection)
    paused = {finding.subject for finding in findings if finding.kind == "source-paused"}
    covered = {}
    for name, intervals in found.items():
        source = None if name in paused else desk.sources.get(name)
        covered[name] = _reach(intervals, source, now) if source else intervals
    for name, first in firsts.items():
        covered.setdefault(name, ((first, first),))
    return Sight(now=now, covered=covered, findings=findings)


def _reach(intervals: tuple[Interval, ...], source: Source, now: float) -> tuple[Interval, ...]:
    start, end = intervals[-1]
    return (*intervals[:-1], (start, now)) if now - end <= grace(source) else intervals


def grace(source: Source) -> float:
    """Seconds that a source may stay behind before what it should have covered counts as no data.

    Only of a file does `silent_after` say this: one that is asked and does not answer covers nothing, however patient.
    """
    if isinstance(source, Push):
        return float(source.expect_every * 2) if source.expect_every else 2.5 * TEND
    if isinstance(source, Stream) and source.expect_every:
        return float(source.expect_every * 2)
    if isinstance(source, File):
        return float(source.silent_after or max(7200.0, 2.5 * source.every))
    return 2.5 * source.every + MINUTE


def batch(
    connection: Connection,
    desk: Desk,
    memory: Memory,
    rule: Rule,
    sight: Sight,
    standing: Iterable[Key],
    since: float | None = None,
    kept: Kept | None = None,
) -> list[Series]:
    """The series of a rule with all its detector looks back to, from `since` on where instants were missed.

    With what is `kept` of earlier judgements it looks back less far.
    """
    part, whole = desk.asked[rule.name]
    if part.kind == "findings":
        return _findings(part, sight, standing)
    missed = sight.now - (since if since is not None else sight.now)
    back = missed + needs(rule, sight.now, desk.zone, kept)
    measure, other = reads(rule)
    id = desk.counting.get(part.id)  # none of a selection by term
    counted = memory.terms.get(rule.name, []) if id is None else memory.counted(connection, id, back, sight.now)
    series = _series(desk, rule, part, measure, counted, sight)
    series = _with_known(series, part, measure, standing, sight, desk)
    if whole is None or other is None:
        return series
    held = memory.counted(connection, desk.counting[whole.id], back, sight.now)
    against = _series(desk, rule, whole, other, held, sight)
    sides = {s.key: s for s in against}
    empty = _empty(desk, whole, other, sight)
    return [replace(s, denominator=sides.get(other_side(s.key, whole), empty)) for s in series]


def _series(
    desk: Desk, rule: Rule, selection: Selection, measure: Measure, counted: Sequence[Counted], sight: Sight
) -> list[Series]:
    marks = {kind: {c.key: c.marks[kind] for c in counted if kind in c.marks} for kind in WITNESSED}
    own = _limited([c for c in counted if not any(value == ANY for _, value in c.key)], rule.max_series)
    vouched = _coverage(desk, selection, sight) if selection.kind == "mentions" else None
    out = []
    for c in own:
        covered, full = vouched if vouched is not None else _sampled(measure, c.spans(), sight)
        witnesses = {kind: found for kind, of in marks.items() if of and (found := _witnessed(of, c.key))}
        out.append(
            Series(
                key=c.key,
                measure=measure,
                buckets=c.buckets,
                marks={**c.marks, **witnesses},
                covered=covered,
                full=full,
                last_at=c.last_at,
                longest=c.longest,
            )
        )
    return out


def _witnessed(marks: Mapping[Key, tuple[tuple[float, str], ...]], key: Key) -> tuple[tuple[float, str], ...]:
    """The marks of a kind that are evidence for a series: its own, and those of records that lack a label."""
    found = [marks[k] for k in mark_keys(key) if marks.get(k)]
    return found[0] if len(found) == 1 else tuple(sorted({pair for pairs in found for pair in pairs}))


def _limited(counted: list[Counted], most: int) -> list[Counted]:
    """At most so many series: the largest by records keep their names, the rest are one, called other."""
    if len(counted) <= most:
        return counted
    counted = sorted(counted, key=lambda c: (-sum(b.n for b in c.buckets), c.id))
    rest = counted[most - 1 :]
    rows = tuple(sorted((b for c in rest for b in c.buckets), key=lambda b: b.start))
    kinds = {kind for c in rest for kind in c.marks}
    marks = {kind: tuple(sorted({m for c in rest for m in c.marks.get(kind, ())})) for kind in kinds}
    key = tuple((label, OTHER) for label, _ in rest[0].key)
    last = max((c.last_at for c in rest if c.last_at is not None), default=None)
    longest = max(c.longest for c in rest)
    return [*counted[: most - 1], Counted(rest[0].id, key, rows, marks, longest, last)]


def _with_known(
    series: list[Series], part: Selection, measure: Measure, standing: Iterable[Key], sight: Sight, desk: Desk
) -> list[Series]:
    """Series that stand above calm, and the one of a rule without `by`, are judged though nothing was counted."""
    there = {s.key for s in series}
    wanted = {*standing, ()} if not part.by else set(standing)
    empty = _empty(desk, part, measure, sight)
    return series + [replace(empty, key=key) for key in sorted(wanted - there)]


def _empty(desk: Desk, selection: Selection, measure: Measure, sight: Sight) -> Series:
    mentions = selection.kind == "mentions"
    covered, full = _coverage(desk, selection, sight) if mentions else _sampled(measure, (), sight)
    return Series(key=(), measure=measure, covered=covered, full=full)


def _sampled(measure: Measure, spans: tuple[Interval, ...], sight: Sight) -> tuple[tuple[Interval, ...], ...]:
    """Samples vouch for their own spans; a gauge needs no more than to have been read."""
    if measure in ("last", "avg", "min", "max"):
        spans = ((0.0, sight.now),)
    return spans, spans


def _coverage(desk: Desk, selection: Selection, sight: Sight) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Where at least one source of the series vouches, and where all of them do."""
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
