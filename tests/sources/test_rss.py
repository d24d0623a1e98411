"""Kind rss: what a feed's answer becomes, what is asked again, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http import Answer, Http
from monitor.model import Cursor, Page
from monitor.sources.feed import parse_feed
from monitor.sources.rss import Rss
from monitor.sources.source import SourceFault, SourceGone, Surroundings
from monitor.sources.told import Told
from monitor.times import instant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-01T12:00:00+08:00", ZONE)
URL = "https://news.example/feed"


def item(n: int, date: str = "Sun, 01 Mar 2026 10:00:00 CST", extra: str = "") -> str:
    link = f"https://news.example/{n}"
    return f"<item><title>充电宝 {n}</title><link>{link}</link><guid>g{n}</guid><pubDate>{date}</pubDate>{extra}</item>"


def rss(*items: str, head: str = "<language>zh-cn</language>") -> bytes:
    return f"<rss version='2.0'><channel><title>快讯</title>{head}{''.join(items)}</channel></rss>".encode()


def reply(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def fetch(
    answer: httpx.Response | Callable[[httpx.Request], httpx.Response], cursor: Cursor | None = None, **options: Any
) -> Page:
    handler = answer if callable(answer) else lambda request: answer
    async with Http(transport=httpx.MockTransport(handler)) as http:
        source = Rss(name="news", url=URL, **options)
        return await source.fetch(cursor or {}, Surroundings(http, ZONE, NOW))


@pytest.mark.anyio
async def test_an_entry_becomes_a_mention_without_markup() -> None:
    extra = "<category>安全</category><description>&lt;p&gt;充&lt;b&gt;电&lt;/b&gt;宝&amp;nbsp;冒烟&lt;/p&gt;"
    extra += "</description>"
    page = await fetch(reply(rss(item(1, extra=extra))), fields={"labels.section": "tags"})
    (mention,) = page.mentions
    assert (mention.source, mention.id, mention.title, mention.text) == ("news", "g1", "充电宝 1", "充电宝 冒烟")
    assert mention.url == "https://news.example/1" and mention.labels == {"section": "安全"}
    assert mention.published_at == instant("2026-03-01T10:00:00+08:00", ZONE) and mention.seen_at == NOW
    assert page.faults == ()


@pytest.mark.anyio
async def test_the_next_question_is_conditional_and_304_is_unchanged() -> None:
    page = await fetch(reply(rss(item(1)), etag='"a"', last_modified="Sun, 01 Mar 2026 02:00:00 GMT"))
    asked: list[httpx.Headers] = []

    def again(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        return httpx.Response(304)

    second = await fetch(again, page.cursor)
    assert asked[0]["if-none-match"] == '"a"' and asked[0]["if-modified-since"].startswith("Sun, 01 Mar")
    assert second.unchanged and second.cursor["etag"] == '"a"'


@pytest.mark.anyio
async def test_the_same_body_is_not_parsed_again() -> None:
    first = await fetch(reply(rss(item(1))))
    assert (await fetch(reply(rss(item(1))), first.cursor)).unchanged
    assert not (await fetch(reply(rss(item(1), item(2))), first.cursor)).unchanged


@pytest.mark.anyio
async def test_a_body_of_the_same_length_and_etag_is_the_same_unless_it_expired_as_it_was_sent() -> None:
    first = await fetch(reply(rss(item(1)), etag='"a"'))
    assert (await fetch(reply(rss(item(2)), etag='"a"'), first.cursor)).unchanged
    again = await fetch(reply(rss(item(2)), etag='"a"', expires="0"), first.cursor)
    assert [m.id for m in again.mentions] != [m.id for m in first.mentions] and again.mentions


@pytest.mark.anyio
async def test_a_permanent_move_is_remembered_until_the_url_is_changed() -> None:
    asked: list[str] = []

    def moved(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/feed":
            return httpx.Response(301, headers={"location": "/new"})
        return reply(rss(item(1)))

    page = await fetch(moved)
    await fetch(moved, page.cursor)
    await fetch(moved, {**page.cursor, "of": "https://other.example/"})
    assert asked == ["/feed", "/new", "/new", "/feed", "/new"]


@pytest.mark.anyio
async def test_a_new_address_that_died_is_forgotten() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return reply(rss(item(1))) if request.url.path == "/feed" else reply(b"", 404)

    page = await fetch(answer, {"of": URL, "moved": "https://news.example/new", "etag": '"a"'})
    assert len(page.mentions) == 1 and "moved" not in page.cursor


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120.0), ("Sun, 01 Mar 2026 04:01:00 GMT", 60.0), ("soon", None)]
)
async def test_a_busy_host_is_left_alone_as_long_as_it_asks(value: str, seconds: float | None) -> None:
    for status in (429, 503):
        with pytest.raises(SourceFault) as fault:
            await fetch(reply(b"", status, retry_after=value))
        assert fault.value.retry_after == seconds


@pytest.mark.anyio
async def test_a_gone_feed_is_told_from_a_failing_one() -> None:
    with pytest.raises(SourceGone):
        await fetch(reply(b"", 410))
    for status in (400, 401, 404, 500):
        with pytest.raises(SourceFault, match=str(status)) as fault:
            await fetch(reply(b"<html>", status))
        assert not isinstance(fault.value, SourceGone)


@pytest.mark.anyio
async def test_an_inner_address_is_refused_unless_allowed() -> None:
    async with Http() as http:
        around = Surroundings(http, ZONE, NOW)
        with pytest.raises(SourceFault, match="allow_private"):
            await Rss(name="n", url="http://127.0.0.1:9/feed").fetch({}, around)
        with pytest.raises(SourceFault, match="no connection"):
            await Rss(name="n", url="http://127.0.0.1:9/feed", allow_private=True).fetch({}, around)


@pytest.mark.anyio
async def test_a_key_in_a_header_comes_from_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_KEY", "s3cret")
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return reply(rss())

    await fetch(handler, headers={"Authorization": "Bearer env:FEED_KEY"})
    assert seen == ["Bearer s3cret"]
    with pytest.raises(SourceFault, match="env:MISSING"):
        await fetch(handler, headers={"Authorization": "Bearer env:MISSING"})


@pytest.mark.anyio
async def test_bad_dates_cost_only_their_entry() -> None:
    dates = [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 01 Jan 2099 00:00:00 GMT",
        "one fine day",
        "",
        "Sun, 01 Mar 2026 12:03:00 CST",
    ]
    page = await fetch(reply(rss(*(item(n, date) for n, date in enumerate(dates)))))
    assert {m.id: m.published_at for m in page.mentions} == {"g2": None, "g3": None, "g4": NOW}
    assert len(page.faults) == 3 and all(isinstance(fault, Told) for fault in page.faults)


@pytest.mark.anyio
async def test_too_many_entries_are_cut_and_said() -> None:
    page = await fetch(reply(rss(*(item(n) for n in range(30)))), most=10)
    assert [m.id for m in page.mentions] == [f"g{n}" for n in range(10)]
    assert "20" in page.faults[0]


@pytest.mark.anyio
async def test_entries_without_id_or_with_one_id_for_all_stay_apart() -> None:
    bare = "<item><title>a</title></item><item><title>b</title></item>"
    same = "<item><guid>x</guid><title>c</title></item><item><guid>x</guid><title>d</title></item>"
    first = await fetch(reply(rss(bare, same)))
    second = await fetch(reply(rss(same, bare)))
    assert len({m.id for m in first.mentions}) == 4
    assert {m.id for m in first.mentions} == {m.id for m in second.mentions}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><head><title>403 Forbidden</title></head></html>", "403 Forbidden"),
        (b"  <!-- x --><HTML><body>login</body></HTML>", "HTML"),
        (b"<Error><Code>AccessDenied</Code></Error>", "no feed"),
        (b"plain words", "no feed"),
        (b'{"error": "no"}', "JSON Feed"),
        (b'{"items": ', "JSON"),
        (
            b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&x;</title></channel></rss>",
            "entities",
        ),
        (
            b"<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><rss><channel><title>&b;</title></channel></rss>",
            "entities",
        ),
        (b"<rss><channel>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</channel></rss>", "deeper"),
        (b"<rss><channel>" + b"<a>" * 50_000, "deeper"),
        (b"<rss><channel>" + b"<a/>" * 2_000_000 + b"</channel></rss>", "too many"),
        (b"<rss><channel><item><title>" + b"<" * 5_000_000, "too many"),
        (b"<rss><channel><item><title>" + b"&" * 5_000_000, "too many"),
        (b"x" * 5_000_000, "no feed"),
    ],
)
def test_what_is_no_feed_or_made_to_hurt_is_refused_at_once(body: bytes, why: str) -> None:
    start = time.process_time()
    with pytest.raises(SourceFault, match=why):
        parse_feed(body, zone=ZONE)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("name", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "big5hkscs"])
def test_encodings_are_read_right_declared_or_not(name: str) -> None:
    text = (
        "行動電源爆炸，消費者投訴不斷，廠商正在調查"
        if name == "big5hkscs"
        else "充电宝爆炸，消费者投诉不断，厂家正在调查"
    )
    body = f"<rss version='2.0'><channel><item><title>{text}</title></item></channel></rss>"
    declared = f"<?xml version='1.0' encoding='{name.removesuffix('-sig').removesuffix('hkscs')}'?>{body}"
    for raw in (body.encode(name), declared.encode(name)):
        assert parse_feed(raw, zone=ZONE).entries[0].title == text


def test_the_charset_of_http_counts_but_not_against_plain_utf8() -> None:
    text = "充电宝"
    body = f"<rss version='2.0'><channel><item><title>{text}</title></item></channel></rss>"
    gbk = parse_feed(body.encode("gbk"), zone=ZONE, content_type="text/xml; charset=GB2312")
    wrong = parse_feed(body.encode(), zone=ZONE, content_type="text/xml; charset=ISO-8859-1")
    assert gbk.entries[0].title == wrong.entries[0].title == text


def test_a_json_feed_is_a_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "F",
        "items": [
            {
                "id": 7,
                "url": "https://e.com/7",
                "title": "T",
                "content_html": "<p>a<br>b</p>",
                "date_published": "2026-03-01T10:00:00+08:00",
                "authors": [{"name": "W"}],
                "tags": ["x", "y"],
            },
            "nonsense",
        ],
    }
    (entry,) = parse_feed(json.dumps(feed).encode(), zone=ZONE, more=("tags",)).entries
    assert (entry.id, entry.title, entry.text, entry.author, entry.more) == ("7", "T", "a b", "W", {"tags": "x, y"})
    assert entry.published_at == NOW - 7200


def test_control_characters_and_bare_ampersands_cost_nothing() -> None:
    body = b"<rss version='2.0'><channel><item><title>R&D &amp;amp; more \x0b\x1f</title><link>http://e.com/?a=1&b=2</link></item></channel></rss>"
    (entry,) = parse_feed(body, zone=ZONE).entries
    assert entry.title == "R&D & more" and entry.url == "http://e.com/?a=1&b=2"


@given(st.binary(max_size=300))
def test_garbage_is_a_source_fault_and_nothing_else(body: bytes) -> None:
    source = Rss(name="n", url=URL)
    for raw in (body, b"<rss><channel><item>" + body, b"{" + body):
        try:
            source.parse(Answer(200, {}, raw, URL), ZONE, NOW)
        except SourceFault as fault:
            assert str(fault)
