"""Nobody holds a place at the door by saying nothing, or a letter at a time; who asks properly is served meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from monitor.daemon import server
from monitor.daemon.server import Listener
from monitor.web.body import BodyRefused, read_body
from tests.channels.fake_mail import free_port

pytestmark = pytest.mark.anyio


async def _slow(request: Request) -> PlainTextResponse:
    await asyncio.sleep(1.2)
    return PlainTextResponse("late")


async def _body(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(len(await read_body(request, deadline=0.5))))
    except BodyRefused as fault:
        return PlainTextResponse(fault.reason, fault.status)


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimpleNamespace]:
    monkeypatch.setattr(server, "HEAD", 0.5)
    port = free_port()
    app = Starlette(routes=[Route("/slow", _slow), Route("/body", _body, methods=["POST"])])
    listener = Listener(app, f"127.0.0.1:{port}")
    await listener.start()
    yield SimpleNamespace(port=port)
    await listener.stop()


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side closes, however rudely."""
    got = b""
    with suppress(ConnectionError):
        while more := await reader.read(1000):
            got += more
    return got


async def drip(port: int, text: bytes, every: float, most: float) -> tuple[bytes, float]:
    """Sends a byte at a time until the other side closes; what it answered, and after how long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    answer = asyncio.create_task(_all(reader))
    for byte in text:
        if answer.done() or time.monotonic() - began > most:
            break
        with suppress(ConnectionError):
            writer.write(bytes([byte]))
        await asyncio.sleep(every)
    try:
        async with asyncio.timeout(most):
            return await answer, time.monotonic() - began
    finally:
        writer.close()


async def test_a_head_that_comes_a_letter_at_a_time_is_cut_off(here: SimpleNamespace) -> None:
    answer, took = await drip(here.port, b"GET /slow HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200, 0.05, 5)
    assert answer == b"" and took < 2


async def test_who_connects_and_says_nothing_is_cut_off(here: SimpleNamespace) -> None:
    answer, took = await drip(here.port, b"", 0.05, 5)
    assert answer == b"" and 0.4 < took < 2


async def test_on_a_connection_that_was_good_once_as_well(here: SimpleNamespace) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    writer.write(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok")
    assert b"200" in await reader.readuntil(b"\r\n")
    await asyncio.sleep(0.7)  # idle between two requests is the keep-alive's matter
    writer.write(b"POST /bo")
    async with asyncio.timeout(3):
        assert b"HTTP/1.1" not in (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()


async def test_an_answer_may_take_its_time(here: SimpleNamespace) -> None:
    answer, took = await drip(
        here.port, b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 0.001, 5
    )
    assert answer.endswith(b"late") and took > 1


async def test_a_body_that_comes_a_letter_at_a_time_is_refused(here: SimpleNamespace) -> None:
    head = b"POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 500\r\n\r\n"
    answer, took = await drip(here.port, head + b"x" * 500, 0.003, 8)
    assert b"408" in answer.partition(b"\r\n")[0] and took < 5
