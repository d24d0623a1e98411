"""The database: its tables, one writer thread that serves a priority queue, and readers beside it.

StoreFault           the store can't do it; the text says what and what would be right
  StoreBusy          locked, full or read-only for now: try again
  Conflict           somebody else changed the row first (compare-and-set)
"""

from __future__ import annotations

import asyncio
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

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from monitor.store.tables import SCHEMA, meta, metadata

T = TypeVar("T")
Job = Callable[[Connection], Any]
BATCH_SECONDS = 0.05


class StoreFault(Exception):
    """The store can't do it."""


class StoreBusy(StoreFault):
    """Locked, full or read-only: nothing was written; the same may go through later."""


class Conflict(StoreFault):
    """A row was changed by somebody else between reading and writing."""


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
        self.url = _address(url, state)
        self.sqlite = self.url.startswith("sqlite")
        self._engine = _engine(self.url, write=True)
        self._reading = _engine(self.url, write=False)
        self._queue: queue.PriorityQueue[tuple[int, int, Job | None, asyncio.Future[Any] | None]] = (
            queue.PriorityQueue()
        )
        self._order = itertools.count()
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="store-read")
        self._thread = threading.Thread(target=self._serve, name="store-write", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.commits = 0
        self.advanced_at = 0.0

    def open(self) -> None:
        """Makes the schema where there is none, checks that it is one we know; else StoreFault."""
        try:
            with self._engine.begin() as connection:
                metadata.create_all(connection)
                found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema"))
                if found is None:
                    connection.execute(sa.insert(meta).values(key="schema", value=str(SCHEMA)))
                elif int(found) != SCHEMA:
                    raise StoreFault(
                        f"{self.url}: schema {found}, this version knows {SCHEMA}; use the version that made it"
                    )
        except DBAPIError as error:
            raise _fault(error, self.url) from error

    def start(self) -> None:
        """Starts the writer; call from within the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, job: Callable[[Connection], T], priority: Priority) -> T:
        """Runs a job in the writer; its result comes after the commit. Raises what the job raised, or StoreBusy."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((priority, next(self._order), job, future))
        return await future

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Runs a job on a reader's snapshot, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, job)

    def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            with self._reading.connect() as connection:
                return job(connection)
        except OperationalError as error:
            raise _fault(error, self.url) from error

    def now_write(self, job: Callable[[Connection], T]) -> T:
        """Runs a job at once in this thread: for commands that own the store alone."""
        with self._engine.begin() as connection:
            return job(connection)

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
            first = self._queue.get()
            if first[2] is None:
                return
            self._batch(first[2], first[3])
            self.advanced_at = time.monotonic()

    def _batch(self, job: Job, future: asyncio.Future[Any] | None) -> None:
        """One transaction: the first job and all that wait, for at most 50 ms; answers go out after the commit."""
        done: list[tuple[asyncio.Future[Any] | None, Any, BaseException | None]] = []
        ends = time.monotonic() + BATCH_SECONDS
        try:
            with self._engine.begin() as connection:
                done.append((future, *_attempt(connection, job)))
                while time.monotonic() < ends and (more := self._next()) is not None:
                    done.append((more[1], *_attempt(connection, more[0])))
            self.commits += 1
        except Exception as error:
            fault = _fault(error, self.url) if isinstance(error, DBAPIError) else error
            done = [(f, None, fault) for f, _, _ in done] or [(future, None, fault)]
        self._answer(done)

    def _next(self) -> tuple[Job, asyncio.Future[Any] | None] | None:
        with suppress(queue.Empty):
            item = self._queue.get_nowait()
            if item[2] is not None:
                return item[2], item[3]
            self._queue.put(item)
        return None

    def _answer(self, done: list[tuple[asyncio.Future[Any] | None, Any, BaseException | None]]) -> None:
        if self._loop is None or self._loop.is_closed():
            return

        def tell() -> None:
            for future, result, error in done:
                if future is None or future.done():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)

        self._loop.call_soon_threadsafe(tell)


def _attempt(connection: Connection, job: Job) -> tuple[Any, BaseException | None]:
    savepoint = connection.begin_nested()
    try:
        result = job(connection)
        savepoint.commit()
        return result, None
    except DBAPIError as error:
        if _is_outage(error):
            raise
        savepoint.rollback()
        return None, error
    except Exception as error:
        savepoint.rollback()
        return None, error


def _address(url: str, state: Path) -> str:
    if url == "sqlite":
        return f"sqlite:///{state / 'crisis-monitor.db'}"
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _engine(url: str, *, write: bool) -> Engine:
    if not url.startswith("sqlite"):
        isolation: Any = {} if write else {"isolation_level": "REPEATABLE READ"}
        return sa.create_engine(url, pool_size=1 if write else 4, pool_pre_ping=True, **isolation)
    engine = sa.create_engine(url, connect_args={"timeout": 5, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _is_outage(error: DBAPIError) -> bool:
    """The database itself fails, not one job: nothing of the batch may count as done."""
    text = str(error.orig).lower()
    words = ("locked", "full", "readonly", "read-only", "disk i/o", "malformed", "connection", "unable to open")
    return isinstance(error, OperationalError) and any(word in text for word in words)


def _fault(error: DBAPIError, url: str) -> StoreFault:
    shown = url.split("@")[-1]
    return StoreBusy(f"{shown}: {error.orig}") if _is_outage(error) else StoreFault(f"{shown}: {error.orig}")
