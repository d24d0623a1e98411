"""The heartbeat: after a self-audit an outside URL hears that the monitor is well, or that it is not.

Outside means: whoever misses the beat tells people, so that a machine that is off is noticed too. What is wrong is also
a finding of kind `unwell`, which a rule may watch.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.audit import Looked, Unwell, audit
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.distress import Distress
from monitor.daemon.watch import Watch
from monitor.http import Answer, Http, HttpFault
from monitor.secret import SecretFault, reveal
from monitor.sources import Source, Stream
from monitor.store import cursors, findings, outbox, timers
from monitor.store.cursors import Standing
from monitor.store.database import Database, Priority, StoreFault

log = structlog.get_logger("heartbeat")

FINDING = "unwell"
KINDS = ("loop", "store", "outbox", "timer", "sources", "channel", "channels", "config", "disk", "clock")
FAILING_AFTER = 3


class Heartbeat:
    """One beat each `[heartbeat] every`. `refused` says whether the last reload was."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], http: Http, clock: Clock, watch: Watch, state: Path,
        refused: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._db, self._desk, self._http, self._clock = db, desk, http, clock
        self._watch, self._state, self._refused = watch, state, refused
        self._distress = Distress(desk, http, clock)
        self._clock_off: float | None = None
        self._said: tuple[str, ...] | None = None

    async def run(self) -> None:
        """Beat, wait; for ever. Waits by the steady clock; a beat that breaks is told and missed outside."""
        settings = self._desk().config.heartbeat
        await self._send(settings.start, "start")
        while True:
            try:
                await self.beat()
            except Exception:
                log.exception("heartbeat_broke")
            await asyncio.sleep(float(self._desk().config.heartbeat.every))

    async def beat(self) -> list[Unwell]:
        """One audit, and what follows from it; returns what is wrong."""
        looked = await self._look()
        found = audit(looked)
        await self._note(found)
        await self._distress.hear(found, frozenset(looked.channels_failing))
        down = [each for each in found if each.down]
        if down:
            await self._send(self._desk().config.heartbeat.fail, "fail", "\n".join(told(each) for each in down))
        else:
            await self._send("", "")
        return found

    async def _look(self) -> Looked:
        now, desk = self._clock.now(), self._desk()
        await self._probe()
        health = self._watch.health()
        basis = {
            "stuck": health.stuck, "broken": tuple(sorted(self._watch.broken)),
            "store": str(self._db.outage) if self._db.outage is not None else "",
            "reload_refused": self._refused(), "clock_off": self._clock_off,
            "disk_left": await asyncio.to_thread(_disk_left, self._state),
        }  # fmt: skip
        try:
            oldest, due, standing, open_ones = await self._db.read(
                lambda c: (outbox.oldest_due(c, now), timers.next_due(c), cursors.all_standing(c), findings.open(c))
            )
        except StoreFault as fault:
            return Looked(**basis | {"store": str(fault)})  # type: ignore[arg-type]
        count, failing = _failing(list(desk.sources.values()), standing)
        sick = tuple(f.subject for f in open_ones if f.kind == "channel-failing" and f.subject in desk.channels)
        basis |= {"channels": len(desk.channels), "channels_failing": sick}
        ages = {"outbox_age": _age(oldest, now), "timer_age": _age(due, now)}
        return Looked(**basis, **ages, sources=count, sources_failing=failing)  # type: ignore[arg-type]

    async def _probe(self) -> None:
        """After an outage: whether the store writes again, though nobody else has anything to write."""
        if self._db.outage is not None:
            with suppress(StoreFault):
                await self._db.write(lambda c: None, Priority.ACT)

    async def _note(self, found: Sequence[Unwell]) -> None:
        """Findings begin and end with what is wrong; a change is a line in the log."""
        kinds = tuple(each.kind for each in found)
        if kinds == self._said:
            return
        now = self._clock.now()

        def job(connection: Connection) -> None:
            for each in found:
                findings.begin(connection, FINDING, each.kind, now, dict(each.args))
            for kind in KINDS:
                if kind not in kinds:
                    findings.end(connection, FINDING, kind, now)

        try:
            await self._db.write(job, Priority.ACT)
        except StoreFault:
            return  # the fault itself is one of those found, and is told by the heartbeat
        if found:
            log.error("unwell", what="; ".join(told(each) for each in found))
        elif self._said:
            log.info("well_again")
        self._said = kinds

    async def _send(self, own: str, under: str, body: str = "") -> None:
        """To an address of its own, else to a path under the heartbeat's."""
        url = self._desk().config.heartbeat.url
        if not (own or url):
            return
        try:
            place = reveal(own) if own else "/".join([reveal(url).rstrip("/"), *([under] if under else [])])
            answer = await self._http.request("POST", place, body=body.encode(), timeout=10)
        except (HttpFault, SecretFault) as fault:
            log.warning("heartbeat_failed", fault=str(fault))
            return
        self._clock_off = _off(answer, self._clock.now())
        if answer.status >= 400:
            log.warning("heartbeat_failed", status=answer.status)


def told(unwell: Unwell) -> str:
    """A line for the other side and the log: no words of customers are in it."""
    return " ".join([unwell.kind, *(f"{name}={value}" for name, value in unwell.args.items())])


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else now - at


def _failing(sources: Sequence[Source], standing: dict[str, Standing]) -> tuple[int, int]:
    """How many sources are asked or listened to now, and how many of them have failed some times in a row."""
    asked = (s for s in sources if (s.polled or isinstance(s, Stream)) and s.enabled)
    found = [standing.get(s.name, Standing()) for s in asked]
    read = [stands for stands in found if stands.pause is None]
    return len(read), sum(stands.failures >= FAILING_AFTER for stands in read)


def _disk_left(state: Path) -> float | None:
    try:
        return float(shutil.disk_usage(state).free)
    except OSError:
        return None


def _off(answer: Answer, now: float) -> float | None:
    """Seconds our clock is ahead of the other side's."""
    try:
        return now - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return None


__all__ = ["Heartbeat", "told"]
