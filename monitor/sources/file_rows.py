"""The rows of one file as records: those known from the last reading passed over, each with its identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from hashlib import blake2b
from itertools import islice
from typing import Any

from msgspec.structs import replace

from monitor.model import Mention, Sample
from monitor.sources.mapping import MENTION_TARGETS, SAMPLE_TARGETS, Mapping, mention_of, sample_of, written
from monitor.sources.paths import Path, look, read_path
from monitor.sources.records import Reading, record_of
from monitor.sources.tables import HalfWritten, Row, TableFault
from monitor.sources.told import Told, short, why

Record = Mention | Sample


class FileRows:
    """Reads a file's rows up to the room of a page. `left` = there are more; `half` = the file ends in the middle."""

    def __init__(self, mapping: Mapping, fields: dict[str, str], key: tuple[str, ...], *, lines: bool) -> None:
        self.mapping, self.fields, self.key = mapping, fields, key
        self.lines = lines
        self.as_pushed = lines and not fields
        self.records: list[Record] = []
        self.faults: list[tuple[int, str]] = []
        self.notes: list[str] = []
        self.rows = 0
        self.left = self.half = False
        self._sum = blake2b(digest_size=12)
        self._seen: Counter[bytes] = Counter()
        self._paths: dict[str, Path] = {}

    def read(self, opened: Callable[[], Iterator[Row]], known: int, digest: str, room: int) -> None:
        """Takes `room` rows after the `known` ones, or from the start when those are not what they were."""
        rows = opened()
        try:
            if known and not self._pass_over(rows, known, digest):
                self.rows, self._sum = 0, blake2b(digest_size=12)
                self._seen.clear()
                rows = opened()
            for row in islice(rows, room):
                self._take(row)
            self.left = next(rows, None) is not None
        except HalfWritten:
            self.half = True

    @property
    def digest(self) -> str:
        """What all rows read so far were."""
        return self._sum.hexdigest()

    def _pass_over(self, rows: Iterator[Row], known: int, digest: str) -> bool:
        for row in islice(rows, known):
            self._mark(row)
        return self.rows == known and self.digest == digest

    def _mark(self, row: Row) -> str:
        """Counts a row in; its mark is its content and which occurrence of it this is."""
        raw = "\x1f".join(f"{k}\x1e{v}" for k, v in row.items()).encode("utf-8", "replace")
        content = blake2b(raw, digest_size=12).digest()
        self._sum.update(content)
        self._seen[content] += 1
        self.rows += 1
        nth = self._seen[content]
        return f"#{content.hex()}" + (f"/{nth}" if nth > 1 else "")

    def _take(self, row: Row) -> None:
        mark = self._mark(row)
        try:
            record = self._record(row, mark)
        except (ValueError, OverflowError) as error:
            self.faults.append((self.rows, why(error)))
        else:
            self.records += [record] if record is not None else []

    def _record(self, row: Row, mark: str) -> Record | None:
        if self.lines and "" in row:
            raise ValueError(Told("no_object", value=short(row[""])))
        if self.as_pushed:
            return self._pushed(row)
        if not self._paths:
            self._find_columns(row)
        if self.mapping.makes_samples:
            return sample_of(self._getter(row), self.mapping)
        return mention_of(self._getter(row), self.mapping, self._identity(row) or mark)

    def _pushed(self, row: Row) -> Record:
        mapping = self.mapping
        record = record_of(row, Reading(mapping.source, mapping.zone, mapping.now))
        return replace(record, source=mapping.source, labels={**mapping.labels, **record.labels})

    def _identity(self, row: Row) -> str:
        parts = [written(self._look(row, column)) for column in self.key]
        return "/".join(parts) if any(parts) else ""

    def _find_columns(self, row: Row) -> None:
        """Which column fills which target; those that are missing are noted once, all missing is a fault."""
        wanted = self.fields or {name: name for name in row if _is_target(name)}
        if not wanted:
            raise TableFault(Told("no_columns", names=_names(row)))
        missing = [] if self.lines else [column for column in (*wanted.values(), *self.key) if column not in row]
        if len(missing) >= len(wanted) + len(self.key):
            raise TableFault(_missing(missing[0], row))
        self.notes += [_missing(column, row) for column in missing]
        self._paths = {target: read_path(column) if self.lines else (column,) for target, column in wanted.items()}
        self.mapping = replace(self.mapping, targets=tuple(wanted))

    def _look(self, row: Row, column: str) -> Any:
        return look(row, read_path(column)) if self.lines else row.get(column)

    def _getter(self, row: Row) -> Callable[[str], Any]:
        def get(target: str) -> Any:
            path = self._paths.get(target)
            return None if path is None else look(row, path)

        return get


def _is_target(name: str) -> bool:
    return name in MENTION_TARGETS or name in SAMPLE_TARGETS or name.startswith("labels.")


def _names(row: Row) -> str:
    return ", ".join(short(name, 30) for name in list(row)[:20])


def _missing(column: str, row: Row) -> str:
    near = get_close_matches(column, row, 1, 0.5)
    if near:
        return Told("no_column_near", column=short(column), right=short(near[0]), names=_names(row))
    return Told("no_column", column=short(column), names=_names(row))
