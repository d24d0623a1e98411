"""The streams: one listener for each source of kind `stream`, that acknowledges only what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.ingest import Ingest, SourcePaused
from monitor.metrics import Metrics
from monitor.sources import SourceFault, Stream
from monitor.sources.brokers.line import PATIENCE, Line, Message, answered
from monitor.sources.stream import Haul
from monitor.store import cursors, findings
from monitor.store.database import Database, Priority, StoreFault
from monitor.times import MINUTE

log = structlog.get_logger("streams")

FAILING_AFTER = 3
"""Failures in a row before a stream is called failing."""
FIRST_RETRY, RETRY_CAP = 2.0, MINUTE
QUIET_LOOK = 20.0
"""Seconds that a line waits for a message before it is asked whether the broker is still there."""
IN_THREAD = 20
"""From so many messages on a batch is read beside the event loop."""


T = TypeVar("T")


class Listener(Struct):
    """A running listener and the options it was started with."""

    source: Stream
    task: asyncio.Task[None]


class Streams:
    """Keeps a listener for each stream of the config in force; each holds one connection."""

    def __init__(self, db: Database, desk: Callable[[], Desk], ingest: Ingest, clock: Clock, metrics: Metrics) -> None:
        self._db, self._desk, self._ingest, self._clock, self._metrics = db, desk, ingest, clock, metrics
        self.wake = asyncio.Event()
        self._listeners: dict[str, Listener] = {}

    async def run(self) -> None:
        """Start and stop listeners as the config says; for ever."""
        try:
            while True:
                self.wake.clear()
                await self._sort_out()
                await self._clock.wait(self.wake, None)
        finally:
            listeners, self._listeners = list(self._listeners.values()), {}
            await self._end(listeners)

    def replan(self) -> None:
        """The config changed."""
        self.wake.set()

    async def _sort_out(self) -> None:
        sources = [source for source in self._desk().sources.values() if isinstance(source, Stream) and source.enabled]
        paused = await self._paused() if sources else set()
        wanted = {source.name: source for source in sources if source.name not in paused}
        ending = {name: old for name, old in self._listeners.items() if wanted.get(name) != old.source}
        for name in ending:
            del self._listeners[name]
        for name, source in wanted.items():
            if name not in self._listeners:
                before = [ending.pop(name)] if name in ending else []
                task = asyncio.create_task(self._listen(source, before))
                task.add_done_callback(partial(self._ended, name))
                self._listeners[name] = Listener(source, task)
        for old in ending.values():
            old.task.cancel()

    async def _paused(self) -> set[str]:
        """Which a person has stopped; while the store can't say, those that are not listened to."""
        try:
            standing = await self._db.read(cursors.all_standing)
        except StoreFault:
            return {name for name in self._desk().sources if name not in self._listeners}
        return {name for name, stands in standing.items() if stands.pause is not None}

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        """A listener that nobody told to end is begun anew."""
        if name in self._listeners and self._listeners[name].task is task:
            del self._listeners[name]
            log.error("listener_ended", source=name, exc_info=None if task.cancelled() else task.exception())
            self.wake.set()

    async def _end(self, listeners: Sequence[Listener]) -> None:
        for listener in listeners:
            listener.task.cancel()
        await asyncio.gather(*(listener.task for listener in listeners), return_exceptions=True)

    async def _listen(self, source: Stream, before: Sequence[Listener]) -> None:
        """Connect, take, and after a fault again, later each time; for ever. Who listened before hangs up first."""
        await self._end(before)
        failures = 0
        while True:
            began = self._clock.steady()
            try:
                await self._follow(source)
            except Exception as error:
                failures = 1 if self._clock.steady() - began > RETRY_CAP else failures + 1
                await self._broken(source, error, failures)
            await asyncio.sleep(min(FIRST_RETRY * 4.0 ** min(failures - 1, 8), RETRY_CAP))

    async def _follow(self, source: Stream) -> None:
        """One connection, until it breaks."""
        async with _opened(source) as line:
            opened, noted, wait = self._clock.now(), 0.0, 1.0
            while True:
                messages = await _within(line.take(source.batch, wait), wait)
                now, wait = self._clock.now(), min(float(source.every), QUIET_LOOK)
                if messages or now - noted >= source.every:
                    with self._clock.busy():
                        await self._take(source, line, messages, opened)
                    noted = now

    async def _take(self, source: Stream, line: Line, messages: Sequence[Message], opened: float) -> None:
        """Stores a batch, then acknowledges it. Without messages: notes that the source was listened to."""
        now, zone = self._clock.now(), ZoneInfo(source.timezone) if source.timezone else self._desk().zone
        haul = await _read(source, messages, zone, now)
        behind = len(messages) >= source.batch
        upto = messages[-1].at if behind else now
        await self._ingest.stream(source, haul, now, since=None if line.keeps else opened, upto=upto)
        poison = {id(message) for message in haul.poison}
        for message in haul.poison:
            await _within(line.refuse(message))
        await _within(line.done([m for m in messages if id(m) not in poison]))
        for fault in haul.faults[:3]:
            log.warning("record_refused", source=source.name, fault=str(fault))

    async def _broken(self, source: Stream, error: Exception, failures: int) -> None:
        """Notes a fault; whatever comes of that, the listener goes on."""
        if isinstance(error, SourcePaused):
            self.wake.set()
            return
        if isinstance(error, StoreFault):
            log.warning("store", source=source.name, fault=str(error))
            return
        if not isinstance(error, SourceFault):
            log.error("source_broke", source=source.name, exc_info=error)
        fault = str(error) if isinstance(error, SourceFault) else f"{type(error).__name__}: {error}"
        log.warning("stream_failed", source=source.name, fault=fault, failures=failures)
        try:
            await self._db.write(lambda c: _note(c, source, fault, failures, self._clock.now()), Priority.INGEST)
        except Exception as error:
            log.warning("store", source=source.name, fault=str(error))
        self._metrics.fetched(source.name, "failed")
        self._metrics.source(source.name, up=False)


@asynccontextmanager
async def _opened(source: Stream) -> AsyncIterator[Line]:
    """A line that is hung up whatever happens."""
    line = await _within(source.open(), PATIENCE)
    try:
        yield line
    finally:
        with suppress(SourceFault):
            await _within(line.close())


async def _within(doing: Awaitable[T], wait: float = 0.0) -> T:
    """No client of a broker keeps a listener for ever, whatever it promises."""
    return await answered(doing, wait=wait + PATIENCE)


async def _read(source: Stream, messages: Sequence[Message], zone: ZoneInfo, now: float) -> Haul:
    if len(messages) < IN_THREAD:
        return source.read(messages, zone, now)
    return await asyncio.to_thread(source.read, messages, zone, now)


def _note(connection: Connection, source: Stream, fault: str, failures: int, now: float) -> None:
    cursor, standing = cursors.get(connection, source.name)
    since = standing.fault_since or now
    changed = replace(standing, last_try=now, failures=failures, fault=fault, fault_since=since)
    cursors.put(connection, source.name, cursor, changed)
    if failures >= FAILING_AFTER and standing.pause is None:
        findings.begin(connection, "source-failing", source.name, now, {"fault": fault[:300]})
