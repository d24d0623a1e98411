"""The monitor is unwell, and people hear it: straight over a channel, past store, judge and outbox, which may be sick.

Whatever way says yes is good enough. A channel that is known to fail is tried last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from zoneinfo import ZoneInfo

import structlog

from monitor.channels import Channel, ChannelFault
from monitor.channels.alertmanager import Alertmanager
from monitor.daemon.audit import Unwell
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.http import Http
from monitor.incidents.routes import CHANNEL, chain, reach, seats_of
from monitor.messages import say
from monitor.model import Line, Notice, Text, Tier
from monitor.secret import SecretFault
from monitor.times import local

log = structlog.get_logger("distress")

Way = tuple[str, str]
"""A person ("" = nobody in particular) and a channel."""


class Distress:
    """Hears of each audit. What lasts for `[heartbeat] tell_after` is told once; whoever heard it hears of its end."""

    def __init__(self, desk: Callable[[], Desk], http: Http, clock: Clock) -> None:
        self._desk, self._http, self._clock = desk, http, clock
        self._since: dict[str, float] = {}
        self._told: set[str] = set()
        self._heard: list[Way] = []

    async def hear(self, found: Sequence[Unwell], sick: frozenset[str]) -> None:
        """`sick`: channels that refused what they were last given. What nobody took is tried again next time."""
        desk, now = self._desk(), self._clock.steady()
        self._since = {each.kind: self._since.get(each.kind, now) for each in found}
        lasting = [each for each in found if now - self._since[each.kind] >= desk.config.heartbeat.tell_after]
        if {each.kind for each in lasting} - self._told:
            if heard := await self._tell(desk, lasting, sick):
                self._told |= {each.kind for each in lasting}
                self._heard = list(dict.fromkeys([*self._heard, *heard]))
        elif self._told and not found:
            again = [await self._first(desk, [way], ()) for way in self._heard if way[1] in desk.channels]
            if any(again) or await self._tell(desk, (), sick):
                self._told, self._heard = set(), []

    async def _tell(self, desk: Desk, found: Sequence[Unwell], sick: frozenset[str]) -> list[Way]:
        """To each of `tell`; where that reaches nobody, to the first group that takes it. Returns the ways it went."""
        told = [await self._first(desk, ways(desk, key, sick), found) for key in desk.config.heartbeat.tell]
        heard = [way for way in told if way is not None]
        if not heard and (way := await self._first(desk, groups(desk, sick), found)) is not None:
            heard = [way]
        return heard

    async def _first(self, desk: Desk, some: Iterable[Way], found: Sequence[Unwell]) -> Way | None:
        for person, name in some:
            try:
                await self._send(desk, desk.channels[name], person, found)
            except (ChannelFault, SecretFault) as fault:
                log.warning("distress_refused", channel=name, person=person, fault=str(fault))
            except Exception:
                log.exception("distress_broke", channel=name)
            else:
                what = ", ".join(each.kind for each in found) or "well"
                log.warning("distress_told", channel=name, person=person, what=what)
                return person, name
        return None

    async def _send(self, desk: Desk, channel: Channel, person: str, found: Sequence[Unwell]) -> None:
        now = self._clock.now()
        target = desk.target_of(channel, person)
        await channel.send(message(desk, found, target.language, now), target, self._http, now)


def ways(desk: Desk, key: str, sick: frozenset[str]) -> list[Way]:
    """The ways to one whom `tell` names, those known to fail last; of a role its first person."""
    context = desk.context
    if key.startswith(CHANNEL):
        found = [("", name) for name in chain(key.removeprefix(CHANNEL), set(), context)]
    else:
        people = [seat[0] for seat in seats_of(key, context).values()] or [key]
        found = [(p, name) for p in people if p in context.people for name in reach(context.people[p], context)]
    return _healthy_first(desk, found, sick)


def groups(desk: Desk, sick: frozenset[str]) -> list[Way]:
    """Every group channel that rings nobody."""
    meant = [c for c in desk.channels.values() if c.group and not c.rings and not isinstance(c, Alertmanager)]
    return _healthy_first(desk, [("", channel.name) for channel in meant], sick)


def _healthy_first(desk: Desk, found: Sequence[Way], sick: frozenset[str]) -> list[Way]:
    return sorted((way for way in found if way[1] in desk.channels), key=lambda way: way[1] in sick)


def message(desk: Desk, found: Sequence[Unwell], language: str, now: float) -> Notice:
    """What is wrong, or, with nothing, that all is well again."""
    organisation = desk.config.settings.organisation or "crisis-monitor"
    state = "unwell" if found else "well"
    lines = [("head", say(language, f"unwell.{state}.head", organisation=organisation))]
    lines += [(each.kind, say(language, f"unwell.kind.{each.kind}", **each.args)) for each in found]
    lines += [("do", say(language, "unwell.do"))] if found else []
    at = local(now, ZoneInfo(desk.config.settings.timezone))
    return Notice(
        key=f"unwell-{at:%Y%m%d%H%M}-{state}", incident="MONITOR", number=0,
        transition="NEW" if found else "RESOLVED", tier=Tier.YELLOW if found else Tier.CALM,
        previous_tier=Tier.CALM if found else Tier.YELLOW, language=language,
        title=(Text(say(language, f"unwell.{state}.title")),), at=now, labels={"rule": "monitor", "risk": "monitoring"},
        lines=tuple(Line(id=id, parts=(Text(text),), vital=True) for id, text in lines),
    )  # fmt: skip
