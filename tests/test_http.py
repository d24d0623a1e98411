"""The door to the web against a real server on loopback: deadline, cap, packing, redirects, guard."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
import trustme

from monitor import http as door
from monitor.addresses import RefusedAddress, is_inner, resolve
from monitor.http import Answer, Http, HttpFault

Reply = Callable[[str], bytes]


@asynccontextmanager
async def serving(reply: Reply, *, hang: bool = False, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(reply(head))
        await writer.drain()
        if hang:
            await asyncio.sleep(5)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()


def plain(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{lines}\r\n".encode() + body


async def fetched(reply: Reply, **options: Any) -> Answer:
    async with serving(reply) as url, Http() as http:
        return await http.request("GET", url, **options)


@pytest.mark.anyio
async def test_a_packed_body_comes_out_plain() -> None:
    answer = await fetched(lambda _: plain(gzip.compress(b"hello " * 100), content_encoding="gzip"))
    assert answer.status == 200 and answer.body == b"hello " * 100


@pytest.mark.anyio
async def test_a_gzip_bomb_is_refused_at_the_cap() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(HttpFault) as fault:
        await fetched(lambda _: plain(bomb, content_encoding="gzip"), max_body=1_000_000)
    assert fault.value.kind == "too_large"


@pytest.mark.anyio
@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd"])
async def test_packings_nobody_asked_for_are_refused(encoding: str) -> None:
    with pytest.raises(HttpFault, match="packed as"):
        await fetched(lambda _: plain(b"x", content_encoding=encoding))


@pytest.mark.anyio
async def test_the_deadline_holds_for_the_whole_answer() -> None:
    async with (
        serving(lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nslow", hang=True) as url,
        Http() as http,
    ):
        with pytest.raises(HttpFault) as fault:
            await http.request("GET", url, timeout=0.2)
    assert fault.value.kind == "timeout" and fault.value.sent


@pytest.mark.anyio
async def test_permanent_redirects_are_told_and_passing_ones_are_not() -> None:
    def reply(status: str) -> Reply:
        return lambda head: plain(b"new") if "GET /new" in head else plain(b"", status, location="/new")

    moved = await fetched(reply("301 Moved Permanently"))
    passing = await fetched(reply("302 Found"))
    assert moved.moved_to.endswith("/new") and passing.moved_to == "" and passing.body == b"new"


@pytest.mark.anyio
async def test_keys_stay_behind_when_a_redirect_leads_to_another_host() -> None:
    heads: list[str] = []

    def other(head: str) -> bytes:
        heads.append(head.lower())
        return plain(b"there")

    async with serving(other) as away, serving(lambda _: plain(b"", "302 Found", location=away)) as url, Http() as http:
        await http.request("GET", url, headers={"X-Api-Key": "s3cret", "Authorization": "Bearer s3cret"})
    assert heads and "s3cret" not in heads[0]


@pytest.mark.anyio
async def test_a_failed_handshake_is_told_from_a_refused_connection() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serving(lambda _: plain(b""), tls=context) as url, Http() as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("GET", url)
        assert fault.value.kind == "tls"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with Http() as http:
            with pytest.raises(HttpFault) as fault:
                await http.request("GET", f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert fault.value.kind == "connect"


@pytest.mark.anyio
@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://example.com/", "http://[::1", "http://exa mple.com/"])
async def test_a_url_that_is_none_is_a_fault(url: str) -> None:
    async with Http() as http:
        with pytest.raises(HttpFault):
            await http.request("GET", url, timeout=2, allow_private=False)


INNER = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
    "100.64.0.1",
]
INNER += ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255"]


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_known_in_every_dress(address: str) -> None:
    assert is_inner(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_outer_addresses_pass(address: str) -> None:
    assert not is_inner(ip_address(address))


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
async def test_a_guarded_request_never_reaches_this_machine(host: str) -> None:
    hits: list[str] = []

    def reply(head: str) -> bytes:
        hits.append(head)
        return plain(b"inner")

    async with serving(reply) as url, Http() as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("GET", f"http://{host}:{httpx.URL(url).port}/", allow_private=False, timeout=3)
    assert fault.value.kind in ("refused_address", "connect", "protocol") and not hits


@pytest.mark.anyio
async def test_a_name_that_turns_inner_is_refused_when_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that is judged is the one that is dialled: a second answer of the name server is never asked for."""
    answers = iter([[(2, 1, 6, "", ("8.8.8.8", 80))], [(2, 1, 6, "", ("127.0.0.1", 80))]])

    async def getaddrinfo(*_: Any, **__: Any) -> Any:
        return next(answers)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    assert await resolve("rebind.example", 80) == ["8.8.8.8"]
    async with Http() as http:
        with pytest.raises(HttpFault, match=r"rebind\.example \(127\.0\.0\.1\)"):
            await http.request("GET", "http://rebind.example/", allow_private=False)


@pytest.mark.anyio
async def test_one_inner_address_among_outer_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> Any:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(RefusedAddress):
        await resolve("mixed.example", 80)


@pytest.mark.anyio
async def test_a_redirect_inward_is_refused() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "http://169.254.169.254/latest/meta-data"})

    async with Http(transport=httpx.MockTransport(handler)) as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("GET", "https://feeds.example/rss", allow_private=False)
    assert fault.value.kind == "refused_address"


@pytest.mark.anyio
async def test_polite_requests_to_one_host_are_few_while_other_hosts_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FETCHES", 3)  # of which those that wait for the one host may hold none
    gate, inside, most = asyncio.Event(), 0, 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal inside, most
        if request.url.host == "one.example":
            inside += 1
            most = max(most, inside)
            await gate.wait()
            inside -= 1
        return httpx.Response(200)

    async with Http(transport=httpx.MockTransport(handler)) as http:
        asked = [
            asyncio.create_task(http.request("GET", "https://one.example/", polite=True, allow_private=False))
            for _ in range(6)
        ]
        assert (await http.request("GET", "https://other.example/", polite=True, allow_private=False)).status == 200
        for _ in range(200):
            await asyncio.sleep(0)
        assert inside == 2 and not any(task.done() for task in asked)
        gate.set()
        await asyncio.gather(*asked)
    assert most == 2


@pytest.mark.anyio
async def test_polite_requests_to_one_host_are_spaced() -> None:
    async with Http(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as http:
        start = asyncio.get_running_loop().time()
        await asyncio.gather(
            *(
                http.request("GET", "https://one.example/", polite=True, allow_private=False, spacing=0.03)
                for _ in range(6)
            )
        )
        assert asyncio.get_running_loop().time() - start >= 5 * 0.03
