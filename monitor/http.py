"""The one door to the web: a total deadline, a body cap, a guard of inner addresses, one tree of errors.

Behind it ordinary requests go by `wire`, at a fifth of the cost; where a redirect leads, odd addresses, and all that is
behind a proxy go by httpx, the full client.

HttpFault            what went wrong before a full answer stood
  kind: connect | tls | timeout | too_large | refused_address | protocol
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from urllib.request import getproxies

import httpx
from msgspec import Struct, field

from monitor import __version__
from monitor.addresses import GuardedTransport, RefusedAddress, refuse_literal, resolve
from monitor.wire import Place, Raw, TooLarge, Wire, WireFault, plain

USER_AGENT = f"crisis-monitor/{__version__}"
BODY_CAP = 10 * 1024 * 1024
PER_HOST = 2
"""Polite requests under way to one host."""
FETCHES = 64
"""Polite requests under way in all. Who waits for the turn of its host is none of them."""
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_LARGE = 256 * 1024
"""Bytes of a packed body from which on it is unpacked in a thread."""
_OF_ONE_HOST = ("accept", "accept-language", "user-agent")
"""Headers that may follow a redirect to another host; all others (keys, cookies, validators) stay behind."""


class HttpFault(Exception):
    """No full answer came. `kind` says why, `sent` whether the request may have reached the other side."""

    def __init__(self, kind: str, text: str, *, sent: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.sent = sent


class Answer(Struct, frozen=True):
    """A full answer. Header names are lower case. `moved_to`: where permanent redirects alone led, if any did."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""
    moved_to: str = ""


