"""Reviews over the web, and their duties: each incident that wants one gets one, and what is overdue is a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.board import Board
from monitor.daemon.desk import Desk
from monitor.daemon.judge import leading
from monitor.incidents import lifecycle
from monitor.incidents import review as looking
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.model import Action, Alert, Entry, Finding, Incident, Outcome, Review
from monitor.playbook.plan import Words
from monitor.store import findings, incidents, reviews
from monitor.store.database import Conflict as Overtaken
from monitor.store.database import Database, StoreFault
from monitor.web.acts import Busy, Conflict, Unknown
from monitor.web.review_acts import (
    ActionDone,
    Answer,
    CheckEffect,
    DropAction,
    Hold,
    NewAction,
    Note,
    ReviewAct,
    ReviewStanding,
)

T = TypeVar("T")
SINCE = 30 * 86400.0
"""Incidents that ended longer ago than this, when nobody was looking, get no review by themselves."""
OVERDUE = ("review-overdue", "action-overdue", "action-relapsed", "effect-unchecked")


class Reviewing:
    """Fulfils `web.site.Reviews`. `alerts`: rule -> its alerts as last judged, for the value of a metric now."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], board: Board, alerts: Callable[[], dict[str, list[Alert]]]
    ) -> None:
        self._db, self._desk, self._board, self._alerts = db, desk, board, alerts

    async def all(self, now: float) -> tuple[ReviewStanding, ...]:
        """Every review that is due or was held, the one due first at the head."""
        found = await self._read(lambda c: [_gathered(c, review) for review in reviews.all(c)])
        return tuple(self._stands(*each, now) for each in found)

    async def get(self, number: str, now: float) -> ReviewStanding:
        """That of an incident; also of a small one, that nobody asked for."""
        incident, review, lines = await self._read(lambda c: self._find(c, number))
        return self._stands(incident, review, lines, now)

    async def act(self, actor: str, number: str, act: ReviewAct, now: float) -> ReviewStanding:
        """Thinks and writes; somebody who was faster costs a second try by the one who asks."""
        _, before, _ = await self._read(lambda c: self._find(c, number))
        after: list[Review] = []

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            made, entry = self._step(act, before, incident, actor, now, context)
            after[:] = [made]
            change = lifecycle.act(incident, actor, now, context, alerts)
            change.entries.append(entry)
            return change.outcome()

        def beside(connection: Connection) -> None:
            if reviews.get(connection, number) not in (before, None):
                raise Overtaken(f"the review of {number} was changed meanwhile")
            reviews.put(connection, after[0])
            _settle(connection, now)

        try:
            await self._board.act(number, think, [], now, beside)
        except ActRefused as fault:
            raise Conflict(fault.id, **fault.told) from fault
        except (Overtaken, StoreFault) as fault:
            raise Busy() from fault
        await self.remind(now)
        return await self.get(number, now)

    async def remind(self, now: float) -> bool:
        """Opens a finding for whatever has become overdue, and tells whose it is, in one commit each."""
        found = await self._db.read(lambda c: _untold(c, now))
        for late in found:

            def think(incident: Incident, context: Context, alerts: Sequence[Alert], late: Finding = late) -> Outcome:
                return looking.remind(incident, late, now, context)

            def beside(connection: Connection, late: Finding = late) -> None:
                findings.begin(connection, late.kind, late.subject, now, {**late.args, "since": late.since})

            await self._board.act(late.subject.partition("/")[0], think, [], now, beside)
        return bool(found)

    def _step(
        self, act: ReviewAct, review: Review, incident: Incident, actor: str, now: float, context: Context
    ) -> tuple[Review, Entry]:
        match act:
            case Note():
                return looking.note(review, act.kind, act.text, actor, now)
            case Answer():
                return looking.answer(review, act.question, act.text, actor, now, len(self._questions(incident)))
            case NewAction():
                return looking.add_action(review, _action(act, incident, context), actor, now)
            case ActionDone():
                return looking.do(review, act.action, actor, now)
            case DropAction():
                return looking.drop(review, act.action, actor, now, reason=act.comment)
            case CheckEffect():
                return looking.check_effect(review, act.action, self._value(act, review), actor, now)
            case Hold():
                return looking.hold(review, actor, now, len(self._questions(incident)))

    def _value(self, act: CheckEffect, review: Review) -> float:
        """What the person says, else the leading value of the rule that bears the metric's name."""
        if act.value is not None:
            return act.value
        metric = next((a.metric for a in review.actions if a.id == act.action), "")
        lead = leading(self._alerts().get(metric, []))
        value = lead.verdict.score.value if lead is not None and lead.verdict is not None else None
        if value is None:
            raise ActRefused("no_value", action=act.action, metric=metric or "–", incident=review.incident)
        return value

    def _questions(self, incident: Incident) -> tuple[Words, ...]:
        plan = self._desk().playbooks.plan(incident.playbook)
        return plan.review.questions if plan is not None and plan.review is not None else ()

    def _find(self, connection: Connection, number: str) -> tuple[Incident, Review, list[Entry]]:
        incident = incidents.get(connection, number)
        if incident is None:
            raise Unknown("no_incident", number=number)
        if incident.state == "open":
            raise Conflict("incident.refused.review_early", incident=number)
        review = reviews.get(connection, number) or begun(incident, self._desk())
        return incident, review, _entries(connection, number)

    def _stands(self, incident: Incident, review: Review, lines: Sequence[Entry], now: float) -> ReviewStanding:
        questions = self._questions(incident)
        held = review.held_at is not None
        return ReviewStanding(
            review=review,
            risk=incident.risk,
            peak=incident.peak,
            course=looking.course(incident, lines),
            questions=questions,
            missing=() if held else tuple(looking.missing(review, len(questions))),
            overdue=not held and review.due_at < now,
        )

    async def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(job)
        except StoreFault as fault:
            raise Busy() from fault


