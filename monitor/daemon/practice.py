"""Drills: begun, driven by the judge's own round, ended, and told how they went.

A drill runs beside the real thing: its records come out of its scenario as time goes by, are counted and judged apart,
and open incidents under its mark, which go the real way to the drill's recipients. A restart takes it up where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.config.drills import scenarios
from monitor.daemon import practised
from monitor.daemon.board import Board, Now
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.memory import Memory
from monitor.daemon.quotes import quoting
from monitor.daemon.view import look
from monitor.incidents import drills, lifecycle
from monitor.incidents.change import MONITOR
from monitor.incidents.context import Context
from monitor.incidents.drills import Inject, Scenario, Scorecard
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.plan import AlertChange, is_drill
from monitor.messages import say
from monitor.model import Alert, Drill, Finding, Incident, Key, Outcome, Tier
from monitor.rules.combine import combine, ordered
from monitor.rules.evaluate import evaluate, lookback
from monitor.rules.rule import Rule
from monitor.rules.select import RULES
from monitor.store import alerts as stored
from monitor.store import drills as kept
from monitor.store import findings, incidents, outbox
from monitor.store.database import Database, Priority, StoreFault
from monitor.store.observations import Stored
from monitor.times import MINUTE
from monitor.web.acts import Busy, Conflict, Unknown
from monitor.web.views import DrillBook, Practisable

T = TypeVar("T")
log = structlog.get_logger("practice")

LOOK = 300.0
"""How often schedules are looked at."""
BASELINE = 600.0
"""How old the real counts under a drill may be: reading weeks anew each minute would keep real alarms waiting."""
SCHEDULE = "schedule"


class Practice:
    """Fulfils `web.site.Drills`. `standing`: the drill's alerts above calm, for timers and acts."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], board: Board, clock: Clock, real: Callable[[], list[Alert]],
        wake: Callable[[], None],
    ) -> None:  # fmt: skip
        self._db, self._desk, self._board, self._clock, self._real, self._wake = db, desk, board, clock, real, wake
        self._alerts: dict[str, dict[Key, Alert]] = {}
        self._running: Drill | None = None
        self._loaded = False
        self._due: float | None = float("-inf")
        self._memory, self._read_at = Memory(), float("-inf")

    def standing(self) -> list[Alert]:
        """The alerts of the running drill that are above calm."""
        return [a for group in self._alerts.values() for a in group.values() if a.tier > Tier.CALM]

    def scenarios(self) -> dict[str, Scenario]:
        """All that can be held, by id."""
        return scenarios(*self._desk().playbook_homes)

    async def book(self) -> DrillBook:
        """Scenarios, the running drill, and those that were held."""
        found = await self._read(lambda c: (kept.running(c), kept.held(c)))
        listed = tuple(
            Practisable(id=s.id, title=s.title, playbook=s.playbook, lasts=float(s.lasts))
            for s in self.scenarios().values()
        )
        return DrillBook(scenarios=listed, running=found[0], held=tuple(found[1]))

    async def start(self, actor: str, scenario: str, now: float, *, everybody: bool = False) -> Drill:
        """Begins one; one at a time, and only where it has somebody to tell."""
        if scenario not in self.scenarios():
            raise Unknown("no_scenario", name=scenario, names=", ".join(self.scenarios()))
        if not everybody and not self._desk().context.drill_to:
            raise Conflict("drill_nobody")
        return await self._begin(actor, scenario, now, everybody=everybody)

    async def _begin(
        self, actor: str, scenario: str, now: float, *, everybody: bool = False, announced: bool = True
    ) -> Drill:
        def job(connection: Connection) -> Drill:
            if (other := kept.running(connection)) is not None:
                raise Conflict("drill_running", id=other.id)
            made = Drill(
                id=kept.next_id(connection), scenario=scenario, started_at=now, started_by=actor, announced=announced,
                everybody=everybody,
            )  # fmt: skip
            kept.put(connection, made)
            return made

        made = await self._write(job)
        self._running, self._due, self._read_at = made, now, float("-inf")
        log.info("drill_started", id=made.id, scenario=scenario, by=actor, everybody=everybody)
        self._wake()
        return made

    async def stop(self, actor: str, now: float) -> Drill:
        """Ends the running one: its incidents are resolved, whoever heard of them hears so."""
        running = await self._read(kept.running)
        if running is None:
            raise Conflict("drill_none")
        await self._end(running, actor, now)
        self._wake()
        return replace(running, stopped_at=now)

    async def report(self, id: str) -> Scorecard:
        """How one went."""
        drill = await self._read(lambda c: kept.get(c, id))
        if drill is None:
            raise Unknown("no_drill", id=id)
        scenario = self.scenarios().get(drill.scenario)
        if scenario is None:
            raise Unknown("no_scenario", name=drill.scenario, names=", ".join(self.scenarios()))
        return await self._read(lambda c: _score(c, scenario, drill))

    async def round(self, now: float) -> float | None:
        """Drives the running drill, begins what is scheduled; says when it wants to be called next. Never raises."""
        try:
            if not self._loaded:
                await self._load()
            if self._due is not None and now >= self._due:
                running = self._running
                self._due = await (self._scheduled(now) if running is None else self._drive(running, now))
        except Exception:
            log.exception("drill_broke")
            self._due = now + MINUTE
        return self._due

    def replan(self) -> None:
        """The config changed: schedules are looked at anew."""
        self._due = float("-inf")

    async def _load(self) -> None:
        for alert, _ in await self._db.read(stored.all):
            if is_drill(alert.key):
                self._alerts.setdefault(alert.rule, {})[alert.key] = alert
        self._running = await self._db.read(kept.running)
        self._loaded = True

    async def _drive(self, drill: Drill, now: float) -> float | None:
        scenario = self.scenarios().get(drill.scenario)
        if scenario is None or now >= drills.ends_at(scenario, drill):
            await self._end(drill, MONITOR, now)
            return now
        desk = self._desk()
        records = practised.placed(desk, drills.records(scenario, drill, float("-inf"), now))
        changes, kept_ = await self._db.read(lambda c: self._judge(c, desk, records, drill, now))
        if changes:
            after = {(a.rule, a.key): a for a in [*self._real(), *self.standing(), *kept_]}
            await self._board.plan(changes, [a for a in after.values() if a.tier > Tier.CALM], now)
        for alert in kept_:
            self._alerts.setdefault(alert.rule, {})[alert.key] = alert
        await self._play(scenario, drill, now)
        return _next(scenario, drill, now)

    def _judge(
        self, connection: Connection, desk: Desk, records: practised.Records, drill: Drill, now: float
    ) -> tuple[list[AlertChange], list[Alert]]:
        """Every rule that the drill's records touch, over its own buckets. Runs in a reader's thread."""
        counted, rows = practised.count(desk, records)
        if now - self._read_at > BASELINE:
            self._memory, self._read_at = Memory(), now
        changes: list[AlertChange] = []
        after: list[Alert] = []
        for rule in desk.rules.values():
            before = self._alerts.get(rule.name, {})
            if rule.of == RULES or (not before and not practised.touched(desk, rule, counted)):
                continue
            sight = look(connection, desk, now, now - lookback(rule, desk.zone), ())
            series = practised.series_of(connection, desk, self._memory, rule, counted, before, drill, sight)
            for alert in evaluate(rule, series, before, now, zone=desk.zone):
                after.append(alert)
                old = before.get(alert.key)
                if alert.tier > Tier.CALM or (old is not None and old.tier > Tier.CALM):
                    changes.append(_quoted(desk, rule, AlertChange(before=old, after=alert), rows))
        return [*changes, *self._combine(desk, after, drill, now)], after

    def _combine(self, desk: Desk, after: list[Alert], drill: Drill, now: float) -> list[AlertChange]:
        """The rules over rules, by the drill's own alerts alone; adds theirs to `after`."""
        standing = {name: {practised.bare(key): a for key, a in group.items()} for name, group in self._alerts.items()}
        for alert in after:
            standing.setdefault(alert.rule, {})[practised.bare(alert.key)] = alert
        changes = []
        for rule in ordered(desk.rules.values()):
            before = standing.get(rule.name, {})
            judged = {practised.bare(a.key): practised.marked(a, drill) for a in combine(rule, standing, now)}
            judged = {key: a for key, a in judged.items() if a.tier > Tier.CALM or key in before}
            standing[rule.name] = judged
            after += judged.values()
            changes += [AlertChange(before=before.get(key), after=a) for key, a in judged.items()]
        return changes

    async def _play(self, scenario: Scenario, drill: Drill, now: float) -> None:
        """What people play: calls and letters, told once there is an incident to tell them in; a raise by hand."""
        for _, inject in drills.events(scenario, drill, now)[drill.noted :]:
            if inject.kind == "raise":
                await self._raise(scenario, inject, drill, now)
            elif not await self._tell(inject, drill, now):
                return
            drill = self._running = replace(drill, noted=drill.noted + 1)
            told = drill
            await self._db.write(lambda c, told=told: kept.put(c, told), Priority.JUDGE)  # type: ignore[misc]

    async def _tell(self, inject: Inject, drill: Drill, now: float) -> bool:
        mine = await self._db.read(lambda c: _open(c, drill))
        text = inject.note.get(self._desk().config.settings.language) or next(iter(inject.note.values()), "")

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return lifecycle.drill_note(incident, text, now, context, alerts=alerts)

        if mine:
            await self._board.act(mine[0].number, think, self.standing(), now)
        return bool(mine)

    async def _raise(self, scenario: Scenario, inject: Inject, drill: Drill, now: float) -> None:
        risk, tier = inject.risk or scenario.playbook, Tier.of(inject.tier)
        reason = scenario.title.get(self._desk().config.settings.language) or scenario.id

        def think(state: Now) -> Outcome:
            return lifecycle.open_by_person(
                risk, {}, tier, drill.started_by, now, state.context, open=state.open, recent=state.recent,
                alerts=self.standing(), next_number=state.next_number, reason=reason, drill=True,
            )  # fmt: skip

        try:
            await self._board.open(think, now)
        except ActRefused:
            log.info("drill_raised_already", id=drill.id, risk=risk)  # the rules were there before

    async def _end(self, drill: Drill, actor: str, now: float) -> None:
        """Lets go of its alerts, resolves what is open, notes the end."""
        standing, self._alerts, self._running, self._due = self.standing(), {}, None, now
        comment = say(self._desk().config.settings.language, "incident.word.drill_over")

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return lifecycle.resolve(incident, actor, now, context, comment=comment)

        for incident in await self._db.read(lambda c: _open(c, drill)):
            try:
                await self._board.act(incident.number, think, standing, now)
            except ActRefused:
                continue  # somebody ended it meanwhile

        def job(connection: Connection) -> None:
            for alert, _ in stored.all(connection):
                if is_drill(alert.key):
                    stored.drop(connection, alert.rule, alert.key)
            kept.put(connection, replace(drill, stopped_at=now))
            findings.end(connection, "drill-overdue", drill.scenario, now)

        await self._write(job)
        log.info("drill_ended", id=drill.id, by=actor)

    async def _scheduled(self, now: float) -> float | None:
        """Begins what is due, tells what was left out for too long."""
        desk = self._desk()
        if not desk.config.drill:
            return None
        sinces = await self._write(lambda c: {s.scenario: kept.since(c, s.scenario, now) for s in desk.config.drill})
        held = await self._db.read(kept.held)
        days = desk.context.calendar()
        for schedule in desk.config.drill:
            at = drills.next_at(schedule, held, sinces[schedule.scenario], desk.zone, days)
            if at is not None and at <= now and schedule.scenario in self.scenarios() and desk.context.drill_to:
                await self._begin(SCHEDULE, schedule.scenario, now, announced=schedule.announced)
                return now
        late = [f for s in desk.config.drill for f in drills.overdue([s], held, sinces[s.scenario], now)]
        await self._write(lambda c: _note_overdue(c, late, now))
        return now + LOOK

    async def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(job)
        except StoreFault as fault:
            raise Busy() from fault

    async def _write(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.write(job, Priority.ACT)
        except StoreFault as fault:
            raise Busy() from fault


def _quoted(desk: Desk, rule: Rule, change: AlertChange, rows: Sequence[Stored]) -> AlertChange:
    """The change with the drill's own words as examples."""
    marked = change.after
    start, end = marked.verdict.windowed if marked.verdict else (0.0, 0.0)
    inside = [row for row in rows if start <= row.mention.at < end + MINUTE]
    plain = replace(change, after=replace(marked, key=practised.bare(marked.key)))
    found = quoting(desk, plain, inside)
    return replace(change, examples=found.examples, data_at=found.data_at)


def _open(connection: Connection, drill: Drill) -> list[Incident]:
    return [i for i in incidents.open(connection) if i.drill and i.updated_at >= drill.started_at]


def _score(connection: Connection, scenario: Scenario, drill: Drill) -> Scorecard:
    """From the timelines and deliveries of its own incidents, while it ran."""
    end = drill.stopped_at if drill.stopped_at is not None else float("inf")
    mine = [i for i in incidents.recent(connection, 200) if i.drill and i.updated_at >= drill.started_at]
    lines = [line.entry for i in mine for line in incidents.timeline(connection, i.number)]
    sent = [d for i in mine for d in outbox.recent(connection, 1000, incident=i.number)]
    return drills.score(
        scenario, drill, [e for e in lines if drill.started_at <= e.at <= end],
        [d for d in sent if drill.started_at <= d.created_at <= end],
    )  # fmt: skip


def _next(scenario: Scenario, drill: Drill, now: float) -> float:
    """The next record, note or end, a minute from now at the latest."""
    coming = drills.records(scenario, drill, now, now + MINUTE)
    times = [r.seen_at for r in coming[:1]] + [
        at for at, _ in drills.events(scenario, drill, now + MINUTE) if at > now
    ][:1]
    return min([*times, now - now % MINUTE + MINUTE, drills.ends_at(scenario, drill)])


def _note_overdue(connection: Connection, late: Sequence[Finding], now: float) -> None:
    for finding in late:
        findings.begin(connection, finding.kind, finding.subject, now, {})
