"""What a file would bring if a source had fetched it: for `crisis-monitor parse`, support and tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.http import Answer
from monitor.model import Mention
from monitor.sources.feed import FeedEntry, parse_feed
from monitor.sources.file import File, read_whole
from monitor.sources.json_api import Haul, JsonApi
from monitor.sources.rss import Rss
from monitor.sources.source import Source, SourceFault
from monitor.sources.told import tell
from monitor.times import rfc3339

Format = Literal["rss", "json_api", "file"]
BODY_CAP = 64 * 1024 * 1024
MOST = 100_000
_TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".gz")


def parse_file(
    path: Path, format: Format | None, source: Source | None, *, zone: ZoneInfo, now: float, language: str = "en"
) -> dict[str, Any]:
    """`{"file", "entries", "error"}`: never raises. `format` None: the source's kind, else by the file's name."""
    out: dict[str, Any] = {"file": str(path), "entries": [], "error": None}
    try:
        kind = format or _format(path, source)
        zone = ZoneInfo(source.timezone) if source and source.timezone else zone
        out["entries"] = list(_READERS[kind](path, source, zone, now))
    except SourceFault as fault:
        out["error"] = tell(fault.text, language)
    except OSError as error:
        out["error"] = error.strerror or str(error)
    return out


def _format(path: Path, source: Source | None) -> Format:
    if isinstance(source, Rss):
        return "rss"
    if isinstance(source, JsonApi):
        return "json_api"
    return "file" if isinstance(source, File) or path.suffix.lower() in _TABLES else "rss"


def _feed(path: Path, source: Source | None, zone: ZoneInfo, now: float) -> Iterable[dict[str, Any]]:
    if not isinstance(source, Rss):
        return [_shown(entry) for entry in parse_feed(_body(path), zone=zone, most=MOST).entries]
    answer = Answer(200, {}, _body(path), source.url)
    mentions, _ = replace(source, most=MOST).parse(answer, zone, now)
    return [_shown(mention) for mention in mentions]


def _api(path: Path, source: Source | None, zone: ZoneInfo, now: float) -> Iterable[dict[str, Any]]:
    wanted = source if isinstance(source, JsonApi) else JsonApi(name="parse", url="https://example.com/")
    fields = wanted.fields or {name: name for name in ("id", "title", "url", "published_at", "text", "author")}
    haul = Haul(replace(wanted, fields=fields), set(), zone, now)
    haul.take(Answer(200, {}, _body(path), wanted.url), 1)
    return [*map(_shown, haul.mentions.values()), *map(_sample, haul.samples)]


def _table(path: Path, source: Source | None, zone: ZoneInfo, now: float) -> Iterable[dict[str, Any]]:
    wanted = source if isinstance(source, File) else File(name="parse", path=str(path), series="value")
    mentions, samples = read_whole(replace(wanted, path=str(path)), path, zone, now)
    return [*map(_shown, mentions), *map(_sample, samples)]


_READERS = {"rss": _feed, "json_api": _api, "file": _table}


def _body(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BODY_CAP)


def _shown(entry: FeedEntry | Mention) -> dict[str, Any]:
    at = entry.published_at
    return {
        "id": entry.id,
        "title": entry.title,
        "url": entry.url,
        "published_at": None if at is None else rfc3339(at),
        "text": entry.text,
        "author": entry.author,
    }


def _sample(sample: Any) -> dict[str, Any]:
    return {
        "id": f"{sample.series}/{rfc3339(sample.at)}",
        "title": sample.series,
        "url": "",
        "published_at": rfc3339(sample.at),
        "text": f"{sample.value:g}",
        "author": "",
    }
