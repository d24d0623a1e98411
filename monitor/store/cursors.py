"""Where each source goes on reading, how it stands, and which minutes it covers."""

from __future__ import annotations

import math

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.engine import Connection

from monitor.model import Cursor, Pause
from monitor.series import Interval, join_intervals
from monitor.store.codec import dump, load, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import coverage, cursors

_GET = Prepared(lambda _: sa.select(cursors.c.cursor, cursors.c.standing).where(cursors.c.source == sa.bindparam("of")))


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


def first_covered(connection: Connection) -> dict[str, float]:
    """Since when each source covers anything."""
    query = sa.select(coverage.c.source, sa.func.min(coverage.c.start)).group_by(coverage.c.source)
    return {row[0]: row[1] for row in connection.execute(query)}
