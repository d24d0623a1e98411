"""What people do, for the web layer: each act goes through the board, is committed, and wakes the judge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.board import Board, Now
from monitor.daemon.deliver import Deliver
from monitor.daemon.desk import Desk
from monitor.daemon.forget import forget
from monitor.daemon.ingest import Ingest, SourcePaused
from monitor.daemon.judge import Judge
from monitor.daemon.path_acts import do_path_act
from monitor.daemon.reports import Reports
from monitor.incidents import lifecycle
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.silences import preview
from monitor.metrics import Metrics
from monitor.model import Alert, Delivery, Incident, Outcome, Reported, Silence
from monitor.sources.push import Push
from monitor.sources.records import Records
from monitor.store import incidents, outbox, silences
from monitor.store.database import Conflict as Overtaken
from monitor.store.database import Database, Priority, StoreFault
from monitor.web.acts import (
    Acknowledge,
    Act,
    Busy,
    Cancel,
    Comment,
    Conflict,
    Done,
    Forget,
    Forgotten,
    Hush,
    Ingested,
    Link,
    Lower,
    Opening,
    PassOn,
    Raise,
    Resolve,
    Undo,
    Unknown,
)

T = TypeVar("T")


class ActsOfPeople:
    """Fulfils `web.site.Acts`."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], board: Board, judge: Judge, deliver: Deliver, ingest: Ingest,
        reports: Reports, metrics: Metrics,
    ) -> None:  # fmt: skip
        self._db, self._desk, self._board = db, desk, board
        self._judge, self._deliver, self._ingest, self._metrics = judge, deliver, ingest, metrics
        self._reports = reports

    async def ingest(self, source: str, records: Records, now: float) -> Ingested:
        """Takes the records of a push source."""
        pushed = self._desk().sources[source]
        if not isinstance(pushed, Push):
            raise Conflict("not_push", source=source)
        try:
            taken = await self._ingest.push(
                pushed, records.mentions, records.samples, now, rejected=records.refused
            )  # fmt: skip
        except SourcePaused as fault:
            raise Conflict("source_paused", source=source) from fault
        except StoreFault as fault:
            raise Busy() from fault
        return Ingested(taken.accepted, taken.duplicates)

    async def refused(self, source: str, count: int, now: float) -> None:
        """Counts what was pushed and could not be taken."""
        try:
            await self._ingest.refused(source, count, now)
        except StoreFault as fault:
            raise Busy() from fault

    async def report(self, told: Sequence[Reported]) -> Ingested:
        """Takes what an Alertmanager reports of one group."""
        try:
            fresh = await self._reports.take(told)
        except StoreFault as fault:
            raise Busy() from fault
        return Ingested(fresh, len(told) - fresh)

    async def act(self, actor: str, number: str, act: Act, now: float) -> Done:
        """Does one act on one incident."""

        if isinstance(act, Link) and not await self._db.read(lambda c: incidents.get(c, act.other)):
            raise Unknown("no_incident", number=act.other)

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return do_act(incident, act, actor, now, context, alerts)

        try:
            incident = await self._board.act(number, think, self._judge.standing(), now)
        except ActRefused as fault:
            return await self._no(number, actor, act, fault)
        except Overtaken as fault:
            raise Busy("busy") from fault
        except StoreFault as fault:
            raise Busy() from fault
        if incident is None:
            raise Unknown("no_incident", number=number)
        if isinstance(act, Acknowledge):
            await self._acknowledged(incident, now)
        self._judge.wake.set()
        return Done(incident)

    async def _acknowledged(self, incident: Incident, now: float) -> None:
        """Counted from when it was told that it arose or rose: who took over yesterday's blue is not late for a red."""
        if incident.drill:
            self._metrics.drill_succeeded(now)
            return
        lines = await self._db.read(lambda c: incidents.timeline(c, incident.number))
        told = [line.entry for line in lines if line.entry.kind == "incident.entry.told"]
        asked = [entry.at for entry in told if entry.args.get("transition") in ("NEW", "RAISED")]
        self._metrics.acknowledged(incident.tier, now - max(asked, default=incident.opened_at))

    async def _no(self, number: str, actor: str, act: Act, fault: ActRefused) -> Done:
        """A refusal; that somebody holds the incident already is an answer, not a fault."""
        incident = await self._db.read(lambda c: incidents.get(c, number))
        if incident is not None and isinstance(act, Acknowledge) and incident.acknowledged_by is not None:
            return Done(incident, changed=False)
        raise Conflict(fault.id, **fault.told) from fault

    async def open(self, actor: str, opening: Opening, now: float) -> Done:
        """Raises an incident by hand."""
        standing = self._judge.standing()

        def think(state: Now) -> Outcome:
            return lifecycle.open_by_person(
                opening.risk, opening.scope, opening.tier, actor, now, state.context, open=state.open,
                recent=state.recent, alerts=standing, next_number=state.next_number, reason=opening.comment,
                evidence=opening.evidence, drill=opening.drill,
            )  # fmt: skip

        try:
            incident = await self._board.open(think, now)
        except ActRefused as fault:
            raise Conflict(fault.id, **fault.told) from fault
        except StoreFault as fault:
            raise Busy() from fault
        self._judge.wake.set()
        return Done(incident)

    async def silence(self, actor: str, hush: Hush, now: float) -> Silence:
        """Begins a silence, noted on the incidents it hides."""
        said = f"{actor}\0{now}\0{sorted(hush.matchers.items())}"
        made = Silence(
            id=hashlib.blake2b(said.encode(), digest_size=6).hexdigest(), matchers=hush.matchers,
            starts_at=hush.starts_at or now, until=hush.until, up_to=hush.up_to, author=actor, comment=hush.comment,
        )  # fmt: skip
        await self._write(lambda c: silences.put(c, made))
        self._board.next_timer = 0.0

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return lifecycle.silence_added(incident, made, actor, now, context, alerts=alerts)

        standing = self._judge.standing()
        for incident in preview(made, await self._db.read(incidents.open), standing, now):
            await self._board.act(incident.number, think, standing, now)
        self._judge.wake.set()
        return made

    async def hidden_by(self, hush: Hush, now: float) -> tuple[Incident, ...]:
        """The open incidents that a silence would hide; nothing is changed."""
        tried = Silence(
            id="", matchers=hush.matchers, starts_at=hush.starts_at or now, until=hush.until, up_to=hush.up_to,
            author="", comment=hush.comment,
        )  # fmt: skip
        return preview(tried, await self._db.read(incidents.open), self._judge.standing(), now)

    async def end_silence(self, actor: str, id: str, now: float) -> Silence:
        """Ends one early; what it hid and still burns is told."""
        silence = await self._db.read(lambda c: silences.get(c, id))
        if silence is None:
            raise Unknown("no_silence", id=id)
        if silence.ended_at is not None:
            raise Conflict("silence_over", id=id)
        ended = replace(silence, ended_at=now)
        await self._write(lambda c: silences.put(c, ended))
        await self._board.unhide(ended, actor, self._judge.standing(), now)
        self._judge.wake.set()
        return ended

    async def resend(self, actor: str, delivery: int, now: float) -> Delivery:
        """Queues a dead or refused delivery anew, with its old key."""

        def job(connection: Connection) -> tuple[bool, Delivery | None]:
            done = outbox.resend(connection, delivery, now)
            found = outbox.get(connection, [delivery])
            return done, found[0][0] if found else None

        done, found = await self._write(job)
        if found is None:
            raise Unknown("no_delivery", id=delivery)
        if not done:
            raise Conflict("not_dead", id=delivery)
        self._deliver.wake.set()
        return found

    async def forget(self, actor: str, wish: Forget, now: float) -> Forgotten:
        """Takes a person's words out of the store, and out of what is kept in memory of stories."""
        desk = self._desk()
        done, rows = await self._write(lambda c: forget(c, desk, wish, actor, now))
        if not wish.preview:
            self._ingest.stories.forget((row.mention.title, row.mention.text) for row in rows)
        return done

    async def _write(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.write(job, Priority.ACT)
        except StoreFault as fault:
            raise Busy() from fault


def do_act(incident: Incident, act: Act, actor: str, now: float, context: Context, alerts: Sequence[Alert]) -> Outcome:
    """What one act comes to; also in scenarios."""
    match act:
        case Acknowledge():
            return lifecycle.acknowledge(incident, actor, now, context, comment=act.comment)
        case PassOn():
            return lifecycle.not_me(incident, actor, now, context, alerts=alerts, comment=act.comment)
        case Undo():
            return _undo(incident, act, actor, now, context, alerts)
        case Cancel():
            return lifecycle.cancel(
                incident, actor, now, context, alerts=alerts, comment=act.comment, evidence=act.evidence
            )  # fmt: skip
        case Resolve():
            return lifecycle.resolve(incident, actor, now, context, alerts=alerts, comment=act.comment)
        case Raise():
            return lifecycle.raise_by_person(
                incident, act.tier, actor, now, context, reason=act.comment, evidence=act.evidence, alerts=alerts
            )  # fmt: skip
        case Lower():
            return _lower(incident, act, actor, now, context, alerts)
        case Comment():
            return lifecycle.comment(incident, act.comment, actor, now, context)
        case _:
            return do_path_act(incident, act, actor, now, context, alerts)


def _undo(incident: Incident, act: Undo, actor: str, now: float, context: Context, alerts: Sequence[Alert]) -> Outcome:
    if incident.state != "open":
        return lifecycle.reopen(incident, actor, now, context, alerts=alerts, comment=act.comment)
    return lifecycle.unacknowledge(incident, actor, now, context, alerts=alerts, comment=act.comment)


def _lower(
    incident: Incident, act: Lower, actor: str, now: float, context: Context, alerts: Sequence[Alert]
) -> Outcome:
    if act.tier is None:
        return lifecycle.give_back(incident, actor, now, context, alerts=alerts, comment=act.comment)
    return lifecycle.lower_by_person(
        incident, act.tier, actor, now, context, reason=act.comment, evidence=act.evidence, alerts=alerts
    )  # fmt: skip
