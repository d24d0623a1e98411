"""Where each source goes on reading, how it stands, and which minutes it covers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Cursor, Pause
from monitor.series import Interval, join_intervals
from monitor.store.codec import dump, load, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import coverage, cursors

_GET = Prepared(lambda _: sa.select(cursors.c.cursor, cursors.c.standing).where(cursors.c.source == sa.bindparam("of")))

_KEEP = Prepared(
    lambda _: (
        sa.update(cursors)
        .where(cursors.c.source == sa.bindparam("of"))
        .values(cursor=sa.bindparam("goes_on"), standing=sa.bindparam("stands"))
    )
)
_GROW = Prepared(
    lambda _: (
        sa.update(coverage)
        .where(coverage.c.source == sa.bindparam("of"), coverage.c.start == sa.bindparam("since"))
        .values(end=sa.bindparam("until"))
    )
)


class Standing(Struct, frozen=True, kw_only=True):
    """How a source stands: its good fetches, its failures in a row, when it is due, what went wrong last.

    `hours`: records by the hour since the epoch, of the last day.
    """

    first_good: float | None = None
    last_try: float | None = None
    last_good: float | None = None
    last_record: float | None = None
    failures: int = 0
    quiet: int = 0
    again: bool = False
    next_due: float = 0.0
    fault: str = ""
    fault_since: float | None = None
    gone: bool = False
    pause: Pause | None = None
    resumed_at: float | None = None
    hours: dict[str, int] = field(default_factory=dict)

    @property
    def begins(self) -> bool:
        """The next good fetch is a first one: the source was never read, or not since it was resumed."""
        return self.last_good is None or (self.resumed_at or 0.0) > self.last_good

    @property
    def due(self) -> float:
        """When it is to be fetched; infinity: not before a person says so."""
        return math.inf if self.gone or self.pause else self.next_due


def get(connection: Connection, source: str) -> tuple[Cursor, Standing]:
    """Cursor and standing; empty ones for a source never fetched."""
    rows = _GET.run(connection, {"of": source}).rows
    return (load(rows[0][0], Cursor), load(rows[0][1], Standing)) if rows else ({}, Standing())


def all_standing(connection: Connection) -> dict[str, Standing]:
    """How every source stands that was ever tried."""
    return {row.source: load(row.standing, Standing) for row in connection.execute(sa.select(cursors))}


def put(connection: Connection, source: str, cursor: Cursor, standing: Standing) -> None:
    """Keeps cursor and standing."""
    row = {"cursor": dump(cursor), "standing": dump(standing)}
    statement = upsert(connection, cursors).values(source=source, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=row))


class Quiet(Struct, frozen=True, kw_only=True):
    """What polls that brought nothing new leave to be kept: how the source stands, and the span they vouch for."""

    cursor: Cursor
    standing: Standing
    start: float
    end: float


def put_quiet(connection: Connection, quiet: Mapping[str, Quiet]) -> None:
    """Keeps many at once. What people or a newer fetch wrote meanwhile stands."""
    held = _held(connection, list(quiet))
    rows = []
    for source, one in quiet.items():
        before = held.get(source, Standing())
        if (before.last_try or 0.0) < (one.standing.last_try or 0.0):
            put = replace(one.standing, pause=before.pause, resumed_at=before.resumed_at)
            rows.append({"of": source, "goes_on": dump(one.cursor), "stands": dump(put)})
    _KEEP.run_many(connection, rows)
    _cover_on(connection, quiet)


def _held(connection: Connection, names: Sequence[str]) -> dict[str, Standing]:
    query = sa.select(cursors.c.source, cursors.c.standing).where(cursors.c.source.in_(names))
    return {row.source: load(row.standing, Standing) for row in connection.execute(query)}


def _cover_on(connection: Connection, quiet: Mapping[str, Quiet]) -> None:
    """Lets coverage go on; where that is more than one interval that grows, it is joined as by `cover`."""
    query = sa.select(coverage).where(
        coverage.c.source.in_(list(quiet)), coverage.c.end >= min(one.start for one in quiet.values()) - 1.0
    )
    near: dict[str, list[Interval]] = {}
    for row in connection.execute(query):
        if row.end >= quiet[row.source].start - 1.0:
            near.setdefault(row.source, []).append((row.start, row.end))
    grown = []
    for source, one in quiet.items():
        intervals = near.get(source, [])
        if len(intervals) == 1 and intervals[0][0] <= one.start:
            grown.append({"of": source, "since": intervals[0][0], "until": max(one.end, intervals[0][1])})
        else:
            cover(connection, source, one.start, one.end)
    _GROW.run_many(connection, grown)


def cover(connection: Connection, source: str, start: float, end: float, touch: float = 1.0) -> None:
    """Notes that a source vouches for `[start, end]`; intervals at most `touch` seconds apart become one."""
    if end < start:
        return
    near = (coverage.c.source == source, coverage.c.start <= end + touch, coverage.c.end >= start - touch)
    rows = connection.execute(sa.select(coverage.c.start, coverage.c.end).where(*near)).all()
    if len(rows) == 1 and rows[0].start <= start:
        mine = (coverage.c.source == source, coverage.c.start == rows[0].start)
        connection.execute(sa.update(coverage).where(*mine).values(end=max(end, rows[0].end)))
        return
    if rows:
        connection.execute(sa.delete(coverage).where(*near))
    start, end = min([start, *(r.start for r in rows)]), max([end, *(r.end for r in rows)])
    connection.execute(sa.insert(coverage).values(source=source, start=start, end=end))


def covered(connection: Connection, since: float, until: float) -> dict[str, tuple[Interval, ...]]:
    """What each source covers that touches a span of time."""
    query = sa.select(coverage).where(coverage.c.end >= since, coverage.c.start <= until).order_by(coverage.c.start)
    out: dict[str, list[Interval]] = {}
    for row in connection.execute(query):
        out.setdefault(row.source, []).append((row.start, row.end))
    return {source: join_intervals(intervals) for source, intervals in out.items()}


def covered_to(connection: Connection, source: str) -> float | None:
    """Up to when a source covers, None where it covers nothing yet."""
    at: float | None = connection.scalar(sa.select(sa.func.max(coverage.c.end)).where(coverage.c.source == source))
    return at


def covered_since(connection: Connection, source: str) -> float | None:
    """Since when a source covers anything."""
    at: float | None = connection.scalar(sa.select(sa.func.min(coverage.c.start)).where(coverage.c.source == source))
    return at


def first_covered(connection: Connection) -> dict[str, float]:
    """Since when each source covers anything."""
    query = sa.select(coverage.c.source, sa.func.min(coverage.c.start)).group_by(coverage.c.source)
    return {row[0]: row[1] for row in connection.execute(query)}
