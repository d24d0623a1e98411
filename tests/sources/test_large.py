"""A large feed is parsed in a process of its own: the same entries and faults, and the loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import patch
from zoneinfo import ZoneInfo

import httpx
import pytest

from monitor.http import Http
from monitor.model import Cursor, Page
from monitor.sources import large, rss
from monitor.sources.large import LARGE, Asked, parse, parse_apart
from monitor.sources.rss import Rss
from monitor.sources.source import SourceFault, Surroundings
from monitor.sources.told import tell

pytestmark = pytest.mark.anyio
STALL = 0.05
"""CPU seconds that this process may spend between two turns of its loop: a busy machine makes turns late, not dear."""


def feed(entries: int, date: str = "Mon, 01 Sep 2025 10:00:00 GMT") -> bytes:
    item = (
        "<item><guid>g{n}</guid><title>No {n}</title><pubDate>"
        + date
        + "</pubDate><description>{d}</description></item>"
    )
    items = "".join(item.format(n=n, d="text & more ".replace("&", "&amp;") * 22) for n in range(entries))
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def asked(body: bytes, most: int = 1000) -> Asked:
    return Asked(body=body, zone="Asia/Shanghai", content_type="text/xml", url="http://a.example/", most=most, more=())


async def test_another_process_reads_what_this_one_would_and_says_its_faults_in_any_language() -> None:
    body = feed(30).replace(b"01 Sep 2025 10:00:00 GMT", b"01 Sep 9025", 1)
    here, there = parse(asked(body, 20)), await parse_apart(asked(body, 20))
    assert there == here and there.left_out == 10
    assert there.entries[0].refused
    assert tell(there.entries[0].fault, "zh") == tell(here.entries[0].fault, "zh") != str(there.entries[0].fault)
    with pytest.raises(SourceFault) as fault:
        await parse_apart(asked(b"<html>no feed</html>"))
    assert tell(fault.value.text, "zh") != tell(fault.value.text, "en")


async def test_a_process_that_ends_early_or_takes_for_ever_is_a_fault() -> None:
    dies = (*large._COMMAND[:-1], "raise SystemExit(1)")
    with patch.object(large, "_COMMAND", dies), pytest.raises(SourceFault, match="ended before"):
        await parse_apart(asked(feed(1)))
    hangs = (*large._COMMAND[:-1], "import time; time.sleep(60)")
    brief = patch.object(large, "PATIENCE", 0.3)
    with patch.object(large, "_COMMAND", hangs), brief, pytest.raises(SourceFault, match="not parsed within"):
        await parse_apart(asked(feed(1)))


async def test_who_is_no_longer_waited_for_is_ended() -> None:
    hangs = (*large._COMMAND[:-1], "import time; time.sleep(60)")
    began = time.monotonic()
    with patch.object(large, "_COMMAND", hangs):
        task = asyncio.create_task(parse_apart(asked(feed(1))))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await parse_apart(asked(feed(1))), "the place is free again"
    assert time.monotonic() - began < 30


async def test_a_feed_of_seven_megabytes_does_not_stall_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    body = feed(20_000)
    assert len(body) > 7_000_000 > LARGE
    monkeypatch.setattr(rss, "parse", None)
    dearest, on = 0.0, True

    async def watch() -> None:
        nonlocal dearest
        while on:
            before = time.process_time()
            await asyncio.sleep(0.01)
            dearest = max(dearest, time.process_time() - before)

    async with Http(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))) as http:
        watching = asyncio.create_task(watch())
        page = await fetched(http)
        on = False
        await watching
    assert len(page.mentions) == 1000 and "19000" in page.faults[0]
    assert dearest < STALL


async def test_an_unchanged_feed_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [feed(3), feed(3), feed(20_000), feed(20_000)]
    async with Http(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=bodies.pop(0)))) as http:
        small = await fetched(http)
        monkeypatch.setattr(rss, "parse", None)
        assert (await fetched(http, small.cursor)).unchanged
        large = await fetched(http, small.cursor)
        monkeypatch.setattr(rss, "parse_apart", None)
        assert (await fetched(http, large.cursor)).unchanged


async def fetched(http: Http, cursor: Cursor | None = None) -> Page:
    source = Rss(name="f", url="https://feeds.example/rss")
    return await source.fetch(cursor or {}, Surroundings(http, ZoneInfo("UTC"), 1_760_000_000.0))
