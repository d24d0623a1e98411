"""What was counted: buckets and marks by series, and which selections are counted through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Key
from monitor.series import Bucket
from monitor.store.codec import chunks, dump, load, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import buckets, marks, selections, series

BucketRow = tuple[int, int, int, str, Bucket]
"""(series, start, span, source, increments)"""

MarkRow = tuple[int, str, int, str, int]
"""(series, kind, minute, who, count)"""


def register(connection: Connection, rows: Iterable[tuple[int, int, Key]]) -> None:
    """Makes series known: (id, selection, key)."""
    values = [{"id": id, "selection": selection, "key": dump(key)} for id, selection, key in rows]
    if values:
        connection.execute(upsert(connection, series).on_conflict_do_nothing(), values)


def add(connection: Connection, rows: Sequence[BucketRow], seen: Sequence[MarkRow]) -> None:
    """Adds increments (negative ones take back) to buckets and marks."""
    if rows:
        _ADD.run_many(connection, [_bucket_row(row) for row in rows])
    if seen:
        statement = upsert(connection, marks)
        statement = statement.on_conflict_do_update(
            index_elements=["series", "kind", "minute", "who"], set_={"n": marks.c.n + statement.excluded.n}
        )
        names = ("series", "kind", "minute", "who", "n")
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in seen])
        gone = {(row[0], row[2]) for row in seen if row[4] < 0}
        for id, minute in gone:
            connection.execute(sa.delete(marks).where(marks.c.series == id, marks.c.minute == minute, marks.c.n <= 0))


def _bucket_row(row: BucketRow) -> dict[str, object]:
    id, start, span, source, b = row
    return {
        "series": id,
        "start": start,
        "span": span,
        "source": source,
        "n": b.n,
        "stories": b.stories,
        "sum": b.sum,
        "min": b.min,
        "max": b.max,
        "last": b.last,
        "last_at": b.last_at,
    }


def _adding(connection: Connection) -> sa.sql.dml.Insert:
    statement = upsert(connection, buckets)
    keys = ["series", "start", "span", "source"]
    adding: sa.sql.dml.Insert = statement.on_conflict_do_update(index_elements=keys, set_=_sums(statement.excluded))
    return adding


_ADD = Prepared(_adding, buckets.c.keys())


def _sums(new: Any) -> dict[str, Any]:
    c = buckets.c
    return {
        "n": c.n + new.n,
        "stories": c.stories + new.stories,
        "sum": c.sum + new.sum,
        "last": sa.case((new.last_at >= c.last_at, new.last), else_=c.last),
        "last_at": sa.case((new.last_at >= c.last_at, new.last_at), else_=c.last_at),
    }


def merge_rows(connection: Connection, rows: Sequence[BucketRow]) -> None:
    """Adds buckets to those that stand, lowest and highest included: for rolling up."""
    c, statement = buckets.c, upsert(connection, buckets)
    new = statement.excluded
    lower = sa.case((c.min.is_(None), new.min), (new.min < c.min, new.min), else_=c.min)
    upper = sa.case((c.max.is_(None), new.max), (new.max > c.max, new.max), else_=c.max)
    values = {**_sums(new), "min": lower, "max": upper}
    keys = ["series", "start", "span", "source"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=values), [_bucket_row(r) for r in rows]
    )


def replace(connection: Connection, id: int, source: str, rows: Sequence[BucketRow]) -> None:
    """Puts buckets made anew from samples in the place of those that begin in the same span of time."""
    start, end = min(row[1] for row in rows), max(row[1] for row in rows)
    _DROP.run(connection, {"of_series": id, "of_source": source, "since": start, "until": end})
    _INSERT.run_many(connection, [_bucket_row(row) for row in rows])


_BETWEEN = (buckets.c.start >= sa.bindparam("since"), buckets.c.start <= sa.bindparam("until"))
_MINE = (buckets.c.series == sa.bindparam("of_series"), buckets.c.source == sa.bindparam("of_source"))
_DROP = Prepared(lambda _: sa.delete(buckets).where(*_MINE, *_BETWEEN))
_INSERT = Prepared(lambda _: sa.insert(buckets))


def keys(connection: Connection, selection: int) -> dict[int, Key]:
    """The series of a selection: id -> key."""
    query = sa.select(series.c.id, series.c.key).where(series.c.selection == selection)
    return {id: load(key, Key) for id, key in connection.execute(query)}


_FOUND = sa.text(
    "SELECT b.series, b.start, b.span, b.n, b.stories, b.sum, b.min, b.max, b.last, b.last_at"
    " FROM series s JOIN buckets b ON b.series = s.id WHERE s.selection = :selection AND b.start >= :since"
    " ORDER BY b.start"
)


def since(connection: Connection, selection: int, since: float) -> Iterator[tuple[int, Bucket]]:
    """The buckets of a selection that begin at or after an instant, as (series, bucket), in order of time."""
    for id, start, span, *rest in connection.execute(_FOUND, {"selection": selection, "since": ceil(since)}):
        yield id, Bucket(float(start), float(span), *rest)


def longest(connection: Connection, selection: int) -> float:
    """The longest span of a selection's buckets in seconds, 0 where there are none."""
    query = sa.select(sa.func.max(buckets.c.span)).join(series, series.c.id == buckets.c.series)
    return float(connection.scalar(query.where(series.c.selection == selection)) or 0)


