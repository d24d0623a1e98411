"""Practice: scenarios whose records come in by the source's door under a mark, when to hold them, and how it went.

Everything a drill makes bears the label `drill` with its run's id. Nothing here sends or counts: the real parts do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.incidents.hours import after_open, next_open, open_within, parse
from monitor.incidents.plan import DRILL
from monitor.incidents.workdays import Calendar
from monitor.model import Delivery, Drill, Entry, Finding, Labels, Mention, Sample, Tier
from monitor.times import Duration

Words = dict[str, str]
"""Language -> text."""


UNANNOUNCED_IN = 14 * 86400.0
"""An unannounced drill comes at some open moment of so long a time."""


class Inject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens `after` the start: mentions or values through a source, spread over `over`; or something for people.

    `source`: a source, or a family (the first source of it). `texts` are taken in turn, `count` of them;
    `{organisation}` in them is the name of the house. A note is a call or a letter that somebody plays ("a journalist
    rings"). `raise`: somebody raises `risk` by hand to `tier`, should it not stand there yet.
    """

    after: Duration
    kind: Literal["mentions", "samples", "note", "raise"]
    source: str = ""
    over: Duration = Duration(0)
    count: int = 1
    texts: tuple[str, ...] = ()
    series: str = ""
    value: float = 0.0
    labels: Labels = field(default_factory=dict)
    note: Words = field(default_factory=dict)
    risk: str = ""
    tier: Literal["blue", "yellow", "orange", "red"] = "orange"


