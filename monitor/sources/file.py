"""Kind `file`: a file or a drop folder (a path with * ? or **) of CSV, JSON lines or XLSX.

A file is read again when its size or time changes. Rows known from the last reading are passed over while they stand
unchanged; identity (id, key columns, or the row itself and its n-th occurrence) does the rest. A last line without its
end, a row that ends inside quotes and a torn workbook wait until the file stood still from one poll to the next.
"""

from __future__ import annotations

import asyncio
import glob
import math
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from msgspec import field

from monitor.model import Cursor, Mention, Page, Sample, SampleKind
from monitor.sources.file_rows import FileRows
from monitor.sources.mapping import Mapping, wrong_targets
from monitor.sources.source import DateSeen, Source, SourceFault, Surroundings
from monitor.sources.tables import LINES, TableFault, rows_of
from monitor.sources.told import Told, short, why
from monitor.times import Duration

PAGE = 20_000
"""Rows of one page; what is left is fetched at once."""
FILES_CAP = 10_000
FAULTS_CAP = 100
_STILL = 1.0
"""Seconds a file must stand still at least, however often it is polled."""

Standing = dict[str, Any]


class File(Source, frozen=True, kw_only=True, tag="file", tag_field="kind"):
    """`fields`: target = column (in JSON lines: path); without it columns named like targets are taken.

    `key`: columns that name a row for good. A field `value` makes samples of `series`. JSON lines without `fields` are
    records as they are pushed.
    """

    least_every: ClassVar[float] = 0.1

    path: str
    fields: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    delimiter: str = ""
    sheet: str = ""

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A path that is none, targets without a place."""
        if not self.path.strip():
            yield "path", Told("bad_file_path")
        if len(self.delimiter) > 1:
            yield "delimiter", Told("bad_delimiter")
        yield from wrong_targets(self.fields, self.series)

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The new rows of the files that changed."""
        return await asyncio.to_thread(self.read, cursor, around)

    def read(self, cursor: Cursor, around: Surroundings) -> Page:
        """As `fetch`, in this thread."""
        known: dict[str, Standing] = cursor.get("files", {})
        haul = _Haul(self, self.zone(around), around.now, PAGE, around.dated)
        files = {str(path): haul.file(path, known.get(str(path), {})) for path in self._paths()}
        before = cursor.get("newest") or 0.0
        newest = max(haul.newest, before)
        first = cursor.get("first", not cursor)
        return Page(
            mentions=tuple(haul.mentions.values()),
            samples=tuple(haul.samples),
            faults=tuple(haul.faults[:FAULTS_CAP]),
            cursor={"files": files, "newest": newest, "first": first and haul.more},
            covers_from=before or min(haul.oldest, newest),
            covers_to=newest,
            more=haul.more,
            first=first,
            unchanged=not (haul.mentions or haul.samples or haul.faults or haul.more),
        )

    def _paths(self) -> list[Path]:
        path = Path(self.path)
        if not glob.has_magic(self.path):
            if not path.is_file():
                raise SourceFault(Told("no_file", path=short(self.path, 160)))
            return [path]
        root = Path(path.anchor)
        found = sorted(root.glob(str(path.relative_to(root))))
        return [path for path in found if path.is_file() and not path.name.startswith((".", "~$"))][-FILES_CAP:]


def read_whole(source: File, path: Path, zone: ZoneInfo, now: float) -> tuple[list[Mention], list[Sample]]:
    """All records of one file as it stands. SourceFault when nothing of it can be read."""
    haul = _Haul(source, zone, now, sys.maxsize)
    haul.read(path, {}, still=True)
    if haul.faults and not haul.mentions and not haul.samples:
        raise SourceFault(haul.faults[0])
    return list(haul.mentions.values()), haul.samples


class _Haul:
    """What the files of one fetch bring."""

    def __init__(
        self, source: File, zone: ZoneInfo, now: float, room: int, dated: dict[str, DateSeen] | None = None
    ) -> None:
        self.source, self.now = source, now
        self.mentions: dict[str, Mention] = {}
        self.samples: list[Sample] = []
        self.faults: list[str] = []
        self.oldest, self.newest = math.inf, 0.0
        self.more = False
        self._room = room
        self._mapping = Mapping(
            source=source.name,
            targets=tuple(source.fields),
            zone=zone,
            now=now,
            labels=source.labels,
            series=source.series,
            sample=source.sample,
            span=float(source.span or 0),
            dated=dated,
            date_field=source.fields.get("published_at", ""),
        )

    def file(self, path: Path, was: Standing) -> Standing:
        """Reads what is new in a file; returns where it stands now. A bad file costs only itself."""
        try:
            stat = path.stat()
        except OSError as error:
            self._fault(path, error.strerror or str(error))
            return was
        here: Standing = {"size": stat.st_size, "mtime": stat.st_mtime_ns, "inode": stat.st_ino}
        same = all(was.get(name) == value for name, value in here.items())
        if same and was.get("done"):
            return was
        if self._room <= 0:
            self.more = True
            return was
        here["since"] = was.get("since", self.now) if same else self.now
        still = same and self.now - here["since"] >= min(_STILL, 0.9 * float(self.source.every))
        return {**here, **self.read(path, was, still)}

    def read(self, path: Path, was: Standing, still: bool) -> Standing:
        """`still`: the file stood unchanged since the last poll, so that what looks half is all there will be."""
        known, digest = int(was.get("rows", 0)), str(was.get("digest", ""))
        lines = path.name.lower().endswith(LINES)
        rows = FileRows(self._mapping, self.source.fields, self.source.key, lines=lines)
        wanted = frozenset((*self.source.fields.values(), *self.source.key))
        opened = partial(
            rows_of, path, whole=still, delimiter=self.source.delimiter, sheet=self.source.sheet, wanted=wanted
        )
        try:
            rows.read(opened, known, digest, self._room)
        except (TableFault, OSError) as error:
            self._fault(path, why(error) if isinstance(error, TableFault) else error.strerror or str(error))
            rows.left = False
        self._gather(path, rows)
        if rows.half and still:
            self._fault(path, Told("torn_file"))
        if rows.half and rows.rows < known:
            return {"rows": known, "digest": digest, "done": still}
        return {"rows": rows.rows, "digest": rows.digest, "done": not rows.left and (still or not rows.half)}

    def _gather(self, path: Path, rows: FileRows) -> None:
        for record in rows.records:
            if isinstance(record, Mention):
                self.mentions[record.id] = record
            else:
                self.samples.append(record)
            self.oldest, self.newest = min(self.oldest, record.at), max(self.newest, record.at)
        self._room -= len(rows.records) + len(rows.faults)
        self.more = self.more or rows.left
        for note in rows.notes:
            self._fault(path, note)
        for number, text in rows.faults:
            self.faults.append(Told("row", name=path.name, row=number, text=text))

    def _fault(self, path: Path, text: str) -> None:
        self.faults.append(Told("in_file", name=path.name, text=text))
