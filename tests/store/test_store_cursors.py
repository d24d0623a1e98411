"""Where a source goes on reading, and which minutes it vouches for."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.store import cursors
from monitor.store.cursors import Standing


def test_a_source_never_fetched_begins_anew(connection: Connection) -> None:
    assert cursors.get(connection, "feed") == ({}, Standing())


def test_cursor_and_standing_come_back(connection: Connection) -> None:
    standing = Standing(first_good=1.5, failures=2, fault="超时", hours={"480000": 3})
    cursors.put(connection, "feed", {"etag": '"a"'}, Standing())
    cursors.put(connection, "feed", {"etag": '"b"'}, standing)
    assert cursors.get(connection, "feed") == ({"etag": '"b"'}, standing)
    assert cursors.all_standing(connection) == {"feed": standing}


def test_intervals_that_touch_become_one(connection: Connection) -> None:
    cursors.cover(connection, "feed", 0, 60)
    cursors.cover(connection, "feed", 60.5, 120)
    cursors.cover(connection, "feed", 300, 360)
    assert cursors.covered(connection, 0, 999) == {"feed": ((0, 120), (300, 360))}
    cursors.cover(connection, "feed", 100, 310)
    assert cursors.covered(connection, 0, 999) == {"feed": ((0, 360),)}


def test_an_earlier_interval_is_joined_to_a_later_one(connection: Connection) -> None:
    cursors.cover(connection, "feed", 100, 200)
    cursors.cover(connection, "feed", 50, 100)
    cursors.cover(connection, "feed", 120, 150)
    cursors.cover(connection, "feed", 90, 10)
    assert cursors.covered(connection, 0, 999) == {"feed": ((50, 200),)}


def test_only_what_touches_the_span_is_told_and_since_when_a_source_covers(connection: Connection) -> None:
    cursors.cover(connection, "feed", 0, 60)
    cursors.cover(connection, "feed", 300, 360)
    cursors.cover(connection, "press", 10, 20)
    assert cursors.covered(connection, 100, 320) == {"feed": ((300, 360),)}
    assert cursors.first_covered(connection) == {"feed": 0, "press": 10}
