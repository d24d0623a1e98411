"""CSV, JSON lines and XLSX as rows: a number (from 1) and a value for each column. Reads, never writes; no clock.

TableFault           the file can't be read as a table
  HalfWritten        it looks as if it were still being written
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from monitor.sources.charset import decode, detect
from monitor.sources.told import Told, short

Row = dict[str, Any]
Cells = list[Any]

TITLE_ROWS = 20
"""How many rows may stand above the header."""

LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
"""Suffixes of JSON lines."""
SIZE_CAP = 1 << 30
"""Bytes of a file, and of an unpacked workbook."""
_SHEET_CAP = 200 << 20
_LINE_CAP = 4 << 20
_CELL_CAP = 1 << 20
_SAMPLE = 1 << 16


class TableFault(Exception):
    """The file can't be read as a table; the text says why."""


class HalfWritten(TableFault):
    """The file ends in the middle; it may be whole the next time."""


def rows_of(
    path: Path, *, whole: bool, delimiter: str = "", sheet: str = "", wanted: frozenset[str] = frozenset()
) -> Iterator[Row]:
    """The rows of a file by its suffix. Without `whole` a last line without its end is HalfWritten.

    `wanted`: column names by which the header is known. A line that is no row is {"": line}.
    Raises TableFault and OSError.
    """
    name = path.name.lower()
    if path.stat().st_size > SIZE_CAP:
        raise TableFault(Told("large_file", most=SIZE_CAP))
    if name.endswith((".xlsx", ".xlsm")):
        return _headed(_workbook(path, sheet), wanted)
    if name.endswith(LINES):
        return _json_lines(_text(path, whole))
    if name.endswith((".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")):
        return _headed(_csv(path, whole, delimiter), wanted)
    raise TableFault(Told("unknown_suffix", name=short(path.name)))


def _text(path: Path, whole: bool) -> Iterator[str]:
    """Lines in the encoding of the file, line ends kept."""
    charset = _charset(path)
    with path.open("rb") as raw:
        zipped = path.name.lower().endswith(".gz")
        stream = gzip.GzipFile(fileobj=raw) if zipped else raw
        lines = io.TextIOWrapper(stream, encoding=charset, errors="replace", newline="")
        try:
            while line := lines.readline(_LINE_CAP):
                if len(line) >= _LINE_CAP:
                    raise TableFault(Told("long_line", most=_LINE_CAP))
                if not (whole or zipped or line.endswith(("\n", "\r"))):
                    raise HalfWritten(Told("torn", text=short(line)))
                yield line if line.isascii() else line.replace("\ufeff", "")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise HalfWritten(Told("torn", text=short(str(error)))) from None


def _charset(path: Path) -> str:
    """The codec of a file: its byte order mark, UTF-8 where all of it is, else detection on its beginning."""
    with path.open("rb") as raw:
        head = raw.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=raw) if path.name.lower().endswith(".gz") else raw
        check = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := stream.read(1 << 20):
                check.decode(block)
        except UnicodeDecodeError:
            return _detected(block)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            pass
    return "utf-8"


def _detected(block: bytes) -> str:
    """The codec of a block that is no UTF-8, judged where its foreign letters begin."""
    start = next((i for i, byte in enumerate(block) if byte > 0x7F), 0)
    line = block.rfind(b"\n", 0, start) + 1
    return detect(block[line : line + _SAMPLE])


def _csv(path: Path, whole: bool, delimiter: str) -> Iterator[Cells]:
    csv.field_size_limit(_CELL_CAP)
    watched = _Quotes(_text(path, whole))
    reader = csv.reader(watched, delimiter=delimiter or _delimiter(path))
    held: Cells | None = None
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if held is not None:
                    yield held
                held = list(cells)
    except csv.Error as error:
        raise TableFault(Told("bad_csv", line=reader.line_num, text=short(str(error)))) from None
    except HalfWritten:
        if held is not None:
            yield held
        raise
    if held is not None and watched.open and not whole:
        raise HalfWritten(Told("torn", text=short(str(held))))
    if held is not None:
        yield held


def _delimiter(path: Path) -> str:
    """The mark that stands most often in the first lines."""
    head = "".join(islice(_text(path, whole=True), 10))
    return max(",\t;|，", key=head.count)


def _headed(rows: Iterable[Cells], wanted: frozenset[str]) -> Iterator[Row]:
    """Rows by the names of their header: the first row that bears a wanted name, so that a title may stand above it;
    the first row of all where none of the first TITLE_ROWS does."""
    header: list[str] = []
    above: list[Cells] = []
    torn: HalfWritten | None = None
    stream = iter(rows)
    while not header:
        try:
            cells = next(stream)
        except StopIteration:
            break
        except HalfWritten as fault:
            torn = fault
            break
        above.append(cells)
        if not wanted or wanted & set(_names(cells)):
            header, above = _names(cells), []
        elif len(above) > TITLE_ROWS:
            break
    if not header and above:
        header, above = _names(above[0]), above[1:]
    for cells in chain(above, () if torn else stream):
        yield {name: cell for name, cell in zip(header, cells, strict=False) if name}
    if torn:
        raise torn


def _names(cells: Cells) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in cells]


class _Quotes:
    """Lines on their way to the reader; `open` = they ended inside quotes, so that the last row may be half."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.open = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if line.count('"') % 2:
                self.open = not self.open
            yield line.replace("\x00", "")


def _json_lines(lines: Iterator[str]) -> Iterator[Row]:
    for line in lines:
        if not line.strip():
            continue
        try:
            thing = json.loads(line)
        except (ValueError, RecursionError):
            thing = None
        yield thing if isinstance(thing, dict) else {"": line}


def _workbook(path: Path, sheet: str) -> Iterator[Cells]:
    import openpyxl  # some 60 ms and 10 MB that only workbooks are worth

    _refuse_swollen(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise HalfWritten(Told("torn", text=short(str(error)))) from None
    except Exception as error:  # openpyxl raises what comes on foreign bytes
        raise TableFault(Told("bad_workbook", text=short(f"{type(error).__name__}: {error}", 160))) from None
    try:
        if sheet and sheet not in book.sheetnames:
            raise TableFault(Told("no_sheet", sheet=sheet, names=", ".join(map(short, book.sheetnames))))
        yield from _sheet(book[sheet] if sheet else book.worksheets[0])
    except TableFault:
        raise
    except Exception as error:
        raise TableFault(Told("bad_workbook", text=short(f"{type(error).__name__}: {error}", 160))) from None
    finally:
        book.close()


def _refuse_swollen(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise HalfWritten(Told("torn", text=short(str(error)))) from None
    if size > _SHEET_CAP:
        raise TableFault(Told("large_file", most=_SHEET_CAP))


def _sheet(sheet: Any) -> Iterator[Cells]:
    for cells in sheet.iter_rows():
        values = [_cell(cell) for cell in cells]
        if any(value not in (None, "") for value in values):
            yield values


def _cell(cell: Any) -> Any:
    """A cell's value; a date shown without a time of day is a day."""
    value = cell.value
    if hasattr(value, "date") and "h" not in str(cell.number_format).lower() and value.time().isoformat() == "00:00:00":
        return value.date()
    return decode(value) if isinstance(value, bytes) else value
