"""Kind `json_api`: any HTTP API that answers JSON, read by paths."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from monitor.http import Answer
from monitor.model import Cursor, Mention, Page, Sample, SampleKind
from monitor.secret import Secret, SecretFault
from monitor.sources.charset import charset_of, decode
from monitor.sources.feed import hashed
from monitor.sources.items import Items, wrong_items
from monitor.sources.mapping import written
from monitor.sources.paths import items_at, look, read_path
from monitor.sources.source import DateSeen, SourceFault, Surroundings
from monitor.sources.told import Told, short
from monitor.sources.web_source import WebSource, after_answer, is_unchanged, moving, references, revealed
from monitor.times import Duration

_REMEMBERED = 1000
"""Ids of the last pages kept in the cursor, so that paging stops where the known begins."""


class Paging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the following pages, `most` in one fetch: by a link in the answer (`next`, a path), by a cursor in
    the answer (`cursor`, a path) given back in `param`, or by counting up `param` from `start` by `step`.

    `resume`: the last `cursor` is kept, and the next fetch goes on from it; `first` are the parameters of a fetch
    that has none yet. `last`: the path of a mark that is true on the last page.
    """

    next: str = ""
    cursor: str = ""
    param: str = ""
    start: int = 1
    step: int = 1
    most: int = 5
    resume: bool = False
    first: dict[str, str] = field(default_factory=dict)
    last: str = ""


class JsonApi(WebSource, frozen=True, kw_only=True, tag="json_api", tag_field="kind"):
    """`items`: path to a list, or to an object whose names are `$key`. `fields`: target = path within an item, several
    with ` | ` between (the first that has a value), or a text with paths in braces. `only`: path within an item = the
    value, or one of the values, without which the item is passed over.

    A field `value` makes samples of `series`; without it items are mentions. `none_on`: statuses by which the other
    side says that there is nothing. `behind`: so long it holds the newest items back.
    """

    a_list: ClassVar[bool] = True

    items: str = "$"
    fields: dict[str, str] = field(default_factory=dict)
    only: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    method: Literal["GET", "POST"] = "GET"
    body: dict[str, Any] | str = ""
    page: Paging | None = None
    most: int = 10_000
    none_on: tuple[int, ...] = ()
    behind: Duration = Duration(0)

    def shows_a_list(self) -> bool:
        """Not where a kept cursor leads from fetch to fetch."""
        return not (self.page and self.page.resume)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Also paths that are none, targets without a place, paging that goes nowhere."""
        yield from super().wrong()
        yield from wrong_items(self)
        if not self.fields:
            yield "fields", Told("no_fields")
        paging = self.page
        if paging and (bool(paging.next) == bool(paging.param) or (paging.resume and not paging.cursor)):
            yield "page", Told("bad_paging")

    def secrets(self) -> Iterator[Secret]:
        """Also the references inside `body`."""
        yield from super().secrets()
        for text in _texts(self.body):
            yield from references(text)

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The items of the answer, and of the pages behind it down to the first known item."""
        cursor = self.remembered(cursor)
        try:
            first = await self._first(around, cursor)
        except SourceFault as fault:
            if fault.status in self.none_on:
                return Page(cursor=cursor, unchanged=True)
            raise
        after = after_answer(cursor, first, moves=not self.params)
        if is_unchanged(cursor, first):
            return Page(cursor=after, unchanged=True, covers_to=around.now - self.behind if self.behind else None)
        haul = Haul(self, set(cursor.get("known", ())), self.zone(around), around.now, around.dated)
        haul.resumed = cursor.get("resume") or ""
        onward = await asyncio.to_thread(haul.take, first, 1)
        for number in range(2, (self.page.most if self.page else 1) + 1):
            if onward is None:
                break
            answer = await self._ask(around, onward[0], onward[1], {})
            onward = await asyncio.to_thread(haul.take, answer, number)
        return haul.page(after, more=onward is not None)

    async def _first(self, around: Surroundings, cursor: Cursor) -> Answer:
        if self.page and self.page.resume:
            mark = cursor.get("resume")
            wanted = {k: moving(v, around.now) for k, v in self.page.first.items()}
            return await self._ask(around, "", {self.page.param: mark} if mark else wanted, {})
        if self.method == "GET":
            return await self.ask_again(around, cursor, {"accept": "application/json"})
        return await self._ask(around, "", {}, self.validators(cursor))

    async def _ask(self, around: Surroundings, url: str, params: dict[str, str], headers: dict[str, str]) -> Answer:
        sent = {"accept": "application/json", **headers}
        asked = self.address(around.now, url, params)
        if self.method == "GET":
            return await self.ask(around, asked, headers=sent)
        try:
            body = _revealed(self.body)
        except SecretFault as error:
            raise SourceFault(Told("secret", text=short(str(error), 160))) from None
        raw = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        return await self.ask(
            around, asked, method="POST", body=raw, headers={"content-type": "application/json", **sent}
        )