class Objective(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What should be reached `within` so long after the start.

    `tier`: for detected. `name`: a step's id, or a statement's audience.
    """

    kind: Literal["detected", "acked", "escalated", "step", "statement", "ended"]
    within: Duration
    tier: Literal["blue", "yellow", "orange", "red"] = "orange"
    name: str = ""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario file: one per playbook at least."""

    id: str
    title: Words
    playbook: str
    lasts: Duration
    inject: tuple[Inject, ...] = ()
    objective: tuple[Objective, ...] = ()


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[drill]]`: a scenario held once in every so long, within hours. Unannounced: at a moment nobody knows."""

    scenario: str
    every: Duration = Duration(90 * 86400)
    hours: str = "Mon-Fri 09:00-17:00"
    announced: bool = True


Run = Drill


def records(scenario: Scenario, run: Run, after: float, until: float) -> list[Mention | Sample]:
    """The records due in `(after, until]`, in order; the same at every call, so a restart brings none twice."""
    out: list[Mention | Sample] = []
    for index, inject in enumerate(scenario.inject):
        if inject.kind not in ("mentions", "samples"):
            continue
        for n in range(inject.count):
            at = run.started_at + inject.after + (inject.over * n / inject.count)
            if after < at <= until:
                out.append(_record(inject, f"drill-{run.id}-{index}-{n}", n, at, run))
    return sorted(out, key=lambda r: r.seen_at)


def _record(inject: Inject, id: str, n: int, at: float, run: Run) -> Mention | Sample:
    labels = {**inject.labels, DRILL: run.id}
    if inject.kind == "samples":
        return Sample(series=inject.series, at=at, value=inject.value, seen_at=at, source=inject.source, labels=labels)
    text = inject.texts[n % len(inject.texts)] if inject.texts else ""
    return Mention(
        id=id, text=text, seen_at=at, published_at=at, source=inject.source, author=f"drill-{n}", labels=labels
    )


def notes(scenario: Scenario, run: Run, after: float, until: float) -> list[tuple[float, Words]]:
    """The notes for people due in `(after, until]`."""
    found = [(run.started_at + i.after, i.note) for i in scenario.inject if i.kind == "note"]
    return [(at, note) for at, note in sorted(found, key=lambda f: f[0]) if after < at <= until]


def events(scenario: Scenario, run: Run, until: float) -> list[tuple[float, Inject]]:
    """The notes and raises due until an instant, in order."""
    found = [(run.started_at + i.after, i) for i in scenario.inject if i.kind in ("note", "raise")]
    return [(at, inject) for at, inject in sorted(found, key=lambda f: f[0]) if at <= until]


def ends_at(scenario: Scenario, run: Run) -> float:
    """When a drill is over at the latest."""
    return run.stopped_at if run.stopped_at is not None else run.started_at + scenario.lasts


def next_at(schedule: Schedule, runs: Iterable[Run], since: float, zone: ZoneInfo, days: Calendar) -> float | None:
    """When it is held next: announced at the first open hour of its period, unannounced at any; None = never open.

    `since`: when the schedule began to hold. The moment of an unannounced one follows from the scenario and the period
    alone, so that a restart does not draw again.
    """
    held = [run.started_at for run in runs if run.scenario == schedule.scenario]
    begins = max(held, default=since - schedule.every) + schedule.every
    if schedule.announced:
        return next_open(parse(schedule.hours), begins, zone, days)
    open_for = open_within(parse(schedule.hours), begins, begins + min(schedule.every, UNANNOUNCED_IN), zone, days)
    if not open_for:
        return None
    seed = hashlib.blake2b(f"{schedule.scenario}/{int(begins // schedule.every)}".encode(), digest_size=8).digest()
    share = int.from_bytes(seed) / 2**64
    return after_open(parse(schedule.hours), begins, share * sum(b - a for a, b in open_for), zone, days)


def overdue(schedules: Iterable[Schedule], runs: Sequence[Run], since: float, now: float) -> list[Finding]:
    """Drills that were not held though their time, and a tenth of it more, is over."""
    out: list[Finding] = []
    for schedule in schedules:
        held = max((r.started_at for r in runs if r.scenario == schedule.scenario), default=since)
        if now > held + 1.1 * schedule.every:
            out.append(Finding(kind="drill-overdue", subject=schedule.scenario, since=held + schedule.every))
    return out


class Mark(Struct, frozen=True, kw_only=True):
    """One objective and how it went: seconds after the start, None = not reached."""

    objective: Objective
    seconds: float | None

    @property
    def met(self) -> bool:
        """Reached, and in time."""
        return self.seconds is not None and self.seconds <= self.objective.within


class Scorecard(Struct, frozen=True, kw_only=True):
    """How a drill went. `reached` and `not_reached`: people (or channels) a notice of it was sent to, or never was."""

    run: Run
    marks: tuple[Mark, ...]
    notices: int
    reached: tuple[str, ...]
    not_reached: tuple[str, ...]

    @property
    def met(self) -> int:
        """How many objectives were met."""
        return sum(mark.met for mark in self.marks)


def score(scenario: Scenario, run: Run, entries: Sequence[Entry], deliveries: Sequence[Delivery]) -> Scorecard:
    """`entries`, `deliveries`: those of the drill's incidents only."""
    lines = sorted(entries, key=lambda e: e.at)
    sent = {d.person or d.channel for d in deliveries if d.state == "sent"}
    asked = {d.person or d.channel for d in deliveries}
    return Scorecard(
        run=run,
        marks=tuple(Mark(objective=o, seconds=_after(o, lines, run)) for o in scenario.objective),
        notices=sum(_kind(e) == "told" for e in lines),
        reached=tuple(sorted(sent)),
        not_reached=tuple(sorted(asked - sent)),
    )


def _after(objective: Objective, lines: Sequence[Entry], run: Run) -> float | None:
    at = next((e.at for e in lines if _fulfils(objective, e)), None)
    return None if at is None else at - run.started_at


def _kind(entry: Entry) -> str:
    return entry.kind.removeprefix("incident.").removeprefix("entry.")


def _fulfils(objective: Objective, entry: Entry) -> bool:
    kind, told = _kind(entry), entry.args
    match objective.kind:
        case "detected":
            return kind == "told" and Tier.of(str(told.get("tier"))) >= Tier.of(objective.tier)
        case "acked":
            return kind == "acknowledged"
        case "escalated":
            return kind == "told" and told.get("transition") == "ESCALATED"
        case "step":
            return kind == "step_done" and told.get("step") == objective.name
        case "statement":
            ready = kind == "statement.approved" and bool(told.get("ready"))
            return ready and objective.name in ("", told.get("audience"))
        case "ended":
            return kind in ("resolved", "cleared")
