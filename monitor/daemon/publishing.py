"""Statements over the web: read from the store, moved on by a pure step, written with the incident's timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.board import Board
from monitor.daemon.desk import Desk
from monitor.incidents import lifecycle, publication, timers
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.publication import Gate
from monitor.model import Alert, Confirmation, Incident, Outcome, Statement, Tier, Timer
from monitor.playbook import TemplateFault
from monitor.playbook.statement import KINDS, limit, matrix
from monitor.store import incidents
from monitor.store import statements as kept
from monitor.store.database import Conflict as Overtaken
from monitor.store.database import Database, StoreFault
from monitor.web.acts import Busy, Conflict, Unknown
from monitor.web.statement_acts import (
    Allow,
    Approve,
    Confirm,
    Correct,
    Edit,
    Publish,
    Standing,
    StatementAct,
    Verify,
    Withdraw,
    Write,
)

T = TypeVar("T")
Moved = Callable[[Incident, Context], list[publication.Step]]
"""The steps that one act takes, in order; the last one's statement is what stands then."""


class Publishing:
    """Fulfils `web.site.Statements`."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], board: Board, standing: Callable[[], list[Alert]]
    ) -> None:
        self._db, self._desk, self._board, self._standing = db, desk, board, standing

    async def of(self, number: str) -> tuple[Standing, ...]:
        """All of an incident, in the order they were begun."""
        incident, found = await self._read(lambda c: (incidents.get(c, number), kept.of(c, number)))
        if incident is None:
            raise Unknown("no_incident", number=number)
        return tuple(self._stands(incident, [statement]) for statement in found)

    async def get(self, id: str) -> Standing:
        """One, with all its versions."""
        incident, versions = await self._read(lambda c: _find(c, id))
        return self._stands(incident, versions)

    async def write(self, actor: str, number: str, asked: Write, now: float) -> Standing:
        """Begins one."""
        id = await self._read(lambda c: kept.next_id(c, number))
        language = asked.language or self._desk().config.settings.language

        def moved(incident: Incident, context: Context) -> list[publication.Step]:
            tier = max(incident.tier, incident.peak if incident.state != "open" else incident.tier, Tier.BLUE)
            text = asked.text or self._words(incident, asked, tier, language)
            made = Statement(
                id=id, incident=number, audience=asked.audience, tier=tier, language=language, text=text, author=actor,
                written_at=now,
            )  # fmt: skip
            return [publication.write(made)]

        return await self._move(actor, number, id, None, moved, now)

    def _words(self, incident: Incident, asked: Write, tier: Tier, language: str) -> str:
        """The playbook's words for that audience, with blanks where nobody knows yet."""
        word = tier.word
        if (asked.audience, word) not in matrix() or asked.kind not in KINDS[word]:  # type: ignore[index]
            raise ActRefused("no_words", audience=asked.audience, incident=incident.number)
        try:
            texts = self._desk().playbooks.statement(incident.playbook, asked.audience, word, language, asked.slots)  # type: ignore[arg-type]
        except TemplateFault as fault:
            raise Conflict("no_text", why=str(fault)) from None
        return texts[asked.kind]

    async def act(self, actor: str, id: str, act: StatementAct, now: float) -> Standing:
        """Takes one step."""
        incident, versions = await self._read(lambda c: _find(c, id))
        before = versions[0]
        other = await self._read(lambda c: kept.next_id(c, incident.number)) if isinstance(act, Correct) else id

        def moved(incident: Incident, context: Context) -> list[publication.Step]:
            gate = gate_of(self._desk(), incident, before)
            if isinstance(act, Correct):
                return [publication.correct(before, other, act.text, actor, now)]
            return _steps(act, before, gate, incident, actor, now, context)

        return await self._move(actor, incident.number, other, before, moved, now)

    async def _move(
        self, actor: str, number: str, id: str, before: Statement | None, moved: Moved, now: float
    ) -> Standing:
        """Thinks and writes; somebody who was faster costs a second try by the one who asks."""
        after: list[Statement] = []

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            after.clear()
            change = lifecycle.act(incident, actor, now, context, alerts)
            last = before
            for step in moved(incident, context):
                publication.took(change, last, step, gate_of(self._desk(), incident, step[0]))
                last = step[0]
                after.append(last)
            return change.outcome()

        def beside(connection: Connection) -> None:
            stands = kept.versions(connection, id)
            if (stands[0] if stands else None) != (before if before is not None and before.id == id else None):
                raise Overtaken(f"{id} was changed meanwhile")
            kept.put(connection, after[-1])

        try:
            incident = await self._board.act(number, think, self._standing(), now, beside)
        except ActRefused as fault:
            raise Conflict(fault.id, **fault.told) from fault
        except (Overtaken, StoreFault) as fault:
            raise Busy() from fault
        if incident is None:
            raise Unknown("no_incident", number=number)
        return await self.get(id)

    async def waited(self, timer: Timer, now: float) -> None:
        """The first of a role had the playbook's time for a statement. Raises `Overtaken` when it moved on."""
        id = timer.kind.removeprefix(publication.TIMER)
        before = (await self._db.read(lambda c: kept.versions(c, id)))[0]

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            change = timers.firing(incident, timer, context, alerts, now)
            publication.time_over(change, before, gate_of(self._desk(), incident, before))
            return change.outcome()

        def beside(connection: Connection) -> None:
            if kept.versions(connection, id)[0] != before:
                raise Overtaken(f"{id} was changed meanwhile")

        await self._board.act(timer.incident, think, self._standing(), now, beside)

    def _stands(self, incident: Incident, versions: list[Statement]) -> Standing:
        desk, newest = self._desk(), versions[0]
        gate = gate_of(desk, incident, newest)
        roles = dict.fromkeys((gate.verifier, *gate.approve, gate.publish))
        asked = newest.asked_at
        return Standing(
            statement=newest,
            stage=publication.stage(newest, gate),
            blocks=tuple(publication.blocks(newest, gate, incident)) if newest.state == "draft" else (),
            may={role: publication.holders(role, desk.context, gate) for role in roles},
            verifier=gate.verifier,
            approvers=gate.approve,
            publisher=gate.publish,
            backups_from=None if asked is None else asked + gate.substitute_after,
            versions=tuple(versions),
        )

    async def _read(self, job: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(job)
        except StoreFault as fault:
            raise Busy() from fault


def _find(connection: Connection, id: str) -> tuple[Incident, list[Statement]]:
    versions = kept.versions(connection, id)
    incident = incidents.get(connection, versions[0].incident) if versions else None
    if incident is None:
        raise Unknown("no_statement", id=id)
    return incident, versions


def _steps(
    act: StatementAct, statement: Statement, gate: Gate, incident: Incident, actor: str, now: float, context: Context
) -> list[publication.Step]:
    match act:
        case Edit():
            return [publication.edit(statement, act.text, actor, now)]
        case Confirm():
            source = Confirmation(family=act.family, origin=act.origin, by=actor, at=now, note=act.comment)
            return [publication.add_source(statement, source)]
        case Allow():
            return [publication.allow_word(statement, act.words, actor, now, reason=act.comment)]
        case Verify():
            return [publication.verify(statement, gate, actor, now, context)]
        case Approve():
            return _approvals(act, statement, gate, actor, now, context)
        case Publish():
            return [publication.publish(statement, gate, incident, actor, now, context, where=act.where)]
        case Withdraw():
            return [publication.withdraw(statement, actor, now, reason=act.comment)]
        case Correct():
            raise AssertionError("a correction is a statement of its own")


def _approvals(
    act: Approve, statement: Statement, gate: Gate, actor: str, now: float, context: Context
) -> list[publication.Step]:
    """One role's yes, or that of all roles the actor holds and that have not said it."""
    given = {a.role for a in statement.approvals}
    mine = [r for r in gate.approve if r not in given and actor in publication.holders(r, context, gate)]
    out: list[publication.Step] = []
    refused: list[ActRefused] = []
    for role in [act.role] if act.role else mine or [next(iter(gate.approve), "")]:
        try:
            out.append(publication.approve(statement, gate, role, actor, now, context))
            statement = out[-1][0]
        except ActRefused as fault:
            refused.append(fault)
    if not out:
        raise refused[0]
    return out


def gate_of(desk: Desk, incident: Incident, statement: Statement) -> Gate:
    """What the incident's playbook asks for; a tier that rose since asks for those of the higher one."""
    plan = desk.playbooks.plan(incident.playbook)
    banned = desk.config.incident.banned_words
    most = limit(statement.audience, statement.language)  # type: ignore[arg-type]
    if plan is None:
        return Gate(banned=banned, most=most)
    tier = max(statement.tier, incident.tier)
    asked = plan.authority.get(tier.word)  # type: ignore[call-overload]
    gate = Gate(
        preventable=plan.scct_cluster == "preventable", clocks=plan.clocks if tier >= Tier.ORANGE else (), most=most,
        banned=banned, stand_ins={id: role.backup for id, role in plan.role.items() if role.backup},
    )  # fmt: skip
    if plan.verify is not None:
        gate = replace(gate, min_sources=plan.verify.min_sources, verifier=plan.verify.verifier)
    if asked is not None:
        approve = tuple(dict.fromkeys((asked.decide, *asked.approve)))
        gate = replace(gate, approve=approve, publish=asked.publish, substitute_after=asked.substitute_after)
    return gate