class Haul:
    """What the pages of one fetch bring."""

    def __init__(
        self,
        source: JsonApi,
        known: set[str],
        zone: ZoneInfo,
        now: float,
        dated: dict[str, DateSeen] | None = None,
    ) -> None:
        self.source, self.known = source, known
        self.resumed = ""
        """The cursor of the last page that was read."""
        self._now, self._items = now, Items(source, zone, now, dated)
        self.mentions: dict[str, Mention] = {}
        self.samples: list[Sample] = []
        self.faults: list[str] = []

    def take(self, answer: Answer, number: int) -> tuple[str, dict[str, str]] | None:
        """Reads a page; returns the URL and parameters of the next, None when there is none or all older is known."""
        thing = read_json(answer.body, answer.headers.get("content-type", ""))
        try:
            items = items_at(thing, self.source.items)
        except ValueError as error:
            raise SourceFault(error.args[0]) from None
        reached = self._read(items)
        self._mark_resume(thing)
        if self.source.page and self.source.page.last and look(thing, read_path(self.source.page.last)) is True:
            return None
        if not items or reached or len(self.mentions) + len(self.samples) >= self.source.most:
            return None
        return self._onward(thing, answer.url, number)

    def _mark_resume(self, thing: Any) -> None:
        paging = self.source.page
        if paging and paging.resume:
            self.resumed = written(look(thing, read_path(paging.cursor))) or self.resumed

    def _read(self, items: list[tuple[str, Any]]) -> bool:
        """Reads items; True when one of them was known from the last fetch."""
        reached = False
        for record in self._items.read(items[: self.source.most]):
            if isinstance(record, str):
                self.faults.append(record)
            elif isinstance(record, Sample):
                self.samples.append(record)
            else:
                reached = reached or _mark(record) in self.known
                self.mentions.setdefault(record.id, record)
        return reached

    def _onward(self, thing: Any, url: str, number: int) -> tuple[str, dict[str, str]] | None:
        paging = self.source.page
        if paging is None:
            return None
        if paging.next:
            link = written(look(thing, read_path(paging.next)))
            return (self._same_host(urljoin(url, link)), {}) if link else None
        if paging.cursor:
            mark = written(look(thing, read_path(paging.cursor)))
            return (self.source.url, {paging.param: mark}) if mark else None
        return self.source.url, {paging.param: str(paging.start + number * paging.step)}

    def _same_host(self, link: str) -> str:
        """A link out of an answer is followed on the very host of `url` only."""
        here, there = urlsplit(self.source.url), urlsplit(link)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise SourceFault(Told("foreign_page", url=short(link)))
        return link

    def page(self, after: Cursor, *, more: bool) -> Page:
        """All of it, with the newest ids to stop at next time, or the cursor to go on from."""
        marks = [_mark(mention) for mention in self.mentions.values()]
        resumes = self.source.page is not None and self.source.page.resume
        kept: Cursor = {"known": marks[:_REMEMBERED]} if marks and self.source.page and not resumes else {}
        return Page(
            mentions=tuple(self.mentions.values()),
            samples=tuple(self.samples),
            faults=tuple(self.faults),
            cursor={**after, **kept, **({"resume": self.resumed} if self.resumed else {})},
            covers_to=self._now - self.source.behind if self.source.behind else None,
            more=more and resumes,
        )


def _mark(mention: Mention) -> str:
    return hashed(mention.id)[1:13]


def read_json(body: bytes, content_type: str = "") -> Any:
    """The JSON of a body in whatever charset; NaN is let through to be refused where it stands. SourceFault else."""
    text = decode(body, charset_of(content_type)).strip()
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    if text[:1] == "<":
        raise SourceFault(Told("html_not_json", start=short(text)))
    try:
        return json.loads(text)
    except RecursionError:
        raise SourceFault(Told("too_deep")) from None
    except ValueError as error:
        raise SourceFault(Told("no_json", text=short(f"{error}: {text[:60]}", 120))) from None


def _texts(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict | list):
        for inner in thing.values() if isinstance(thing, dict) else thing:
            yield from _texts(inner)


def _revealed(thing: Any) -> Any:
    if isinstance(thing, str):
        return revealed(thing)
    if isinstance(thing, dict):
        return {key: _revealed(inner) for key, inner in thing.items()}
    return [_revealed(inner) for inner in thing] if isinstance(thing, list) else thing
