"""The tend loop: notes that push sources were listened to, tells silent ones, and keeps findings in view."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon import jump, reviewing
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.following import let_go
from monitor.daemon.quality import DAYS, KINDS, faults, listened_to, quality, shares_of
from monitor.daemon.stories import floods
from monitor.daemon.view import TEND
from monitor.incidents.coverage import runs_out
from monitor.metrics import Metrics
from monitor.sources import Push, Source, Stream
from monitor.store import cursors, findings, intake
from monitor.store.cursors import Standing
from monitor.store.database import Database, Priority, StoreFault
from monitor.times import DAY

log = structlog.get_logger("tend")


class Tend:
    """Small duties, every five minutes."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], clock: Clock, metrics: Metrics, poke: Callable[[], None]
    ) -> None:
        self._db, self._desk, self._clock, self._metrics, self._poke = db, desk, clock, metrics, poke
        self.wake = asyncio.Event()
        self._listened: float | None = None
        self.letters: Callable[[float], Awaitable[None]] | None = None
        """Sends the digests that are due."""
        self.remind: Callable[[float], Awaitable[bool]] | None = None
        """Tells whose reviews and actions are overdue."""

    async def run(self) -> None:
        """Tend, wait; for ever."""
        while True:
            self.wake.clear()
            now = self._clock.now()
            try:
                await self._round(now)
                if self.letters is not None:
                    await self.letters(now)
                if self.remind is not None and await self.remind(now):
                    self._poke()
            except StoreFault as fault:
                log.warning("store", fault=str(fault))
            await self._clock.wait(self.wake, now - now % TEND + TEND)

    def shift(self, by: float) -> None:
        """The clock was set by so many seconds: none of them was listened to."""
        self._listened = None if self._listened is None else self._listened + by
        self.wake.set()

    async def _round(self, now: float) -> None:
        desk = self._desk()
        since, self._listened = self._listened, now

        def job(connection: Connection) -> tuple[bool, dict[str, Standing]]:
            standing = cursors.all_standing(connection)
            for source in desk.sources.values():
                if isinstance(source, Push) and source.expect_every is None:
                    _hear(connection, source.name, standing.get(source.name, Standing()), since, now)
            jump.forget(connection, now)
            changed = _ended_rotas(connection, desk, now) | let_go(connection, now)
            changed |= reviewing.tend(connection, desk, now)
            changed |= floods(connection, desk, now)
            changed |= look_over(connection, desk, now, self._metrics)
            return _silent(connection, desk, now) or changed, cursors.all_standing(connection)

        changed, standing = await self._db.write(job, Priority.INGEST)
        self._tell(desk, standing, now)
        if changed:
            self._poke()

    def _tell(self, desk: Desk, standing: dict[str, Standing], now: float) -> None:
        """Whether pushes that are expected come; a restart forgets nothing of it."""
        for source in desk.sources.values():
            if isinstance(source, Push):
                stands, limit = standing.get(source.name, Standing()), patience(source)
                heard = last_heard(source, stands)
                up = limit is None or stands.pause is not None or (heard is not None and now - heard <= limit)
                self._metrics.source(source.name, up=up, last_success=stands.last_good)


def _hear(connection: Connection, name: str, standing: Standing, since: float | None, now: float) -> None:
    """A push source covers while it is listened to, and not while it is paused."""
    if standing.pause is None:
        start = now if since is None else max(since, standing.resumed_at or since)
        cursors.cover(connection, name, min(start, now), now)


def _ended_rotas(connection: Connection, desk: Desk, now: float) -> bool:
    """Opens and ends the findings of rotas past their end; says whether one changed."""
    over = {gap.subject: gap.start for gap in runs_out(desk.context, now, 0.0) if gap.kind == "rota_ends"}
    changed = False
    for name in desk.context.rotas:
        if name in over:
            changed |= findings.begin(connection, "rota-ended", name, now, {"since": over[name]})
        else:
            changed |= findings.end(connection, "rota-ended", name, now)
    return changed


def _silent(connection: Connection, desk: Desk, now: float) -> bool:
    """Opens and ends the findings of sources that should have spoken; says whether one changed."""
    standing = cursors.all_standing(connection)
    changed = False
    for source in desk.sources.values():
        limit, stands = patience(source), standing.get(source.name, Standing())
        heard = last_heard(source, stands)
        if limit is None or heard is None or stands.pause:
            continue
        if now - heard > limit:
            changed |= findings.begin(connection, "source-silent", source.name, now, {"since": heard})
        else:
            changed |= findings.end(connection, "source-silent", source.name, now)
    return changed


def look_over(connection: Connection, desk: Desk, now: float, metrics: Metrics) -> bool:
    """Opens and ends the findings on the data of each source; says whether one changed."""
    hours = intake.since(connection, now - (DAYS + 1) * DAY)
    covered, standing = cursors.covered(connection, now - DAY, now), cursors.all_standing(connection)
    changed, open = False, {(finding.kind, finding.subject) for finding in findings.open(connection)}
    for source in desk.sources.values():
        mine = hours.get(source.name, {})
        vouched = listened_to(covered.get(source.name, ()), standing.get(source.name, Standing()))
        found = faults(mine, vouched, now, pushed=isinstance(source, Push))
        for kind in KINDS if not isinstance(source, Push) else (*KINDS, "undated"):
            if kind in found:
                changed |= findings.begin(connection, kind, source.name, now, found[kind])
            elif (kind, source.name) in open:
                changed |= findings.end(connection, kind, source.name, now)
        metrics.quality(source.name, shares_of(quality(mine, vouched, now)))
    return changed


def patience(source: Source) -> float | None:
    """Seconds without a record (a push: without a sign of life) before a source counts as silent; None = for ever."""
    if source.silent_after is not None:
        return float(source.silent_after)
    if isinstance(source, Push | Stream) and source.expect_every is not None:
        return 2.0 * source.expect_every
    return None


def last_heard(source: Source, standing: Standing) -> float | None:
    """When a source last spoke, or was resumed."""
    spoke = standing.last_good if isinstance(source, Push) else standing.last_record
    return spoke if spoke is None or standing.resumed_at is None else max(spoke, standing.resumed_at)
