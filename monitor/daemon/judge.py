"""The judge: on each rule's grid, and at once when records come, it looks, judges, plans and writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.board import Board
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.ingest import Taken
from monitor.daemon.memory import Counted, Memory
from monitor.daemon.tracked import Tracked
from monitor.daemon.view import Sight, batch, look
from monitor.incidents.plan import AlertChange, AlertId, is_drill
from monitor.metrics import Metrics
from monitor.model import NO_DATA_LEVEL, REPORTED, Alert, Key, Tier
from monitor.rules.combine import combine, names_of, ordered
from monitor.rules.evaluate import evaluate, needs
from monitor.rules.missed import Stood, Walk, instants, missed_over, told_late, walk_over
from monitor.rules.rule import Rule
from monitor.rules.select import FINDINGS, RULES, by_term
from monitor.store import alerts as stored
from monitor.store import buckets, findings, tracks
from monitor.store.database import Database, Priority, StoreFault
from monitor.times import MINUTE, floor_to

log = structlog.get_logger("judge")

COALESCE = 0.05
LATE = 900.0
"""Seconds between a rise and its being seen before a notice speaks of it: an outage, not the turn of a poll."""
NOTE_EVERY = 300.0


class Judged(Struct, frozen=True):
    """One rule judged: its alerts after; the instants it had missed, and each series at its highest tier in them."""

    rule: Rule
    after: list[Alert]
    missed: tuple[float, ...] = ()
    peaks: Mapping[Key, Alert] = {}
    fault: str = ""
    """Why it could not be judged."""


class Beside(Protocol):
    """What is judged in the judge's own round, but by no rule of the config: drills, alerts of Alertmanagers."""

    async def round(self, now: float) -> float | None:
        """Judges what is due; says when it wants to be called next."""

    def standing(self) -> list[Alert]:
        """Its alerts above calm."""


