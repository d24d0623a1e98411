"""HTTP/1.1 without ceremony: a request and its answer over kept connections, for what goes out by the hundred.

A fifth of the cost of a full client: no redirects, cookies, proxies or names beyond ASCII; `plain` says which addresses
it can serve. h11 reads and writes the protocol.

WireFault            no full answer came; `sent`: the request may have reached the other side
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import h11
from msgspec import Struct

IDLE = 5.0
"""Seconds that a connection is kept for the next request; servers close idle ones a little later."""
KEPT = 64
CHUNK = 65536


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
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or "%" in host:
        return None
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = f"[{host}]" if ":" in host else host
    return Place(host, port or (443 if tls else 80), tls, path, f"{name}:{port}" if port else name)


class _Line:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.talk = h11.Connection(h11.CLIENT)
        self.rests_since = 0.0

    def usable(self, now: float) -> bool:
        """Whether the other side still holds it, as far as can be told."""
        return now - self.rests_since < IDLE and not self.reader.at_eof() and not self.writer.is_closing()

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """The next thing the other side says."""
        while (event := self.talk.next_event()) is h11.NEED_DATA:
            self.talk.receive_data(await self.reader.read(CHUNK))
        return event  # type: ignore[return-value]


class Wire:
    """Keeps connections by where they lead."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._resting: dict[tuple[str, int, bool], list[_Line]] = {}

    async def request(self, method: str, place: Place, headers: Mapping[str, str], body: bytes, max_body: int) -> Raw:
        """One request; the caller sets the deadline. Raises WireFault, TooLarge, and OSError where nobody listens."""
        line = await self._line(place)
        try:
            raw = await _exchange(line, method, place, headers, body, max_body)
        except (OSError, h11.RemoteProtocolError) as error:
            line.writer.close()
            raise WireFault(str(error) or "the connection was closed without an answer", sent=True) from error
        except BaseException:
            line.writer.close()
            raise
        self._rest(place, line)
        return raw

    async def _line(self, place: Place) -> _Line:
        now = asyncio.get_running_loop().time()
        resting = self._resting.get((place.host, place.port, place.tls), [])
        while resting:
            line = resting.pop()
            if line.usable(now):
                return line
            line.writer.close()
        context = self._context if place.tls else None
        return _Line(*await asyncio.open_connection(place.host, place.port, ssl=context))

    def _rest(self, place: Place, line: _Line) -> None:
        resting = self._resting.setdefault((place.host, place.port, place.tls), [])
        if line.talk.our_state is not h11.DONE or line.talk.their_state is not h11.DONE or len(resting) >= KEPT:
            line.writer.close()
            return
        line.talk.start_next_cycle()
        line.rests_since = asyncio.get_running_loop().time()
        resting.append(line)

    async def close(self) -> None:
        """Gives all connections back."""
        for resting in self._resting.values():
            for line in resting:
                line.writer.close()
        self._resting.clear()


async def _exchange(
    line: _Line, method: str, place: Place, headers: Mapping[str, str], body: bytes, max_body: int
) -> Raw:
    said = {"host": place.name, **headers, "content-length": str(len(body))}
    request = h11.Request(method=method, target=place.path, headers=list(said.items()))
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
