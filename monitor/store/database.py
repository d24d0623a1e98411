"""The database: its tables, one writer thread that serves a priority queue, and readers beside it."""

from __future__ import annotations

import asyncio
import copy
import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from monitor.store.codec import warm
from monitor.store.engine import READERS, address, engine, shown
from monitor.store.fault import Conflict, StoreBusy, StoreFault, fault_of, kind_of
from monitor.store.migrations import bring_up
from monitor.store.prepared import drive

T = TypeVar("T")
Job = Callable[[Connection], Any]
Waiting = asyncio.Future[Any]
BATCH_SECONDS = 0.05


class Priority(IntEnum):
    """Who is served first."""

    ACT = 0
    JUDGE = 1
    DELIVER = 2
    INGEST = 3
    PRUNE = 4


class Database:
    """One store. `write` queues a job for the writer; jobs of a batch share a commit, each in its own savepoint."""

    def __init__(self, url: str, state: Path) -> None:
        self.address = address(url, state)
        self.name = shown(self.address)
        self.sqlite = self.address.get_backend_name() == "sqlite"
        self._engine = engine(self.address, write=True)
        self._reading = engine(self.address, write=False)
        self._queue: queue.PriorityQueue[tuple[int, int, Job | None, Waiting | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._thread = threading.Thread(target=self._serve, name="store-write", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.commits = 0
        self.busy_since: float | None = None
        """Since when (monotonic) the writer has been in the batch at hand; None = it waits for work."""
        self.answered: Callable[[], None] = lambda: None
        """Called in the asker's task after each job."""
        self.outage: StoreFault | None = None
        """Why nothing could be written at the last try; None = the last batch was committed."""

    def open(self) -> None:
        """Makes the schema, or brings an older one up to date; StoreFault where the store is not to be used."""
        warm()
        try:
            with self._engine.begin() as connection:
                bring_up(connection, self.name)
        except DBAPIError as error:
            raise fault_of(error, self.name) from error

    def start(self) -> None:
        """Starts the writer; call from within the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, job: Callable[[Connection], T], priority: Priority) -> T:
        """Runs a job in the writer; its result comes after the commit. Raises what the job raised, or StoreBusy."""
        if not self._thread.is_alive():
            raise StoreBusy(f"{self.name}: the store is closed", "away")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((priority, next(self._order), job, future))
        try:
            return await future
        finally:
            self.answered()

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Runs a job on a reader's snapshot, in a thread."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, job)
        finally:
            self.answered()

    def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            with self._reading.connect() as connection:
                return job(connection)
        except DBAPIError as error:
            raise fault_of(error, self.name) from error

    def now_write(self, job: Callable[[Connection], T]) -> T:
        """Runs a job at once in this thread: for commands that own the store alone."""
        try:
            with self._engine.begin() as connection:
                return job(connection)
        except DBAPIError as error:
            raise fault_of(error, self.name) from error

    def now_read(self, job: Callable[[Connection], T]) -> T:
        """Reads in this thread: for commands."""
        return self._read(job)

    @property
    def queued(self) -> int:
        """How many jobs wait for the writer."""
        return self._queue.qsize()

    async def close(self) -> None:
        """Writes what is queued, then stops the writer and gives all connections back."""
        if self._thread.is_alive():
            self._queue.put((max(Priority) + 1, next(self._order), None, None))
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._readers.shutdown(wait=True)
        self._engine.dispose()
        self._reading.dispose()

    def _serve(self) -> None:
        while True:
            _, _, job, future = self._queue.get()
            if job is None or future is None:
                return
            self.busy_since = time.monotonic()
            self._batch(job, future)
            self.busy_since = None

    def _batch(self, job: Job, future: Waiting) -> None:
        """One transaction: the first job and all that wait, for at most 50 ms; answers go out after the commit.

        A job that fails is undone alone. When the database itself fails, all of them have failed.
        """
        futures, done = [future], []
        ends = time.monotonic() + BATCH_SECONDS
        try:
            with self._engine.begin() as connection:
                done.append(self._attempt(connection, job))
                while time.monotonic() < ends and (more := self._next()) is not None:
                    futures.append(more[1])
                    done.append(self._attempt(connection, more[0]))
            self.commits += 1
            self.outage = None
        except Exception as error:
            fault = fault_of(error, self.name) if isinstance(error, DBAPIError) else error
            self.outage = fault if isinstance(fault, StoreFault) else StoreFault(f"{self.name}: {fault!r}")
            done = [(None, copy.copy(self.outage)) for _ in futures]
        self._answer(list(zip(futures, done, strict=True)))

    def _attempt(self, connection: Connection, job: Job) -> tuple[Any, Exception | None]:
        drive(connection, "SAVEPOINT job")
        try:
            result = job(connection)
            drive(connection, "RELEASE SAVEPOINT job")
            return result, None
        except DBAPIError as error:
            if kind_of(error) != "other":
                raise
            _undo(connection)
            return None, fault_of(error, self.name)
        except Exception as error:
            _undo(connection)
            return None, error

    def _next(self) -> tuple[Job, Waiting] | None:
        with suppress(queue.Empty):
            item = self._queue.get_nowait()
            if item[2] is not None and item[3] is not None:
                return item[2], item[3]
            self._queue.put(item)
        return None

    def _answer(self, done: list[tuple[Waiting, tuple[Any, Exception | None]]]) -> None:
        if self._loop is None or self._loop.is_closed():
            return

        def tell() -> None:
            for future, (result, error) in done:
                if future.done():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)

        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            self._loop.call_soon_threadsafe(tell)


def _undo(connection: Connection) -> None:
    """Takes one job back, those of its batch stand."""
    drive(connection, "ROLLBACK TO SAVEPOINT job")
    drive(connection, "RELEASE SAVEPOINT job")


__all__ = ["Conflict", "Database", "Job", "Priority", "StoreBusy", "StoreFault"]
