"""The other side of `polling.py`: thousands of feeds in a process of its own, one of them large.

    python benchmarks/feeds.py PORT LOG

What a feed does is told by its number: of ten 7 answer 304 to their ETag, of twenty one is slow, one says 429 with
Retry-After, one is broken, and the rest send the same body whole. `/large` is small until somebody asks for `/grow`,
and from then on 7 MB with 20,000 entries. Each line of the log is an instant, a feed's number and the status it got.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO

SLOW = 3.0
RETRY_AFTER = 120
KINDS = ("slow", "busy", "broken", "whole", "whole", "whole")
ITEM = (
    "<item><guid>g{f}-{n}</guid><title>No {n} of {f}</title><link>http://a.example/{f}/{n}</link>"
    "<pubDate>Mon, 01 Sep 2025 10:00:00 GMT</pubDate><description>{text}</description></item>"
)


def kind_of(feed: int) -> str:
    """What a feed does: 304 | whole | slow | busy | broken."""
    return "304" if feed % 20 >= 6 else KINDS[feed % 20]


def body_of(feed: int | str, entries: int = 10, text: str = "nothing new " * 10) -> bytes:
    """An RSS feed."""
    items = "".join(ITEM.format(f=feed, n=n, text=text) for n in range(entries))
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{feed}</title>{items}</channel></rss>".encode()


class Feeds(asyncio.Protocol):
    """One connection. A protocol without ceremony, so that the other side is not what is measured."""

    grown = False

    def __init__(self, log: TextIO, large: bytes) -> None:
        self._log, self._large, self._read = log, large, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path == "/grow":
                Feeds.grown = True
                self._say(200, b"")
            elif path == "/large":
                self._say(200, self._large if Feeds.grown else body_of("small", 1))
            else:
                _, where, number = path.split("/")
                self._answer(int(number), where == "feed", b"if-none-match" in head.lower())

    def _answer(self, feed: int, noted: bool, conditional: bool) -> None:
        kind, status, body = kind_of(feed), 200, body_of(feed)
        if kind == "broken":
            status, body = 200, b"<html><body>It works!</body></html>"
        elif kind == "busy":
            status, body = 429, b"later"
        elif kind == "304" and conditional:
            status, body = 304, b""
        if noted:
            self._log.write(f"{time.time():.3f} {feed} {status}\n")
        if kind == "slow":
            asyncio.get_running_loop().call_later(SLOW, self._say, status, body)
        else:
            self._say(status, body, f'ETag: "{feed}"\r\n' if kind == "304" else "")

    def _say(self, status: int, body: bytes, more: str = "") -> None:
        more += f"Retry-After: {RETRY_AFTER}\r\n" if status == 429 else ""
        head = f"HTTP/1.1 {status} S\r\nContent-Type: application/rss+xml\r\n{more}"
        length = "" if status == 304 else f"Content-Length: {len(body)}\r\n"
        if not self._transport.is_closing():
            self._transport.write(f"{head}{length}\r\n".encode() + body)


async def main(port: int, log: Path) -> None:
    """Serves for ever."""
    large = body_of("large", 20_000, "much to say " * 17)
    with log.open("a", buffering=1) as out:
        server = await asyncio.get_running_loop().create_server(lambda: Feeds(out, large), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
