"""What pages ask for, for the web layer: each answer one consistent read, joined with what the judge last saw."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.judge import Judge, leading
from monitor.daemon.quality import listened_to, quality, shares_of
from monitor.daemon.quotes import examples_of, most_told
from monitor.daemon.stories import told_of
from monitor.incidents.answers import ASKING, Answered, Asked, Speed, speeds
from monitor.incidents.evidence import evidence_of, members
from monitor.incidents.people import outside
from monitor.incidents.storms import offers
from monitor.incidents.who import who as plan_of
from monitor.model import Alert, Delivery, DeliveryState, Facts, Incident, Labels, Silence, Tier
from monitor.rules.rule import Rule
from monitor.store import answers, cursors, findings, incidents, intake, outbox, silences, stories, timers, verified
from monitor.store.cursors import Standing
from monitor.store.database import Database, StoreFault
from monitor.times import DAY
from monitor.web.acts import Busy
from monitor.web.views import Dossier, Overview, Point, Reached, RuleState, Sent, SourceState, Way

T = TypeVar("T")
NOTICES = 20
CLOSED = 5
TRAIL = 96


class Trails:
    """The last values of each rule's leading series, kept in memory for the little chart beside it."""

    def __init__(self) -> None:
        self._of: dict[str, deque[Point]] = {}
        self.alerts: dict[str, list[Alert]] = {}

    def note(self, rule: Rule, alerts: list[Alert]) -> None:
        """How a rule's series stand now."""
        self.alerts[rule.name] = alerts
        lead = leading(alerts)
        if lead is None or lead.verdict is None:
            return
        trail = self._of.setdefault(rule.name, deque(maxlen=TRAIL))
        point = Point(lead.verdict.at, lead.verdict.score.value, lead.verdict.score.expected)
        if len(trail) > 1 and point.at - trail[-2].at < rule.window / 24:
            trail.pop()
        trail.append(point)

    def of(self, rule: str) -> tuple[Point, ...]:
        """Oldest first."""
        return tuple(self._of.get(rule, ()))


