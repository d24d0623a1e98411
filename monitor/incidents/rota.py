"""Who is on duty: people in turn with hand-overs on the local clock, overrides, and the same as a calendar file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.incidents.hours import ALWAYS, open_within, parse
from monitor.series import Interval
from monitor.times import instant


class Override(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rota.override]]`: somebody else from … until …, local times of the rota's zone."""

    person: str
    start: str
    until: str


class Rota(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rota]]`: the people in turn, `days` days each from the day `starts`, handing over at `handover`.

    `hours`: when it answers ("" = always). `until`: its last day. Routes name it as `rota:NAME`; the person on duty
    acts, the others in turn are backups; `override` puts somebody else in for a while.
    """

    name: str
    people: tuple[str, ...]
    starts: str
    handover: str = "09:00"
    days: int = 7
    hours: str = ""
    until: str = ""
    timezone: str = ""
    override: tuple[Override, ...] = ()


class Shift(Struct, frozen=True, kw_only=True):
    """One person's duty in one stretch. `backups`: who is next in turn."""

    person: str
    start: float
    end: float
    backups: tuple[str, ...] = ()
    override: bool = False


def zone_of(rota: Rota, default: str) -> ZoneInfo:
    """The rota's own zone, else the organisation's."""
    return ZoneInfo(rota.timezone or default)


def on_duty(rota: Rota, at: float, default_zone: str) -> tuple[str, ...]:
    """The person on duty at an instant, then the backups; empty outside its hours and after its end."""
    found = shifts(rota, at, at + 1e-3, default_zone)
    return (found[0].person, *found[0].backups) if found else ()


def shifts(rota: Rota, start: float, end: float, default_zone: str) -> list[Shift]:
    """Everybody's duty in `[start, end)`, in order and without overlap. Overrides win; the later written the more."""
    zone = zone_of(rota, default_zone)
    hours = parse(rota.hours) if rota.hours else ALWAYS
    awake = open_within(hours, start, end, zone) if rota.hours else ((start, end),)
    out: list[Shift] = []
    for shift in _overridden(rota, _turns(rota, start, end, zone), zone):
        for a, b in awake:
            if max(a, shift.start) < min(b, shift.end):
                out.append(_cut(shift, (max(a, shift.start), min(b, shift.end))))
    return sorted(out, key=lambda s: s.start)


def _cut(shift: Shift, to: Interval) -> Shift:
    return Shift(person=shift.person, start=to[0], end=to[1], backups=shift.backups, override=shift.override)


def _turns(rota: Rota, start: float, end: float, zone: ZoneInfo) -> list[Shift]:
    """The turns as they would go without overrides. Hand-overs lie on the local clock, so DST days are longer."""
    if not rota.people:
        return []
    first = date.fromisoformat(rota.starts)
    last = instant(rota.until, zone) if rota.until else float("inf")
    days_in = (datetime.fromtimestamp(start, zone).date() - first).days
    turn = max(0, days_in // rota.days - 1)
    out: list[Shift] = []
    while (begin := _handover(rota, first + timedelta(days=turn * rota.days), zone)) < min(end, last):
        over = min(_handover(rota, first + timedelta(days=(turn + 1) * rota.days), zone), last)
        at = turn % len(rota.people)
        order = rota.people[at:] + rota.people[:at]
        if over > start:
            out.append(Shift(person=order[0], start=begin, end=over, backups=order[1:]))
        turn += 1
    return out


def _handover(rota: Rota, day: date, zone: ZoneInfo) -> float:
    return instant(f"{day.isoformat()}T{rota.handover}", zone)


def _overridden(rota: Rota, turns: list[Shift], zone: ZoneInfo) -> list[Shift]:
    out = turns
    for o in rota.override:
        a, b = instant(o.start, zone), instant(o.until, zone)
        covered = [_stand_in(s, o.person, (max(a, s.start), min(b, s.end))) for s in out if s.start < b and s.end > a]
        left = [_cut(s, part) for s in out for part in ((s.start, min(s.end, a)), (max(s.start, b), s.end))]
        out = [s for s in left if s.start < s.end] + covered
    return out


def _stand_in(shift: Shift, person: str, part: Interval) -> Shift:
    """The one who was replaced becomes the first backup."""
    backups = tuple(name for name in (shift.person, *shift.backups) if name != person)
    return Shift(person=person, start=part[0], end=part[1], backups=backups, override=True)


def ends_at(rota: Rota, default_zone: str) -> float | None:
    """When a rota runs out; None = never."""
    return instant(rota.until, zone_of(rota, default_zone)) if rota.until else None


def faults(rota: Rota, people: Sequence[str], default_zone: str) -> list[tuple[str, dict[str, str]]]:
    """What is wrong with a rota as written: (message id, its arguments)."""
    out: list[tuple[str, dict[str, str]]] = []
    named = [*rota.people, *(o.person for o in rota.override)]
    out += [("incident.fault.unknown_person", {"name": n}) for n in dict.fromkeys(named) if n not in people]
    if not rota.people:
        out.append(("incident.fault.rota_empty", {"name": rota.name}))
    if rota.days < 1:
        out.append(("incident.fault.rota_days", {"name": rota.name}))
    try:
        zone = zone_of(rota, default_zone)
        parse(rota.hours)
        begins = _handover(rota, date.fromisoformat(rota.starts), zone)
        ends = ends_at(rota, default_zone)
        spans = [(instant(o.start, zone), instant(o.until, zone)) for o in rota.override]
    except (ValueError, KeyError) as error:
        return [*out, ("incident.fault.rota_time", {"name": rota.name, "why": str(error)})]
    if (ends is not None and ends <= begins) or any(b <= a for a, b in spans):
        out.append(("incident.fault.rota_backwards", {"name": rota.name}))
    return out


def ical(rota: Rota, start: float, end: float, default_zone: str, names: dict[str, str], stamp: float) -> str:
    """The duty of a stretch of time as an iCalendar file (RFC 5545): UTC instants, a stable UID per turn."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crisis-monitor//rota//EN", f"X-WR-CALNAME:{_text(rota.name)}"]
    wide = (rota.days + 1) * 86400.0  # a shift that began before is told whole, so that its UID is the same each time
    found = shifts(rota, start - wide, end + wide, default_zone)
    for shift in (s for s in found if s.end > start and s.start < end):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{int(shift.start)}-{_text(rota.name)}@crisis-monitor",
            f"DTSTAMP:{_utc(stamp)}",
            f"DTSTART:{_utc(shift.start)}",
            f"DTEND:{_utc(shift.end)}",
            f"SUMMARY:{_text(f'{rota.name}: {names.get(shift.person, shift.person)}')}",
            "END:VEVENT",
        ]
    return "".join(_fold(line) + "\r\n" for line in [*lines, "END:VCALENDAR"])


def _utc(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _fold(line: str) -> str:
    """At most 75 bytes a line, cut between characters; the next begins with a space."""
    out, room = "", 75
    for char in line:
        size = len(char.encode())
        if size > room:
            out, room = out + "\r\n ", 74
        out, room = out + char, room - size
    return out
