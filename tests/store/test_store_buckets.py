"""What is counted: increments add up, marks stand as long as somebody was seen, a changed topic counts anew."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.series import Bucket
from monitor.store import buckets

KEY = (("product", "充电宝"),)


def bucket(start: int, n: float = 1, **more: float) -> Bucket:
    values = {"stories": n, "sum": 10 * n, "min": 1.0, "max": 9.0, "last": 5.0, "last_at": start + 30.0} | more
    return Bucket(float(start), 60.0, n, **values)


def row(start: int, n: float = 1, source: str = "desk", id: int = 1, **more: float) -> buckets.BucketRow:
    return id, start, 60, source, bucket(start, n, **more)


def stands(connection: Connection, since: float = 0) -> list[tuple[int, float, float]]:
    return [(id, b.start, b.n) for id, b in buckets.since(connection, 7, since)]


def test_increments_add_up_and_negative_ones_take_back(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.add(connection, [row(0, 2), row(60, 3)], [])
    buckets.add(connection, [row(0, 1), row(60, -3)], [])
    assert stands(connection) == [(1, 0, 3), (1, 60, 0)]


def test_one_batch_may_add_to_one_bucket_twice(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.add(connection, [row(0, 2), row(0, 3)], [])
    assert stands(connection) == [(1, 0, 5)]


def test_the_last_value_is_the_newest_whatever_the_order_of_arrival(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.add(connection, [row(0, last=5.0, last_at=50.0)], [])
    buckets.add(connection, [row(0, last=4.0, last_at=40.0)], [])
    ((_, kept),) = buckets.since(connection, 7, 0)
    assert (kept.last, kept.last_at) == (5.0, 50.0)


def test_registering_a_series_twice_is_no_fault(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY), (2, 7, ())])
    buckets.register(connection, [(1, 7, KEY)])
    assert buckets.keys(connection, 7) == {1: KEY, 2: ()}


def test_only_the_selection_asked_for_is_read_in_order_of_time(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY), (2, 7, ()), (3, 8, ())])
    buckets.add(connection, [row(120, id=2), row(60), row(0), row(0, id=3)], [])
    assert stands(connection, 59.5) == [(1, 60, 1), (2, 120, 1)]
    assert buckets.longest(connection, 7) == 60
    assert buckets.longest(connection, 9) == 0
    assert buckets.last_record(connection, 7) == {1: 90.0, 2: 150.0}


def test_numbers_up_to_63_bits_are_held(connection: Connection) -> None:
    big = (1 << 63) - 1
    buckets.begin(connection, [big])
    buckets.register(connection, [(big - 1, big, KEY)])
    buckets.add(connection, [row(0, id=big - 1)], [(big - 1, "authors", 0, "a", 1)])
    assert [id for id, _ in buckets.since(connection, big, 0)] == [big - 1]


def test_a_mark_goes_when_the_last_one_who_made_it_is_taken_back(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.add(connection, [], [(1, "authors", 60, "a", 2), (1, "authors", 60, "b", 1)])
    buckets.add(connection, [], [(1, "authors", 60, "a", -1), (1, "authors", 60, "b", -1)])
    assert list(buckets.marks_since(connection, 7, 60)) == [(1, "authors", 60.0, "a")]
    assert list(buckets.marks_since(connection, 7, 60.5)) == []


def test_marks_are_sorted_by_bytes_on_every_database(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    names = ["a", "B", "_", "é", "z", "Z"]
    buckets.add(connection, [], [(1, "families", 0, who, 1) for who in names])
    assert [who for *_, who in buckets.marks_since(connection, 7, 0)] == sorted(names)


def test_merging_keeps_the_lowest_and_the_highest(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.merge_rows(connection, [(1, 0, 3600, "desk", Bucket(0.0, 3600.0, 1, 1, 5.0, None, None, None, 10.0))])
    buckets.merge_rows(connection, [(1, 0, 3600, "desk", Bucket(0.0, 3600.0, 1, 1, 5.0, 2.0, 8.0, 8.0, 20.0))])
    buckets.merge_rows(connection, [(1, 0, 3600, "desk", Bucket(0.0, 3600.0, 1, 1, 5.0, 3.0, 9.0, 9.0, 15.0))])
    ((_, b),) = buckets.since(connection, 7, 0)
    assert (b.n, b.sum, b.min, b.max, b.last, b.last_at) == (3, 15, 2, 9, 8, 20)


def test_what_is_made_anew_takes_the_place_of_its_span_only(connection: Connection) -> None:
    buckets.register(connection, [(1, 7, KEY)])
    buckets.add(connection, [row(0), row(60), row(120), row(60, source="press")], [])
    buckets.replace(connection, 1, "desk", [row(60, 9)])
    assert sorted(stands(connection)) == [(1, 0, 1), (1, 60, 1), (1, 60, 9), (1, 120, 1)]


def test_a_selection_is_counted_through_then_ready_then_retired_then_gone(connection: Connection) -> None:
    buckets.begin(connection, [7, 8])
    buckets.register(connection, [(1, 7, KEY), (2, 8, ())])
    buckets.add(connection, [row(0), row(0, id=2)], [(1, "authors", 0, "a", 1)])
    buckets.advance(connection, [7], 500, ready=False)
    assert buckets.standing(connection) == {7: (500, False), 8: (0, False)}
    buckets.advance(connection, [7, 8], 900, ready=True)
    assert buckets.ready(connection) == {7, 8}
    buckets.retire(connection, [8])
    assert (buckets.ready(connection), buckets.standing(connection)) == ({7}, {7: (900, True)})
    buckets.begin(connection, [7])
    assert buckets.standing(connection) == {7: (0, False)}
    assert (stands(connection), buckets.keys(connection, 7)) == ([], {})
    assert [b.n for _, b in buckets.since(connection, 8, 0)] == [1]
