"""The watch: looks each second whether every loop lives and the clock goes evenly, and tells systemd only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from monitor.daemon import jump
from monitor.daemon.clock import Clock
from monitor.daemon.drift import Drift
from monitor.daemon.pulse import Pulse
from monitor.daemon.systemd import Systemd
from monitor.store.database import Database, Priority, StoreFault
from monitor.web.views import Health

log = structlog.get_logger("watch")

STILL_AFTER = 45.0
"""A loop that has not moved for so long stands still; systemd's own patience comes on top."""
LOOK = 1.0


class Watch:
    """`waking`: loop -> the event it waits with. `jumped` is called with the seconds once a clock that was set is
    believed; `idle` at each look with each loop that waits."""

    def __init__(
        self,
        clock: Clock,
        db: Database,
        systemd: Systemd,
        waking: Mapping[str, asyncio.Event],
        jumped: Callable[[float], None],
        idle: Callable[[str], None] = lambda loop: None,
    ) -> None:
        self._clock, self._db, self._systemd, self._waking = clock, db, systemd, waking
        self._jumped, self._idle = jumped, idle
        self.pulse = Pulse()
        self.broken: set[str] = set()
        """Loops that broke and have not been through a round since."""
        self._stuck: tuple[str, ...] = ()
        self._out = False
        db.answered = self.pulse.step

    def health(self) -> Health:
        """How long ago each loop moved."""
        ages = self.pulse.ages()
        return Health(ages, tuple(name for name, age in ages.items() if age > STILL_AFTER))

    async def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs a loop for ever: one that breaks is told and begun anew."""
        self.pulse.enter(name)
        while True:
            try:
                await run()
            except Exception:
                self.broken.add(name)
                log.exception("loop_broke", loop=name)
                with self._clock.busy():
                    await asyncio.sleep(1)

    async def run(self, drift: Drift | None = None) -> None:
        """Look, tell; for ever. Without `drift` the clock is not watched: somebody steps it."""
        while True:
            self.look()
            self._clock.now()
            if drift is not None and drift.set_by:
                await self._set(drift)
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """One look; a sign of life goes out when nothing stands still."""
        for name, wake in self._waking.items():
            if self._clock.waits(wake):
                self.pulse.step(name)
                self.broken.discard(name)
                self._idle(name)
        self.pulse.since("writer", self._db.busy_since)
        self._look_at_store()
        stuck = self.health().stuck
        if stuck != self._stuck:
            self._stuck = stuck
            log.error("stuck", loops=",".join(stuck)) if stuck else log.info("moving_again")
            self._systemd.status(f"stuck: {', '.join(stuck)}" if stuck else "running")
        if not stuck:
            self._systemd.alive()

    def _look_at_store(self) -> None:
        """Says once that nothing can be written, and why, and once that it can again."""
        fault = self._db.outage
        if fault is not None and not self._out:
            log.error("store_out", fault=str(fault))
            self._systemd.status(f"takes nothing in: {fault}")
        elif fault is None and self._out:
            log.info("store_back")
            self._systemd.status("running")
        self._out = fault is not None

    async def _set(self, drift: Drift) -> None:
        """A clock set back is believed before what waits is shifted, one set forward after: nothing is due early."""
        by = drift.set_by
        log.warning("clock_jump", seconds=round(by, 1))
        if by < 0:
            drift.believe()
        while not await self._shifted(by):
            self.look()
            await asyncio.sleep(LOOK)
        if by > 0:
            drift.believe()
        self._jumped(by)

    async def _shifted(self, by: float) -> bool:
        try:
            await self._db.write(lambda c: jump.take(c, by, self._clock.now()), Priority.ACT)
        except StoreFault as fault:
            log.warning("store", fault=str(fault))
            return False
        return True
