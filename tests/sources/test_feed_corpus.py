"""All of feedparser's own test feeds: no exception, no hang, and what they expect of ids, titles, links and dates."""

from __future__ import annotations

import ast
import calendar
import re
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.sources.dates import read_date
from monitor.sources.feed import Feed, FeedEntry, parse_feed
from monitor.sources.markup import one_line, text_of
from monitor.sources.source import SourceFault

UTC = ZoneInfo("UTC")
MEANT = {
    "wellformed/atom10/entry_content_and_summary.xml",  # of two texts we keep the longer one
    "wellformed/rss/item_summary_and_description.xml",
    "wellformed/base/http_entry_id_base_docuri.xml",  # an id stays as written, wherever the feed moves
}
SERVED = "http://127.0.0.1:8097/tests/"


def cases(shared: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared / "data" / "feed_corpus" / "corpus.tar.gz") as archive:
        for member in archive:
            if member.isfile() and (found := archive.extractfile(member)):
                yield member.name.removeprefix("./"), found.read()


def comment(body: bytes) -> str:
    for start, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(start):
            return body.decode(name, "ignore")
    for start, name in (
        (b"<\0\0\0", "utf-32-le"),
        (b"\0\0\0<", "utf-32-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if body.startswith(start):
            return body.decode(name, "ignore")
    return body.decode("utf-8", "ignore")


def read(name: str, body: bytes) -> Feed | None:
    served = "http" in name
    headers = {k.lower(): v.strip() for k, v in re.findall(r"Header:\s*([\w-]+)\s*:\s*(.*)", comment(body))}
    kind = headers.get("content-type", "text/xml" if served else "")
    url = SERVED + name if served else ""
    try:
        return parse_feed(body, zone=UTC, content_type=kind, url=headers.get("content-location", url))
    except SourceFault:
        return None


def expectations(body: bytes) -> Iterator[tuple[int, str, Any]]:
    """(index, field, value) of each `entries[i].field == literal`, and (-1, "len", n)."""
    found = re.search(r"Expect:\s*(.*?)-->", comment(body), re.DOTALL)
    try:
        tree = ast.parse(" ".join((found[1] if found else "").split()), mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and all(isinstance(op, ast.Eq) for op in node.ops):
            try:
                value = ast.literal_eval(node.comparators[-1])
            except ValueError:
                continue
            for side in (node.left, *node.comparators[:-1]):
                yield from named(side, value)


def named(side: ast.expr, value: Any) -> Iterator[tuple[int, str, Any]]:
    text = ast.unparse(side)
    if text == "len(entries)":
        yield -1, "len", value
    found = re.fullmatch(r"entries\[(\d+)\](?:\['(\w+)'\]|\.(\w+))", text)
    if found:
        yield int(found[1]), found[2] or found[3], value


def stated(entry: FeedEntry, name: str, value: Any) -> bool | None:
    """Whether an entry bears what is expected; None for what we do not keep."""
    if name == "title":
        return entry.title in (text_of(value), one_line(value))
    if name == "link":
        return bool(entry.url == value)
    if name == "id":
        return bool(entry.id == one_line(value))
    if name in ("summary", "description"):
        return text_of(value) == entry.text or one_line(value) == entry.text
    if name == "author":
        return bool(entry.author == one_line(value))
    if name in ("published", "updated", "created"):
        return entry.published_at == read_date(value, UTC)
    if name.endswith("_parsed"):
        return bool(entry.published_at == calendar.timegm(value))
    return None


def test_the_whole_corpus_is_read_as_it_expects(shared: Path) -> None:
    held = dict.fromkeys(("len", "title", "link", "id", "date", "text", "author"), 0)
    missed, unread, files, slowest = [], [], 0, 0.0
    for name, body in cases(shared):
        files += 1
        began = time.perf_counter()
        feed = read(name, body)
        slowest = max(slowest, time.perf_counter() - began)
        if feed is None:
            unread.append(name)
        for index, what, value in expectations(body):
            entries = feed.entries if feed else ()
            right = len(entries) == value if index < 0 else None
            if 0 <= index < len(entries):
                right = stated(entries[index], what, value)
            elif index >= 0 and what in ("title", "link", "id"):
                right = False
            kind = {"summary": "text", "description": "text"}.get(what, what if what in held else "date")
            if right:
                held[kind] += 1
            elif right is False:
                missed.append((name, what, value, entries[index] if 0 <= index < len(entries) else len(entries)))
    assert files == 1039 and slowest < 2
    assert unread == []
    assert {name for name, *_ in missed} == MEANT, missed
    assert held == {"len": 0, "title": 34, "link": 10, "id": 10, "date": 14, "text": 282, "author": 3}
