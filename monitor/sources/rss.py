"""Kind `rss`: a feed in RSS, Atom, RDF or JSON Feed, asked conditionally."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from msgspec import field
from msgspec.structs import replace

from monitor.http import Answer
from monitor.model import Cursor, Labels, Mention, Page
from monitor.sources.dates import not_ahead
from monitor.sources.feed import MOST_ENTRIES, Feed, FeedEntry, distinct, hashed
from monitor.sources.large import LARGE, Asked, parse, parse_apart
from monitor.sources.mapping import read_reach
from monitor.sources.paths import read_find
from monitor.sources.records import ID_CAP, TEXT_CAP, clean, web_link
from monitor.sources.source import DateSeen, Surroundings
from monitor.sources.told import Told, short, why
from monitor.sources.web_source import WebSource, after_answer, is_unchanged

_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_TARGETS = ("author", "text", "title", "url", "lang", "reach")


class Rss(WebSource, frozen=True, kw_only=True, tag="rss", tag_field="kind"):
    """`fields` fills labels, texts and reach from further entry values: `"labels.section" = "tags"`,
    `author = "publisher"`, `reach = "media_statistics.views"`.

    `most`: entries read of one body, from its top. `link_in`: links lead over a counter, and this parameter of theirs
    is the real address (and where an entry bears no id, its id).
    """

    a_list: ClassVar[bool] = True

    fields: dict[str, str] = field(default_factory=dict)
    most: int = MOST_ENTRIES
    link_in: str = ""

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Also targets that a feed can't fill."""
        yield from super().wrong()
        for target in self.fields:
            if target not in _TARGETS and not re.fullmatch(r"labels\..+", target):
                yield f"fields.{target}", Told("bad_target", target=short(target), names=", ".join(_TARGETS))
            try:
                read_find(self.fields[target])
            except ValueError as error:
                yield f"fields.{target}", error.args[0]
        if self.most < 1:
            yield "most", Told("bad_most")

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The entries of the feed as it stands, or nothing when it stands as it stood."""
        cursor = self.remembered(cursor)
        answer = await self.ask_again(around, cursor, {"accept": _ACCEPT})
        after = after_answer(cursor, answer, moves=not self.params)
        if is_unchanged(cursor, answer):
            return Page(cursor=after, unchanged=True)
        asked = self._asked(answer, self.zone(around))
        feed = await (parse_apart(asked) if len(answer.body) >= LARGE else asyncio.to_thread(parse, asked))
        mentions, faults = await asyncio.to_thread(self.mentions, feed, around.now, around.dated)
        return Page(mentions=mentions, faults=faults, cursor=after)

    def parse(
        self, answer: Answer, zone: ZoneInfo, now: float, dated: dict[str, DateSeen] | None = None
    ) -> tuple[tuple[Mention, ...], tuple[str, ...]]:
        """The mentions of an answer, and the faults of single entries. Raises SourceFault when it is no feed."""
        return self.mentions(parse(self._asked(answer, zone)), now, dated)

    def _asked(self, answer: Answer, zone: ZoneInfo) -> Asked:
        return Asked(
            body=answer.body,
            zone=zone.key,
            content_type=answer.headers.get("content-type", ""),
            url=answer.url,
            most=self.most,
            more=tuple(dict.fromkeys(self.fields.values())),
        )

    def mentions(
        self, feed: Feed, now: float, dated: dict[str, DateSeen] | None = None
    ) -> tuple[tuple[Mention, ...], tuple[str, ...]]:
        """The entries of a feed as mentions seen at `now`."""
        out: dict[str, Mention] = {}
        faults: list[str] = [Told("left_out", n=feed.left_out, most=self.most)] if feed.left_out else []
        for entry in distinct(tuple(self._unwrapped(entry) for entry in feed.entries)):
            if entry.fault:
                faults.append(Told("entry", entry=short(entry.id), text=entry.fault))
            if entry.refused:
                continue
            try:
                mention = self._mention(entry, feed.lang, now)
            except ValueError as error:
                faults.append(Told("entry", entry=short(entry.id), text=why(error)))
            else:
                out.setdefault(mention.id, mention)
                if dated is not None and entry.date_seen is not None:
                    dated.setdefault(mention.id, entry.date_seen)
        return tuple(out.values()), tuple(faults)

    def _unwrapped(self, entry: FeedEntry) -> FeedEntry:
        inner = dict(parse_qsl(urlsplit(entry.url).query)).get(self.link_in) if self.link_in else None
        if not inner:
            return entry
        return replace(entry, url=inner, id=inner if entry.id == entry.url else entry.id)

    def _mention(self, entry: FeedEntry, lang: str, now: float) -> Mention:
        texts = {"author": entry.author, "text": entry.text, "title": entry.title, "url": entry.url, "lang": lang}
        labels: Labels = dict(self.labels)
        for target, name in self.fields.items():
            value = entry.more.get(name, "")
            if value and target.startswith("labels."):
                labels[target.removeprefix("labels.")] = clean(value, 256)
            elif value:
                texts[target] = value
        return Mention(
            id=clean(entry.id if len(entry.id) <= ID_CAP else hashed(entry.id)),
            source=self.name,
            text=clean(texts["text"], TEXT_CAP),
            title=clean(texts["title"], 2000),
            url=web_link(texts["url"]),
            author=clean(texts["author"], 200),
            lang=clean(texts["lang"], 35),
            published_at=not_ahead(entry.published_at, now),
            seen_at=now,
            labels=labels,
            reach=read_reach(texts.get("reach", "")),
        )
