"""What is asked and sent goes by the short way: the same answers and the same faults as by the full client."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from monitor import wire
from monitor.http import Http, HttpFault
from monitor.wire import Wire, plain


class Server:
    """Speaks as its script says; counts connections and keeps what it was sent."""

    def __init__(self, script: Callable[[bytes], bytes | None]) -> None:
        self._script = script
        self.connections = 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                size = (
                    next(int(h.split(":")[1]) for h in head.lower().splitlines() if h.startswith("content-length"))
                    if "content-length" in head.lower()
                    else 0
                )
                self.bodies.append(await reader.readexactly(size))
                said = self._script(self.bodies[-1])
                if said is None:
                    break
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@asynccontextmanager
async def serving(script: Callable[[bytes], bytes | None]) -> AsyncIterator[Server]:
    server = Server(script)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook?key=1"
    async with listening:
        yield server


def answer(body: bytes = b"{}", headers: str = "", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.anyio
async def test_requests_share_a_connection_and_arrive_whole() -> None:
    async with serving(lambda _: answer(b'{"ok":1}', "X-Request-Id: 7\r\n")) as server, Http(contact="us") as http:
        for n in range(3):
            got = await http.request("POST", server.url, headers={"Content-Type": "text/plain"}, body=b"x%d" % n)
            assert (got.status, got.body, got.headers["x-request-id"]) == (200, b'{"ok":1}', "7")
        assert server.connections == 1
        assert server.bodies == [b"x0", b"x1", b"x2"]
        assert server.heads[0].startswith("POST /hook?key=1 HTTP/1.1\r\n")
        assert "content-type: text/plain" in server.heads[0].lower()
        assert "(+us)" in server.heads[0]


@pytest.mark.anyio
async def test_chunks_and_packed_bodies_are_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    packed = answer(gzip.compress(b"long" * 100), "content-encoding: gzip\r\n")
    for said, wanted in ((chunked, b"abcde"), (packed, b"long" * 100)):
        async with serving(lambda _, said=said: said) as server, Http() as http:
            assert (await http.request("POST", server.url, body=b"x")).body == wanted


@pytest.mark.anyio
async def test_a_server_that_closes_each_time_is_called_anew() -> None:
    async with serving(lambda _: answer(headers="connection: close\r\n")) as server, Http() as http:
        for _ in range(2):
            assert (await http.request("POST", server.url, body=b"x")).status == 200
        assert server.connections == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "kind"),
    [(None, "protocol"), (b"SSH-2.0 hello\r\n\r\n", "protocol"), (answer(b"x" * 2000), "too_large")],
)
async def test_no_full_answer_is_a_fault_that_may_have_been_sent(said: bytes | None, kind: str) -> None:
    async with serving(lambda _: said) as server, Http() as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("POST", server.url, body=b"x", max_body=1000)
        assert (fault.value.kind, fault.value.sent) == (kind, True)


@pytest.mark.anyio
async def test_a_bomb_is_refused_and_a_redirect_is_not_followed() -> None:
    bomb = answer(gzip.compress(b"0" * 1_000_000), "content-encoding: gzip\r\n")
    async with serving(lambda _: bomb) as server, Http() as http:
        with pytest.raises(HttpFault, match="larger"):
            await http.request("POST", server.url, body=b"x", max_body=5000)
    moved = answer(headers="location: http://elsewhere.example/\r\n", status="307 Moved")
    async with serving(lambda _: moved) as server, Http() as http:
        assert (await http.request("POST", server.url, body=b"x")).status == 307


@pytest.mark.anyio
async def test_nobody_there_silence_and_no_tls_are_told_apart() -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        closed = s.getsockname()[1]
    async with Http() as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("POST", f"http://127.0.0.1:{closed}/", body=b"x")
        assert (fault.value.kind, fault.value.sent) == ("connect", False)
    async with serving(lambda _: b"") as server, Http() as http:
        with pytest.raises(HttpFault) as fault:
            await http.request("POST", server.url, body=b"x", timeout=0.1)
        assert (fault.value.kind, fault.value.sent) == ("timeout", True)
        with pytest.raises(HttpFault) as fault:
            await http.request("POST", server.url.replace("http:", "https:"), body=b"x", timeout=2)
        assert fault.value.kind in ("tls", "timeout")


@pytest.mark.anyio
async def test_what_is_fetched_goes_the_same_way_and_says_no_length() -> None:
    async with serving(lambda _: answer(b"x" * 3)) as server, Http(contact="us@example.com") as http:
        for _ in range(2):
            got = await http.request("GET", server.url, headers={"If-None-Match": '"ä"'})
            assert (got.status, got.body, got.url, got.moved_to) == (200, b"xxx", server.url, "")
        assert server.connections == 1
        assert "content-length" not in server.heads[0].lower()
        assert "(+us@example.com)" in server.heads[0]


@pytest.mark.anyio
async def test_a_fetch_on_a_connection_just_given_up_is_asked_again_and_what_was_sent_is_not() -> None:
    said = [answer(), None, answer(), None]
    async with serving(lambda _: said.pop(0)) as server, Http() as http:
        for _ in range(2):
            assert (await http.request("GET", server.url)).status == 200
        with pytest.raises(HttpFault):
            await http.request("POST", server.url, body=b"x")
    assert said == []


@pytest.mark.anyio
async def test_a_redirect_that_sets_a_cookie_gets_it_back() -> None:
    moved = answer(headers="set-cookie: k=v\r\nlocation: /there\r\n", status="302 Found")
    async with serving(lambda _: moved if len(server.heads) < 3 else answer(b"in")) as server, Http() as http:
        assert (await http.request("GET", server.url)).body == b"in"
    assert server.heads[2].startswith("GET /there") and "cookie: k=v" in server.heads[2].lower()


@pytest.mark.anyio
async def test_a_redirect_to_what_is_no_web_address_is_a_fault() -> None:
    moved = answer(headers="location: file:///etc/passwd\r\n", status="302 Found")
    async with serving(lambda _: moved) as server, Http() as http:
        with pytest.raises(HttpFault, match="redirects to"):
            await http.request("GET", server.url)


@pytest.mark.anyio
async def test_a_guarded_fetch_dials_the_address_that_was_judged() -> None:
    asked: list[str] = []

    async def judged(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with serving(lambda _: answer(b"ok")) as server:
        port = server.url.split(":")[2].split("/")[0]
        line = Wire(ssl.create_default_context(), judged)
        place = plain(f"http://no-such-name.invalid:{port}/")
        assert place is not None
        assert (await line.request("GET", place, {}, b"", 100)).body == b"ok"
        assert asked == ["no-such-name.invalid"]
        assert f"host: no-such-name.invalid:{port}" in server.heads[0].lower()
        await line.close()


@pytest.mark.anyio
async def test_connections_that_rest_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "IDLE", 0.05)
    async with serving(lambda _: answer()) as server:
        line = Wire(ssl.create_default_context())
        place = plain(server.url)
        assert place is not None
        await line.request("GET", place, {}, b"", 100)
        assert sum(map(len, line._resting.values())) == 1
        await asyncio.sleep(0.3)
        assert line._resting == {}
        await line.close()


def test_only_ordinary_addresses_go_the_short_way() -> None:
    place = plain("https://example.com/a/b?c=d")
    assert place is not None
    assert (place.host, place.port, place.tls, place.path, place.name) == (
        "example.com", 443, True, "/a/b?c=d", "example.com",
    )  # fmt: skip
    assert plain("http://[::1]:8080") is not None
    odd = [
        "http://user:pass@example.com/",
        "ftp://example.com",
        "http://例子.cn/",
        "http://",
        "http://a b/",
        "http://a:99999/",
        "http://a/b|c",
        "http://a/%zz",
        "http://a/b/../c",
        "http://a/\tb",
    ]
    assert [plain(url) for url in odd] == [None] * len(odd)
