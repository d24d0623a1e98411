"""The board: the only hand that writes incidents. It reads, asks a pure function, writes whole, hands deliveries on.

A change that somebody else overtook is read and thought through again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.quotes import quotes
from monitor.failpoints import reach
from monitor.incidents import lifecycle, storms, timers
from monitor.incidents.clocks import running
from monitor.incidents.context import Context
from monitor.incidents.plan import AlertChange, AlertId, plan
from monitor.incidents.publication import TIMER
from monitor.incidents.silences import preview
from monitor.incidents.storms import SentNotice, put_off
from monitor.metrics import Metrics
from monitor.model import Alert, Incident, Outcome, Owed, Silence, Timer
from monitor.store import alerts as stored
from monitor.store import drills, findings, incidents, outbox, silences
from monitor.store import timers as stored_timers
from monitor.store.database import Conflict, Database, Priority

log = structlog.get_logger("board")

TRIES = 8
LOOK_EVERY = 30.0
"""Seconds after which what is exported of incidents and findings is looked up again."""
Think = Callable[[Incident, Context, Sequence[Alert]], Outcome]
Beside = Callable[[Connection], None]


class Now(Struct, frozen=True):
    """What stands, in one read."""

    open: list[Incident]
    recent: list[Incident]
    context: Context
    next_number: int


class Board:
    """Plans, acts and timers, written one incident a savepoint."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], metrics: Metrics, handed: Callable[[Sequence[int]], None]
    ) -> None:
        self._db, self._desk, self._metrics, self._handed = db, desk, metrics, handed
        self.next_timer: float | None = 0.0
        self.statement_waited: Callable[[Timer, float], Awaitable[None]] | None = None
        """Fires the timers of statements, which are no part of an incident."""
        self._looked_at = float("-inf")
        self._texts_kept: set[str] = set()

    async def plan(self, changes: Sequence[AlertChange], standing: Sequence[Alert], now: float) -> set[AlertId]:
        """What changed alerts come to; returns the alerts that were written along with their incidents."""
        written: set[AlertId] = set()
        for _ in range(TRIES):
            outcomes, homes = await self._think(changes, standing, now)
            lost = await self._write_all(outcomes, homes, changes, now, written)
            if not lost:
                return written
            changes = [c for c in changes if c.id not in written]
        raise Conflict("incidents were changed faster than they could be planned")

    async def _think(
        self, changes: Sequence[AlertChange], standing: Sequence[Alert], now: float
    ) -> tuple[list[Outcome], dict[AlertId, str]]:
        """Plans; quotes are only looked for where somebody is told. With it: in which incident each alert is or was."""
        desk = self._desk()
        state = await self._stands(now)
        outcomes = plan(changes, state.open, state.recent, standing, state.context, now, state.next_number)
        homes = {alert: i.number for i in (*state.open, *(o.incident for o in outcomes)) for alert in i.alerts}
        told = {alert for o in outcomes if o.owed for alert in o.incident.alerts}
        if not told:
            return outcomes, homes
        rising = [x for x in changes if x.id in told]
        quoted = await self._db.read(lambda c: quotes(c, desk, rising, now))
        if all(a is b for a, b in zip(quoted, rising, strict=True)):
            return outcomes, homes
        by_id = {change.id: change for change in quoted}
        changes = [by_id.get(change.id, change) for change in changes]
        return plan(changes, state.open, state.recent, standing, state.context, now, state.next_number), homes

    async def _stands(self, now: float) -> Now:
        desk = self._desk()
        return await self._db.read(lambda c: self._now(c, desk, now))

    def _now(self, connection: Connection, desk: Desk, now: float) -> Now:
        within = desk.config.incident.reopen_within
        context = desk.with_silences(tuple(silences.standing(connection, now)))
        if (drill := drills.running(connection)) is not None and drill.everybody:
            context = replace(context, drill_to=None)
        next_number = incidents.next_seq(connection)
        return Now(incidents.open(connection), incidents.closed_since(connection, now - within), context, next_number)

    async def _write_all(
        self,
        outcomes: Sequence[Outcome],
        homes: dict[AlertId, str],
        changes: Sequence[AlertChange],
        now: float,
        written: set[AlertId],
    ) -> bool:
        """Writes each outcome with its alerts; says whether one was overtaken."""
        mine: dict[str, list[Alert]] = {}
        for change in changes:
            mine.setdefault(homes.get(change.id, ""), []).append(change.after)
        jobs = [self._write(outcome, mine.get(outcome.incident.number, ()), now) for outcome in outcomes]
        lost = False
        for outcome, result in zip(outcomes, await asyncio.gather(*jobs, return_exceptions=True), strict=True):
            if isinstance(result, Conflict):
                lost = True
            elif isinstance(result, BaseException):
                raise result
            else:
                written |= {(a.rule, a.key) for a in result}
                self._tell(outcome)
        return lost

    async def _write(
        self, outcome: Outcome, alerts: Sequence[Alert], now: float, beside: Beside | None = None
    ) -> Sequence[Alert]:
        book, books = outcome.incident.playbook, self._desk().playbooks
        revision = books.revision(book) if outcome.owed and book in books.names else ""

        def job(connection: Connection) -> list[int]:
            if beside is not None:
                beside(connection)
            for alert in alerts:
                stored.put(connection, alert, outcome.incident.number)
            if revision and revision not in self._texts_kept:
                outbox.keep_texts(connection, revision, book, books.texts(book))
            _note_findings(connection, outcome, now)
            limited = replace(outcome, owed=tuple(self._limited(connection, outcome, now)))
            claimed = incidents.apply(connection, limited, now)
            reach("judge-before-commit")
            return claimed

        claimed = await self._db.write(job, Priority.JUDGE)
        reach("judge-after-commit")
        self._handed(claimed)
        self._texts_kept.add(revision)
        self.next_timer = 0.0
        return alerts

    def _limited(self, connection: Connection, outcome: Outcome, now: float) -> Sequence[Owed]:
        """What is owed, put off for those who had enough within the hour."""
        people = sorted({r.person for owed in outcome.owed for r in owed.to if r.person})
        if not people:
            return outcome.owed
        sent: dict[str, list[SentNotice]] = {}
        for person, at, incident, tier in outbox.owed_since(connection, people, now - storms.HOUR):
            sent.setdefault(person, []).append(SentNotice(at, incident, tier))
        return put_off(outcome.owed, sent, self._desk().config.incident.storm, now)

    def _tell(self, outcome: Outcome) -> None:
        incident = outcome.incident
        for owed in outcome.owed:
            note = owed.facts
            self._metrics.transition(note.transition, drill=incident.drill)
            self._metrics.notice(note.tier, note.transition, drill=note.drill)
            log.info(
                "notice", incident=note.incident, notice=note.notice, transition=note.transition, tier=note.tier.word
            )

    async def act(
        self, number: str, think: Think, standing: Sequence[Alert], now: float, beside: Beside | None = None
    ) -> Incident | None:
        """Does one thing to one incident; None when there is none of that number. What `think` raises goes up.

        `beside` writes what belongs to the change and is no part of the incident, in the same transaction.
        """
        for _ in range(TRIES):
            incident = await self._db.read(lambda c: incidents.get(c, number))
            if incident is None:
                return None
            outcome = think(incident, (await self._stands(now)).context, standing)
            try:
                await self._write(outcome, (), now, beside)
            except Conflict:
                continue
            self._tell(outcome)
            return outcome.incident
        raise Conflict(f"{number} is being changed by others")

    async def open(self, think: Callable[[Now], Outcome], now: float) -> Incident:
        """Opens an incident, or joins one that is open."""
        for _ in range(TRIES):
            outcome = think(await self._stands(now))
            try:
                await self._write(outcome, (), now)
            except Conflict:
                continue
            self._tell(outcome)
            return outcome.incident
        raise Conflict("incidents are being changed by others")

    async def fire_timers(self, standing: Sequence[Alert], now: float) -> None:
        """Fires what is due, each once, in order; ends silences whose time is over."""
        if self.next_timer is not None and self.next_timer > now:
            self._metrics.advanced("timers", now)
            if now - self._looked_at >= LOOK_EVERY:  # findings come and go without a timer
                await self._look(now)
            return
        due, over = await self._db.read(lambda c: (stored_timers.due(c, now), silences.over(c, now)))
        self._metrics.timers_due(len(due))
        for timer in due:
            await self._fire(timer, standing, now)
        for silence in over:
            await self._end(silence, standing, now)
        self._metrics.timers_due(0)
        self._metrics.advanced("timers", now)
        self.next_timer = None
        upcoming = await self._look(now)
        if self.next_timer is None:  # else somebody set one meanwhile, which this look may not have seen
            self.next_timer = upcoming

    async def _fire(self, timer: Timer, standing: Sequence[Alert], now: float) -> None:
        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            outcome = timers.due(incident, timer, context, alerts, now)
            reach("timer-before-commit")
            return outcome

        try:
            if self.statement_waited is not None and timer.kind.startswith(TIMER):
                await self.statement_waited(timer, now)
            else:
                await self.act(timer.incident, think, standing, now)
            reach("timer-after-commit")
        except Conflict as fault:
            log.info("timer_fired_elsewhere", fault=str(fault))

    async def _end(self, silence: Silence, standing: Sequence[Alert], now: float) -> None:
        ended = replace(silence, ended_at=min(silence.until, now))
        await self._db.write(lambda c: silences.put(c, ended), Priority.JUDGE)
        await self.unhide(ended, "monitor", standing, now)

    async def unhide(self, silence: Silence, actor: str, standing: Sequence[Alert], now: float) -> None:
        """Tells each incident a silence hid that it is over."""

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return lifecycle.silence_ended(incident, silence, actor, now, context, alerts=alerts)

        still = replace(silence, ended_at=None)
        for incident in preview(still, await self._db.read(incidents.open), standing, now):
            if incident.hidden_tier is not None:
                await self.act(incident.number, think, standing, now)

    async def _look(self, now: float) -> float | None:
        """Brings the gauges of incidents and findings up to date; says when the next timer is due."""
        standing, found, upcoming = await self._db.read(lambda c: (incidents.open(c), findings.open(c), _next_timer(c)))
        real = [incident for incident in standing if not incident.drill]
        self._metrics.incidents(_by_tier(real), _by_tier(i for i in real if i.acknowledged_by is None))
        self._metrics.clocks(_clocks(real))
        kinds: dict[str, int] = {}
        for finding in found:
            kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
        self._metrics.findings(kinds)
        self._looked_at = now
        return upcoming


def _note_findings(connection: Connection, outcome: Outcome, now: float) -> None:
    for finding in outcome.findings:
        if finding.ended_at is None:
            findings.begin(connection, finding.kind, finding.subject, now, finding.args)
        else:
            findings.end(connection, finding.kind, finding.subject, now)


def _by_tier(standing: Iterable[Incident]) -> dict[int, int]:
    return dict(Counter(int(incident.tier) for incident in standing))


def _clocks(standing: Iterable[Incident]) -> dict[str, float]:
    """The legal clocks that run: id -> due at, the earliest where several incidents run the same."""
    due: dict[str, float] = {}
    for incident in standing:
        for id, at in running(incident).items():
            due[id] = min(at, due.get(id, at))
    return due


def _next_timer(connection: Connection) -> float | None:
    times = [stored_timers.next_due(connection), silences.next_over(connection)]
    return min((t for t in times if t is not None), default=None)