class Http:
    """Sends requests. `transport` lets tests answer; `contact` goes into User-Agent so that hosts can reach us."""

    def __init__(
        self, *, contact: str = "", transport: httpx.AsyncBaseTransport | None = None, verify: bool | str = True
    ) -> None:
        for library in ("httpx", "httpcore"):  # they log whole addresses, and a robot's address holds its key
            logging.getLogger(library).setLevel(logging.WARNING)
        agent = f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
        limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
        headers = {"user-agent": agent, "accept-encoding": "gzip, deflate"}
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else _context(verify)
        self._open = httpx.AsyncClient(transport=transport, verify=context, limits=limits, headers=headers)
        self._agent = agent
        self._wires: tuple[Wire, Wire] | None = None
        if transport is None and not getproxies().keys() & {"http", "https", "all"}:
            transport = GuardedTransport(context, limits)  # behind a proxy it is the proxy that resolves names
            self._wires = Wire(context), Wire(context, resolve)
        self._guarded = httpx.AsyncClient(transport=transport, verify=context, limits=limits, headers=headers)
        self._gates = _Gates()
        self._places = asyncio.Semaphore(FETCHES)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        max_body: int = BODY_CAP,
        follow: int = 5,
        allow_private: bool = True,
        polite: bool = False,
        spacing: float = 0.0,
    ) -> Answer:
        """One request with a deadline in seconds for all of it and a cap in bytes for the decoded body.

        Without `allow_private` no hop may lead to a private, loopback or link-local address. `polite`: FETCHES at once
        in all, and unless `allow_private` says that the host is one's own, PER_HOST at once to it, `spacing` seconds
        between their beginnings; the wait is not part of the deadline.
        Raises HttpFault; an answer of any status is an Answer.
        """
        async with AsyncExitStack() as turn:
            if polite and not allow_private:
                await turn.enter_async_context(self._gates.turn(url, spacing))
            if polite:
                await turn.enter_async_context(self._places)
            return await self._bounded(method, url, headers, body, timeout, max_body, follow, allow_private)

    async def _bounded(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        timeout: float,
        max_body: int,
        follow: int,
        allow_private: bool,
    ) -> Answer:
        place = plain(url) if self._wires is not None and method != "HEAD" else None
        trip = _Trip(self._open if allow_private else self._guarded, not allow_private, max_body)
        try:
            async with asyncio.timeout(timeout):
                if place is None:
                    return await trip.go(method, url, dict(headers or {}), body, follow)
                raw = await self._by_wire(method, place, headers or {}, body or b"", trip)
                if method != "GET" or follow <= 0 or not _leads_on(raw):
                    return await _unpacked(raw, url, max_body)
                return await trip.on(raw, url, dict(headers or {}), follow)
        except TimeoutError:
            raise HttpFault("timeout", f"no full answer within {timeout:g} s", sent=True) from None
        except RefusedAddress as error:
            raise HttpFault("refused_address", str(error)) from None
        except WireFault as error:
            raise HttpFault("protocol", str(error), sent=error.sent) from None
        except OSError as error:
            raise _unconnected(error) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _unconnected(error) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            raise HttpFault("protocol", f"{type(error).__name__}: {error}", sent=True) from None

    async def _by_wire(self, method: str, place: Place, headers: Mapping[str, str], body: bytes, trip: _Trip) -> Raw:
        """One hop by the short way."""
        assert self._wires is not None
        if trip.guarded:
            refuse_literal(place.host)
        said = {"user-agent": self._agent, "accept": "*/*", "accept-encoding": "gzip, deflate"}
        said |= {name.lower(): value for name, value in headers.items()}
        try:
            return await self._wires[trip.guarded].request(method, place, said, body, trip.max_body)
        except TooLarge:
            _refuse_large(trip.max_body + 1, trip.max_body)
            raise

    async def close(self) -> None:
        """Gives all connections back."""
        for wire in self._wires or ():
            await wire.close()
        await self._open.aclose()
        await self._guarded.aclose()

    async def __aenter__(self) -> Http:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Gate:
    """The door to one host: how many are inside or wait, and when the next may begin."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(PER_HOST)
        self.here = 0
        self.next_at = 0.0


class _Gates:
    """A gate for each host, kept while somebody is there or its spacing runs."""

    def __init__(self) -> None:
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def turn(self, url: str, spacing: float) -> AsyncIterator[None]:
        """Inside: it is one's turn to ask the host of a URL."""
        host = _host(url)
        gate = self._gates.setdefault(host, _Gate())
        gate.here += 1
        try:
            async with gate.places:
                await self._wait(gate, spacing)
                yield
        finally:
            gate.here -= 1
            if not gate.here and gate.next_at <= asyncio.get_running_loop().time():
                self._gates.pop(host, None)

    async def _wait(self, gate: _Gate, spacing: float) -> None:
        now = asyncio.get_running_loop().time()
        begin = max(now, gate.next_at)
        gate.next_at = begin + spacing
        if begin > now:
            await asyncio.sleep(begin - now)


def _host(url: str) -> str:
    place = plain(url)
    if place is not None:
        return place.host
    try:
        return httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError):
        return ""


class _Trip:
    """One request over all its hops."""

    def __init__(self, client: httpx.AsyncClient, guarded: bool, max_body: int) -> None:
        self.client = client
        self.guarded = guarded
        self.max_body = max_body
        self.moved_to = ""
        self.only_permanent = True

    async def go(self, method: str, url: str, headers: dict[str, str], body: bytes | None, follow: int) -> Answer:
        request = self.client.build_request(method, url, headers=headers, content=body, timeout=None)
        if self.guarded:
            refuse_literal(request.url.host)
        answer = await self.client.send(request, stream=True)
        try:
            onward = answer.next_request
            if onward is None or follow <= 0 or method not in ("GET", "HEAD"):
                return await self._arrived(answer)
            self._remember(answer.status_code, str(onward.url))
        finally:
            await answer.aclose()
        kept = headers if _same_host(request.url, onward.url) else _harmless(headers)
        return await self.go(method, str(onward.url), kept, body, follow - 1)

    async def on(self, raw: Raw, url: str, headers: dict[str, str], follow: int) -> Answer:
        """From a redirect that came by the short way. One that takes a full client (for its cookie) is asked anew."""
        if "set-cookie" in raw.headers or not raw.headers["location"].isascii():
            return await self.go("GET", url, headers, None, follow)
        here = httpx.URL(url)
        onward = here.join(raw.headers["location"])
        if onward.scheme not in ("http", "https") or not onward.host:
            raise HttpFault("protocol", f"it redirects to {str(onward)[:200]}", sent=True)
        self._remember(raw.status, str(onward))
        kept = headers if _same_host(here, onward) else _harmless(headers)
        return await self.go("GET", str(onward), kept, None, follow - 1)

    def _remember(self, status: int, url: str) -> None:
        self.only_permanent = self.only_permanent and status in _PERMANENT
        self.moved_to = url if self.only_permanent else self.moved_to

    async def _arrived(self, answer: httpx.Response) -> Answer:
        headers = {k.lower(): v for k, v in answer.headers.items()}
        body = await _read(answer, headers.get("content-encoding", ""), self.max_body)
        return Answer(answer.status_code, headers, body, str(answer.url), self.moved_to)