class Judge:
    """Holds every alert above calm or pending in memory as the store has it; the store is written before memory is."""

    def __init__(
        self,
        db: Database,
        desk: Callable[[], Desk],
        board: Board,
        clock: Clock,
        metrics: Metrics,
        shown: Callable[[Rule, list[Alert]], None],
    ) -> None:
        self._db, self._desk, self._board, self._clock, self._metrics = db, desk, board, clock, metrics
        self._shown = shown
        self.memory = Memory()
        self.tracked = Tracked()
        self._broken: set[str] = set()
        self.wake = asyncio.Event()
        self.alerts: dict[str, dict[Key, Alert]] = {}
        self._stood = Stood()
        self._due: dict[str, float] = {}
        self._touched: set[int] = set()
        self._since: dict[int, float] = {}
        self._upto: dict[str, float] = {}
        self._noted_at = 0.0
        self._ran_at = float("-inf")
        self.moved: Callable[[], None] = lambda: None
        """Called after each rule, from a reader's thread: a long round is no standstill."""
        self.beside: tuple[Beside, ...] = ()
        self._beside_due: list[float | None] = []

    def tell(self, taken: Taken) -> None:
        """Records came in: their selections are judged at once; where older instants missed them, those anew."""
        counting = self._desk().counting
        for id, since in taken.touched.items():
            self._touched.add(id)
            self.memory.changed(counting[id], since)
            self.tracked.changed(counting[id], since)
            if taken.since is not None:
                self._since[id] = min(self._since.get(id, taken.since), taken.since)
        if taken.turned:
            over = {name for name, rule in self._desk().rules.items() if rule.of == "findings"}
            self._due = {name: at for name, at in self._due.items() if name not in over}
        if taken.touched or taken.turned:
            self.wake.set()

    def found(self, rule: str, series: list[Counted]) -> None:
        """The series of a rule by term as they were found in the texts: they are judged at once."""
        self.memory.terms[rule] = series
        self._due = {name: at for name, at in self._due.items() if name != rule}
        self.wake.set()

    def poke(self) -> None:
        """Judge everything soon: findings changed, or a recount ended."""
        self._due = {}
        self.memory.clear()
        self.wake.set()

    def shift(self, by: float) -> None:
        """The clock was set by so many seconds: all is judged at once, and by the new grid from then on."""
        self._upto = {name: min(at, at + by) for name, at in self._upto.items()}
        self.tracked.clear()
        self.poke()

    async def load(self) -> None:
        """Takes up what the store remembers; what a rule no longer means is forgotten."""
        judged = await self._db.read(stored.get_judged)
        meanings = self._desk().meanings
        strange = [name for name, (_, meaning) in judged.items() if meanings.get(name) != meaning]
        if strange:
            await self._db.write(lambda c: stored.drop_rules(c, strange), Priority.JUDGE)
        self._upto = {name: at for name, (at, _) in judged.items() if name not in strange}
        self.tracked.saved = await self._db.read(tracks.all)
        self.alerts, self.memory.terms = {}, {}
        for alert, _ in await self._db.read(stored.all):
            if not is_drill(alert.key) and not alert.rule.startswith(REPORTED):
                self.alerts.setdefault(alert.rule, {})[alert.key] = alert
        self._stood = Stood(self.alerts)

    async def run(self) -> None:
        """Look, judge, plan, write; for ever."""
        await self.load()
        while True:
            self.wake.clear()
            now = self._clock.now()
            if self._touched and 0 <= now - self._ran_at < COALESCE:
                await self._clock.wait(asyncio.Event(), self._ran_at + COALESCE)
                now = self._clock.now()
            try:
                await self._round(now)
                self._beside_due = [await each.round(now) for each in self.beside]
                await self._board.fire_timers(self.standing(), now)
            except StoreFault as fault:
                log.warning("store", fault=str(fault))
                await self._clock.wait(self.wake, now + 1)
                continue
            self._metrics.advanced("judge", now)
            await self._clock.wait(self.wake, self._next(now))

    def standing(self) -> list[Alert]:
        """All alerts above calm, those of a drill and of Alertmanagers too."""
        real = [a for group in self.alerts.values() for a in group.values() if a.tier > Tier.CALM]
        return [*real, *(alert for each in self.beside for alert in each.standing())]

    def _next(self, now: float) -> float | None:
        times = [at for at in self._due.values() if at > now]
        more = [at for at in (self._board.next_timer, *self._beside_due) if at is not None]
        return min([*times, *more], default=now + MINUTE)

    async def _round(self, now: float) -> None:
        desk = self._desk()
        touched, self._touched = self._touched, set()
        since, self._since = self._since, {}
        rules = [rule for rule in desk.rules.values() if rule.of != RULES and self._is_due(rule, touched, now)]
        if not rules:
            return
        self._ran_at, due = now, self._due  # a poke meanwhile puts another one in its place, and is not lost
        self.memory.begin()
        self.tracked.begin()
        try:
            judged = await self._db.read(lambda c: self._judge_all(c, desk, rules, since, now))
            await self._settle(desk, judged, now)
        except Exception:
            self._touched |= touched
            self._since.update(since)
            raise
        for rule in rules:
            due[rule.name] = floor_to(now, rule.every) + rule.every

    def _is_due(self, rule: Rule, touched: set[int], now: float) -> bool:
        part, whole = self._desk().asked[rule.name]
        return self._due.get(rule.name, 0.0) <= now or part.id in touched or (whole is not None and whole.id in touched)

    def _judge_all(
        self, connection: Connection, desk: Desk, rules: Sequence[Rule], since: dict[int, float], now: float
    ) -> list[Judged]:
        """Reads and judges, rule by rule; one that breaks costs only itself. Runs in a reader's thread."""
        ready = buckets.ready(connection)
        found = tuple(findings.open(connection))
        rules = [rule for rule in rules if _counted(desk, rule, ready, self.memory)]
        missed = {rule.name: self._missed(desk, rule, since, now) for rule in rules}
        furthest = max((needs(rule, now, desk.zone, self.tracked.of(desk, rule)) for rule in rules), default=0.0)
        sight = look(connection, desk, now, min([now, *since.values()]) - furthest, found)
        over = ordered(desk.rules.values())
        followed = {name for rule in over for name in names_of(rule)}
        out = []
        for rule in rules:
            try:
                late = missed[rule.name]
                out.append(self._judge_one(connection, desk, rule, sight, late, followed=rule.name in followed))
            except Exception as error:
                log.exception("rule_broke", rule=rule.name)
                out.append(Judged(rule, [], fault=f"{type(error).__name__}: {error}"))
            self.moved()
        return [*out, *self._combine(over, out, now)]

    def _combine(self, over: Sequence[Rule], judged: Sequence[Judged], now: float) -> list[Judged]:
        """The rules over rules, after those. Whatever was judged, they are asked anew: that costs next to nothing.

        Where rules they are over had missed instants, they had missed them too.
        """
        standing: dict[str, dict[Key, Alert]] = dict(self.alerts)
        standing |= {each.rule.name: {a.key: a for a in each.after} for each in judged if not each.fault}
        missed = {each.rule.name: each.missed for each in judged}
        out = []
        for rule in over:
            missed[rule.name] = missed_over(rule, missed) if rule.name in self._upto else ()
            walk = walk_over(rule, self.alerts.get(rule.name, {}), missed[rule.name], self._stood)
            after = combine(rule, {**standing, rule.name: walk.alerts}, now)
            standing[rule.name] = {a.key: a for a in after}
            self._stood.note(rule.name, now, standing[rule.name])
            out.append(Judged(rule, after, missed[rule.name], walk.peaks))
        return out

    def _missed(self, desk: Desk, rule: Rule, since: dict[int, float], now: float) -> list[float]:
        """The instants of the rule's grid, in order, that were judged without the records that have come since.

        What its detector remembers goes back to before them.
        """
        part, whole = desk.asked[rule.name]
        starts = [since[s.id] for s in (part, whole) if s is not None and s.id in since]
        missed = instants(rule, min(starts), now) if starts and rule.name in self._upto else []
        kept = self.tracked.of(desk, rule) if missed else None
        if kept is not None:
            kept.rewind(missed[0])
        return missed

    def _judge_one(
        self,
        connection: Connection,
        desk: Desk,
        rule: Rule,
        sight: Sight,
        missed: Sequence[float],
        *,
        followed: bool,
    ) -> Judged:
        """`followed`: a rule over rules asks how this one stood."""
        before, kept = self.alerts.get(rule.name, {}), self.tracked.of(desk, rule)
        series = batch(connection, desk, self.memory, rule, sight, before, missed[0] if missed else None, kept)
        walk = Walk(dict(before))
        for instant in missed:
            walk.step(evaluate(rule, series, walk.alerts, instant, zone=desk.zone, kept=kept))
            self.moved()
            if followed:
                self._stood.note(rule.name, instant, walk.alerts)
        after = evaluate(rule, series, walk.alerts, sight.now, zone=desk.zone, kept=kept)
        if followed:
            self._stood.note(rule.name, sight.now, {a.key: a for a in after})
        return Judged(rule, after, tuple(missed), walk.peaks)

    async def _settle(self, desk: Desk, judged: Sequence[Judged], now: float) -> None:
        """Plans what changed, writes it, and only then believes it."""
        changes: list[AlertChange] = []
        kept: list[Alert] = []
        await self._tell_broken(judged, now)
        for each in judged:
            before = self.alerts.get(each.rule.name, {})
            for alert in each.after:
                old = before.get(alert.key)
                after = told_late(alert, old, each.peaks.get(alert.key))
                if not _remembered(after) and (old is None or not _remembered(old)):
                    continue
                if old is None or _differs(old, after):
                    kept.append(after)
                if after.tier > Tier.CALM or (old is not None and old.tier > Tier.CALM):
                    changes.append(self._change(old, after, now))
        self._show(judged)
        changes = [c for c in changes if c.before is None or _tells(c)]
        written, failed = await self._plan(changes, self._after(kept), now)
        kept = [a for a in kept if (a.rule, a.key) not in failed]
        rest = [a for a in kept if (a.rule, a.key) not in written]
        await self._note(desk, judged, rest, now)
        self._believe(kept)

    async def _plan(
        self, changes: Sequence[AlertChange], standing: Sequence[Alert], now: float
    ) -> tuple[set[AlertId], set[AlertId]]:
        """Plans all changes at once; should that break, one by one: what breaks costs only itself, and is tried again.

        Returns the alerts written with their incidents, and those that could not be planned.
        """
        if not changes:
            return set(), set()
        try:
            return await self._board.plan(changes, standing, now), set()
        except StoreFault:
            raise
        except Exception:
            log.exception("plan_broke", rules=sorted({c.after.rule for c in changes}))
        if len(changes) == 1:
            return set(), {changes[0].id}
        each = [await self._plan([change], standing, now) for change in changes]
        return set().union(*(w for w, _ in each)), set().union(*(f for _, f in each))

    async def _tell_broken(self, judged: Sequence[Judged], now: float) -> None:
        """A rule that can't be judged is a finding, until it can."""
        broken = {each.rule.name: each.fault for each in judged if each.fault}
        mended = {each.rule.name for each in judged if not each.fault} & self._broken
        for each in judged:
            self._metrics.evaluated(each.rule.name, failed=bool(each.fault))
        if not broken and not mended:
            return

        def job(connection: Connection) -> None:
            for name, fault in broken.items():
                findings.begin(connection, "rule-failing", name, now, {"fault": fault[:300]})
            for name in mended:
                findings.end(connection, "rule-failing", name, now)

        await self._db.write(job, Priority.JUDGE)
        self._broken = (self._broken | set(broken)) - mended

    def _after(self, kept: Sequence[Alert]) -> list[Alert]:
        after = {(a.rule, a.key): a for a in self.standing()} | {(a.rule, a.key): a for a in kept}
        return [a for a in after.values() if a.tier > Tier.CALM]

    def _change(self, old: Alert | None, after: Alert, now: float) -> AlertChange:
        rises = old is None or after.tier > old.tier
        late = now - after.since if rises and now - after.since >= LATE else 0.0
        return AlertChange(before=old, after=after, late_by=late)

    async def _note(self, desk: Desk, judged: Sequence[Judged], kept: Sequence[Alert], now: float) -> None:
        """Keeps what `for` and dwell remember, and up to when was judged: at once if alerts changed."""
        for each in judged:
            self._upto[each.rule.name] = now
        if not kept and now - self._noted_at < NOTE_EVERY:
            return
        upto = {name: (at, desk.meanings[name]) for name, at in self._upto.items() if name in desk.meanings}

        def job(connection: Connection) -> None:
            for alert in kept:
                stored.put(connection, alert, None)
            stored.put_judged(connection, upto)
            for rule, row in rows.items():
                tracks.put(connection, rule, row)

        rows = self.tracked.to_save(now)
        await self._db.write(job, Priority.JUDGE)
        self._noted_at = now

    def _believe(self, kept: Sequence[Alert]) -> None:
        for alert in kept:
            group = self.alerts.setdefault(alert.rule, {})
            if _remembered(alert):
                group[alert.key] = alert
            else:
                group.pop(alert.key, None)

    def _show(self, judged: Sequence[Judged]) -> None:
        for each in judged:
            self._shown(each.rule, each.after)
            lead = leading(each.after)
            verdict = lead.verdict if lead else None
            score = verdict.score if verdict else None
            tier = lead.tier if lead and verdict and verdict.tier is not None else None
            if lead is None and each.rule.of in (FINDINGS, RULES):
                tier = Tier.CALM  # that no finding is open, no rule stands, is known, not missing
            self._metrics.rule(
                each.rule.name,
                tier,
                value=score.value if score else None,
                expected=score.expected if score else None,
                upper=score.upper if score else None,
                learning=bool(score and score.learning),
            )
            if each.rule.export:
                self._metrics.series(each.rule.name, exported(each.rule, each.after))


