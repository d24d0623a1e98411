"""Pruning: the old goes, what it counted stays, and each bite is small."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Mention, Sample
from monitor.series import Bucket
from monitor.store import buckets, cursors, findings, observations, prune
from monitor.store.observations import Stored
from monitor.store.tables import metadata

DAY, HOUR = 86400, 3600
NOW = 1000.0 * DAY
KEEP = {"keep_mentions": 10 * DAY, "minutes": 2 * DAY, "hours": 20 * DAY, "days": 100 * DAY}


def run(connection: Connection, now: float = NOW) -> dict[str, int]:
    """All duties to their ends: name -> rows."""
    done = {}
    for name, duty in prune.duties(now, **KEEP).items():
        while keys := duty.find(prune.BITE, connection):
            assert len(keys) <= prune.BITE
            duty.take(connection, keys)
            done[name] = done.get(name, 0) + len(keys)
    return done


def counts(connection: Connection) -> list[tuple[float, float, float]]:
    return [(b.start, b.span, b.n) for _, b in buckets.since(connection, 7, 0)]


def minute(start: float, n: float = 1, value: float = 5.0) -> buckets.BucketRow:
    return 1, int(start), 60, "desk", Bucket(start, 60.0, n, n, value, value, value, value, start + 1)


def test_minutes_become_hours_and_hours_days_and_nothing_is_lost(connection: Connection) -> None:
    buckets.begin(connection, [7])
    buckets.register(connection, [(1, 7, ())])
    old, older = NOW - 5 * DAY, NOW - 50 * DAY
    rows = [minute(old + 60 * n, value=float(n)) for n in range(90)] + [minute(older + 60 * n) for n in range(60)]
    buckets.add(connection, [*rows, minute(NOW - DAY)], [])
    run(connection)
    assert counts(connection) == [(older, DAY, 60), (old, HOUR, 60), (old + HOUR, HOUR, 30), (NOW - DAY, 60, 1)]
    (_, b) = list(buckets.since(connection, 7, 0))[1]
    assert (b.min, b.max, b.last, b.sum) == (0, 59, 59, sum(range(60)))
    assert run(connection) == {}


def test_late_minutes_join_the_hour_that_stands(connection: Connection) -> None:
    buckets.begin(connection, [7])
    buckets.register(connection, [(1, 7, ())])
    old = NOW - 5 * DAY
    buckets.add(connection, [minute(old)], [])
    run(connection)
    buckets.add(connection, [minute(old + 120, 4)], [])
    run(connection)
    assert counts(connection) == [(old, HOUR, 5)]


def test_an_hour_that_is_not_over_its_time_as_a_whole_stays_in_minutes(connection: Connection) -> None:
    buckets.begin(connection, [7])
    buckets.register(connection, [(1, 7, ())])
    edge = NOW - 2 * DAY
    buckets.add(connection, [minute(edge + 60), minute(edge - 60)], [])
    run(connection, NOW + 1800)
    assert counts(connection) == [(edge - HOUR, HOUR, 1), (edge + 60, 60, 1)]


def test_more_than_a_bite_goes_in_several(connection: Connection) -> None:
    rows = [
        Stored(seq=0, mention=Mention(id=str(n), text="x", seen_at=NOW - 20 * DAY, source="desk")) for n in range(1100)
    ]
    observations.insert(connection, rows)
    assert run(connection) == {"mentions": 1100}


def test_each_kind_goes_by_its_own_time(connection: Connection) -> None:
    buckets.begin(connection, [7])
    buckets.register(connection, [(1, 7, ())])
    marks = [(1, "authors", int(NOW - age * DAY), "a", 1) for age in (1, 3)]
    buckets.add(connection, [minute(NOW - 101 * DAY)], marks)
    samples = [Sample(series="o", at=NOW - age * DAY, value=1, seen_at=NOW, source="s") for age in (99, 101)]
    observations.put_samples(connection, samples)
    cursors.cover(connection, "feed", 0, NOW - 101 * DAY)
    findings.begin(connection, "undated", "feed", 5, {})
    findings.end(connection, "undated", "feed", 10)
    findings.begin(connection, "undated", "feed", 20, {})
    done = run(connection)
    assert {name: done[name] for name in ("marks", "samples", "coverage", "findings")} == {
        "marks": 1, "samples": 1, "coverage": 1, "findings": 1,
    }  # fmt: skip
    assert [f.since for f in findings.open(connection)] == [20]
    assert counts(connection) == []


def test_a_retired_selection_is_forgotten_whole_and_its_neighbour_is_not(connection: Connection) -> None:
    buckets.begin(connection, [7, 8])
    buckets.register(connection, [(1, 7, ()), (2, 8, ())])
    buckets.add(connection, [minute(NOW)], [(1, "authors", int(NOW), "a", 1), (2, "authors", int(NOW), "a", 1)])
    buckets.retire(connection, [7])
    run(connection)
    left = {name: connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[name])) for name in
            ("selections", "series", "buckets", "marks")}  # fmt: skip
    assert left == {"selections": 1, "series": 1, "buckets": 0, "marks": 1}


def test_a_source_may_keep_its_mentions_for_another_time(connection: Connection) -> None:
    rows = [
        Stored(seq=0, mention=Mention(id=str(days), text="t", seen_at=NOW - days * DAY, source=source))
        for source in ("desk", "press", "feed")
        for days in (1, 5, 15)
    ]
    observations.insert(connection, rows)
    for duty in prune.duties(NOW, **KEEP, keep_of={"press": 3 * DAY, "feed": 30 * DAY}).values():
        while keys := duty.find(prune.BITE, connection):
            duty.take(connection, keys)
    left = [(row.mention.source, row.mention.id) for row in observations.window(connection, 0.0, NOW)]
    assert sorted(left) == [
        ("desk", "1"), ("desk", "5"), ("feed", "1"), ("feed", "15"), ("feed", "5"), ("press", "1"),
    ]  # fmt: skip


def test_bites_shrink_at_once_where_a_row_costs_much_and_grow_again_by_and_by() -> None:
    assert prune.next_bite(200, took=10 * prune.HOLD) == 20
    assert prune.next_bite(20, took=0.001) == 30
    assert prune.next_bite(prune.BITE, took=0.0) == prune.BITE
    assert prune.next_bite(prune.LEAST, took=60.0) == prune.LEAST
