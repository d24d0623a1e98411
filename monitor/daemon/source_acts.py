"""What people do to sources: pause, resume, read at once. Who paused one, when and why stands with how it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.poll import Poll
from monitor.daemon.reads import source_state
from monitor.model import Pause
from monitor.sources import Source
from monitor.store import cursors, findings
from monitor.store.cursors import Standing
from monitor.store.database import Database, Priority, StoreFault
from monitor.web.acts import Busy, Conflict, Unknown
from monitor.web.views import SourceState, Tried

T = TypeVar("T")
OVERTAKEN = ("source-failing", "source-silent", "source-saturated")
"""Findings that say nothing while a source is paused."""


class ActsOnSources:
    """Fulfils `web.site.Sources`. `changed` is called after each change of what is read."""

    def __init__(self, db: Database, desk: Callable[[], Desk], poll: Poll, changed: Callable[[], None]) -> None:
        self._db, self._desk, self._poll, self._changed = db, desk, poll, changed

    async def all(self) -> tuple[SourceState, ...]:
        """How each stands, in the config's order."""
        standing, found = await self._read(lambda c: (cursors.all_standing(c), findings.open(c)))
        full = {finding.subject for finding in found if finding.kind == "source-saturated"}
        return tuple(source_state(name, standing.get(name), name in full) for name in self._desk().sources)

    async def pause(self, actor: str, name: str, why: str, now: float) -> tuple[SourceState, bool]:
        """Stops the reading of one. Its coverage ends here, so that the time until it is resumed is no data."""
        self._known(name)
        pause = Pause(at=now, by=actor, why=why)

        def job(connection: Connection) -> tuple[Standing, bool]:
            cursor, standing = cursors.get(connection, name)
            if standing.pause is not None:
                return standing, False
            put = replace(standing, pause=pause)
            cursors.put(connection, name, cursor, put)
            for kind in OVERTAKEN:
                findings.end(connection, kind, name, now)
            findings.begin(connection, "source-paused", name, now, {"by": actor, "why": why})
            return put, True

        return await self._do(name, job)

    async def resume(self, actor: str, name: str, now: float) -> tuple[SourceState, bool]:
        """Goes on reading, at once. What was said meanwhile is history: it teaches, and alarms nothing."""
        self._known(name)

        def job(connection: Connection) -> tuple[Standing, bool]:
            cursor, standing = cursors.get(connection, name)
            if standing.pause is None:
                return standing, False
            put = replace(standing, pause=None, resumed_at=now, next_due=now, failures=0, gone=False)
            cursors.put(connection, name, cursor, put)
            findings.end(connection, "source-paused", name, now)
            return put, True

        return await self._do(name, job)

    async def attempt(self, name: str, now: float) -> Tried:
        """Reads one at once, out of its turn. A source that said it is gone gets a new chance."""
        source = self._known(name)
        if not source.polled or not source.enabled:
            raise Conflict("source_not_read", source=name)
        if (await self._standing(name)).pause is not None:
            raise Conflict("source_paused", source=name)
        turn = await self._poll.now(name)
        state = source_state(name, await self._standing(name))
        if turn is None:
            return Tried(source=state)
        read = turn.taken.accepted + turn.taken.duplicates
        new = turn.taken.accepted - turn.taken.corrected
        return Tried(source=state, read=read, new=new, unchanged=turn.unchanged, refused=turn.faults)

    def _known(self, name: str) -> Source:
        sources = self._desk().sources
        if name not in sources:
            raise Unknown("no_source", source=name, names=", ".join(sources))
        return sources[name]

    async def _do(self, name: str, job: Callable[[Connection], tuple[Standing, bool]]) -> tuple[SourceState, bool]:
        try:
            standing, changed = await self._db.write(job, Priority.ACT)
        except StoreFault as fault:
            raise Busy() from fault
        if changed:
            self._poll.standing[name] = standing
            self._poll.replan()
            self._changed()
        return source_state(name, standing), changed

    async def _standing(self, name: str) -> Standing:
        return (await self._read(lambda c: cursors.get(c, name)))[1]

    async def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(job)
        except StoreFault as fault:
            raise Busy() from fault
