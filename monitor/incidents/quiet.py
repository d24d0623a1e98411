"""Hours in which people are left alone: a person's quiet hours, and recurrent mutes of incidents. Red knows neither."""

from __future__ import annotations

from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from monitor.incidents.context import Context
from monitor.incidents.hours import open_within, parse
from monitor.incidents.people import Mute
from monitor.model import Incident, Labels, Silence, Tier

LOOK_AHEAD = 8 * 86400.0


def quiet_until(name: str, tier: Tier, context: Context, now: float) -> float | None:
    """When a person may be told of a tier: None = now, else the end of their quiet hours."""
    person = context.people.get(name)
    if person is None or not person.quiet or tier >= Tier.RED or tier > Tier.of(person.quiet_up_to):
        return None
    zone = ZoneInfo(person.timezone or context.timezone)
    return _end(person.quiet, now, zone, None, context)


def _end(hours: str, now: float, zone: ZoneInfo, calendar: str | None, context: Context) -> float | None:
    days = None if calendar is None else context.calendar(calendar)
    found = open_within(parse(hours), now, now + LOOK_AHEAD, zone, days)
    return found[0][1] if found and found[0][0] <= now else None


def muting(incident: Incident, tier: Tier, context: Context, now: float) -> Silence | None:
    """The mute that hides a tier of an incident now, as a silence until the end of its hours; the longest of them."""
    hits: list[Silence] = []
    for mute in context.mutes:
        up_to = min(Tier.of(mute.up_to), Tier.ORANGE)
        if tier > up_to or not _fits(mute, incident.risk, {**incident.scope, "incident": incident.number}):
            continue
        until = _end(mute.hours, now, ZoneInfo(mute.timezone or context.timezone), mute.calendar or None, context)
        if until is not None:
            hits.append(_as_silence(mute, up_to, now, until))
    return max(hits, key=lambda s: s.until, default=None)


def _fits(mute: Mute, risk: str, labels: Labels) -> bool:
    wanted = mute.labels.items()
    return any(fnmatchcase(risk, r) for r in mute.risk) and all(labels.get(k) in values for k, values in wanted)


def _as_silence(mute: Mute, up_to: Tier, now: float, until: float) -> Silence:
    return Silence(
        id=f"mute:{mute.name}", matchers={}, starts_at=now, until=until, up_to=up_to, author=mute.name, comment=""
    )
