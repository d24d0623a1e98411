"""Letting go of the old, in small bites: minutes become hours, hours days, and what is past its time goes.

Each function does one bite and says how many rows it took; 0 = nothing is left to do.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.series import Bucket
from monitor.store.buckets import BucketRow, merge_rows
from monitor.store.tables import buckets, coverage, findings, marks, mentions, samples, selections, series

BITE = 1000
HOUR, DAY = 3600, 86400


def mentions_before(connection: Connection, before: float) -> int:
    """Deletes a bite of mentions older than an instant; what they counted stays."""
    old = sa.select(mentions.c.seq).where(mentions.c.at < before).limit(BITE)
    return connection.execute(sa.delete(mentions).where(mentions.c.seq.in_(old))).rowcount


def samples_before(connection: Connection, before: float) -> int:
    """Deletes samples older than an instant."""
    return connection.execute(sa.delete(samples).where(samples.c.at < before)).rowcount


def marks_before(connection: Connection, before: float) -> int:
    """Deletes marks older than an instant: who was seen is only asked of the newer past."""
    return connection.execute(sa.delete(marks).where(marks.c.minute < before)).rowcount


def roll(connection: Connection, before: float, shorter: int, into: int) -> int:
    """Merges a bite of buckets of spans up to `shorter` that begin before an instant into buckets of span `into`."""
    c = buckets.c
    limit = before - before % into
    old = sa.select(buckets).where(c.span <= shorter, c.start < limit).order_by(c.start).limit(BITE)
    rows = connection.execute(old).all()
    if not rows:
        return 0
    merged: list[BucketRow] = []
    for r in rows:
        start = r.start - r.start % into
        bucket = Bucket(start, into, r.n, r.stories, r.sum, r.min, r.max, r.last, r.last_at)
        merged.append((r.series, start, into, r.source, bucket))
    for r in rows:
        mine = (c.series == r.series, c.start == r.start, c.span == r.span, c.source == r.source)
        connection.execute(sa.delete(buckets).where(*mine))
    merge_rows(connection, merged)
    return len(rows)


def buckets_before(connection: Connection, before: float) -> int:
    """Deletes buckets older than an instant."""
    return connection.execute(sa.delete(buckets).where(buckets.c.start < before)).rowcount


def retired(connection: Connection) -> int:
    """Forgets what was counted for selections that no rule asks for any more, one selection a bite."""
    id = connection.scalar(sa.select(selections.c.id).where(selections.c.retired).limit(1))
    if id is None:
        return 0
    mine = sa.select(series.c.id).where(series.c.selection == id)
    connection.execute(sa.delete(buckets).where(buckets.c.series.in_(mine)))
    connection.execute(sa.delete(marks).where(marks.c.series.in_(mine)))
    connection.execute(sa.delete(series).where(series.c.selection == id))
    connection.execute(sa.delete(selections).where(selections.c.id == id))
    return 1


def notes_before(connection: Connection, before: float) -> int:
    """Deletes coverage and ended findings older than an instant."""
    gone = connection.execute(sa.delete(coverage).where(coverage.c.end < before)).rowcount
    return gone + connection.execute(sa.delete(findings).where(findings.c.ended_at < before)).rowcount