def _gathered(connection: Connection, review: Review) -> tuple[Incident, Review, list[Entry]]:
    incident = incidents.get(connection, review.incident)
    assert incident is not None, review.incident  # incidents are never deleted
    return incident, review, _entries(connection, review.incident)


def _entries(connection: Connection, number: str) -> list[Entry]:
    return [line.entry for line in incidents.timeline(connection, number)]


def _action(act: NewAction, incident: Incident, context: Context) -> Action:
    """The owner must be somebody: what everybody should do nobody does."""
    if act.owner not in context.people:
        raise ActRefused("no_person", name=act.owner, incident=incident.number)
    return Action(
        id="", text=act.text, owner=act.owner, due_at=act.due_at, metric=act.metric, direction=act.direction,
        before=act.before, wanted=act.wanted, check_at=act.check_at,
    )  # fmt: skip


def begun(incident: Incident, desk: Desk) -> Review:
    """An empty review, due by the playbook's working days from the end of the incident."""
    plan = desk.playbooks.plan(incident.playbook)
    asked = plan.review if plan is not None else None
    within, red = (asked.within_days, asked.red_within_days) if asked else (looking.WITHIN, looking.RED_WITHIN)
    due = looking.due_at(incident, desk.context.calendar(), desk.zone, within=within, red=red)
    return Review(incident=incident.number, due_at=due)


def tend(connection: Connection, desk: Desk, now: float) -> bool:
    """Begins the reviews that ended incidents want, ends findings that are true no more; says whether one was."""
    for incident in incidents.closed_since(connection, now - SINCE):
        if not looking.wanted(incident):
            continue
        found, fresh = reviews.get(connection, incident.number), begun(incident, desk)
        if found is None or (found.held_at is None and found.due_at != fresh.due_at):  # it ended again, and later
            reviews.put(connection, replace(found or fresh, due_at=fresh.due_at))
    return _settle(connection, now)


def _settle(connection: Connection, now: float) -> bool:
    late = {(f.kind, f.subject) for f in _late(connection, now)}
    over = [f for f in findings.open(connection) if f.kind in OVERDUE and (f.kind, f.subject) not in late]
    return any([findings.end(connection, f.kind, f.subject, now) for f in over])


def _late(connection: Connection, now: float) -> list[Finding]:
    """What is overdue; an incident that stands again is looked back on later."""
    open = {incident.number for incident in incidents.open(connection)}
    return looking.findings((r for r in reviews.all(connection) if r.incident not in open), now)


def _untold(connection: Connection, now: float) -> list[Finding]:
    told = {(f.kind, f.subject) for f in findings.open(connection)}
    return [f for f in _late(connection, now) if (f.kind, f.subject) not in told]
