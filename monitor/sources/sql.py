"""Kind `sql`: rows of a database, by a query that only reads.

With a `watermark` column the query is read on from where it ended, in strict order, and a little before it: rows that
were committed late are met, and those met twice are told by their identity. With a `bucket` it is asked for stretches
of whole buckets. With neither it is read whole each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import partial, reduce
from hashlib import blake2b
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import field
from sqlalchemy.engine import URL, Connection, RowMapping

from monitor.model import Cursor, Mention, Page, Sample, SampleKind
from monitor.secret import KINDS, Secret
from monitor.sources.apart import apart
from monitor.sources.charset import decode
from monitor.sources.dates import day_of, read_date
from monitor.sources.mapping import Get, Mapping, mention_of, sample_of, written, wrong_targets
from monitor.sources.marks import Mark, at_moment, mark_of, moment, packed, reread_from, unpacked
from monitor.sources.source import Source, SourceFault, Surroundings
from monitor.sources.sql_asked import STRETCH, Asked, newest
from monitor.sources.sql_open import Session, address, guarded, wrong_url
from monitor.sources.told import Told, short, why
from monitor.times import DAY, Duration, aligned

FAULTS_CAP = 100
BUCKETS = 1000
"""Buckets of one fetch; what is left is fetched at once."""
GRACE = 15.0
"""Seconds beside the query's own timeout: to connect, and to answer that it was ended."""
_READS = re.compile(r"\b(select|values|table)\b", re.IGNORECASE)


