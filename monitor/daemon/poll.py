"""The poll loop: fetches each source when it is due and hands its page to ingest. A failing one costs only itself."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.ingest import Ingest, Taken, hourly
from monitor.daemon.quiet import Quietly, is_quiet
from monitor.http import Http
from monitor.metrics import Metrics
from monitor.model import Cursor, Page
from monitor.sources import Source, SourceFault, Surroundings
from monitor.sources.schedule import Outcome, Turns, advance, fault_outcome, first_due, next_due, outcome_of
from monitor.store import cursors, findings
from monitor.store.cursors import Standing
from monitor.store.database import Database, Priority, StoreFault

log = structlog.get_logger("poll")

FAILING_AFTER = 3
"""Failures in a row before a source is called failing."""


class Turn(Struct, frozen=True, kw_only=True):
    """What a good fetch brought. `faults`: why single records were refused."""

    taken: Taken
    faults: tuple[str, ...] = ()
    unchanged: bool = False


class Poll:
    """Keeps a heap of (due, source); never more than one fetch of a source in flight."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], ingest: Ingest, http: Http, clock: Clock, metrics: Metrics
    ) -> None:
        self._db, self._desk, self._ingest = db, desk, ingest
        self._http, self._clock, self._metrics = http, clock, metrics
        self.wake = asyncio.Event()
        self._due: list[tuple[float, str]] = []
        self._flying: dict[str, asyncio.Task[Turn | None]] = {}
        self._quiet = Quietly(db)
        self.standing: dict[str, Standing] = {}

    async def run(self) -> None:
        """Fetch what is due; for ever."""
        self.standing = await self._db.read(cursors.all_standing)
        self.replan()
        while True:
            self.wake.clear()
            now = self._clock.now()
            while self._due and self._due[0][0] <= now:
                self._launch(heapq.heappop(self._due)[1])
            self._metrics.advanced("poll", now)
            if self._quiet.due is not None and self._quiet.due <= now:
                await self._quiet.keep(now)
            await self._clock.wait(self.wake, self._next_turn())

    def _next_turn(self) -> float | None:
        waits = [at for at in (self._due[0][0] if self._due else None, self._quiet.due) if at is not None]
        return min(waits, default=None)

    def replan(self) -> None:
        """Takes the sources of the config in force: new ones begin at once, those already known keep their turn."""
        now = self._clock.now()
        self._due = []
        for source in self._desk().sources.values():
            if self.standing.get(source.name, Standing()).pause:
                self._metrics.paused(source.name)
            if source.polled and source.enabled and source.name not in self._flying:
                heapq.heappush(self._due, (self._first(source, now), source.name))
        self.wake.set()

    async def stop(self) -> None:
        """Lets go of fetches under way: they are begun anew after the next start, and are no failures of the source."""
        flying = list(self._flying.values())
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        await self._quiet.keep(self._clock.now())

    def shift(self, by: float) -> None:
        """The clock was set by so many seconds: each source waits on as long as it had to."""
        self.standing = {name: replace(s, next_due=s.next_due + by) for name, s in self.standing.items()}
        self.replan()

    def _first(self, source: Source, now: float) -> float:
        known = self.standing.get(source.name)
        if known is None or (known.last_try is None and known.due < math.inf):
            return now
        if known.due == math.inf:
            return math.inf
        return min(max(known.next_due, now), max(first_due(source, now), now) if not known.failures else known.next_due)

    async def now(self, name: str) -> Turn | None:
        """Fetches a polled source out of its turn, or waits for the fetch under way. None: it failed."""
        self._due = [entry for entry in self._due if entry[1] != name]
        heapq.heapify(self._due)
        self._launch(name)
        turn = await asyncio.shield(self._flying[name])
        await self._quiet.keep(self._clock.now())
        return turn

    def _launch(self, name: str) -> None:
        source = self._desk().sources.get(name)
        if source is None or name in self._flying:
            return
        task = asyncio.create_task(self._fetch(source))
        self._flying[name] = task
        task.add_done_callback(lambda _: self._landed(name))

    def _landed(self, name: str) -> None:
        self._flying.pop(name, None)
        due = self.standing[name].due if name in self.standing else self._clock.now() + 60
        if name in self._desk().sources:
            heapq.heappush(self._due, (due, name))
            self.wake.set()

    async def _fetch(self, source: Source) -> Turn | None:
        with self._clock.busy():
            try:
                return await self._turn(source)
            except StoreFault as fault:
                log.warning("store", source=source.name, fault=str(fault))
                self._later(source, 5.0)
            except Exception as error:
                log.exception("source_broke", source=source.name)
                await self._failed(source, SourceFault(f"{type(error).__name__}: {error}"))
            return None

    def _later(self, source: Source, seconds: float) -> None:
        standing = self.standing.get(source.name, Standing())
        self.standing[source.name] = replace(standing, next_due=self._clock.now() + seconds)

    async def _turn(self, source: Source) -> Turn | None:
        cursor, standing = await self._where(source.name)
        desk, now = self._desk(), self._clock.now()
        around = Surroundings(self._http, desk.zone, now)
        try:
            page = await source.fetch(cursor, around)
        except SourceFault as fault:
            await self._failed(source, fault)
            return None
        if is_quiet(source, page, standing, self._clock.now()):
            return self._unchanged(source, page, standing)
        return await self._good(source, page, standing)

    async def _where(self, name: str) -> tuple[Cursor, Standing]:
        """Where a source goes on and how it stands: as the store has it, unless its last poll is still to be kept."""
        known = self._quiet.read(name, self.standing.get(name))
        return known if known is not None else await self._db.read(lambda c: cursors.get(c, name))

    async def _keep_quiet(self, name: str) -> None:
        """What is written now follows upon what was gathered of the source."""
        if self._quiet.waits(name):
            await self._quiet.keep(self._clock.now())

    def _unchanged(self, source: Source, page: Page, standing: Standing) -> Turn:
        """Notes that there was nothing new. Who paused the source meanwhile is not overwritten."""
        now, held = self._clock.now(), self.standing.get(source.name, standing)
        after = self._next(source, standing, Outcome("unchanged"), now, Taken())
        after = replace(after, pause=held.pause, resumed_at=held.resumed_at)
        self.standing[source.name] = after
        self._quiet.note(source.name, page.cursor, after, standing.last_good or now, now)
        self._metrics.fetched(source.name, "unchanged")
        self._metrics.source(source.name, up=True, last_success=now)
        return Turn(taken=Taken(), unchanged=True)

    async def _good(self, source: Source, page: Page, standing: Standing) -> Turn:
        """Takes the page and notes how the source stands, in one commit."""
        await self._keep_quiet(source.name)
        now = self._clock.now()
        first = standing.begins

        def ended(taken: Taken) -> Outcome:
            return outcome_of(page, known=taken.known, first=first, source=source)

        def after(taken: Taken, outcome: Outcome) -> Standing:
            return self._next(source, standing, outcome, now, taken)

        taken, self.standing[source.name] = await self._ingest.page(source, page, standing, ended, after, now)
        self._metrics.fetched(source.name, "unchanged" if page.unchanged else "ok")
        self._metrics.source(source.name, up=True, last_success=now, lag=taken.lag)
        for fault in page.faults[:3]:
            log.warning("record_refused", source=source.name, fault=str(fault))
        return Turn(taken=taken, faults=page.faults, unchanged=page.unchanged)

    def _next(self, source: Source, standing: Standing, outcome: Outcome, now: float, taken: Taken) -> Standing:
        turns = advance(Turns(failures=standing.failures, quiet=standing.quiet, again=standing.again), outcome)
        return replace(
            standing,
            last_try=now,
            last_good=now,
            last_record=taken.newest or standing.last_record,
            failures=0,
            quiet=turns.quiet,
            again=turns.again,
            next_due=next_due(source, turns, now, outcome),
            fault="",
            fault_since=None,
            gone=False,
            first_good=standing.first_good or now,
            hours=hourly(standing.hours, taken.accepted, now),
        )

    async def _failed(self, source: Source, fault: SourceFault) -> None:
        await self._keep_quiet(source.name)
        now = self._clock.now()
        standing = self.standing.get(source.name, Standing())
        outcome = fault_outcome(fault)
        turns = advance(Turns(failures=standing.failures, quiet=standing.quiet), outcome)
        changed = replace(
            standing,
            last_try=now,
            failures=turns.failures,
            next_due=next_due(source, turns, now, outcome),
            fault=str(fault),
            fault_since=standing.fault_since or now,
            gone=outcome.result == "gone",
        )

        def job(connection: Connection) -> Standing:
            cursor, held = cursors.get(connection, source.name)
            put = replace(changed, pause=held.pause, resumed_at=held.resumed_at)
            cursors.put(connection, source.name, cursor, put)
            if held.pause is None and (changed.failures >= FAILING_AFTER or changed.gone):
                findings.begin(connection, "source-failing", source.name, now, {"fault": str(fault)[:300]})
            return put

        self.standing[source.name] = changed
        self.standing[source.name] = await self._db.write(job, Priority.INGEST)
        self._metrics.fetched(source.name, "failed")
        self._metrics.source(source.name, up=False)
        log.warning("fetch_failed", source=source.name, fault=str(fault), failures=changed.failures)
