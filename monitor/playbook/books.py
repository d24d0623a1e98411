"""All playbooks of a folder: read once, rendered often."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from monitor.model import Facts, Notice
from monitor.playbook.check import check
from monitor.playbook.fault import Fault, TemplateFault
from monitor.playbook.notice import GROUPS, REQUIRED, Written, assemble, voice_of
from monitor.playbook.plain import plain_lines
from monitor.playbook.plan import GENERAL, Audience, Clock, ClockBook, Faq, Plan, Question, TierWord
from monitor.playbook.read import read_table
from monitor.playbook.statement import fill, fill_text
from monitor.playbook.template import Templates
from monitor.playbook.view import Acknowledged, view
from monitor.playbook.voice import Names

CLOCKS = "clocks.toml"
_TEXT_FILE = re.compile(r"(playbook|faq)\.toml|.+\.j2")


class Playbooks:
    """The playbooks, laid over the general one. Made from texts alone, so that a stored revision renders again."""

    def __init__(
        self, texts: Mapping[str, str], plans: dict[str, Plan], faqs: dict[str, Faq], clocks: dict[str, Clock]
    ) -> None:
        self._texts = dict(texts)
        self._faqs = faqs
        self._templates = Templates(self._texts)
        self._revisions: dict[str, str] = {}
        general = plans.get(GENERAL)
        self.own = plans
        self.plans = {id: plan.over(general) for id, plan in plans.items()} if general else plans
        self.clocks = clocks

    @classmethod
    def load(cls, folder: Path, beneath: Path | None = None, *, tried: bool = True) -> tuple[Playbooks, list[Fault]]:
        """All playbooks of a folder, and everything that is wrong with them, with the files' names as found.

        `beneath` (the shipped ones) stands in file by file for what `folder` does not have. Unless `tried`, templates
        are not rendered on samples: only what can't be read is told.
        """
        under, faults = _read_folder(beneath) if beneath else ({}, [])
        own, found = _read_folder(folder)
        homes = {**dict.fromkeys(under, beneath), **dict.fromkeys(own, folder)}
        books, more = cls.of({**under, **own}, tried=tried)
        placed = [replace(fault, file=f"{homes.get(fault.file, folder)}/{fault.file}") for fault in more]
        return books, faults + found + placed

    @classmethod
    def of(cls, texts: Mapping[str, str], *, tried: bool = True) -> tuple[Playbooks, list[Fault]]:
        """Playbooks from their texts (path -> text), such as a revision that was stored."""
        faults: list[Fault] = []
        clocks, found = read_table(ClockBook, CLOCKS, texts.get(CLOCKS, ""))
        faults += found
        plans, faqs = dict[str, Plan](), dict[str, Faq]()
        for id in sorted({path.split("/")[0] for path in texts if "/" in path}):
            faults += _read_playbook(id, texts, plans, faqs)
        books = cls(texts, plans, faqs, {c.id: c for c in clocks.clock} if clocks else {})
        faults += check(books) if tried else []
        return books, sorted(faults, key=lambda fault: (fault.file, fault.line))

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of all playbooks, the general one first."""
        return tuple(sorted(self.plans, key=lambda id: (id != GENERAL, id)))

    def plan(self, id: str) -> Plan | None:
        """A playbook laid over the general one; the general one where none bears the name."""
        return self.plans.get(id) or self.plans.get(GENERAL)

    def faq(self, id: str, language: str, slots: Mapping[str, str] | None = None) -> list[tuple[Question, str, str]]:
        """(question, asked, answered) of a playbook, its slots filled; what nobody filled is a visible blank."""
        plan = self.plan(id)
        if plan is None:
            return []
        filled = fill(plan, language, slots or {})
        asked = [(q, q.ask.say(language), _answer(q, language, slots)) for q in self.questions(id)]
        return [(q, fill_text(ask, filled), fill_text(answer, filled)) for q, ask, answer in asked]

    def questions(self, id: str) -> tuple[Question, ...]:
        """The questions of a playbook, unfilled: own answers in place of general ones, further ones last."""
        general, own = (self._faqs.get(name, Faq()).question for name in (GENERAL, id))
        return tuple({q.id: q for q in (*general, *own)}.values())

    def texts(self, id: str) -> dict[str, str]:
        """Every text a notice of this playbook depends on: its own, the general ones, the clocks."""
        folders = {id if id in self.plans else GENERAL, GENERAL}
        return {path: text for path, text in self._texts.items() if path == CLOCKS or path.split("/")[0] in folders}

    def revision(self, id: str) -> str:
        """A hash of all those texts."""
        if id not in self._revisions:
            canonical = json.dumps(self.texts(id), sort_keys=True, ensure_ascii=False)
            self._revisions[id] = hashlib.sha256(canonical.encode()).hexdigest()[:16]
        return self._revisions[id]

    def render(
        self,
        facts: Facts,
        *,
        language: str,
        urls: Mapping[str, str],
        acknowledged: Acknowledged = None,
        key: str,
        names: Names | None = None,
    ) -> Notice:
        """The notice as the playbook words it. Raises TemplateFault; then `plain` is what goes out."""
        voice = voice_of(facts, language, names)
        plan = self.plan(facts.playbook)
        group = GROUPS[facts.transition]
        file = self.template(facts.playbook, f"notice.{group}.{_short(language)}.j2")
        try:
            values = view(facts, voice, plan, self.clocks, acknowledged)
        except (KeyError, ValueError, AttributeError) as error:
            raise TemplateFault(file, f"{type(error).__name__}: {error}") from error
        written = self._templates.lines(file, values)
        _whole(facts, written, file)
        return assemble(facts, voice, written, urls, key)

    def plain(
        self,
        facts: Facts,
        *,
        language: str,
        urls: Mapping[str, str],
        acknowledged: Acknowledged = None,
        key: str,
        names: Names | None = None,
    ) -> Notice:
        """The notice without any template: same facts, terse words."""
        voice = voice_of(facts, language, names)
        values = view(facts, voice, self.plan(facts.playbook), self.clocks, acknowledged)
        return assemble(facts, voice, plain_lines(values, voice), urls, key)

    def statement(
        self, id: str, audience: Audience, tier: TierWord, language: str, slots: Mapping[str, str]
    ) -> dict[str, str]:
        """Kind (holding, full, update, closing) -> the words for an audience at a tier. Raises TemplateFault."""
        plan = self.plan(id)
        name = f"statement.{audience}.{tier}.{_short(language)}.j2"
        if plan is None:
            raise TemplateFault(f"{id}/{name}", "there is no playbook")
        orange = self.template(id, f"statement.{audience}.orange.{_short(language)}.j2")
        return self._templates.texts(self.template(id, name), {**fill(plan, language, slots), "orange": orange})

    def template(self, id: str, name: str) -> str:
        """A playbook's own template, or the general one of that name."""
        own = f"{id}/{name}"
        return own if own in self._texts else f"{GENERAL}/{name}"

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return path in self._texts

    def paths(self) -> list[str]:
        """All files, sorted."""
        return sorted(self._texts)