class Sql(Source, frozen=True, kw_only=True, tag="sql", tag_field="kind"):
    """`query`: one SELECT; `fields`: target = column of its answer. A field `value` makes samples of `series`.

    `watermark`: the column that grows (a time or a number), `key`: one that tells rows of the same watermark apart.
    `bucket`: the query is asked with :start and :end (or :start_epoch and :end_epoch), and gives a row per bucket.
    """

    least_every: ClassVar[float] = 1.0

    url: str
    password: Secret | None = None
    query: str
    fields: dict[str, str] = field(default_factory=dict)
    watermark: str = ""
    key: str = ""
    overlap: Duration = Duration(600)
    overlap_by: float = 1000
    bucket: Duration | None = None
    history: Duration = Duration(30 * DAY)
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    most: int = 10_000
    timeout: Duration = Duration(30)
    allow_private: bool = False

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A URL that is none or tells a password, a query that reads nothing, ways of reading that don't fit."""
        if self.url.partition(":")[0] not in KINDS and (fault := wrong_url(self.url)):
            yield "url", fault
        if not _READS.search(self.query):
            yield "query", Told("no_select")
        if not self.fields:
            yield "fields", Told("no_fields")
        yield from wrong_targets(self.fields, self.series)
        yield from self._wrong_bucket()
        if self.most < 1:
            yield "most", Told("bad_most")
        if self.timeout <= 0:
            yield "timeout", Told("bad_timeout")

    def _wrong_bucket(self) -> Iterator[tuple[str, str]]:
        if self.bucket is None:
            return
        if self.watermark:
            yield "bucket", Told("watermark_or_bucket")
        if self.bucket < 1:
            yield "bucket", Told("bad_bucket")
        if "value" not in self.fields:
            yield "fields", Told("bucket_without_value")
        if not STRETCH.search(self.query):
            yield "query", Told("bucket_without_start")

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The rows behind the cursor."""
        url, session = address(self.url, self.password), Session()
        if not self.allow_private:
            url = await guarded(url)
        try:
            call = partial(self.read, session, url, cursor, around)
            return await apart(call, within=self.timeout + GRACE, end=session.end)
        except TimeoutError:
            raise SourceFault(Told("http.timeout", text=Told("no_answer", seconds=f"{self.timeout:g}"))) from None

    def read(self, session: Session, url: URL, cursor: Cursor, around: Surroundings) -> Page:
        """As `fetch`, in this thread."""
        of = blake2b(f"{self.url}\0{self.watermark}\0{self.bucket}".encode(), digest_size=12).hexdigest()
        cursor = cursor if cursor.get("of") == of else {"of": of}
        rows = SqlRows(self, self.zone(around), around.now)
        with session.opened(url, timeout=self.timeout, zone=rows.zone.key) as connection:
            if self.bucket is not None:
                return self._stretch(connection, cursor, rows)
            return self._onward(connection, cursor, rows) if self.watermark else self._whole(connection, cursor, rows)

    def _whole(self, connection: Connection, cursor: Cursor, rows: SqlRows) -> Page:
        rows.take(connection, Asked(most=self.most + 1))
        if rows.count > self.most:
            raise SourceFault(Told("too_many_rows", most=self.most))
        return rows.page(cursor)

    def _onward(self, connection: Connection, cursor: Cursor, rows: SqlRows) -> Page:
        """A page in the order of the watermark; the newest one is kept once nothing is left behind it."""
        whole = cursor.get("whole", rows.now)
        rows.take(connection, self._asked(connection, cursor, rows))
        more, last = rows.count >= self.most, rows.last
        if more and not self._key and last is not None and packed(last[0]) == cursor.get("at", [None])[0]:
            raise SourceFault(Told("too_many_ties", most=self.most, watermark=str(last[0])))
        first = "mark" not in cursor
        if more and last is not None:
            after = {**cursor, "whole": whole, "at": [packed(value) for value in last]}
            return rows.page(after, covers_to=whole, more=True, first=first)
        seen = [unpacked(kept) for kept in (cursor.get("mark"), *cursor.get("at", ())[:1]) if kept]
        seen += [last[0]] if last is not None else []
        mark = packed(reduce(_later, seen)) if seen else None
        return rows.page({"of": cursor["of"], "mark": mark, "whole": rows.now}, covers_from=whole, first=first)

    @property
    def _key(self) -> str:
        return self.key or self.fields.get("id", "")

    def _asked(self, connection: Connection, cursor: Cursor, rows: SqlRows) -> Asked:
        """Behind the last page's last row; else from the newest watermark less the overlap; at first `history` back."""
        asked = Asked(watermark=self.watermark, key=self._key, most=self.most)
        if "at" in cursor:
            mark, *key = (unpacked(kept) for kept in cursor["at"])
            return asked.behind(mark, key[0] if key else None)
        if cursor.get("mark"):
            mark = unpacked(cursor["mark"])
            overlaps = {"overlap": float(self.overlap), "overlap_by": float(self.overlap_by)}
            return asked.since(reread_from(mark, **overlaps, zone=rows.zone, now=rows.now))
        latest = rows.newest(connection)
        if latest is None or moment(latest, rows.zone) is None:
            return asked
        return asked.since(at_moment(latest, rows.now - self.history, rows.zone))

    def _stretch(self, connection: Connection, cursor: Cursor, rows: SqlRows) -> Page:
        """Whole buckets that are over, those of the overlap once more."""
        assert self.bucket is not None
        step, zone, now = float(self.bucket), rows.zone, rows.now
        end = aligned(now, step, zone)
        back = cursor["until"] - self.overlap if "until" in cursor else now - self.history
        start = cursor["at"] if "at" in cursor else aligned(back, step, zone)
        stop = _stop(start, end, step, zone)
        if stop <= start:
            return Page(cursor=cursor, unchanged=True)
        rows.take(connection, Asked(start=start, end=stop, most=self.most + 1))
        if rows.count > self.most:
            raise SourceFault(Told("too_many_rows", most=self.most))
        if stop < end:
            return rows.page({**cursor, "at": stop}, more=True)
        return rows.page({"of": cursor["of"], "until": stop})


def _later(old: Mark, new: Mark) -> Mark:
    """The later of two watermarks; the new one where the column changed its type."""
    try:
        return new if new > old else old  # type: ignore[operator]
    except TypeError:
        return new


def _stop(start: float, end: float, step: float, zone: ZoneInfo) -> float:
    far = start + BUCKETS * step
    return end if far >= end else aligned(far, step, zone)


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

    def newest(self, connection: Connection) -> Mark | None:
        """The greatest watermark there is; None where there are no rows."""
        value = connection.scalar(sa.text(newest(self.source.query, self.source.watermark)))
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
