"""What can be known to be wrong before a night comes: names that nothing bears, templates that fail on samples, texts
that are too long.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Protocol, get_args

from monitor.messages import LANGUAGES
from monitor.model import Facts, Link, Notice, Tier, Transition
from monitor.playbook.fault import Fault, TemplateFault
from monitor.playbook.notice import GROUPS
from monitor.playbook.plan import (
    AUDIENCES,
    FAQ_IDS,
    GENERAL,
    PHASES,
    Audience,
    Clock,
    Plan,
    Question,
    TierWord,
    Words,
)
from monitor.playbook.sample import SLOTS as SAMPLE_SLOTS
from monitor.playbook.sample import URLS, sample_facts
from monitor.playbook.statement import KINDS, SLOTS, length, limit, matrix, unknown_slots

LONGEST_NOTICE = {"zh": 700, "en": 1400}
"""Characters of a whole notice; more can't be read on a phone, and would be cut on the narrow channels."""

_FILE = re.compile(
    rf"notice\.({'|'.join(sorted(set(GROUPS.values())))})\.(zh|en)\.j2"
    rf"|statement\.({'|'.join(AUDIENCES)})\.(yellow|orange|red)\.(zh|en)\.j2|_[a-z_.]+\.j2"
)
_NEEDED = ("role", "tier", "authority", "verify", "exit", "review", "principles", "step")


class Books(Protocol):
    """What is checked."""

    own: dict[str, Plan]
    plans: dict[str, Plan]
    clocks: dict[str, Clock]

    def paths(self) -> list[str]: ...

    def has(self, path: str) -> bool: ...

    def template(self, id: str, name: str) -> str: ...

    def questions(self, id: str) -> tuple[Question, ...]: ...

    def render(self, facts: Facts, *, language: str, urls: dict[str, str], key: str) -> Notice: ...

    def statement(
        self, id: str, audience: Audience, tier: TierWord, language: str, slots: dict[str, str]
    ) -> dict[str, str]: ...


def check(books: Books) -> list[Fault]:
    """Everything wrong beyond what the types tell. Without a readable general plan only that is said."""
    faults = [*_files(books)]
    if GENERAL not in books.own:
        missing = not any(path.startswith(f"{GENERAL}/") for path in books.paths())
        return faults + ([Fault(file=f"{GENERAL}/playbook.toml", text_id="playbook.no_general")] if missing else [])
    sections = [*_sections(books.own[GENERAL])]
    if sections:
        return faults + sections
    for id, plan in books.plans.items():
        faults += [*_names(id, plan, books), *_phases(id, plan), *_questions(id, books)]
        faults += [*_notices(id, books), *_statements(id, books)]
    return list({(f.file, f.line, f.text_id, str(f.args)): f for f in faults}.values())


def _files(books: Books) -> Iterator[Fault]:
    for path in books.paths():
        name = path.rpartition("/")[2]
        if name.endswith(".j2") and not _FILE.fullmatch(name):
            yield Fault(file=path, text_id="playbook.strange_file")


def _sections(general: Plan) -> Iterator[Fault]:
    for key in _NEEDED:
        if not getattr(general, key):
            yield Fault(file=f"{GENERAL}/playbook.toml", text_id="playbook.no_section", args={"key": key})
    for table in ("tier", "authority"):
        for word in get_args(TierWord):
            if word not in getattr(general, table):
                args = {"key": f"{table}.{word}"}
                yield Fault(file=f"{GENERAL}/playbook.toml", text_id="playbook.no_section", args=args)


def _names(id: str, plan: Plan, books: Books) -> Iterator[Fault]:
    file = f"{id}/playbook.toml"
    if plan.id != id:
        yield Fault(file=file, text_id="playbook.wrong_id", args={"id": plan.id, "folder": id})
    for where, role in _roles_named(books.own[id]):
        if role not in plan.role:
            args = {"where": where, "role": role, "roles": ", ".join(sorted(plan.role))}
            yield Fault(file=file, text_id="playbook.no_role", args=args)
    for role, its in books.own[id].role.items():
        if not its.backup and not its.outside:
            yield Fault(file=file, text_id="playbook.no_backup", args={"role": role})
    for clock in plan.clocks:
        if clock not in books.clocks:
            near = get_close_matches(clock, books.clocks, 1, 0.5)
            args = {"clock": clock, "right": (near or sorted(books.clocks)[:8] or ["-"])[0]}
            yield Fault(file=file, text_id="playbook.no_clock", args=args)
    for step, n in Counter(step.id for step in plan.step).items():
        if n > 1:
            yield Fault(file=file, text_id="playbook.twice", args={"what": f"step {step}"})