_MARKS = sa.text(
    "SELECT m.series, m.kind, m.minute, m.who FROM series s JOIN marks m ON m.series = s.id"
    " WHERE s.selection = :selection AND m.minute >= :since AND m.n > 0 ORDER BY m.minute, m.who"
)


def marks_since(connection: Connection, selection: int, since: float) -> Iterator[tuple[int, str, float, str]]:
    """The marks of a selection from a minute on, as (series, kind, minute, who), in order of time."""
    for id, kind, minute, who in connection.execute(_MARKS, {"selection": selection, "since": ceil(since)}):
        yield id, kind, float(minute), who


def last_record(connection: Connection, selection: int) -> dict[int, float]:
    """When each series of a selection last had a record."""
    query = (
        sa.select(buckets.c.series, sa.func.max(buckets.c.last_at))
        .join(series, series.c.id == buckets.c.series)
        .where(series.c.selection == selection, buckets.c.n > 0)
        .group_by(buckets.c.series)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def standing(connection: Connection) -> dict[int, tuple[int, bool]]:
    """Selections in use: id -> (recounted up to this mention, ready: counted through and counted live since)."""
    query = sa.select(selections).where(~selections.c.retired)
    return {row.id: (row.done, bool(row.ready)) for row in connection.execute(query)}


def ready(connection: Connection) -> frozenset[int]:
    """The selections that are counted live."""
    return frozenset(connection.scalars(sa.select(selections.c.id).where(selections.c.ready)))


def begin(connection: Connection, ids: Iterable[int]) -> None:
    """Selections to be counted from the first mention on; what stood for them is forgotten."""
    for id in ids:
        forget(connection, [id])
        connection.execute(sa.insert(selections).values(id=id, done=0, ready=False, retired=False))


def advance(connection: Connection, ids: Iterable[int], done: int, *, ready: bool) -> None:
    """Recounting got this far; `ready` = to the end."""
    connection.execute(sa.update(selections).where(selections.c.id.in_(list(ids))).values(done=done, ready=ready))


def retire(connection: Connection, ids: Iterable[int]) -> None:
    """Selections no rule asks for any more: counted no longer, forgotten by pruning."""
    for part in chunks(ids):
        connection.execute(sa.update(selections).where(selections.c.id.in_(part)).values(ready=False, retired=True))


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Drops everything counted for selections."""
    for part in chunks(ids):
        mine = sa.select(series.c.id).where(series.c.selection.in_(part))
        connection.execute(sa.delete(buckets).where(buckets.c.series.in_(mine)))
        connection.execute(sa.delete(marks).where(marks.c.series.in_(mine)))
        connection.execute(sa.delete(series).where(series.c.selection.in_(part)))
        connection.execute(sa.delete(selections).where(selections.c.id.in_(part)))
