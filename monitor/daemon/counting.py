"""Between what was counted and the store: rows under the ids that the topics in force give, and recounting.

A topic, label or lexicon that changes gives its selections new ids. They are counted from the first stored mention on,
in small bites; until the last bite they are not counted live and not judged. The bite that reaches the end makes them
ready, in the same transaction: no verdict mixes two meanings of a topic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.model import Key, Sample
from monitor.rules.buckets import Compiled, Counted, Tally
from monitor.rules.select import Selection, series_id
from monitor.rules.spread import spread
from monitor.store import buckets, observations
from monitor.store.database import Database, Priority

BITE = 2000


def write(connection: Connection, desk: Desk, counted: Counted, only: frozenset[int] | None = None) -> None:
    """Adds what was counted, for the selections counted live (`only`: for just these, which are being recounted)."""
    ready = buckets.ready(connection) if only is None else only
    rows = [
        (series_id(desk.counting[id], key), int(start), int(span), source, bucket)
        for (id, key, source, start, span), bucket in counted.buckets.items()
        if desk.counting[id] in ready
    ]
    seen = [
        (series_id(desk.counting[id], key), kind, int(minute), who, n)
        for (id, key, kind, minute, who), n in counted.marks.items()
        if desk.counting[id] in ready
    ]
    buckets.register(connection, _named(desk, counted, ready))
    buckets.add(connection, rows, seen)


def _named(desk: Desk, counted: Counted, ready: frozenset[int]) -> set[tuple[int, int, Key]]:
    named = {(id, key) for id, key, *_ in counted.buckets} | {(id, key) for id, key, *_ in counted.marks}
    rows = ((desk.counting[id], key) for id, key in named if desk.counting[id] in ready)
    return {(series_id(id, key), id, key) for id, key in rows}


def remake(
    connection: Connection, desk: Desk, around: Sequence[Sample], start: float, only: frozenset[int] | None = None
) -> dict[int, float]:
    """Makes the buckets of one series and label set anew from its samples; returns what it touched, from when on.

    `around`: samples in order; those before `start` only serve as the value a counter rises from. Each label set of a
    source stands in a column of its own, so that it can be replaced without touching the others.
    """
    before = [s for s in around if s.at < start]
    tally = Tally(desk.compiled)
    first = around[0]
    again = [s for s in around if s.at >= start]
    tally.add_samples(
        first.source,
        desk.family(first.source),
        first.series,
        first.labels,
        spread(again, before[-1] if before else None),
    )
    counted = tally.drain()
    ready = buckets.ready(connection) if only is None else only
    column = first.source + "".join(f"\x1f{name}={value}" for name, value in sorted(first.labels.items()))
    rows: dict[int, list[buckets.BucketRow]] = {}
    for (id, key, _, begin, span), bucket in counted.buckets.items():
        if desk.counting[id] in ready:
            series = series_id(desk.counting[id], key)
            rows.setdefault(series, []).append((series, int(begin), int(span), column, bucket))
    buckets.register(connection, _named(desk, counted, ready))
    for series, mine in rows.items():
        buckets.replace(connection, series, column, mine)
    return earliest(counted)


def earliest(counted: Counted) -> dict[int, float]:
    """The selections that were counted, and from which minute on."""
    out: dict[int, float] = {}
    for id, _, _, start, _ in counted.buckets:
        out[id] = min(start, out.get(id, start))
    for id, _, _, minute, _ in counted.marks:
        out[id] = min(minute, out.get(id, minute))
    return out


def corrected(connection: Connection, desk: Desk, seq: int) -> None:
    """A stored mention changes: a recount that has passed it begins anew."""
    passed = [id for id, (done, ready) in buckets.standing(connection).items() if not ready and done >= seq]
    if passed:
        buckets.begin(connection, passed)


def prepare(connection: Connection, desk: Desk) -> None:
    """Notes which selections are ready, begins those that are new, retires those that nobody asks for."""
    wanted = set(desk.counting.values())
    standing = buckets.standing(connection)
    buckets.begin(connection, wanted - set(standing))
    buckets.retire(connection, set(standing) - wanted)


def bite(connection: Connection, desk: Desk) -> bool:
    """Recounts one bite of every selection that is not ready; True when all are."""
    standing = {id: done for id, (done, ready) in buckets.standing(connection).items() if not ready}
    behind = {id: standing[desk.counting[id]] for id in desk.counted if desk.counting[id] in standing}
    if not behind:
        return True
    _recount_samples(connection, desk, [s for s in desk.counted.values() if s.id in behind and s.kind == "samples"])
    mentions = [s for s in desk.counted.values() if s.id in behind and s.kind == "mentions"]
    if not mentions:
        return True
    done = min(behind[s.id] for s in mentions)
    mentions = [s for s in mentions if behind[s.id] == done]
    rows = observations.between(connection, done, observations.last_seq(connection), BITE)
    ids = frozenset(desk.counting[s.id] for s in mentions)
    tally = Tally(_just(desk.compiled, mentions))
    for row in rows:
        if row.counted:
            read = desk.reader.read(row.mention)
            tally.add(read.mention, read.said, family=desk.family(row.mention.source), story_is_new=row.new_story)
    write(connection, desk, tally.drain(), ids)
    ready = len(rows) < BITE
    buckets.advance(connection, ids, rows[-1].seq if rows else done, ready=ready)
    return ready and len(mentions) == len(behind)


def _just(compiled: Compiled, some: Sequence[Selection]) -> Compiled:
    return replace(compiled, mentions=tuple(some), samples={})


def _recount_samples(connection: Connection, desk: Desk, some: Sequence[Selection]) -> None:
    ids = frozenset(desk.counting[s.id] for s in some)
    for series in {s.of for s in some}:
        groups: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
        for sample in observations.all_samples(connection, series):
            groups.setdefault((*sorted(sample.labels.items()),), []).append(sample)
        for group in groups.values():
            remake(connection, desk, group, group[0].at, ids)
    buckets.advance(connection, ids, 0, ready=True)


async def recount(db: Database, desk: Desk, tell: Callable[[], None]) -> None:
    """Bite after bite until all selections are ready; other work goes first."""
    while not await db.write(lambda c: bite(c, desk), Priority.PRUNE):
        pass
    tell()


def recount_now(db: Database, desk: Desk) -> None:
    """The same in this thread, for commands and for the start of the service."""
    db.now_write(lambda c: prepare(c, desk))
    while not db.now_write(lambda c: bite(c, desk)):
        pass