def _roles_named(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "owner", plan.owner
    yield from (("join", role) for role in plan.join)
    yield from ((f"role.{id}.backup", role.backup) for id, role in plan.role.items() if role.backup)
    yield from ((f"step {step.id}", step.role) for step in plan.step)
    yield from ((f"tier.{word}.notify", role) for word, tier in plan.tier.items() for role in tier.notify)
    for word, its in plan.authority.items():
        yield from ((f"authority.{word}", role) for role in (its.decide, *its.approve, its.publish))
    if plan.verify:
        yield "verify.verifier", plan.verify.verifier


def _phases(id: str, plan: Plan) -> Iterator[Fault]:
    for word, tier in plan.tier.items():
        there = {step.at for step in plan.steps(Tier.of(word))}
        for phase in PHASES:
            if phase not in there and phase not in tier.without:
                args = {"tier": word, "phase": phase}
                yield Fault(file=f"{id}/playbook.toml", text_id="playbook.no_step", args=args)


def _questions(id: str, books: Books) -> Iterator[Fault]:
    questions = books.questions(id)
    file = f"{id}/faq.toml"
    for missing in (i for i in FAQ_IDS if i not in {q.id for q in questions}):
        yield Fault(file=file, text_id="playbook.no_question", args={"id": missing})
    for question in questions:
        for words in (question.ask, question.answer, question.after):
            yield from _slots(file, question.id, words)


def _slots(file: str, where: str, words: Words | None) -> Iterator[Fault]:
    for language in LANGUAGES if words else ():
        assert words is not None
        for slot in unknown_slots(words.say(language)):
            args = {"where": where, "slot": slot, "slots": ", ".join(SLOTS)}
            yield Fault(file=file, text_id="playbook.bad_slot", args=args)


def _notices(id: str, books: Books) -> Iterator[Fault]:
    """A plan without templates of its own differs from the general one in its words only: two transitions show them."""
    own = id == GENERAL or any(path.startswith(f"{id}/notice.") for path in books.paths())
    for language in LANGUAGES:
        for transition in get_args(Transition) if own else ("NEW", "LOWERED"):
            for tier in (Tier.RED, Tier.BLUE):
                yield from _notice(id, books, language, transition, tier)


def _notice(id: str, books: Books, language: str, transition: Transition, tier: Tier) -> Iterator[Fault]:
    file = books.template(id, f"notice.{GROUPS[transition]}.{language}.j2")
    if not books.has(file):
        yield Fault(file=file, text_id="playbook.no_template", args={"file": file})
        return
    sample = f"{id}, {transition}, {language}, {tier.word}"
    try:
        notice = books.render(sample_facts(transition, tier, id), language=language, urls=URLS, key="sample")
    except TemplateFault as error:
        args = {"why": error.why, "sample": sample}
        yield Fault(file=error.file, line=error.line, text_id="playbook.template", args=args)
        return
    size = sum(len(p.label if isinstance(p, Link) else p.text) for line in notice.lines for p in line.parts)
    if size > LONGEST_NOTICE[language]:
        told: dict[str, Any] = {"what": sample, "length": size, "most": LONGEST_NOTICE[language]}
        yield Fault(file=file, text_id="playbook.too_long", args=told)


def _statements(id: str, books: Books) -> Iterator[Fault]:
    for audience, tier in matrix():
        for language in LANGUAGES:
            yield from _statement(id, books, audience, tier, language)


def _statement(id: str, books: Books, audience: Audience, tier: TierWord, language: str) -> Iterator[Fault]:
    file = books.template(id, f"statement.{audience}.{tier}.{language}.j2")
    sample = f"{id}, {audience}, {tier}, {language}"
    if not books.has(file):
        yield Fault(file=file, text_id="playbook.no_template", args={"file": file})
        return
    try:
        texts = books.statement(id, audience, tier, language, SAMPLE_SLOTS[language])
    except TemplateFault as error:
        args = {"why": error.why, "sample": sample}
        yield Fault(file=error.file, line=error.line, text_id="playbook.template", args=args)
        return
    for kind in KINDS[tier]:
        if not texts.get(kind):
            yield Fault(file=file, text_id="playbook.no_block", args={"block": kind, "sample": sample})
        elif length(texts[kind]) > limit(audience, language):
            size: dict[str, Any] = {
                "what": f"{sample}, {kind}",
                "length": length(texts[kind]),
                "most": limit(audience, language),
            }
            yield Fault(file=file, text_id="playbook.too_long", args=size)
