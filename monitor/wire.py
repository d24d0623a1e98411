"""HTTP/1.1 without ceremony: a request and its answer over kept connections, for what is asked and sent by the hundred.

A fifth of the cost of a full client: no redirects, cookies, proxies or names beyond ASCII; `plain` says which addresses
it can serve. h11 reads and writes the protocol. With `look_up` it dials the addresses that gives, and no others.

WireFault            no full answer came; `sent`: the request may have reached the other side
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import h11
from msgspec import Struct

IDLE = 5.0
"""Seconds that a connection is kept for the next request; servers close idle ones a little later."""
KEPT = 64
CHUNK = 65536
HEAD_CAP = 100 * 1024
"""Bytes that the head of an answer may have."""
LookUp = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to the addresses that may be dialled."""
_HOST = re.compile(r"[A-Za-z0-9.\-_:]+")
_ORDINARY = re.compile(r"(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_DOTS = re.compile(r"/\.\.?(?:[/?]|$)")


class WireFault(Exception):
    """No full answer came."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class TooLarge(Exception):
    """The answer's body is larger than it may be."""


class Place(Struct, frozen=True):
    """Where a request goes."""

    host: str
    port: int
    tls: bool
    path: str
    name: str


class Raw(Struct, frozen=True):
    """An answer as it came: header names in lower case, the body still packed."""

    status: int
    headers: dict[str, str]
    body: bytes


@lru_cache(maxsize=256)
def plain(url: str) -> Place | None:
    """Where an ordinary http(s) address leads; None when it needs a full client."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or parts.username is not None:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (url.isascii() and url.isprintable() and _HOST.fullmatch(host) and _ORDINARY.fullmatch(path)):
        return None
    if _DOTS.search(path):
        return None
    tls = parts.scheme == "https"
    name = f"[{host}]" if ":" in host else host
    return Place(host, port or (443 if tls else 80), tls, path, f"{name}:{port}" if port else name)


class _Line:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_CAP)
        self.rests_since = 0.0
        self.used = False
        self.heard = False

    def usable(self, now: float) -> bool:
        """Whether the other side still holds it, as far as can be told."""
        return now - self.rests_since < IDLE and not self.reader.at_eof() and not self.writer.is_closing()

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """The next thing the other side says."""
        while (event := self.talk.next_event()) is h11.NEED_DATA:
            said = await self.reader.read(CHUNK)
            self.heard = self.heard or bool(said)
            self.talk.receive_data(said)
        return event  # type: ignore[return-value]


class Wire:
    """Keeps connections by where they lead."""

    def __init__(self, context: ssl.SSLContext, look_up: LookUp | None = None) -> None:
        self._context, self._look_up = context, look_up
        self._resting: dict[tuple[str, int, bool], list[_Line]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def request(self, method: str, place: Place, headers: Mapping[str, str], body: bytes, max_body: int) -> Raw:
        """One request; the caller sets the deadline. Raises WireFault, TooLarge, and OSError where nobody listens.

        A GET on a kept connection that the other side had just given up is asked once more on a new one.
        """
        line = self._rested(place) or await self._dialled(place)
        try:
            raw = await _exchange(line, method, place, headers, body, max_body)
        except (OSError, h11.ProtocolError) as error:
            line.writer.close()
            if method == "GET" and line.used and not line.heard:
                self._forget(place)
                return await self.request(method, place, headers, body, max_body)
            raise WireFault(str(error) or "the connection was closed without an answer", sent=True) from error
        except BaseException:
            line.writer.close()
            raise
        self._rest(place, line)
        return raw

    def _rested(self, place: Place) -> _Line | None:
        now = asyncio.get_running_loop().time()
        resting = self._resting.get((place.host, place.port, place.tls), [])
        while resting:
            line = resting.pop()
            if line.usable(now):
                return line
            line.writer.close()
        return None

    async def _dialled(self, place: Place) -> _Line:
        """A new connection. The name is what a certificate must bear, whatever address was dialled."""
        context, name = (self._context, place.host) if place.tls else (None, None)
        if self._look_up is None:
            return _Line(*await asyncio.open_connection(place.host, place.port, ssl=context))
        fault = OSError(f"{place.host} has no address")
        for address in (await self._look_up(place.host, place.port))[:4]:
            try:
                return _Line(*await asyncio.open_connection(address, place.port, ssl=context, server_hostname=name))
            except ssl.SSLError:
                raise
            except OSError as error:
                fault = error
        raise fault

    def _rest(self, place: Place, line: _Line) -> None:
        resting = self._resting.setdefault((place.host, place.port, place.tls), [])
        if line.talk.our_state is not h11.DONE or line.talk.their_state is not h11.DONE or len(resting) >= KEPT:
            line.writer.close()
            return
        line.talk.start_next_cycle()
        loop = asyncio.get_running_loop()
        line.rests_since, line.used, line.heard = loop.time(), True, False
        resting.append(line)
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE, self._swept)

    def _swept(self) -> None:
        """Gives back what has rested for too long: of five thousand hosts each is asked once in minutes."""
        loop = asyncio.get_running_loop()
        kept: dict[tuple[str, int, bool], list[_Line]] = {}
        for where, resting in self._resting.items():
            for line in resting:
                if line.usable(loop.time()):
                    kept.setdefault(where, []).append(line)
                else:
                    line.writer.close()
        self._resting = kept
        self._sweep = loop.call_later(IDLE, self._swept) if kept else None

    def _forget(self, place: Place) -> None:
        for line in self._resting.pop((place.host, place.port, place.tls), []):
            line.writer.close()

    async def close(self) -> None:
        """Gives all connections back."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for resting in self._resting.values():
            for line in resting:
                line.writer.close()
        self._resting.clear()


async def _exchange(
    line: _Line, method: str, place: Place, headers: Mapping[str, str], body: bytes, max_body: int
) -> Raw:
    said = {"host": place.name, **headers} | (
        {} if method == "GET" and not body else {"content-length": str(len(body))}
    )
    named = [(name.encode(), value.encode()) for name, value in said.items()]
    request = h11.Request(method=method, target=place.path, headers=named)
    parts = (request, h11.Data(data=body), h11.EndOfMessage()) if body else (request, h11.EndOfMessage())
    line.writer.write(b"".join(line.talk.send(part) or b"" for part in parts))
    await line.writer.drain()
    answer = await line.event()
    while isinstance(answer, h11.InformationalResponse):
        answer = await line.event()
    if not isinstance(answer, h11.Response):
        raise h11.RemoteProtocolError("the connection was closed without an answer")
    out = bytearray()
    while isinstance(part := await line.event(), h11.Data):
        out += part.data
        if len(out) > max_body:
            raise TooLarge
    return Raw(answer.status_code, _joined(answer), bytes(out))


def _joined(answer: h11.Response) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in answer.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        out[key] = f"{out[key]}, {text}" if key in out else text
    return out
