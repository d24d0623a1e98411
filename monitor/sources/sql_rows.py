"""What a `sql` source asks its database, and the rows of the answer as records."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection, RowMapping

from monitor.model import Cursor, Mention, Page, Sample
from monitor.sources.charset import decode
from monitor.sources.dates import day_of, read_date
from monitor.sources.mapping import Get, Mapping, mention_of, sample_of, written
from monitor.sources.marks import Mark, mark_of, moment
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short, why
from monitor.times import DAY, aligned

if TYPE_CHECKING:
    from monitor.sources.sql import Sql

FAULTS_CAP = 100
STRETCH = re.compile(r":(start|end|start_epoch|end_epoch)\b")
"""What a query of buckets may name: the stretch it is asked for, as times and as Unix seconds."""
_OTHER_COLON = re.compile(rf":(?!{STRETCH.pattern.removeprefix(':')})")


class Asked(Struct, frozen=True, kw_only=True):
    """One question: which part of the query's rows, in which order, how many at most."""

    most: int
    watermark: str = ""
    key: str = ""
    where: str = ""
    binds: dict[str, Any] = {}
    start: float | None = None
    end: float = 0.0

    def since(self, mark: Mark) -> Asked:
        """Rows from a watermark on."""
        return replace(self, where=f"{_name(self.watermark)} >= :cm_mark", binds={"cm_mark": mark})

    def behind(self, mark: Mark, key: Any) -> Asked:
        """Rows behind the last one of a page; without a key those of its watermark once more."""
        if not self.key:
            return self.since(mark)
        w, k = _name(self.watermark), _name(self.key)
        where = f"({w} > :cm_mark OR ({w} = :cm_mark AND {k} > :cm_key))"
        return replace(self, where=where, binds={"cm_mark": mark, "cm_key": key})

    def statement(self, query: str) -> str:
        """The SQL around the operator's query, which stands in it as a table."""
        inner = query.strip().rstrip(";").rstrip()
        inner = (_OTHER_COLON.sub if self.start is not None else re.compile(":").sub)(r"\\:", inner)
        out = f"SELECT * FROM (\n{inner}\n) AS q"
        if self.watermark:
            given = [f"{_name(self.watermark)} IS NOT NULL", *([self.where] if self.where else [])]
            order = [_name(self.watermark), *([_name(self.key)] if self.key else [])]
            out += f" WHERE {' AND '.join(given)} ORDER BY {', '.join(order)}"
        return f"{out} LIMIT :cm_most"


def _name(column: str) -> str:
    """A column of the query, quoted; a colon in it is no parameter."""
    return 'q."' + column.replace('"', '""').replace(":", "\\:") + '"'


class SqlRows:
    """What one fetch brings. `last`: watermark and key of the last row, `count`: how many rows there were."""

    def __init__(self, source: Sql, zone: ZoneInfo, now: float) -> None:
        self.source, self.zone, self.now = source, zone, now
        self.last: tuple[Mark, ...] | None = None
        self.count = 0
        self._mentions: dict[str, Mention] = {}
        self._samples: list[Sample] = []
        self._faults: list[str] = []
        self._mapping = Mapping(
            source=source.name,
            targets=tuple(source.fields),
            zone=zone,
            now=now,
            labels=source.labels,
            series=source.series,
            sample=source.sample,
            span=float(source.span or source.bucket or 0),
        )

    def newest(self, connection: Connection, watermark: str) -> Mark | None:
        """The greatest watermark there is; None where there are no rows."""
        inner = self.source.query.strip().rstrip(";").rstrip().replace(":", "\\:")
        column = _name(watermark)
        order = f"WHERE {column} IS NOT NULL ORDER BY {column} DESC LIMIT 1"
        value = connection.scalar(sa.text(f"SELECT {column} FROM (\n{inner}\n) AS q {order}"))
        return None if value is None else _mark(value)

    def take(self, connection: Connection, asked: Asked) -> None:
        """Asks, and reads the answer."""
        statement = sa.text(asked.statement(self.source.query))
        binds = {"cm_most": asked.most, **asked.binds, **self._bounds(connection, asked)}
        wanted = statement.compile().params.keys()
        answer = connection.execute(statement, {name: value for name, value in binds.items() if name in wanted})
        self._check(list(answer.keys()), asked)
        for row in answer.mappings():
            self.count += 1
            self._record(row)
            if asked.watermark:
                key = [row[asked.key]] if asked.key else []
                self.last = (_mark(row[asked.watermark]), *key)

    def _bounds(self, connection: Connection, asked: Asked) -> dict[str, Any]:
        """The stretch as the database compares times: SQLite keeps them as text."""
        if asked.start is None:
            return {}
        start, end = (datetime.fromtimestamp(at, self.zone) for at in (asked.start, asked.end))
        times: dict[str, Any] = {"start": start, "end": end}
        if connection.dialect.name == "sqlite":
            times = {name: at.strftime("%Y-%m-%d %H:%M:%S") for name, at in times.items()}
        return times | {"start_epoch": asked.start, "end_epoch": asked.end}

    def _check(self, columns: list[str], asked: Asked) -> None:
        """SourceFault for the first column that is asked for and not there."""
        for column in (*self.source.fields.values(), *filter(None, (asked.watermark, asked.key))):
            if column not in columns:
                names, near = ", ".join(columns[:30]), get_close_matches(column, columns, 1, 0.6)
                if near:
                    raise SourceFault(Told("no_column_near", column=short(column), right=near[0], names=names))
                raise SourceFault(Told("no_column", column=short(column), names=names))

    def _record(self, row: RowMapping) -> None:
        get = self._getter(row)
        try:
            if self._mapping.makes_samples:
                sample = sample_of(get, self._mapping)
                self._samples += [sample] if sample else []
                return
            mention = mention_of(get, self._mapping, id=written(row[self.source.key]) if self.source.key else "")
            self._mentions[mention.id] = mention
        except (ValueError, OverflowError) as error:
            named = get("id") or get("at") or f"#{self.count}"
            self._faults.append(Told("entry", entry=short(named), text=why(error)))

    def _getter(self, row: RowMapping) -> Get:
        source = self.source

        def get(target: str) -> Any:
            column = source.fields.get(target)
            if column is not None:
                value = _plain(row[column])
                return self._end(value) if target == "at" and source.bucket is not None else value
            if target == "published_at" and source.watermark:
                return moment(_mark(row[source.watermark]), self.zone)
            return None

        return get

    def _end(self, value: Any) -> Any:
        """Rows of buckets name their beginning; a sample stands at its end. A bare day is that whole day."""
        step = float(self.source.bucket or 0)
        if step == DAY and day_of(value) is not None:
            return value
        at = read_date(value, self.zone)
        if at is None:
            return None
        return aligned(at + 1.5 * step, step, self.zone) if step >= DAY else at + step

    def page(self, cursor: Cursor, **more: Any) -> Page:
        """All of it, with the cursor to go on from."""
        return Page(
            mentions=tuple(self._mentions.values()),
            samples=tuple(self._samples),
            faults=tuple(self._faults[:FAULTS_CAP]),
            cursor=cursor,
            **more,
        )


def _mark(value: Any) -> Mark:
    try:
        return mark_of(value)
    except ValueError as error:
        raise SourceFault(why(error)) from None


def _plain(value: Any) -> Any:
    """A column's value as the mapping reads it: bytes as text, spans as seconds."""
    if isinstance(value, bytes | memoryview):
        return decode(bytes(value))
    return value.total_seconds() if isinstance(value, timedelta) else value
