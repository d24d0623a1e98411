"""The quiet tiers in one letter a day: what is open, what ended, what was hidden, since the last one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.incidents.hours import moment
from monitor.incidents.people import TierWord
from monitor.incidents.workdays import Calendar
from monitor.model import Finding, Incident, Tier


class DigestSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[digest]]`: to whom, at what local time, of which tiers; every day or on working days only."""

    name: str
    to: tuple[str, ...]
    at: str = "08:30"
    tier: tuple[TierWord, ...] = ("blue", "yellow")
    days: Literal["all", "working"] = "working"
    calendar: str = ""


class DigestOf(Struct, frozen=True, kw_only=True):
    """What one digest tells, gravest first. `hidden`: open ones that a silence hides. An empty one is not sent."""

    since: float
    until: float
    opened: tuple[Incident, ...] = ()
    still_open: tuple[Incident, ...] = ()
    ended: tuple[Incident, ...] = ()
    hidden: tuple[Incident, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing to tell."""
        return not (self.opened or self.still_open or self.ended or self.hidden or self.findings)


def next_due(settings: DigestSettings, after: float, zone: ZoneInfo, days: Calendar) -> float:
    """The first time after an instant at which it is sent; on a day of 23 hours a skipped time comes an hour later."""
    hour, minute = settings.at.split(":")
    day = datetime.fromtimestamp(after, zone).date()
    while True:
        at = moment(day, int(hour) * 60 + int(minute), zone)
        if at > after and (settings.days == "all" or days.is_workday(day)):
            return at
        day += timedelta(days=1)


def compose(
    settings: DigestSettings, incidents: Iterable[Incident], findings: Iterable[Finding], since: float, until: float
) -> DigestOf:
    """What happened in `(since, until]` among incidents whose peak is of the digest's tiers. Drills are left out."""
    tiers = {Tier.of(word) for word in settings.tier}
    mine = sorted((i for i in incidents if i.peak in tiers and not i.drill), key=lambda i: (-i.tier, i.number))
    return DigestOf(
        since=since,
        until=until,
        opened=tuple(i for i in mine if i.state == "open" and since < i.opened_at <= until and i.hidden_tier is None),
        still_open=tuple(i for i in mine if i.state == "open" and i.opened_at <= since and i.hidden_tier is None),
        ended=tuple(i for i in mine if i.closed_at is not None and since < i.closed_at <= until),
        hidden=tuple(i for i in mine if i.state == "open" and i.hidden_tier is not None),
        findings=tuple(f for f in findings if f.ended_at is None),
    )
