"""Is somebody there at every hour: gaps in which orange or red would reach nobody, and paths that ring nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct

from monitor.incidents import rota as rotas
from monitor.incidents.context import Context
from monitor.incidents.who import who
from monitor.incidents.workdays import known_until
from monitor.model import Recipient, Tier

HOUR = 3600.0
Kind = Literal["nobody", "unreachable", "rota_ends", "calendar_ends", "no_ring"]


class Gap(Struct, frozen=True, kw_only=True):
    """Something missing: `nobody` is named from … to …; `unreachable` people only; a rota or a calendar runs out.

    `no_ring`: every step of a tier is a group chat or a mail, so nobody is woken.
    """

    kind: Kind
    subject: str
    start: float
    end: float | None = None


def uncovered(
    context: Context, start: float, end: float, *, risks: Iterable[str], tier: Tier = Tier.ORANGE, step: float = HOUR
) -> list[Gap]:
    """The stretches of `[start, end)` in which a tier of a risk reaches no person, hour by hour.

    A group chat is no person. With nothing that turns by the clock one look is enough.
    """
    found: list[Gap] = []
    instants = [start + i * step for i in range(max(1, round((end - start) / step)))] if _turns(context) else [start]
    for risk in dict.fromkeys(risks):
        for at in instants:
            if (kind := _missing(context, risk, tier, at)) is not None:
                _extend(found, kind, risk, at, at + step if len(instants) > 1 else end)
    return found


def _turns(context: Context) -> bool:
    chains = any(s.hours or s.not_hours for e in context.escalations.values() for s in e.step)
    return bool(context.rotas) or chains


def _missing(context: Context, risk: str, tier: Tier, at: float) -> Kind | None:
    people = [r for step in who(tier, risk, {}, at, context).steps for r in step.to if r.person]
    if not people:
        return "nobody"
    return None if any(r.channels for r in people) else "unreachable"


def _extend(found: list[Gap], kind: Kind, subject: str, start: float, end: float) -> None:
    last = found[-1] if found else None
    if last and (last.kind, last.subject, last.end) == (kind, subject, start):
        found[-1] = Gap(kind=kind, subject=subject, start=last.start, end=end)
    else:
        found.append(Gap(kind=kind, subject=subject, start=start, end=end))


def unrung(context: Context, at: float, *, risks: Iterable[str]) -> list[Gap]:
    """Orange and red of these risks of which no step rings anybody (channels that ring: voice, SMS, urgent push)."""
    out: list[Gap] = []
    for risk in dict.fromkeys(risks):
        for tier in (Tier.ORANGE, Tier.RED):
            told = [r for step in who(tier, risk, {}, at, context).steps for r in step.to]
            if told and not any(_rings(r, context) for r in told):
                out.append(Gap(kind="no_ring", subject=f"{risk}/{tier.word}", start=at))
    return out


def _rings(recipient: Recipient, context: Context) -> bool:
    return any(context.channels[name].rings for name in recipient.channels if name in context.channels)


def runs_out(context: Context, now: float, within: float) -> list[Gap]:
    """Rotas past their end, or ending soon, and calendars whose settled years end soon."""
    out: list[Gap] = []
    for rota in context.rotas.values():
        over = rotas.ends_at(rota, context.timezone)
        if over is not None and over - now <= within:
            out.append(Gap(kind="rota_ends", subject=rota.name, start=over))
    for name in _calendars(context):
        last = known_until(name)
        if last is not None and (end := _end_of(last)) - now <= within:
            out.append(Gap(kind="calendar_ends", subject=name, start=end))
    return out


def _calendars(context: Context) -> list[str]:
    named = [context.settings.calendar, *(p.calendar for p in context.people.values())]
    return [name for name in dict.fromkeys(context.calendar(n).country for n in named if n) if name]


def _end_of(day: date) -> float:
    return (day - date(1970, 1, 1)).days * 86400.0 + 86400.0
