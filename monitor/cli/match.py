"""`crisis-monitor match`: which topics texts speak of, and where it says so."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from monitor.cli.language import lang_option, told
from monitor.config.check_names import duplicate_names
from monitor.config.check_topics import wrong_queries
from monitor.config.documents import Merged, read_documents
from monitor.config.draft import Draft
from monitor.config.fault import Fault
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics
from monitor.messages import say
from monitor.sources.records import open_lines


class Line(Struct):
    """One line of the texts; further keys are passed over."""

    id: str | int
    text: str
    title: str | None = None


@click.command("match", help=told("mentions.help.match"))
@click.option("--topics", required=True, type=click.Path(path_type=Path), help=told("mentions.help.topics"))
@click.argument("texts", type=click.Path(path_type=Path))
@lang_option
def match(topics: Path, texts: Path, lang: str) -> None:
    """One JSON object a line on stdout, faults on stderr. Exit code 1: something could not be read, 2: no such file."""
    try:
        found, faults = read_topics(topics)
        for fault in faults:
            click.echo(fault.write(lang), err=True)
        if not found and not faults:
            click.echo(f"{topics}:1: topic: {say(lang, 'mentions.no_topics')}", err=True)
        if faults or not found:
            sys.exit(1)
        refused = _match_all(Topics(found), texts, lang)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=error.filename or texts, text=error.strerror or error), err=True)
        sys.exit(2)
    sys.exit(1 if refused else 0)


def read_topics(path: Path) -> tuple[list[Topic], list[Fault]]:
    """The `[[topic]]` tables of a file and what it includes, whatever else stands there; and all their faults."""
    documents, faults = read_documents(path)
    merged = Merged(documents)
    merged.tables = {key: value for key, value in merged.tables.items() if key == "topic"}
    draft = Draft(merged)
    draft.add(wrong_queries(draft))
    draft.add(duplicate_names(draft))
    faults += [draft.fault(problem) for problem in draft.problems if problem.severity == "fault"]
    return [topic for _, topic in draft.each("topic")], sorted(faults, key=lambda fault: (fault.file, fault.line))


def _match_all(topics: Topics, path: Path, lang: str) -> int:
    """Writes the answers; returns how many lines could not be read."""
    out = sys.stdout.buffer
    refused = 0
    for number, line in _lines(path):
        if isinstance(line, str):
            refused += 1
            click.echo(" ".join(f"{path}:{number}: text: {say(lang, 'mentions.line', text=line)}".split()), err=True)
            continue
        why = topics.why(line.title or "", line.text) if topics.match(line.title or "", line.text) else {}
        out.write(msgspec.json.encode({"id": line.id, "topics": sorted(why), "why": why}) + b"\n")
    out.flush()
    return refused


def _lines(path: Path) -> Iterator[tuple[int, Line | str]]:
    """Number and content of each line that is not empty; what is wrong with it where it can't be read."""
    decoder = msgspec.json.Decoder(Line)
    number = 0
    try:
        for number, raw in enumerate(open_lines(path), 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if line.strip():
                yield number, _line(decoder, line)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield number + 1, str(error)


def _line(decoder: msgspec.json.Decoder[Line], raw: bytes) -> Line | str:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
