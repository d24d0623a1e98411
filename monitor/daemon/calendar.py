"""What goes by the calendar, on APScheduler: pruning, the canary. Nothing durable lives here; missed turns catch up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.engine import Connection

from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.store.database import Database, Priority, StoreFault
from monitor.store.prune import FIRST, Duty, Keys, duties, next_bite

log = structlog.get_logger("calendar")

PAUSE = 0.02
"""Seconds between two bites, so that a long pruning is no burden."""


class Calendar:
    """The calendar's jobs. In UTC, without misfire grace, coalesced."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], clock: Clock, canary: Callable[[], Awaitable[object]]
    ) -> None:
        self._db, self._desk, self._clock = db, desk, clock
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=defaults)
        self._scheduler.add_job(self.prune, "cron", minute=17, id="prune")
        zone = desk().config.settings.timezone  # at ten nobody is woken, and no clock change lies near it
        self._scheduler.add_job(canary, "cron", hour=10, minute=7, day_of_week="mon-fri", timezone=zone, id="canary")

    def start(self) -> None:
        """Begins; call from within the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ends."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def wake(self) -> None:
        """Looks anew at what is due: the clock was set."""
        if self._scheduler.running:
            self._scheduler.wakeup()

    async def prune(self) -> None:
        """Lets go of what `[store] keep` no longer asks for."""
        now, keep = self._clock.now(), self._desk().config.store.keep
        spans = {"minutes": keep.minutes, "hours": keep.hours, "days": keep.days}
        done = {}
        of = {source.name: float(source.keep) for source in self._desk().config.source if source.keep is not None}
        for name, duty in duties(now, keep_mentions=keep.mentions, keep_of=of, **spans).items():
            try:
                done[name] = sum([rows async for rows, _ in bites(self._db, duty)])
            except StoreFault as fault:
                log.warning("store", fault=str(fault))
        log.info("pruned", **{name: n for name, n in done.items() if n})


async def bites(db: Database, duty: Duty) -> AsyncIterator[tuple[int, float]]:
    """Does a duty bite by bite: the rows of each, and for how many seconds it held the writer."""
    size = FIRST
    while keys := await db.read(partial(duty.find, size)):
        held = await db.write(partial(_timed, duty, keys), Priority.PRUNE)
        yield len(keys), held
        size = next_bite(size, held)
        await asyncio.sleep(PAUSE)


def _timed(duty: Duty, keys: Keys, connection: Connection) -> float:
    began = time.monotonic()
    duty.take(connection, keys)
    return time.monotonic() - began
