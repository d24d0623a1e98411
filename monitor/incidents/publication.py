"""The gate before the public: no statement goes out before enough sources, a verifier, approvers and clean words.

Nothing is published by itself: each step is a named person's. A changed text is a new version, and what was said of the
old one (verified, approved) does not hold for it.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.incidents.context import Context
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.wording import faults
from monitor.model import Entry, Incident, Tier

State = Literal["draft", "published", "withdrawn"]


class Source(Struct, frozen=True, kw_only=True):
    """Where a fact was confirmed: a family (tickets, press, own records …), the very origin, and who says so."""

    family: str
    origin: str
    by: str
    note: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """One role's yes. `substitute`: given by a backup because the first could not be reached in time."""

    role: str
    by: str
    at: float
    substitute: bool = False


class Statement(Struct, frozen=True, kw_only=True):
    """A text for the outside and how far it has come. `asked_at`: since when approval is waited for."""

    id: str
    incident: str
    audience: str
    tier: Tier
    language: str
    text: str
    author: str
    version: int = 1
    state: State = "draft"
    sources: tuple[Source, ...] = ()
    verified_by: str = ""
    asked_at: float | None = None
    approvals: tuple[Approval, ...] = ()
    allowed_words: tuple[str, ...] = ()
    published_by: str = ""
    published_at: float | None = None
    corrects: str = ""


class Gate(Struct, frozen=True, kw_only=True):
    """What the playbook asks for at a tier: roles by name, and how long before a backup may approve."""

    min_sources: int = 2
    verifier: str = "information"
    approve: tuple[str, ...] = ()
    publish: str = "spokesperson"
    substitute_after: float = 900.0
    preventable: bool = False
    clocks: tuple[str, ...] = ()
    most: int = 800
    banned: tuple[str, ...] = ()


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


def independent(statement: Statement) -> int:
    """How many sources do not depend on each other: distinct in family and in origin."""
    families = {s.family for s in statement.sources}
    origins = {s.origin.strip().casefold() for s in statement.sources}
    return min(len(families), len(origins))


def holders(role: str, context: Context) -> tuple[str, ...]:
    """Who holds a role, in any team; the first acts, the next are backups."""
    found = [name for team in context.teams.values() for name in team.roles.get(role, ())]
    return tuple(dict.fromkeys(found))


def edit(statement: Statement, text: str, actor: str, now: float) -> Step:
    """A new version: verified and approved no more."""
    _draft(statement)
    made = replace(
        statement, text=text, author=actor, version=statement.version + 1, verified_by="", approvals=(), asked_at=None,
        allowed_words=(),
    )  # fmt: skip
    return made, _entry(made, "edited", actor, now)


def add_source(statement: Statement, source: Source, now: float) -> Step:
    """One more place where it was confirmed."""
    _draft(statement)
    made = replace(statement, sources=(*statement.sources, source))
    return made, _entry(made, "source", source.by, now, family=source.family, origin=source.origin)


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
    if actor not in holders(gate.verifier, context):
        raise ActRefused("not_the_role", role=gate.verifier, incident=statement.incident)
    if (has := independent(statement)) < gate.min_sources:
        raise ActRefused("few_sources", has=has, wanted=gate.min_sources, incident=statement.incident)
    made = replace(statement, verified_by=actor, asked_at=now)
    return made, _entry(made, "verified", actor, now, sources=independent(made))


def approve(statement: Statement, gate: Gate, role: str, actor: str, now: float, context: Context) -> Step:
    """A role's yes: by its first, or by a backup once the first has had `substitute_after` to answer."""
    _draft(statement)
    people = holders(role, context)
    if role not in gate.approve or actor not in people:
        raise ActRefused("not_the_role", role=role, incident=statement.incident)
    if statement.asked_at is None:
        raise ActRefused("verify_first", incident=statement.incident)
    substitute = actor != people[0]
    opens = statement.asked_at + gate.substitute_after
    if substitute and now < opens:
        raise ActRefused("first_has_time", role=role, by=people[0], until=opens, incident=statement.incident)
    approval = Approval(role=role, by=actor, at=now, substitute=substitute)
    made = replace(statement, approvals=(*(a for a in statement.approvals if a.role != role), approval))
    return made, _entry(made, "approved", actor, now, role=role)


def publish(
    statement: Statement, gate: Gate, incident: Incident, actor: str, now: float, context: Context
) -> Step:  # fmt: skip
    """Marks it as gone out, by the one who speaks for the house; refused while anything stands in the way."""
    _draft(statement)
    if actor not in holders(gate.publish, context):
        raise ActRefused("not_the_role", role=gate.publish, incident=statement.incident)
    if left := blocks(statement, gate, incident):
        raise ActRefused("blocked", n=len(left), first=left[0].id, incident=statement.incident)
    made = replace(statement, state="published", published_by=actor, published_at=now)
    return made, _entry(made, "published", actor, now, audience=made.audience)


def correct(statement: Statement, id: str, text: str, actor: str, now: float) -> Step:
    """A correction is a statement of its own that names what it corrects; the wrong one stays to be seen."""
    if statement.state != "published":
        raise ActRefused("not_published", incident=statement.incident)
    made = Statement(
        id=id, incident=statement.incident, audience=statement.audience, tier=statement.tier,
        language=statement.language, text=text, author=actor, corrects=statement.id,
    )  # fmt: skip
    return made, _entry(made, "correction", actor, now, corrects=statement.id)


def _draft(statement: Statement) -> None:
    if statement.state != "draft":
        raise ActRefused("not_a_draft", incident=statement.incident)


def _entry(statement: Statement, kind: str, actor: str, now: float, **args: Any) -> Entry:
    told = {"statement": statement.id, "version": statement.version, **args}
    return Entry(incident=statement.incident, at=now, actor=actor, kind=f"incident.statement.{kind}", args=told)
