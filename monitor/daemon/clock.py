"""The clock, and the only place that reads it: the machine's own, or one that somebody else steps.

A loop waits through `clock.wait(wake, until)`. A stepped clock knows from this when all loops are idle and what they
wait for, so that a demo or a test can move time only when nothing is left to do.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from monitor.daemon.drift import Drift


class Clock(Protocol):
    """What the daemon knows of time."""

    def now(self) -> float:
        """Unix seconds."""

    def steady(self) -> float:
        """Seconds of a clock that nobody sets: for spans of time within this process."""

    async def wait(self, wake: asyncio.Event, until: float | None) -> None:
        """Returns when `wake` is set, or at `until` (None: only when woken)."""

    def waits(self, wake: asyncio.Event) -> bool:
        """True while a loop waits with this event: it lives and has nothing to do."""

    def busy(self) -> AbstractContextManager[None]:
        """While inside, work is going on that is no loop's own waiting."""


class SystemClock:
    """The machine's clock. Waiting goes by the monotonic clock and looks at the wall at least every `look` seconds."""

    def __init__(self, look: float = 1.0, wall: Callable[[], float] = time.time) -> None:
        self._look, self._wall = look, wall
        self._waiting: set[asyncio.Event] = set()
        self.drift = Drift()

    def now(self) -> float:
        """Unix seconds; of a clock that somebody set only once `drift` believes it."""
        return self.drift.now(self._wall(), self.steady())

    def steady(self) -> float:
        """Seconds since the machine started, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def wait(self, wake: asyncio.Event, until: float | None) -> None:
        """Sleeps in short pieces, so that a wall clock that jumps neither stops a loop nor keeps it asleep."""
        self._waiting.add(wake)
        try:
            while not wake.is_set() and (until is None or self.now() < until):
                left = self._look if until is None else min(self._look, until - self.now())
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, left)):
                        await wake.wait()
        finally:
            self._waiting.discard(wake)

    def waits(self, wake: asyncio.Event) -> bool:
        """True while a loop waits with this event."""
        return wake in self._waiting

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Nothing to note."""
        yield


class SteppedClock:
    """A clock that stands still until it is told to move, and then only once every loop is idle."""

    def __init__(self, start: float, loops: int) -> None:
        self._now = start
        self._loops = loops
        self._waiting: dict[asyncio.Event, float | None] = {}
        self._busy = 0
        self._idle = asyncio.Event()
        self._moved = asyncio.Event()

    def now(self) -> float:
        """The instant it stands at."""
        return self._now

    def steady(self) -> float:
        """The same: it is never set back."""
        return self._now

    async def wait(self, wake: asyncio.Event, until: float | None) -> None:
        """Waits for the event or for the clock to be moved to `until`."""
        while not wake.is_set() and (until is None or self._now < until):
            self._waiting[wake] = until
            self._look()
            waker, mover = asyncio.ensure_future(wake.wait()), asyncio.ensure_future(self._moved.wait())
            try:
                await asyncio.wait((waker, mover), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waker.cancel()
                mover.cancel()
                self._waiting.pop(wake, None)

    def waits(self, wake: asyncio.Event) -> bool:
        """True while a loop waits with this event."""
        return wake in self._waiting

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counts work in flight: the clock does not move meanwhile."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._look()

    def _look(self) -> None:
        if self._quiet():
            self._idle.set()
        else:
            self._idle.clear()

    def _quiet(self) -> bool:
        if self._busy or len(self._waiting) < self._loops or any(wake.is_set() for wake in self._waiting):
            return False
        return all(until is None or until > self._now for until in self._waiting.values())

    async def settle(self) -> float | None:
        """Returns once every loop is idle: the next instant one of them waits for, None if none does."""
        while True:
            await self._idle.wait()
            for _ in range(3):
                await asyncio.sleep(0)
            if self._quiet():
                return min((u for u in self._waiting.values() if u is not None), default=None)
            self._idle.clear()
            self._look()

    async def move(self, to: float) -> float | None:
        """Moves to an instant, lets everything that is due happen, and returns what is waited for next."""
        self._now = max(self._now, to)
        self._idle.clear()
        self._moved.set()
        self._moved = asyncio.Event()
        await asyncio.sleep(0)
        self._look()
        return await self.settle()


async def serve_steps(clock: SteppedClock, path: Path) -> asyncio.Server:
    """Lets somebody step the clock over a Unix socket: a line with an instant in, a line with now and next out."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            upcoming = await clock.move(float(line))
            writer.write(json.dumps({"now": clock.now(), "next": upcoming}).encode() + b"\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(talk, str(path))