def exported(rule: Rule, alerts: Sequence[Alert]) -> dict[str, int]:
    """The levels of the series that a rule names for metrics; of one that is not there, or has no data, -1."""
    known = {a.key: int(a.tier) for a in alerts if a.verdict is not None and a.verdict.tier is not None}
    return {name: known.get(key, NO_DATA_LEVEL) for key, name in rule.exported().items()}


def leading(alerts: Sequence[Alert]) -> Alert | None:
    """The series that tells how a rule stands: the highest tier, then the rarest, then the largest."""

    def rank(alert: Alert) -> tuple[int, bool, float, float]:
        score = alert.verdict.score if alert.verdict else None
        if score is None or alert.verdict is None:
            return (int(alert.tier), False, 0.0, 0.0)
        known = alert.verdict.tier is not None
        return (int(alert.tier), known, score.return_period or 0.0, score.level or score.value or 0.0)

    return max(alerts, key=rank, default=None)


def _counted(desk: Desk, rule: Rule, ready: frozenset[int], memory: Memory) -> bool:
    if by_term(desk.asked[rule.name][0]):
        return rule.name in memory.terms
    return all(s is None or s.kind == FINDINGS or desk.counting[s.id] in ready for s in desk.asked[rule.name])


def _remembered(alert: Alert) -> bool:
    return alert.tier > Tier.CALM or bool(alert.pending)


def _differs(old: Alert, new: Alert) -> bool:
    """Whether anything a restart must know has changed; the verdict alone is no such thing."""
    return replace(old, verdict=None) != replace(new, verdict=None)


def _tells(change: AlertChange) -> bool:
    """Whether planning may come to something: another tier, data gone or back, or a verdict that may bring news."""
    old, new = change.before, change.after
    if old is None or old.tier != new.tier or new.no_data_since is not None or old.no_data_since is not None:
        return True
    a, b = (x.verdict for x in (old, new))
    if a is None or b is None:
        return a is not b
    return a.families != b.families or (a.score.level or 0) != (b.score.level or 0)
