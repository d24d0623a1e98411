"""Paths by the clock: rotas, escalations, mutes, digests, drills; whether somebody is there at every hour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from monitor.config.check_names import unknown_targets
from monitor.config.check_playbooks import playbook_homes
from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.drills import scenarios
from monitor.config.fault import Path, Problem, Said
from monitor.config.paths import context_of
from monitor.config.schema import Config
from monitor.incidents import coverage, rota
from monitor.incidents.context import Context
from monitor.incidents.hours import parse
from monitor.incidents.routes import steps_for
from monitor.incidents.workdays import is_country
from monitor.messages import say
from monitor.model import Tier
from monitor.times import local

WEEK = 7 * 86400.0
SOON = 14 * 86400.0
CALENDAR_SOON = 60 * 86400.0
PATHS: tuple[Path, ...] = tuple((key,) for key in ("route", "escalation", "rota", "person", "team", "channel"))


class _Told(Struct, frozen=True):
    """A text of the incidents' own catalogue."""

    id: str
    args: dict[str, str]

    def text(self, language: str, /) -> str:
        return say(language, self.id, **self.args)


def wrong_paths(draft: Draft) -> Iterator[Problem]:
    """Targets of escalations, digests and drills that do not exist; escalations that ask nobody."""
    if draft.complete:
        for path, escalation in draft.each("escalation"):
            for i, step in enumerate(escalation.step):
                yield from unknown_targets(draft, step.to, (*path, "step", i, "to"))
        for path, digest in draft.each("digest"):
            yield from unknown_targets(draft, digest.to, (*path, "to"))
        yield from unknown_targets(draft, draft.table("incident").drill_to, ("incident", "drill_to"))
    for path, escalation in draft.each("escalation"):
        if not escalation.step or not all(step.to for step in escalation.step):
            yield Problem(path=path, id="escalation_empty", args={"name": escalation.name})
        if escalation.acks < 1 or escalation.repeat < 0:
            yield Problem(path=path, id="escalation_numbers", args={"name": escalation.name})
    for path, drill in draft.each("drill"):
        if drill.scenario not in (known := scenarios(*playbook_homes(draft))):
            yield unknown("scenario", drill.scenario, known, (*path, "scenario"))
    if draft.lists.get("drill") and not draft.table("incident").drill_to:
        rests: tuple[Path, ...] = (("incident", "drill_to"),)
        yield Problem(path=("drill", 0), id="drill_to_nobody", rests_on=rests)


def wrong_rotas(draft: Draft) -> Iterator[Problem]:
    """Rotas that cannot turn: nobody in them, strangers, times that are none."""
    people, default = sorted(draft.names("person")), draft.table("settings").timezone
    for path, table in draft.each("rota"):
        if not draft.complete or draft.nameless("person"):
            return
        for id, args in rota.faults(table, people, _zone_or_utc(default)):
            yield Problem(path=path, id="said", args={"text": _Told(id, args)}, rests_on=(("person",), ("settings",)))


def _zone_or_utc(name: str) -> str:
    """A zone that is none is told elsewhere."""
    return name if name in available_timezones() else "UTC"


def wrong_path_hours(draft: Draft) -> Iterator[Problem]:
    """Hours, times of day and calendars of whatever goes by the clock."""
    for way, text in _written_hours(draft):
        try:
            parse(text)
        except ValueError:
            yield Problem(path=way, id="no_hours", args={"value": text})
    for path, digest in draft.each("digest"):
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", digest.at):
            yield Problem(path=(*path, "at"), id="no_time_of_day", args={"value": digest.at})
    own = set(draft.table("calendar"))
    for key in ("mute", "digest"):
        for path, table in draft.each(key):
            if table.calendar and table.calendar not in own and not is_country(table.calendar):
                yield Problem(path=(*path, "calendar"), id="no_calendar", args={"value": table.calendar})


def _written_hours(draft: Draft) -> Iterator[tuple[Path, str]]:
    for key in ("mute", "contact", "drill"):
        for path, table in draft.each(key):
            yield (*path, "hours"), table.hours
    for path, escalation in draft.each("escalation"):
        for i, step in enumerate(escalation.step):
            yield (*path, "step", i, "hours"), step.hours
            yield (*path, "step", i, "not_hours"), step.not_hours


def uncovered_hours(draft: Draft) -> Iterator[Problem]:
    """An hour of the coming week at which orange or red asks nobody; a rota past its end."""
    if draft.now is None or not draft.complete or any(p.severity == "fault" for p in draft.problems):
        return
    context = _context(draft)
    places = {table.name: path for path, table in draft.each("rota")}
    for gap in coverage.runs_out(context, draft.now, CALENDAR_SOON):
        if gap.kind == "calendar_ends":
            args = {"name": gap.subject, "day": _day(gap.start, context)}
            yield Problem(path=("calendar",), id="calendar_ends", args=args, severity="warning")
        elif gap.start <= draft.now:
            yield Problem(path=places[gap.subject], id="rota_over", args={"day": _day(gap.start, context)})
        elif gap.start <= draft.now + SOON:
            args = {"day": _day(gap.start, context)}
            yield Problem(path=places[gap.subject], id="rota_ends", args=args, severity="warning")
    yield from _gaps(draft, context, draft.now)


def _context(draft: Draft) -> Context:
    keys = ("settings", "incident", "matrix", "calendar")
    lists = ("person", "team", "route", "channel", "escalation", "rota", "mute")
    parts: dict[str, Any] = {key: draft.table(key) for key in keys}
    parts |= {key: tuple(table for _, table in draft.each(key)) for key in lists}
    return context_of(Config(**parts))


def _gaps(draft: Draft, context: Context, now: float) -> Iterator[Problem]:
    """Of risks that take the same path one is looked at. What holds at every hour is no matter of the clock."""
    seen: set[str] = set()
    for path, rule in draft.each("rule"):
        grave = [tier for tier, _ in rule.rungs() if tier >= Tier.ORANGE]
        way = str(steps_for(rule.risk, {}, context))
        if rule.mode != "live" or not grave or way in seen:
            continue
        seen.add(way)
        for tier in grave:
            found = coverage.uncovered(context, now, now + WEEK, risks=[rule.risk], tier=tier)
            open_hours = [gap for gap in found if gap.kind == "nobody"]
            if open_hours and sum((gap.end or now) - gap.start for gap in open_hours) < WEEK - 1:
                start, end = (_hour(at, context) for at in (open_hours[0].start, open_hours[0].end or now))
                args = {"tier": Said(f"tier.{tier.word}"), "risk": rule.risk, "start": start, "end": end}
                yield Problem(path=path, id="nobody_at_hour", args=args, rests_on=PATHS)
                break


def _day(at: float, context: Context) -> str:
    return local(at, ZoneInfo(context.timezone)).strftime("%Y-%m-%d")


def _hour(at: float, context: Context) -> str:
    return local(at, ZoneInfo(context.timezone)).strftime("%m-%d %H:%M")
