"""The canary: once a week each channel that nothing else went over proves that it still works.

It goes over the real channel to the real other side. Channels that reach one person, or ring, are left alone: nobody is
to be called for a test. A yes is kept as the last verified delivery, a no is the finding `channel-failing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.engine import Connection

from monitor.channels import Channel, ChannelFault
from monitor.channels.alertmanager import Alertmanager
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.http import Http
from monitor.messages import say
from monitor.model import Line, Notice, Target, Text, Tier
from monitor.store import findings, verified
from monitor.store.database import Database, Priority
from monitor.times import local

log = structlog.get_logger("canary")

WEEK = 7 * 86400.0


class Canary:
    """One flight a day is enough: whoever was verified within a week is left alone."""

    def __init__(self, db: Database, desk: Callable[[], Desk], http: Http, clock: Clock) -> None:
        self._db, self._desk, self._http, self._clock = db, desk, http, clock

    async def fly(self) -> dict[str, bool]:
        """Tests every channel that is due; channel -> whether it said yes."""
        desk, now = self._desk(), self._clock.now()
        known = await self._db.read(verified.all)
        return {channel.name: await self._one(desk, channel, now) for channel in due(desk.channels, known, now)}

    async def _one(self, desk: Desk, channel: Channel, now: float) -> bool:
        language = channel.language or desk.config.settings.language
        notice, target = canary(desk, channel.name, language, now), Target(channel=channel.name, language=language)
        try:
            receipt = await channel.send(notice, target, self._http, now)
        except ChannelFault as fault:
            told = {"answer": str(fault)[:200]}
            await self._db.write(
                lambda c: findings.begin(c, "channel-failing", channel.name, now, told), Priority.DELIVER
            )
            log.error("canary_refused", channel=channel.name, fault=str(fault))
            return False

        def yes(connection: Connection) -> None:
            verified.put(connection, channel.name, now)
            findings.end(connection, "channel-failing", channel.name, now)

        await self._db.write(yes, Priority.DELIVER)
        log.info("canary", channel=channel.name, answer=receipt.answer[:100])
        return True


def due(channels: Mapping[str, Channel], known: Mapping[str, float], now: float) -> list[Channel]:
    """The channels to be tested: groups and endpoints of which nothing was heard for a week."""
    meant = [c for c in channels.values() if c.group and not c.rings and not isinstance(c, Alertmanager)]
    return [channel for channel in meant if now - known.get(channel.name, 0.0) >= WEEK]


def canary(desk: Desk, channel: str, language: str, now: float) -> Notice:
    """The message; its key is the day's, so that one that is tried twice comes once."""
    at = local(now, ZoneInfo(desk.config.settings.timezone))
    words = {"organisation": desk.config.settings.organisation or "crisis-monitor", "time": f"{at:%Y-%m-%d %H:%M %Z}"}
    lines = [Line(id=id, parts=(Text(say(language, f"canary.{id}", **words)),), vital=True) for id in ("head", "when")]
    return Notice(
        key=f"canary-{channel}-{at:%Y%m%d}", incident="TEST", number=0, transition="TEST", tier=Tier.CALM,
        previous_tier=Tier.CALM, language=language, title=(Text(say(language, "canary.title")),), lines=tuple(lines),
        at=now, labels={"rule": "canary", "risk": "test"},
    )  # fmt: skip
