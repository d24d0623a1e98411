"""A large feed is parsed in a process of its own, begun for it and ended after it: no loop waits while it is read.

The process gets the body and how to read it, nothing of the environment, and gives the entries back.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from monitor.sources.feed import Feed, parse_feed
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, packed, unpacked

LARGE = 512 * 1024
"""Bytes of a body from which on it is parsed apart. Below, a thread is done before a process would have begun."""
PATIENCE = 120.0
"""Seconds that a process is given: it needs one or two, and gets what others leave of the machine."""
_COMMAND = (sys.executable, "-P", "-c", "from monitor.sources.large import serve; serve()")

_thread = ThreadPoolExecutor(1, thread_name_prefix="large-feed")  # one process at a time


class Asked(Struct, frozen=True, kw_only=True):
    """A body, and how `parse_feed` is to read it."""

    body: bytes
    zone: str
    content_type: str
    url: str
    most: int
    more: tuple[str, ...]


class Found(Struct, frozen=True, kw_only=True):
    """The feed, or why it is none. `faults`: those of single entries that can be said in several languages."""

    feed: Feed | None = None
    fault: Any = None
    faults: dict[int, Any] = field(default_factory=dict)


async def parse_apart(asked: Asked) -> Feed:
    """As `parse_feed`, in another process. Raises SourceFault."""
    work = _Work(asked)
    try:
        return await asyncio.get_running_loop().run_in_executor(_thread, work.run)
    except asyncio.CancelledError:
        work.end()
        raise


class _Work:
    """One process from its beginning to its end."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False

    def run(self) -> Feed:
        if self._over:
            raise SourceFault(Told("parse_ended"))
        pipe = subprocess.PIPE
        env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}
        with subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=env) as process:
            self._process = process
            try:
                out, _ = process.communicate(msgspec.msgpack.encode(self._asked), PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise SourceFault(Told("parse_slow", seconds=f"{PATIENCE:g}")) from None
        return _read(out)

    def end(self) -> None:
        self._over = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


def _read(out: bytes) -> Feed:
    try:
        found = msgspec.msgpack.decode(out, type=Found)
    except msgspec.DecodeError:
        raise SourceFault(Told("parse_ended")) from None
    if found.feed is None:
        raise SourceFault(unpacked(found.fault))
    entries = list(found.feed.entries)
    for n, fault in found.faults.items():
        entries[n] = replace(entries[n], fault=unpacked(fault))
    return replace(found.feed, entries=tuple(entries))


def parse(asked: Asked) -> Feed:
    """The feed, in this process. Raises SourceFault."""
    zone, kind = ZoneInfo(asked.zone), asked.content_type
    return parse_feed(asked.body, zone=zone, content_type=kind, url=asked.url, most=asked.most, more=asked.more)


def serve() -> None:
    """What the process does: one body in, one feed out. It stands back behind whoever has people waiting."""
    with suppress(OSError):  # where the unit forbids it
        os.nice(5)
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.msgpack.encode(_answered(asked)))


def _answered(asked: Asked) -> Found:
    try:
        feed = parse(asked)
    except SourceFault as fault:
        return Found(fault=packed(fault.text))
    faults = {n: packed(entry.fault) for n, entry in enumerate(feed.entries) if isinstance(entry.fault, Told)}
    return Found(feed=replace(feed, entries=tuple(replace(e, fault=str(e.fault)) for e in feed.entries)), faults=faults)
