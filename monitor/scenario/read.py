"""A scenario file -> a Scene ready to be played, or every fault of it with its line.

Unreadable
  faults    each with file, line, where, what is wrong and what would be right
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.config.convert import convert_table
from monitor.config.documents import Document, read_documents
from monitor.config.fault import ConfigFault, Fault, Path
from monitor.config.load import load
from monitor.daemon.desk import Desk, compile_desk
from monitor.incidents.routes import CHANNEL
from monitor.messages import say
from monitor.rules.records import Record
from monitor.rules.select import FINDINGS
from monitor.scenario import steps
from monitor.scenario.said import Doing, Quiet, Unsaid, read_act
from monitor.scenario.schema import Act, Expect, Mentions, Numbers, Written
from monitor.series import Interval, join_intervals
from monitor.sources import Push, Stream

KEY = b"scenario"
FAR = float("inf")
LISTS = {"mentions": ("text",), "expect": ("paged", "not_paged", "text", "not_text")}
"""Keys under which one text may stand instead of a list."""


class Misfit(Fault, frozen=True, kw_only=True):
    """A fault of a scenario; its text is one of messages/scenario.toml."""

    def text(self, language: str) -> str:
        """What is wrong and what would be right."""
        return say(language, f"scenario.fault.{self.id}", **self.args)


class Unreadable(Exception):
    """A file that can't be played."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.write("en") for fault in faults))
        self.faults = faults


class Done(Struct, frozen=True, kw_only=True):
    """An act at its instant, with its line."""

    at: float
    line: int
    act: Act
    doing: Doing


class Hope(Struct, frozen=True, kw_only=True):
    """An expectation at its instant, with the beginning of its span and its line."""

    at: float
    since: float
    line: int
    expect: Expect


class Scene(Struct, frozen=True, kw_only=True):
    """All of a scenario. `gaps`: source -> where it vouches for nothing."""

    file: str
    name: str
    desk: Desk
    zone: ZoneInfo
    start: float
    end: float
    records: list[Record]
    gaps: dict[str, tuple[Interval, ...]]
    acts: list[Done]
    hopes: list[Hope]


Desks = dict[FilePath, Desk]


def read(path: FilePath, desks: Desks) -> Scene:
    """The scene of a file; `desks` keeps configs that several files share. OSError when there is no such file."""
    documents, faults = read_documents(path)
    if faults:
        raise Unreadable(faults)
    document = documents[0]
    written, problems = convert_table(_plain(document.tables, ()), Written, ())
    placed: list[Fault] = [
        Fault(
            file=document.name, line=document.line(p.path), where=_where(p.path), id=p.id, args=p.args,
            severity=p.severity,
        )
        for p in problems
    ]  # fmt: skip
    if placed or written is None:
        raise Unreadable(sorted(placed, key=lambda fault: fault.line))
    return _Reader(document, written, _desk(document, written, desks)).scene()


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    """TOML values as the types want them: dates as texts, one text as a list of one."""
    if isinstance(value, dict):
        return {key: _plain(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, path if isinstance(inner, dict) else ()) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if len(path) == 2 and path[1] in LISTS.get(path[0], ()) and isinstance(value, str):
        return [value]
    return value


def _where(path: Path) -> str:
    """`expect #3: tier`."""
    head, rest = "", [*path]
    while rest and (not head or isinstance(rest[0], int)):
        part = rest.pop(0)
        head += f" #{part + 1}" if isinstance(part, int) else part
    way = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in rest)
    return f"{head}: {way.removeprefix('.')}" if way else head


def _desk(document: Document, written: Written, desks: Desks) -> Desk:
    path = FilePath(document.name).parent / written.scenario.config
    key = path.resolve()
    if key not in desks:
        try:
            desks[key] = compile_desk(load(path), path.parent, KEY, tried=False)
        except ConfigFault as fault:
            raise Unreadable(fault.faults) from None
        except OSError as error:
            args = {"name": str(path), "text": error.strerror or str(error)}
            where = ("scenario", "config")
            line = document.line(where)
            fault_ = Fault(file=document.name, line=line, where=_where(where), id="unreadable", args=args)
            raise Unreadable([fault_]) from None
    return desks[key]


