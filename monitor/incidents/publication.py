"""The gate before the public: no statement goes out before enough sources, a verifier, approvers and clean words.

Nothing is published by itself: each step is a named person's. A changed text is a new version, and what was said of the
old one (verified, approved) does not hold for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.incidents.change import Change
from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.wording import faults
from monitor.model import Approval, Confirmation, Entry, Incident, Statement

TIMER = "statement:"
"""What the kind of a timer begins with that waits for a statement; the statement's id follows."""
Stage = Literal["draft", "verified", "approved", "published", "withdrawn"]


class Gate(Struct, frozen=True, kw_only=True):
    """What the playbook asks for at a tier: roles by name, and how long before a backup may approve.

    `stand_ins`: role -> the role that acts in its place where the first of it does not answer. `clocks`: laws of which
    somebody must have said that they run or do not apply. `most`: characters.
    """

    min_sources: int = 2
    verifier: str = "information"
    approve: tuple[str, ...] = ()
    publish: str = "spokesperson"
    substitute_after: float = 900.0
    preventable: bool = False
    clocks: tuple[str, ...] = ()
    most: int = 800
    banned: tuple[str, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)


class Block(Struct, frozen=True):
    """One reason why a statement may not go out: the message `incident.block.<id>`, filled."""

    id: str
    args: dict[str, Any]


Step = tuple[Statement, Entry]


def blocks(statement: Statement, gate: Gate, incident: Incident) -> list[Block]:
    """Everything that still stands in the way; empty = the one who may publish can."""
    out: list[Block] = []
    if (has := independent(statement)) < gate.min_sources:
        out.append(Block("sources", {"has": has, "wanted": gate.min_sources}))
    if not statement.verified_by:
        out.append(Block("unverified", {"role": gate.verifier}))
    given = {a.role for a in statement.approvals}
    out += [Block("unapproved", {"role": role}) for role in gate.approve if role not in given]
    if len(statement.text.replace("\n", "")) > gate.most:
        out.append(Block("long", {"has": len(statement.text.replace("\n", "")), "most": gate.most}))
    for fault in faults(statement.text, preventable=_no_denial(statement, gate), banned=gate.banned):
        if fault.words not in statement.allowed_words or fault.why in ("blank", "personal"):
            out.append(Block(f"words_{fault.why}", {"words": fault.words}))
    known = {clock.id for clock in incident.clocks}
    out += [Block("clock", {"clock": id}) for id in gate.clocks if id not in known]
    return out


def _no_denial(statement: Statement, gate: Gate) -> bool:
    """Where we are at fault nothing is denied; nor anywhere while it is not verified."""
    return gate.preventable or not statement.verified_by


def stage(statement: Statement, gate: Gate) -> Stage:
    """How far it has come."""
    if statement.state != "draft":
        return statement.state
    given = {a.role for a in statement.approvals}
    if not statement.verified_by:
        return "draft"
    return "approved" if given >= set(gate.approve) else "verified"


def independent(statement: Statement) -> int:
    """How many sources do not depend on each other: distinct in family and in origin."""
    families = {s.family for s in statement.sources}
    origins = {s.origin.strip().casefold() for s in statement.sources}
    return min(len(families), len(origins))


def holders(role: str, context: Context, gate: Gate) -> tuple[str, ...]:
    """Who holds a role, in any team, then who stands in for it; the first acts, the next are backups."""
    roles = (role, gate.stand_ins.get(role, ""))
    found = [name for r in roles for team in context.teams.values() for name in team.roles.get(r, ())]
    return tuple(dict.fromkeys(found))


def write(statement: Statement) -> Step:
    """The first version."""
    return statement, _entry(statement, "written", statement.author, statement.written_at, audience=statement.audience)


def edit(statement: Statement, text: str, actor: str, now: float) -> Step:
    """A new version: verified and approved no more."""
    _draft(statement)
    made = replace(
        statement, text=text, author=actor, written_at=now, version=statement.version + 1, verified_by="",
        approvals=(), asked_at=None, allowed_words=(),
    )  # fmt: skip
    return made, _entry(made, "edited", actor, now)


def add_source(statement: Statement, source: Confirmation) -> Step:
    """One more place where it was confirmed."""
    _draft(statement)
    made = replace(statement, sources=(*statement.sources, source))
    return made, _entry(made, "source", source.by, source.at, family=source.family, origin=source.origin)


def allow_word(statement: Statement, words: str, actor: str, now: float, *, reason: str) -> Step:
    """A warned-of word is meant; who says so and why is kept. Blanks and personal data can't be allowed."""
    _draft(statement)
    if not reason:
        raise ActRefused("reason_wanted", incident=statement.incident)
    made = replace(statement, allowed_words=(*statement.allowed_words, words))
    return made, _entry(made, "word_allowed", actor, now, words=words, reason=reason)


def verify(statement: Statement, gate: Gate, actor: str, now: float, context: Context) -> Step:
    """The verifier's yes; nobody verifies what they wrote. From here approval is waited for."""
    _draft(statement)
    if actor == statement.author:
        raise ActRefused("own_text", incident=statement.incident)
    if actor not in holders(gate.verifier, context, gate):
        raise ActRefused("not_the_role", role=gate.verifier, by=actor, incident=statement.incident)
    if (has := independent(statement)) < gate.min_sources:
        raise ActRefused("few_sources", has=has, wanted=gate.min_sources, incident=statement.incident)
    made = replace(statement, verified_by=actor, asked_at=now)
    return made, _entry(made, "verified", actor, now, sources=independent(made))


