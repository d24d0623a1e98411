"""Kind `replay`: plays a file of records by the clock, each when it was first seen. The same file, the same run."""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from monitor.model import Cursor, Mention, Page, Sample
from monitor.sources.records import open_lines, read_any
from monitor.sources.source import Source, SourceFault, Surroundings
from monitor.sources.told import Told, short
from monitor.times import Duration, instant

PAGE = 20_000
_FAULTS_CAP = 100


class Replay(Source, frozen=True, kw_only=True, tag="replay", tag_field="kind"):
    """`path`: JSON lines as they are pushed, gzip or not. A record plays at its `seen_at`, else at its event time;
    what was seen before `start` is passed over. Records that name another source are left to that source.
    """

    least_every: ClassVar[float] = 0.05

    path: str
    start: str = ""
    every: Duration = Duration(60)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A path that is none, a start that is no time."""
        if not self.path.strip():
            yield "path", Told("bad_file_path")
        try:
            self._start(ZoneInfo("UTC"))
        except ValueError as error:
            yield "start", str(error)

    def _start(self, zone: ZoneInfo) -> float:
        return instant(self.start, zone) if self.start else -math.inf

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The records whose hour has come."""
        return await asyncio.to_thread(self.read, cursor, around)

    def read(self, cursor: Cursor, around: Surroundings) -> Page:
        """As `fetch`, in this thread."""
        tape = self._tape(self.zone(around))
        start = self._start(self.zone(around))
        begin = max(int(cursor.get("played", 0)), tape.count(start, before=True))
        due = tape.count(around.now)
        end = min(due, begin + PAGE)
        played = [self._own(record) for record in tape.records[begin:end]]
        return Page(
            mentions=tuple(record for record in played if isinstance(record, Mention)),
            samples=tuple(record for record in played if isinstance(record, Sample)),
            faults=tape.faults if not cursor else (),
            cursor={"played": max(end, begin)},
            covers_from=None if cursor else max(start, tape.first) if tape.records else None,
            covers_to=min(around.now, tape.last) if tape.records else None,
            more=end < due,
            unchanged=not played and bool(cursor),
        )

    def _own(self, record: Mention | Sample) -> Mention | Sample:
        return replace(record, labels={**self.labels, **record.labels}) if self.labels else record

    def _tape(self, zone: ZoneInfo) -> _Tape:
        path = Path(self.path)
        try:
            stat = path.stat()
            return _wound(path, stat.st_size, stat.st_mtime_ns, self.name, zone.key)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceFault(Told("bad_tape", path=short(self.path, 160), text=short(str(error)))) from None


class _Tape(Struct, frozen=True):
    """The records of a file in the order they were seen."""

    records: tuple[Mention | Sample, ...]
    faults: tuple[str, ...]

    @property
    def first(self) -> float:
        return self.records[0].seen_at

    @property
    def last(self) -> float:
        return self.records[-1].seen_at

    def count(self, at: float, *, before: bool = False) -> int:
        """How many were seen up to an instant, or before it."""
        low, high = 0, len(self.records)
        while low < high:
            middle = (low + high) // 2
            seen = self.records[middle].seen_at
            low, high = (middle + 1, high) if seen < at or (seen == at and not before) else (low, middle)
        return low


@lru_cache(maxsize=8)
def _wound(path: Path, size: int, mtime: int, source: str, zone: str) -> _Tape:
    """The tape of a file as it stands; size and mtime tell a changed file from the one that is kept."""
    records: list[Mention | Sample] = []
    faults: list[str] = []
    for batch in read_any(open_lines(path), source=source, zone=ZoneInfo(zone), now=math.inf):
        records += [m for m in batch.mentions if m.source == source]
        records += [s for s in batch.samples if s.source == source]
        faults += [Told("row", name=path.name, row=number, text=text) for number, text in batch.faults]
    return _Tape(tuple(sorted(records, key=lambda record: record.seen_at)), tuple(faults[:_FAULTS_CAP]))
