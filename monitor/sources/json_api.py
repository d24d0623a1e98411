"""Kind `json_api`: any HTTP API that answers JSON, read by paths."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from monitor.http import Answer
from monitor.model import Cursor, Mention, Page, Sample, SampleKind
from monitor.secret import Secret, SecretFault
from monitor.sources.charset import charset_of, decode
from monitor.sources.feed import hashed
from monitor.sources.mapping import Mapping, mention_of, sample_of, written, wrong_targets
from monitor.sources.paths import KEY, Path, items_at, look, read_path
from monitor.sources.source import SourceFault, Surroundings
from monitor.sources.told import Told, short, why
from monitor.sources.web_source import WebSource, after_answer, is_unchanged, references, revealed
from monitor.times import Duration

_REMEMBERED = 1000
"""Ids of the last pages kept in the cursor, so that paging stops where the known begins."""


class Paging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach the following pages, `most` in one fetch: by a link in the answer (`next`, a path), by a cursor in
    the answer (`cursor`, a path) given back in `param`, or by counting up `param` from `start` by `step`.
    """

    next: str = ""
    cursor: str = ""
    param: str = ""
    start: int = 1
    step: int = 1
    most: int = 5


class JsonApi(WebSource, frozen=True, kw_only=True, tag="json_api", tag_field="kind"):
    """`items`: path to a list, or to an object whose names are `$key`. `fields`: target = path within an item.

    A field `value` makes samples of `series`; without it items are mentions.
    """

    a_list: ClassVar[bool] = True

    items: str = "$"
    fields: dict[str, str] = field(default_factory=dict)
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str = ""
    page: Paging | None = None
    most: int = 10_000

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Also paths that are none, targets without a place, paging that goes nowhere."""
        yield from super().wrong()
        yield from wrong_targets(self.fields, self.series)
        if not self.fields:
            yield "fields", Told("no_fields")
        for option, path in (("items", self.items), *((f"fields.{k}", v) for k, v in self.fields.items())):
            try:
                read_path(path)
            except ValueError as error:
                yield option, error.args[0]
        paging = self.page
        if paging and bool(paging.next) == bool(paging.param):
            yield "page", Told("bad_paging")

    def secrets(self) -> Iterator[Secret]:
        """Also the references inside `params` and `body`."""
        yield from super().secrets()
        for text in (*self.params.values(), *_texts(self.body)):
            yield from references(text)

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The items of the answer, and of the pages behind it down to the first known item."""
        cursor = self.remembered(cursor)
        first = await self._first(around, cursor)
        after = after_answer(cursor, first, around.now)
        if is_unchanged(cursor, first):
            return Page(cursor=after, unchanged=True)
        haul = Haul(self, set(cursor.get("known", ())), self.zone(around), around.now)
        onward = await asyncio.to_thread(haul.take, first, 1)
        for number in range(2, (self.page.most if self.page else 1) + 1):
            if onward is None:
                break
            answer = await self._ask(around, onward[0], onward[1], {})
            onward = await asyncio.to_thread(haul.take, answer, number)
        return haul.page(after)

    async def _first(self, around: Surroundings, cursor: Cursor) -> Answer:
        if self.method == "GET" and not self.params:
            return await self.ask_again(around, cursor, {"accept": "application/json"})
        return await self._ask(around, self.url, {}, self.validators(cursor))

    async def _ask(self, around: Surroundings, url: str, params: dict[str, str], headers: dict[str, str]) -> Answer:
        sent = {"accept": "application/json", **headers}
        try:
            asked = _with(url, {k: revealed(v) for k, v in self.params.items()} | params)
            body = _revealed(self.body)
        except (SecretFault, ValueError) as error:
            raise SourceFault(Told("secret", text=short(str(error), 160))) from None
        if self.method == "GET":
            return await self.ask(around, asked, headers=sent)
        raw = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        return await self.ask(
            around, asked, method="POST", body=raw, headers={"content-type": "application/json", **sent}
        )


class Haul:
    """What the pages of one fetch bring."""

    def __init__(self, source: JsonApi, known: set[str], zone: ZoneInfo, now: float) -> None:
        self.source, self.known = source, known
        span = float(source.span or 0)
        self.mapping = Mapping(
            source=source.name,
            targets=tuple(source.fields),
            zone=zone,
            now=now,
            labels=source.labels,
            series=source.series,
            sample=source.sample,
            span=span,
        )
        self.paths = {target: read_path(path) for target, path in source.fields.items()}
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
        if not items or reached or len(self.mentions) + len(self.samples) >= self.source.most:
            return None
        return self._onward(thing, answer.url, number)

    def _read(self, items: list[tuple[str, Any]]) -> bool:
        """Reads items; True when one of them was known from the last fetch."""
        reached = False
        for key, item in items[: self.source.most]:
            try:
                if self.mapping.makes_samples:
                    sample = sample_of(self._getter(key, item), self.mapping)
                    self.samples += [sample] if sample else []
                    continue
                mention = mention_of(self._getter(key, item), self.mapping)
            except (ValueError, OverflowError) as error:
                self.faults.append(Told("entry", entry=short(key or item), text=why(error)))
                continue
            reached = reached or _mark(mention) in self.known
            self.mentions.setdefault(mention.id, mention)
        return reached

    def _getter(self, key: str, item: Any) -> Any:
        def get(target: str) -> Any:
            path: Path | None = self.paths.get(target)
            return None if path is None else key if path == KEY else look(item, path)

        return get

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

    def page(self, after: Cursor) -> Page:
        """All of it, with the newest ids to stop at next time."""
        marks = [_mark(mention) for mention in self.mentions.values()]
        return Page(
            mentions=tuple(self.mentions.values()),
            samples=tuple(self.samples),
            faults=tuple(self.faults),
            cursor={**after, "known": marks[:_REMEMBERED]} if marks and self.source.page else after,
        )


def _with(url: str, params: dict[str, str]) -> str:
    """The URL with parameters set, those of the same name replaced."""
    if not params:
        return url
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in params]
    return urlunsplit(parts._replace(query=urlencode([*kept, *params.items()])))


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