def _context(verify: bool) -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=verify)


def _same_host(one: httpx.URL, other: httpx.URL) -> bool:
    upgraded = one.scheme == "http" and other.scheme == "https"
    return one.host == other.host and (upgraded or (one.scheme, one.port) == (other.scheme, other.port))


def _harmless(headers: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() in _OF_ONE_HOST}


def _unconnected(error: Exception) -> HttpFault:
    """A failed connection, told apart from a failed handshake by what lies beneath it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return HttpFault("tls", str(cause) or "the TLS handshake failed")
        cause = cause.__cause__ or cause.__context__
    return HttpFault("connect", str(error) or "connection refused")


def _leads_on(raw: Raw) -> bool:
    return raw.status in _REDIRECTS and "location" in raw.headers


async def _unpacked(raw: Raw, url: str, max_body: int) -> Answer:
    inflate = _inflater(raw.headers.get("content-encoding", ""))
    body = raw.body
    if inflate is not None and len(body) < _LARGE:
        body = _inflated(inflate, body, max_body + 1)
    elif inflate is not None:
        body = await asyncio.to_thread(_inflated, inflate, body, max_body + 1)
    _refuse_large(len(body), max_body)
    return Answer(raw.status, raw.headers, body, url)


async def _read(answer: httpx.Response, encoding: str, max_body: int) -> bytes:
    """The decoded body. Decoding stops at the cap, so that a small bomb stays small."""
    if answer.is_stream_consumed:
        _refuse_large(len(answer.content), max_body)
        return answer.content
    inflate = _inflater(encoding)
    out = bytearray()
    async for chunk in answer.aiter_raw():
        if inflate is None:
            out += chunk
        else:
            out += _inflated(inflate, chunk, max_body + 1 - len(out))
        _refuse_large(len(out), max_body)
    return bytes(out)


def _inflater(encoding: str) -> _Inflater | None:
    names = [name.strip().lower() for name in encoding.split(",") if name.strip().lower() not in ("", "identity")]
    if not names:
        return None
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise HttpFault("protocol", f"the body is packed as {encoding[:40]!r}; we asked for gzip or deflate", sent=True)
    return _Inflater(raw_too=names[0] == "deflate")


class _Inflater:
    """zlib with its choice of header; `deflate` is sent with and without one."""

    def __init__(self, *, raw_too: bool) -> None:
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._raw_too = raw_too

    def feed(self, chunk: bytes, most: int) -> bytes:
        try:
            out = self._zlib.decompress(chunk, most)
        except zlib.error:
            if not self._raw_too:
                raise
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
            out = self._zlib.decompress(chunk, most)
        self._raw_too = False
        return out


def _inflated(inflate: _Inflater, chunk: bytes, most: int) -> bytes:
    try:
        return inflate.feed(chunk, max(most, 1))
    except zlib.error as error:
        raise HttpFault("protocol", f"the body is no valid gzip or deflate: {error}", sent=True) from None


def _refuse_large(size: int, max_body: int) -> None:
    if size > max_body:
        raise HttpFault("too_large", f"the body is larger than {max_body} bytes", sent=True)