def _short(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"


def _answer(question: Question, language: str, slots: Mapping[str, str] | None) -> str:
    """The answer for now; the one after the finding once somebody wrote down the cause."""
    known = bool(slots and slots.get("cause"))
    return (question.after if known and question.after else question.answer).say(language)


def _whole(facts: Facts, written: Written, file: str) -> None:
    needed = {"title", *REQUIRED[GROUPS[facts.transition]]}
    missing = sorted(id for id in needed if not written.get(id))
    if missing:
        raise TemplateFault(file, f"nothing stands in {', '.join(missing)}")
    if not any(facts.incident in part.text for part in written["head"] if hasattr(part, "text")):
        raise TemplateFault(file, "head does not name the incident")


def _read_folder(folder: Path) -> tuple[dict[str, str], list[Fault]]:
    texts, faults = dict[str, str](), list[Fault]()
    files = [folder / CLOCKS, *sorted(folder.glob("*/*"))]
    for path in files:
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or (name != CLOCKS and not _TEXT_FILE.fullmatch(path.name)):
            continue
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "UTF-8"
            faults.append(Fault(file=f"{folder}/{name}", text_id="playbook.unreadable", args={"why": why}))
    return texts, faults


def _read_playbook(id: str, texts: Mapping[str, str], plans: dict[str, Plan], faqs: dict[str, Faq]) -> list[Fault]:
    file = f"{id}/playbook.toml"
    if file not in texts:
        return [Fault(file=file, text_id="playbook.no_plan")]
    plan, faults = read_table(Plan, file, texts[file])
    if plan is not None:
        plans[id] = plan
    if f"{id}/faq.toml" in texts:
        faq, found = read_table(Faq, f"{id}/faq.toml", texts[f"{id}/faq.toml"])
        faults += found
        if faq is not None:
            faqs[id] = faq
    else:
        faults.append(Fault(file=f"{id}/faq.toml", text_id="playbook.no_faq"))
    return faults