class _Reader:
    """One file on its way: faults are gathered, so that all are told at once."""

    def __init__(self, document: Document, written: Written, desk: Desk) -> None:
        self.document, self.written, self.desk = document, written, desk
        self.faults: list[Fault] = []
        self.times: list[tuple[str, int, float]] = []
        self.zone = self._zone()
        self.start = self._at(("scenario", "start"), written.scenario.start, 0.0)

    def scene(self) -> Scene:
        """All of it; Unreadable where anything is wrong."""
        records = [*self._mentions(), *self._samples()]
        acts = [done for i, act in enumerate(self.written.act) if (done := self._act(i, act))]
        hopes = [self._hope(i, expect) for i, expect in enumerate(self.written.expect)]
        gaps = self._gaps(records)
        end = self._end(records, acts, hopes)
        self._reachable(end)
        if self.faults:
            raise Unreadable(sorted(self.faults, key=lambda fault: fault.line))
        return Scene(
            file=self.document.name, name=self.written.scenario.name, desk=self.desk, zone=self.zone, start=self.start,
            end=end, records=records, gaps=gaps, acts=sorted(acts, key=lambda a: a.at),
            hopes=sorted(hopes, key=lambda h: h.at),
        )  # fmt: skip

    def _fault(self, path: Path, id: str, **args: Any) -> None:
        line = self.document.line(path)
        self.faults.append(Misfit(file=self.document.name, line=line, where=_where(path), id=id, args=args))

    def _zone(self) -> ZoneInfo:
        name = self.written.scenario.timezone
        try:
            return ZoneInfo(name) if name else self.desk.zone
        except (KeyError, ValueError, OSError):
            self._fault(("scenario", "timezone"), "zone", name=name)
            return self.desk.zone

    def _at(self, path: Path, text: str, otherwise: float) -> float:
        try:
            return steps.moment(text, otherwise, self.zone)
        except ValueError:
            self._fault(path, "time", text=text)
            return otherwise

    def _when(self, name: str, i: int, text: str) -> float:
        at = self._at((name, i, "at"), text, self.start)
        self.times.append((name, i, at))
        return at

    def _known(self, path: Path, what: str, name: str, names: Iterable[str]) -> bool:
        """Whether a name is one of those; a fault, with a guess, where it is not."""
        there = sorted(names)
        if name in there:
            return True
        near = get_close_matches(name, there, 1, 0.6)
        if near:
            self._fault(path, f"unknown_{what}_near", name=name, right=near[0])
        else:
            self._fault(path, f"unknown_{what}", name=name, names=", ".join(there[:12]) or "–")
        return False

    def _source(self, path: Path, name: str) -> str | None:
        there = [source.name for source in self.desk.sources.values() if source.enabled]
        if not name and len(there) == 1:
            return there[0]
        if not name:
            self._fault(path, "which_source", names=", ".join(there))
            return None
        return name if self._known((*path, "source"), "source", name, there) else None

    def _mentions(self) -> Iterator[Record]:
        for i, table in enumerate(self.written.mentions):
            path: Path = ("mentions", i)
            source = self._source(path, table.source)
            at = self._at((*path, "at"), table.at, self.start)
            if not table.text:
                self._fault((*path, "text"), "no_text")
            elif self._steps(path, table, table.count is not None) and source:
                labels, family = self.desk.sources[source].labels, self.desk.family(source)
                yield from steps.mentions(table, at, source, labels, family, f"m{i + 1}")

    def _samples(self) -> Iterator[Record]:
        for i, table in enumerate(self.written.series):
            path: Path = ("series", i)
            source = self._source(path, table.source)
            at = self._at((*path, "at"), table.at, self.start)
            if table.value is None and table.values is None:
                self._fault(path, "no_value")
            elif self._steps(path, table, table.value is not None) and source:
                yield from steps.samples(table, at, source, self.desk.sources[source].labels)

    def _steps(self, path: Path, table: Mentions | Numbers, single: bool) -> bool:
        """Whether `every`, `for`, `values` fit together."""
        wrong = ""
        if (table.every is None) != (table.for_ is None):
            wrong = "every_and_for"
        elif table.every is not None and table.every <= 0:
            wrong = "every_zero"
        elif single and table.values is not None:
            wrong = "value_and_values"
        elif table.values is not None and (table.every is None or not table.values):
            wrong = "values_every"
        elif table.every is not None and table.for_ is not None and table.for_ / table.every > steps.MOST:
            wrong = "too_many"
        if wrong:
            self._fault(path, wrong)
        return not wrong

    def _gaps(self, records: Iterable[Record]) -> dict[str, tuple[Interval, ...]]:
        """Outages as written, and the silences of a push source with a pulse that lasted longer than its patience."""
        found: dict[str, list[Interval]] = {}
        for i, outage in enumerate(self.written.outage):
            at = self._at(("outage", i, "at"), outage.at, self.start)
            if self._known(("outage", i, "source"), "source", outage.source, self.desk.sources):
                found.setdefault(outage.source, []).append((at, at + outage.for_))
        for source in self.desk.sources.values():
            if isinstance(source, Push | Stream) and source.expect_every:
                heard = sorted(r.seen_at for r in records if r.source == source.name)
                found.setdefault(source.name, []).extend(_silences(heard, 2 * source.expect_every))
        return {name: join_intervals(gaps) for name, gaps in found.items()}

    def _act(self, i: int, act: Act) -> Done | None:
        at = self._when("act", i, act.at)
        try:
            doing = read_act(act.do)
        except Unsaid as fault:
            self._fault(("act", i, "do"), fault.id, **fault.told)
            return None
        if doing.which and not doing.which.startswith("INC-") and not isinstance(doing.act, Quiet):
            risks = {rule.risk for rule in self.desk.rules.values()} | set(self.desk.playbooks.names)
            self._known(("act", i, "do"), "risk", doing.which, risks)
        return Done(at=at, line=self.document.line(("act", i)), act=act, doing=doing)

    def _hope(self, i: int, expect: Expect) -> Hope:
        path: Path = ("expect", i)
        at = self._when("expect", i, expect.at)
        since = self._at((*path, "since"), expect.since, self.start) if expect.since else self.start
        self._subject(path, expect)
        for key in ("paged", "not_paged"):
            people = set(self.desk.context.people) | {CHANNEL + name for name in self.desk.channels}
            for j, who in enumerate(getattr(expect, key) or ()):
                self._known((*path, key, j), "person", who, people)
        if expect.since and since >= at:
            self._fault((*path, "since"), "since_after")
        return Hope(at=at, since=since, line=self.document.line(path), expect=expect)

    def _subject(self, path: Path, expect: Expect) -> None:
        told = expect.notice or expect.notices is not None or expect.paged is not None or expect.not_paged
        told = told or expect.text or expect.not_text
        stands = expect.tier or expect.never or expect.state or expect.incidents is not None
        if not told and not stands:
            self._fault(path, "nothing_expected")
        if expect.rule and expect.incident:
            self._fault(path, "rule_and_incident")
        elif expect.rule:
            if self._known((*path, "rule"), "rule", expect.rule, self.desk.rules):
                self._of_rule(path, expect, bool(told or expect.state or expect.incidents is not None))
        elif expect.incident and not expect.incident.startswith("INC-"):
            risks = {rule.risk for rule in self.desk.rules.values()} | {
                doing for act in self.written.act if (doing := _which(act))
            }
            self._known((*path, "incident"), "risk", expect.incident, risks)

    def _of_rule(self, path: Path, expect: Expect, more: bool) -> None:
        rule = self.desk.rules[expect.rule]
        if rule.of == FINDINGS:
            self._fault((*path, "rule"), "findings", rule=rule.name)
        if more:
            self._fault(path, "rules_tell_nothing")
        for label in expect.by:
            self._known((*path, "by", label), "label", label, rule.by)

    def _end(self, records: Iterable[Record], acts: list[Done], hopes: list[Hope]) -> float:
        """As written, else the last thing that is written down."""
        if self.written.scenario.end:
            return self._at(("scenario", "end"), self.written.scenario.end, self.start)
        last = [*(r.seen_at for r in records), *(a.at for a in acts), *(h.at for h in hopes)]
        return max(last, default=self.start)

    def _reachable(self, end: float) -> None:
        """What lies before the start or after the end never comes to pass: a fault, not a success."""
        if not self.written.expect:
            self._fault(("scenario",), "no_expectation")
        for name, i, at in self.times:
            if at > end:
                self._fault((name, i, "at"), f"{name}_after")
            elif at < self.start:
                self._fault((name, i, "at"), f"{name}_before")


def _silences(heard: list[float], patience: float) -> Iterator[Interval]:
    """Where a source was silent for longer than its patience; until it was first heard it vouches for nothing."""
    last = -FAR
    for at in [*heard, FAR]:
        if at - last > patience:
            yield last + patience, at
        last = at


def _which(act: Act) -> str:
    try:
        return read_act(act.do).which
    except Unsaid:
        return ""