class ReadsOfStore:
    """Fulfils `web.site.Reads`."""

    def __init__(self, db: Database, desk: Callable[[], Desk], judge: Judge, trails: Trails) -> None:
        self._db, self._desk, self._judge, self._trails = db, desk, judge, trails

    async def overview(self, now: float) -> Overview:
        """All that the first page and `status` show."""
        return await self._read(lambda c: self._overview(c, self._desk(), now))

    def _overview(self, connection: Connection, desk: Desk, now: float) -> Overview:
        everything = incidents.recent(connection, 200)
        open = incidents.open(connection)
        standing = cursors.all_standing(connection)
        found = findings.open(connection)
        saturated = {f.subject for f in found if f.kind == "source-saturated"}
        pending, _ = outbox.pending(connection)
        good = _qualities(connection, now)
        return Overview(
            at=now,
            incidents=tuple(sorted(open, key=lambda i: (-i.tier, -i.opened_at))),
            closed=tuple([i for i in everything if i.state != "open"][:CLOSED]),
            rules=tuple(self._rule(desk, rule) for rule in desk.rules.values()),
            sources=tuple(
                replace(source_state(name, standing.get(name), name in saturated), **good.get(name, {}))
                for name in desk.sources
            ),
            notices=_sent(connection, outbox.recent_notices(connection, NOTICES)),
            findings=tuple(found),
            silences=tuple(silences.standing(connection, now)),
            offers=tuple(offers(open, desk.config.incident.storm)),
            pending=sum(pending.values()),
            dead=outbox.count(connection, "dead"),
        )

    def _rule(self, desk: Desk, rule: Rule) -> RuleState:
        alerts = self._trails.alerts.get(rule.name, [])
        lead = leading(alerts)
        verdict = lead.verdict if lead else None
        return RuleState(
            rule=rule.name,
            tier=lead.tier if lead and verdict and verdict.tier is not None else None,
            mode=rule.mode,
            series=len(alerts),
            worrying=sum(a.tier > Tier.CALM for a in alerts),
            since=lead.since if lead and lead.tier > Tier.CALM else None,
            lead=evidence_of(lead, desk.context) if lead and verdict else None,
            trail=self._trails.of(rule.name),
        )

    async def incidents(self, *, open_only: bool, limit: int) -> tuple[Incident, ...]:
        """The newest first."""
        if open_only:
            found = await self._read(incidents.open)
            return tuple(reversed(found))[:limit]
        return tuple(await self._read(lambda c: incidents.recent(c, limit)))

    async def incident(self, number: str, now: float) -> Dossier | None:
        """One incident with all that belongs to it."""
        standing = self._judge.standing()
        return await self._read(lambda c: self._dossier(c, self._desk(), number, standing, now))

    def _dossier(
        self, connection: Connection, desk: Desk, number: str, standing: Sequence[Alert], now: float
    ) -> Dossier | None:
        incident = incidents.get(connection, number)
        if incident is None:
            return None
        own = members(incident, standing)
        held = tuple(silences.standing(connection, now))
        return Dossier(
            incident=incident,
            entries=tuple(line.entry for line in incidents.timeline(connection, number)),
            notices=_sent(connection, outbox.notices_of(connection, number)),
            evidence=tuple(evidence_of(alert, desk.context) for alert in own),
            examples=tuple(examples_of(connection, desk, own)),
            stories=tuple(
                told_of(desk, rows)
                for story in most_told(connection, desk, own)
                if (rows := stories.telling(connection, story))
            ),
            timers=tuple(t for t in timers.of_incident(connection, number) if t.state == "waiting"),
            silences=held,
            offers=tuple(
                o for o in offers(incidents.open(connection), desk.config.incident.storm) if number in o.incidents
            ),
        )

    async def deliveries(self, state: DeliveryState | None, limit: int) -> tuple[Delivery, ...]:
        """The newest first."""
        return tuple(await self._read(lambda c: outbox.recent(c, limit, state)))

    async def silences(self, now: float) -> tuple[Silence, ...]:
        """In force or still to come."""
        return tuple(await self._read(lambda c: silences.standing(c, now)))

    async def answers(self, since: float) -> tuple[Speed, ...]:
        """How fast people answered since an instant."""

        def job(connection: Connection) -> tuple[list[Asked], list[Answered]]:
            asked = answers.asked(connection, since, ASKING)
            taken = answers.answered(connection, since)
            return [Asked(i, p, Tier(t), c, at) for i, p, t, c, at in asked], [Answered(*row) for row in taken]

        return tuple(speeds(*await self._read(job)))

    async def who(self, tier: Tier, risk: str, labels: Labels, at: float) -> Way:
        """The walk that an incident would take, by the code that takes it."""
        context = self._desk().context
        found = plan_of(tier, risk, labels, at, context)
        reached, proved = await self._read(lambda c: (outbox.last_reached(c), verified.all(c)))
        asked = {(r.person, c) for step in found.steps for r in step.to for c in r.channels}
        known = tuple(Reached(*key, when) for key, when in sorted(reached.items()) if key in asked)
        ways = tuple(Reached("", c, proved[c]) for c in sorted({c for _, c in asked}) if c in proved)
        return Way.of(found, self._desk().names(), known, outside(self._desk().config.contact, risk), ways)

    async def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(job)
        except StoreFault as fault:
            raise Busy() from fault


def _qualities(connection: Connection, now: float) -> dict[str, dict[str, Any]]:
    """Lag and quality of each source that brought anything within a day."""
    hours, covered = intake.since(connection, now - DAY), cursors.covered(connection, now - DAY, now)
    standing = cursors.all_standing(connection)
    vouched = {name: listened_to(pairs, standing.get(name, Standing())) for name, pairs in covered.items()}
    found = {name: quality(mine, vouched.get(name, ()), now) for name, mine in hours.items()}
    return {name: {"lag": q.lag, "quality": shares_of(q)} for name, q in found.items()}


def source_state(name: str, standing: Standing | None, saturated: bool = False) -> SourceState:
    """A source as pages and answers show it."""
    if standing is None or standing.last_try is None:
        return SourceState(source=name, pause=standing.pause if standing else None)
    return SourceState(
        source=name,
        up=standing.failures == 0,
        last_success_at=standing.last_good,
        last_record_at=standing.last_record,
        next_at=standing.due if 0 < standing.due < math.inf else None,
        records_day=sum(standing.hours.values()),
        error=standing.fault,
        saturated=saturated,
        pause=standing.pause,
    )


def _sent(connection: Connection, notices: Sequence[tuple[int, Facts]]) -> tuple[Sent, ...]:
    by_facts = outbox.deliveries_of(connection, [id for id, _ in notices])
    return tuple(Sent(facts=note, deliveries=tuple(by_facts.get(id, ()))) for id, note in notices)