def approve(statement: Statement, gate: Gate, role: str, actor: str, now: float, context: Context) -> Step:
    """A role's yes: by its first, or by a backup once the first has had `substitute_after` to answer."""
    _draft(statement)
    people = holders(role, context, gate)
    if role not in gate.approve or actor not in people:
        raise ActRefused("not_the_role", role=role, by=actor, incident=statement.incident)
    if statement.asked_at is None:
        raise ActRefused("verify_first", incident=statement.incident)
    substitute = actor != people[0]
    opens = statement.asked_at + gate.substitute_after
    if substitute and now < opens:
        raise ActRefused("first_has_time", role=role, by=people[0], until=opens, incident=statement.incident)
    approval = Approval(role=role, by=actor, at=now, substitute=substitute)
    made = replace(statement, approvals=(*(a for a in statement.approvals if a.role != role), approval))
    ready = stage(made, gate) == "approved"
    return made, _entry(made, "approved", actor, now, role=role, audience=made.audience, ready=ready)


def publish(
    statement: Statement, gate: Gate, incident: Incident, actor: str, now: float, context: Context, *, where: str
) -> Step:
    """Notes that it has gone out, where, by the one who speaks for the house; refused while anything is in the way."""
    _draft(statement)
    if actor not in holders(gate.publish, context, gate):
        raise ActRefused("not_the_role", role=gate.publish, by=actor, incident=statement.incident)
    if not where:
        raise ActRefused("where_wanted", incident=statement.incident)
    if left := blocks(statement, gate, incident):
        raise ActRefused("blocked", n=len(left), block=(left[0].id, left[0].args), incident=statement.incident)
    made = replace(statement, state="published", published_by=actor, published_at=now, where=where)
    return made, _entry(made, "published", actor, now, audience=made.audience, where=where)


def withdraw(statement: Statement, actor: str, now: float, *, reason: str) -> Step:
    """A draft that will not be used. What has gone out is corrected, not withdrawn."""
    _draft(statement)
    if not reason:
        raise ActRefused("reason_wanted", incident=statement.incident)
    made = replace(statement, state="withdrawn")
    return made, _entry(made, "withdrawn", actor, now, reason=reason)


def correct(statement: Statement, id: str, text: str, actor: str, now: float) -> Step:
    """A correction is a statement of its own that names what it corrects; the wrong one stays to be seen."""
    if statement.state != "published":
        raise ActRefused("not_published", incident=statement.incident)
    made = Statement(
        id=id, incident=statement.incident, audience=statement.audience, tier=statement.tier,
        language=statement.language, text=text, author=actor, written_at=now, corrects=statement.id,
    )  # fmt: skip
    return made, _entry(made, "correction", actor, now, corrects=statement.id)


def turn(statement: Statement, gate: Gate, context: Context) -> tuple[str, tuple[str, ...]]:
    """What comes next and whose turn it is: verify, approve, publish; "" while sources are wanting, and at the end."""
    verb, people = _awaited(statement, gate, context)
    return verb, tuple(dict.fromkeys(name for names in people for name in names[:1]))


def _awaited(statement: Statement, gate: Gate, context: Context) -> tuple[str, list[tuple[str, ...]]]:
    """What comes next, and for each role that has to do it who can, the first at the head."""
    if statement.state != "draft":
        return "", []
    if not statement.verified_by:
        enough = independent(statement) >= gate.min_sources
        others = tuple(name for name in holders(gate.verifier, context, gate) if name != statement.author)
        return ("verify", [others]) if enough else ("", [])
    given = {a.role for a in statement.approvals}
    open = [role for role in gate.approve if role not in given]
    return "approve" if open else "publish", [holders(role, context, gate) for role in open or [gate.publish]]


def took(change: Change, before: Statement | None, step: Step, gate: Gate) -> None:
    """Puts a step into the timeline, tells those whose turn it has become, and from now on counts their time."""
    made, entry = step
    change.entries.append(entry)
    old = turn(before, gate, change.context) if before is not None else ("", ())
    new, people = turn(made, gate, change.context)
    waiting = [name for name in people if name != change.actor and (new != old[0] or name not in old[1])]
    if waiting:
        change.tell("UPDATE", waiting, f"incident.reason.statement_{new}", unhidden=True, statement=made.id)
    if new == old[0]:
        return
    if new:
        change.arm(TIMER + made.id, 0, change.now + gate.substitute_after)
    else:
        change.cancel(TIMER + made.id, 0)


def time_over(change: Change, statement: Statement, gate: Gate) -> None:
    """Whoever was first had their time: those who may act in their place are told that it is up to them."""
    verb, people = _awaited(statement, gate, change.context)
    backups = tuple(dict.fromkeys(name for names in people for name in names[1:]))
    if backups:
        change.tell("UPDATE", backups, f"incident.reason.statement_late_{verb}", unhidden=True, statement=statement.id)


def _draft(statement: Statement) -> None:
    if statement.state != "draft":
        raise ActRefused("not_a_draft", incident=statement.incident)


def _entry(statement: Statement, kind: str, actor: str, now: float, **args: Any) -> Entry:
    told = {"statement": statement.id, "version": statement.version, **args}
    return Entry(incident=statement.incident, at=now, actor=actor, kind=f"incident.statement.{kind}", args=told)
