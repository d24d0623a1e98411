"""Kind `sql`: rows of a database, by a query that only reads.

With a `watermark` column the query is read on from where it ended, in strict order, and a little before it: rows that
were committed late are met, and those met twice are told by their identity. With a `bucket` it is asked for stretches
of whole buckets. With neither it is read whole each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from hashlib import blake2b
from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import field
from sqlalchemy.engine import URL, Connection

from monitor.model import Cursor, Page, SampleKind
from monitor.secret import KINDS, Secret
from monitor.sources.apart import apart
from monitor.sources.mapping import wrong_targets
from monitor.sources.marks import Mark, at_moment, moment, packed, reread_from, unpacked
from monitor.sources.source import Source, SourceFault, Surroundings
from monitor.sources.sql_open import address, judged, opened, wrong_url
from monitor.sources.sql_rows import STRETCH, Asked, SqlRows
from monitor.sources.told import Told
from monitor.times import DAY, Duration, aligned

BUCKETS = 1000
"""Buckets of one fetch; what is left is fetched at once."""
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
        url = address(self.url, self.password)
        if not self.allow_private:
            url = await judged(url)
        return await apart(self.read, url, cursor, around)

    def read(self, url: URL, cursor: Cursor, around: Surroundings) -> Page:
        """As `fetch`, in this thread."""
        of = blake2b(f"{self.url}\0{self.watermark}\0{self.bucket}".encode(), digest_size=12).hexdigest()
        cursor = cursor if cursor.get("of") == of else {"of": of}
        rows = SqlRows(self, self.zone(around), around.now)
        with opened(url, timeout=self.timeout, zone=rows.zone.key) as connection:
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
        newest = rows.newest(connection, self.watermark)
        if newest is None or moment(newest, rows.zone) is None:
            return asked
        return asked.since(at_moment(newest, rows.now - self.history, rows.zone))

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
