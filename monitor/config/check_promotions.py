"""Promotions and the calendars of detectors: times that are some, series that there are, something to go by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.check_names import FAMILIES
from monitor.config.convert import show, unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.detectors import Seasonal
from monitor.incidents.workdays import calendar_of, is_country, known_until
from monitor.rules.promotions import Promotion
from monitor.rules.rule import Rule
from monitor.times import DAY, day_span

SOON = 60 * DAY


def wrong_promotions(draft: Draft) -> Iterator[Problem]:
    """Times that are none or run backwards, less than the usual, and series that nobody tells apart."""
    for path, promotion in draft.each("promotion"):
        try:
            start, end = promotion.span(_zone(draft))
        except ValueError as why:
            yield Problem(path=path, id="promotion_time", args={"why": str(why)})
            continue
        if end <= start:
            args = {"from": promotion.from_, "to": promotion.to}
            yield Problem(path=(*path, "to"), id="promotion_backwards", args=args, rests_on=((*path, "from"),))
        if promotion.expect is not None and promotion.expect < 1:
            yield Problem(path=(*path, "expect"), id="too_little", args={"value": show(promotion.expect), "least": "1"})
        yield from _where(draft, promotion, (*path, "where"))


def _where(draft: Draft, promotion: Promotion, path: Path) -> Iterator[Problem]:
    rules = {rule.name: rule for _, rule in draft.each("rule")}
    for i, name in enumerate(promotion.where.rule):
        if name not in draft.names("rule") and draft.complete and not draft.nameless("rule"):
            yield unknown("rule", name, draft.names("rule"), (*path, "rule", i))
        elif name in rules and not isinstance(rules[name].detector, Seasonal):
            yield Problem(path=(*path, "rule", i), id="promotion_rule", args={"name": name}, severity="warning")
    for i, family in enumerate(promotion.where.family):
        known = draft.families() | set(FAMILIES)
        if family not in known and draft.complete:
            yield unknown("family", family, known, (*path, "family", i))
    named = promotion.where.rule
    told = {label for rule in rules.values() if not named or rule.name in named for label in _told_apart(rule)}
    for label in promotion.where.labels:
        if label not in told and draft.complete:
            rests = draft.keys_of("rule", "by", "where")
            yield (
                unknown("label", label, told, (*path, "labels", label))
                if told
                else Problem(path=(*path, "labels", label), id="promotion_label", args={"label": label}, rests_on=rests)
            )


def _told_apart(rule: Rule) -> set[str]:
    return {*rule.by, *rule.where.labels} if isinstance(rule.detector, Seasonal) else set()


def wrong_calendars(draft: Draft) -> Iterator[Problem]:
    """Calendars that detectors ask for and that there are none of."""
    own = set(draft.table("calendar"))
    for path, name in _calendars(draft):
        if name not in own and not is_country(name):
            yield Problem(path=path, id="no_calendar", args={"value": name})


def unforeseen(draft: Draft) -> Iterator[Problem]:
    """Calendars that end soon, and promotions to come of which nothing tells how much they bring."""
    if draft.now is None or not draft.complete:
        return
    own, said = draft.table("calendar"), draft.table("incident").calendar
    told = {said, *(person.calendar for _, person in draft.each("person"))}
    for path, name in _calendars(draft):
        last = known_until(calendar_of(name, own).country) if name not in told else None
        if last is not None and _end_of(last, _zone(draft)) - draft.now <= SOON:
            told.add(name)
            args = {"name": name, "day": last.isoformat()}
            yield Problem(path=path, id="calendar_ends", args=args, severity="warning")
    yield from _untold(draft, draft.now)


def _untold(draft: Draft, now: float) -> Iterator[Problem]:
    """Looked back so far as every rule does, there must be an earlier one of the name."""
    days = [rule.detector.days for _, rule in draft.each("rule") if isinstance(rule.detector, Seasonal)]
    spans = [(path, each, each.span(_zone(draft))) for path, each in draft.each("promotion")]
    for path, promotion, (start, end) in spans:
        if promotion.expect is not None or end < now or not days:
            continue
        earlier = [span[0] for _, other, span in spans if other.name == promotion.name and span[1] <= start]
        if max(earlier, default=0.0) < start - min(days) * DAY:
            args = {"days": str(round((start - max(earlier)) / DAY) + 7)} if earlier else {}
            yield Problem(path=path, id="promotion_far" if earlier else "promotion_first", args=args, severity="note")


def _calendars(draft: Draft) -> Iterator[tuple[Path, str]]:
    for path, rule in draft.each("rule"):
        if isinstance(rule.detector, Seasonal) and rule.detector.calendar:
            yield (*path, "detector", "calendar"), rule.detector.calendar


def _zone(draft: Draft) -> ZoneInfo:
    """A zone that is none is told elsewhere."""
    name = draft.table("settings").timezone
    return ZoneInfo(name if name in available_timezones() else "UTC")


def _end_of(day: date, zone: ZoneInfo) -> float:
    return day_span(day.isoformat(), zone)[1]
