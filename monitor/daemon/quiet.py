"""Polls that brought nothing new: gathered for some seconds and kept in one commit, for there is nothing to lose.

Killed before it, the service asks those sources again and vouches for the same time: what was read and what it brought
are always committed together, here nothing was brought.
"""

from __future__ import annotations

import structlog
from msgspec.structs import replace

from monitor.model import Cursor, Page
from monitor.sources import Source
from monitor.store import cursors
from monitor.store.cursors import Quiet, Standing
from monitor.store.database import Database, Priority, StoreFault
from monitor.times import MINUTE

log = structlog.get_logger("poll")

GATHER = 5.0
"""Seconds that they are gathered for."""


class Quietly:
    """The polls not yet kept, by source."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._polls: dict[str, Quiet] = {}
        self._last: dict[str, tuple[Cursor, Standing]] = {}
        self.due: float | None = None
        """When they are to be kept; None: there are none."""

    def waits(self, source: str) -> bool:
        """Whether a poll of a source is still to be kept."""
        return source in self._polls

    def read(self, source: str, held: Standing | None) -> tuple[Cursor, Standing] | None:
        """Where a source goes on and how it stands, if its last poll was a quiet one: the store need not be asked."""
        known = self._last.get(source)
        if known is None or held is None:
            return None
        same = known[1].last_try == held.last_try and known[1].resumed_at == held.resumed_at
        return known if same and held.pause is None else None

    def note(self, source: str, cursor: Cursor, standing: Standing, since: float, now: float) -> None:
        """A poll at `now` of a source that was read at `since` before."""
        before = self._polls.get(source)
        start = before.start if before else since
        self._polls[source] = Quiet(cursor=cursor, standing=standing, start=start, end=now)
        self._last[source] = cursor, standing
        self.due = now + GATHER if self.due is None else self.due

    async def keep(self, now: float) -> None:
        """Keeps them. They are tried again later where the store is away."""
        polls, self._polls, self.due = self._polls, {}, None
        if not polls:
            return
        try:
            await self._db.write(lambda c: cursors.put_quiet(c, polls), Priority.INGEST)
        except StoreFault as fault:
            log.warning("store", fault=str(fault))
            for name, poll in polls.items():
                newer = self._polls.get(name)
                self._polls[name] = replace(newer, start=min(poll.start, newer.start)) if newer else poll
            self.due = now + GATHER
            return
        for name, poll in polls.items():
            if name not in self._polls and not _is_small(poll.cursor):
                self._last.pop(name, None)


def _is_small(cursor: Cursor) -> bool:
    """A feed's validators are remembered; the ids of a thousand records are read from the store each time."""
    return all(isinstance(value, str | int | float) for value in cursor.values())


def is_quiet(source: Source, page: Page, standing: Standing, now: float) -> bool:
    """Whether a page changes nothing but that the source was read: nothing to count, to end, or to judge anew."""
    if not page.unchanged or page.more or page.faults or standing.begins or standing.failures:
        return False
    if page.covers_from is not None or page.covers_to is not None or standing.last_good is None:
        return False
    return now - standing.last_good <= 2.5 * source.every + MINUTE
