"""A feed's body into entries: RSS, Atom and RDF by feedparser, JSON Feed by hand. Pure; garbage is a SourceFault."""

from __future__ import annotations

import calendar
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import blake2b
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from monitor.sources.charset import charset_of, decode
from monitor.sources.dates import read_date
from monitor.sources.markup import one_line, text_of
from monitor.sources.paths import read_find
from monitor.sources.source import DateSeen, SourceFault
from monitor.sources.told import Told, short
from monitor.sources.xml_guard import guarded

MOST_ENTRIES = 1000
_ITEM = re.compile(r"<((?:\w{1,20}:)?(?:item|entry))[\s>/]", re.IGNORECASE)
_FEED = re.compile(r"<(?:\w{1,20}:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_HTML = ("text/html", "application/xhtml+xml")


class FeedEntry(Struct, frozen=True, kw_only=True):
    """One entry: texts without markup. `published_at` None = undated; `fault` says why, where it bore some date.

    `refused` = its date is absurd, so that the entry must not count. `more` = further values by their name.
    """

    id: str
    title: str = ""
    url: str = ""
    text: str = ""
    author: str = ""
    published_at: float | None = None
    fault: str = ""
    refused: bool = False
    date_seen: DateSeen | None = None
    more: dict[str, str] = field(default_factory=dict)


class Feed(Struct, frozen=True, kw_only=True):
    """A feed as read. `left_out`: entries beyond the cap."""

    title: str = ""
    lang: str = ""
    entries: tuple[FeedEntry, ...] = ()
    left_out: int = 0


def parse_feed(
    body: bytes,
    *,
    zone: ZoneInfo,
    content_type: str = "",
    url: str = "",
    most: int = MOST_ENTRIES,
    more: tuple[str, ...] = (),
) -> Feed:
    """The entries of a body, in its order, `most` at most. `more`: names of further entry values to keep.

    Raises SourceFault when the body is no feed, and nothing else.
    """
    text = decode(body, charset_of(content_type))
    try:
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            return _json_feed(text, zone, most, more)
        capped, left_out = _capped(text, most)
        return replace(_xml_feed(guarded(capped), zone, url, more), left_out=left_out)
    except SourceFault:
        raise
    except RecursionError:
        raise SourceFault(Told("too_deep")) from None
    except Exception as error:  # a parser's own slip on a foreign body must cost only this body
        raise SourceFault(Told("unparsable", text=short(f"{type(error).__name__}: {error}", 160))) from None


def _xml_feed(text: str, zone: ZoneInfo, url: str, more: tuple[str, ...]) -> Feed:
    if not _FEED.search(text, 0, 65536):
        raise SourceFault(Told("no_feed", start=short(text)))
    import feedparser  # three megabytes that a service without feeds does without

    headers = {"content-type": "application/xml; charset=utf-8"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = feedparser.parse(
            text.encode("utf-8", "replace"),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        lang = str(found.feed.get("language") or "")
        chinese = lang.lower().startswith("zh")
        entries = [_entry(raw, zone, chinese, url, more) for raw in found.entries]
    title = _plain(found.feed, "title")
    return Feed(title=title, lang=lang, entries=tuple(entries))


def _capped(text: str, most: int) -> tuple[str, int]:
    """The document with its first `most` items only, still closed as it was; and how many that leaves out."""
    found = next(islice(_ITEM.finditer(text), most, None), None)
    if found is None:
        return text, 0
    close = f"</{found[1]}>"
    end = text.rfind(close, found.start())
    left_out = text.count(close, found.start())
    return text[: found.start()] + (text[end + len(close) :] if end >= 0 else ""), max(left_out, 1)


def _entry(raw: Any, zone: ZoneInfo, chinese: bool, base: str, more: tuple[str, ...]) -> FeedEntry:
    title, url = _plain(raw, "title"), _link(raw, base)
    at, fault, refused, seen = _dated(raw, zone, chinese)
    stamp = _first(raw, "published", "updated", "created")
    return FeedEntry(
        id=one_line(str(raw.get("id") or "")) or url or hashed(title, stamp, _body(raw) if not title else ""),
        title=title,
        url=url,
        text=_body(raw),
        author=one_line(str(raw.get("author") or "")),
        published_at=at,
        fault=fault,
        refused=refused,
        date_seen=seen,
        more={name: value for name in more if (value := _more(raw, name))},
    )


def _first(raw: Any, *names: str) -> str:
    return next((str(value) for name in names if (value := dict.get(raw, name))), "")


def _dated(raw: Any, zone: ZoneInfo, chinese: bool) -> tuple[float | None, str, bool, DateSeen | None]:
    """The event time, or why there is none, whether its date is absurd, and where it stood."""
    fault = ""
    for name in ("published", "updated", "created"):
        value = dict.get(raw, name)
        if not value:
            continue
        try:
            return read_date(str(value), zone, chinese=chinese), "", False, DateSeen(name, short(value))
        except ValueError as error:
            fault = fault or error.args[0]
            if _absurd(error):
                return None, error.args[0], True, None
        parsed = dict.get(raw, f"{name}_parsed")
        if parsed:
            try:
                return read_date(float(calendar.timegm(parsed)), zone), "", False, DateSeen(name, short(value))
            except (ValueError, OverflowError, TypeError):
                continue
    return None, fault, False, None


def _absurd(error: ValueError) -> bool:
    return isinstance(error.args[0], Told) and error.args[0].id == "sources.absurd_date"


def _plain(raw: Any, name: str) -> str:
    """A text without markup; `detail` tells whether it may bear any."""
    value = str(raw.get(name) or "")
    detail = raw.get(f"{name}_detail") or {}
    if detail.get("type") in _HTML or "</" in value:
        return text_of(value)
    return one_line(unescape(value)) if "&" in value else one_line(value)


def _body(raw: Any) -> str:
    """The longest of what an entry offers as its text."""
    offers = [(str(c.get("value") or ""), str(c.get("type") or "")) for c in raw.get("content") or ()]
    offers.append((str(raw.get("summary") or ""), str((raw.get("summary_detail") or {}).get("type") or "")))
    value, kind = max(offers, key=lambda offer: len(offer[0]))
    return text_of(value) if kind in _HTML or "<" in value else one_line(value)


def _link(raw: Any, base: str) -> str:
    """The page of an entry: of its links the alternate one, whatever stands last."""
    link = str(raw.get("link") or "").strip()
    pages = [str(one.get("href") or "") for one in raw.get("links") or () if one.get("rel") == "alternate"]
    link = link if not pages or link in pages else pages[0]
    try:
        return urljoin(base, link) if base and link else link
    except ValueError:
        return link


def _value(value: Any) -> str:
    """A further value as text: tags by their terms, people by their names, all else as written."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_value(inner) for inner in value)))
    if isinstance(value, dict):
        inner = value.get("term") or value.get("name") or value.get("title") or value.get("value") or value.get("href")
        return one_line(str(inner or ""))
    return one_line(str(value)) if value is not None else ""


def _more(raw: Any, path: str) -> str:
    """A further value by its name or path: `publisher`, `media_statistics.views`, `links[0].href`."""
    return _value(read_find(path)(raw, ""))


def hashed(*parts: str) -> str:
    """An id for what bears none: the same for the same words."""
    return "#" + blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def distinct(entries: tuple[FeedEntry, ...]) -> tuple[FeedEntry, ...]:
    """Ids that tell entries apart, also where a feed gives many different ones the same guid."""
    unlike = Counter(id for id, _, _ in {(e.id, e.title, e.url) for e in entries})
    return tuple(replace(e, id=hashed(e.id, e.url, e.title)) if unlike[e.id] > 1 else e for e in entries)


def _json_feed(text: str, zone: ZoneInfo, most: int, more: tuple[str, ...]) -> Feed:
    try:
        found = msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise SourceFault(Told("no_json", text=short(str(error)))) from None
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise SourceFault(Told("no_json_feed"))
    items = [item for item in found["items"] if isinstance(item, dict)]
    lang = str(found.get("language") or "")
    entries = [_json_entry(item, zone, lang.startswith("zh"), more) for item in items[:most]]
    return Feed(
        title=one_line(str(found.get("title") or "")),
        lang=lang,
        entries=tuple(entries),
        left_out=max(len(items) - most, 0),
    )


def _json_entry(item: dict[str, Any], zone: ZoneInfo, chinese: bool, more: tuple[str, ...]) -> FeedEntry:
    def word(name: str) -> str:
        value = item.get(name)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

    text = text_of(word("content_html")) or one_line(word("content_text")) or one_line(word("summary"))
    url = word("url") or word("external_url")
    at, fault, refused, seen = _json_date(word, zone, chinese)
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    return FeedEntry(
        id=word("id") or url or hashed(word("title"), word("date_published"), text),
        title=one_line(word("title")),
        url=url,
        text=text,
        author=", ".join(_names(people)),
        published_at=at,
        fault=fault,
        refused=refused,
        date_seen=seen,
        more={name: value for name in more if (value := _more(item, name))},
    )


def _json_date(
    word: Callable[[str], str], zone: ZoneInfo, chinese: bool
) -> tuple[float | None, str, bool, DateSeen | None]:
    name = "date_published" if word("date_published") else "date_modified"
    try:
        at = read_date(word(name), zone, chinese=chinese)
        return at, "", False, None if at is None else DateSeen(name, short(word(name)))
    except ValueError as error:
        return None, error.args[0], _absurd(error), None


def _names(people: Any) -> Iterator[str]:
    for person in people or ():
        name = person.get("name") if isinstance(person, dict) else None
        if isinstance(name, str) and name.strip():
            yield one_line(name)
