"""Letting go of the old, in small bites: minutes become hours, hours days, and what is past its time goes.

A duty looks for a bite of keys as a reader, which keeps nobody waiting however long it looks, and then takes just those
as the writer, which is short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.series import Bucket
from monitor.store.buckets import BucketRow, merge_rows
from monitor.store.tables import (
    buckets,
    coverage,
    findings,
    forgotten,
    intake,
    marks,
    mentions,
    reported,
    samples,
    selections,
    series,
)

BITE, LEAST, FIRST = 250, 10, 50
"""Rows of a bite: at most, at least, and of the first, which shows what a row costs here and now."""
HOLD = 0.02
"""Seconds that a bite may hold the writer."""
HOUR, DAY = 3600, 86400
NOTHING: Mapping[str, float] = MappingProxyType({})
REPORTED, ENDED = 30 * DAY, 2 * DAY
"""How long an alert of an Alertmanager is remembered that is spoken of no more, and one that is said to be over."""

Keys = list[tuple[Any, ...]]


class Duty(Struct, frozen=True):
    """`find`: so many keys at most, none when nothing is left to do. `take`: deals with those."""

    find: Callable[[int, Connection], Keys]
    take: Callable[[Connection, Keys], None]


def next_bite(rows: int, took: float) -> int:
    """How many rows the next bite may have, after one of so many that held the writer for `took` seconds.

    A machine that is slow just now gets smaller bites at once; they grow by half a bite at a time.
    """
    return max(LEAST, min(BITE, int(rows * min(1.5, HOLD / max(took, 1e-6)))))


def duties(
    now: float,
    *,
    keep_mentions: float,
    minutes: float,
    hours: float,
    days: float,
    keep_of: Mapping[str, float] = NOTHING,
) -> dict[str, Duty]:
    """What is to be done by an hour: each span says how long that is kept, in seconds.

    `keep_of`: source -> how long its mentions are kept, in the place of `keep_mentions`.
    """
    c = buckets.c
    others = mentions.c.source.not_in(list(keep_of)) if keep_of else sa.true()
    return {
        "mentions": _gone(mentions, sa.and_(mentions.c.at < now - keep_mentions, others)),
        **{
            f"mentions_{source}": _gone(mentions, sa.and_(mentions.c.at < now - keep, mentions.c.source == source))
            for source, keep in keep_of.items()
        },
        "intake": _gone(intake, intake.c.hour < int(now - 40 * DAY)),
        "forgotten": _gone(forgotten, forgotten.c.at < now - keep_mentions),
        "marks": _gone(marks, marks.c.minute < int(now - minutes)),
        "minutes": _rolled(now - minutes, HOUR),
        "hours": _rolled(now - hours, DAY),
        "days": _gone(buckets, c.start < int(now - days)),
        "samples": _gone(samples, samples.c.at < now - days),
        "retired_buckets": _gone(buckets, c.series.in_(_retired_series())),
        "retired_marks": _gone(marks, marks.c.series.in_(_retired_series())),
        "retired_series": _gone(series, series.c.selection.in_(_retired())),
        "retired": _gone(selections, selections.c.retired),
        "coverage": _gone(coverage, coverage.c.end < now - days),
        "findings": _gone(findings, findings.c.ended_at < now - days),
        "reported": _gone(reported, reported.c.heard_at < now - REPORTED),
        "reported_over": _gone(reported, reported.c.ends_at < now - ENDED),
    }


def _retired() -> sa.Select[tuple[int]]:
    return sa.select(selections.c.id).where(selections.c.retired)


def _retired_series() -> sa.Select[tuple[int]]:
    return sa.select(series.c.id).where(series.c.selection.in_(_retired()))


def _gone(table: sa.Table, old: sa.ColumnElement[bool]) -> Duty:
    """Rows that go; those that meanwhile fit no more stay."""
    keys = list(table.primary_key.columns)

    def take(connection: Connection, rows: Keys) -> None:
        connection.execute(sa.delete(table).where(old, _among(connection, keys, rows)))

    return Duty(partial(_find, sa.select(*keys).where(old)), take)


def _find(query: sa.Select[Any], rows: int, connection: Connection) -> Keys:
    return [tuple(row) for row in connection.execute(query.limit(rows))]


def _among(connection: Connection, keys: Sequence[sa.Column[Any]], rows: Keys) -> sa.ColumnElement[bool]:
    """One statement for a whole bite, the same for each; PostgreSQL takes it by columns, which costs it least."""
    if connection.dialect.name != "postgresql":
        return keys[0].in_([row[0] for row in rows]) if len(keys) == 1 else sa.tuple_(*keys).in_(rows)
    columns = zip(*rows, strict=True)
    arrays = [sa.literal(list(column), sa.ARRAY(key.type)) for key, column in zip(keys, columns, strict=True)]
    bite = sa.func.unnest(*arrays).table_valued(*(f"k_{key.name}" for key in keys)).render_derived()
    return sa.tuple_(*keys).in_(sa.select(bite))


def _rolled(before: float, into: int) -> Duty:
    """Buckets shorter than `into` that begin before an instant become buckets of that span, whole ones only."""
    c, keys = buckets.c, list(buckets.primary_key.columns)
    query = sa.select(*keys).where(c.span < into, c.start < int(before - before % into)).order_by(c.start)

    def take(connection: Connection, rows: Keys) -> None:
        these = _among(connection, keys, rows)
        found = connection.execute(sa.select(buckets).where(these).order_by(c.start)).all()
        connection.execute(sa.delete(buckets).where(these))
        merge_rows(connection, _joined([_longer(row, into) for row in found]))

    return Duty(partial(_find, query), take)


def _joined(rows: Sequence[BucketRow]) -> list[BucketRow]:
    """Rows of one key become one; in order of time, so that the newest `last` stands."""
    out: dict[tuple[int, int, int, str], Bucket] = {}
    for series_id, start, span, source, new in rows:
        id = (series_id, start, span, source)
        old = out.get(id)
        out[id] = new if old is None else _sum(old, new)
    return [(*id, bucket) for id, bucket in out.items()]


def _sum(a: Bucket, b: Bucket) -> Bucket:
    low, high = [[x for x in pair if x is not None] for pair in ((a.min, b.min), (a.max, b.max))]
    newest = b if b.last_at >= a.last_at else a
    return Bucket(
        a.start, a.span, a.n + b.n, a.stories + b.stories, a.sum + b.sum, min(low, default=None),
        max(high, default=None), newest.last, newest.last_at,
    )  # fmt: skip


def _longer(r: Any, into: int) -> BucketRow:
    start = r.start - r.start % into
    bucket = Bucket(float(start), float(into), r.n, r.stories, r.sum, r.min, r.max, r.last, r.last_at)
    return r.series, start, into, r.source, bucket
