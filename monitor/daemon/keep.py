"""Keeps alive what we said to Alertmanagers: each minute the last notice of each open incident, said once more.

An alert there ends by itself when nobody speaks of it, and an Alertmanager that lost its memory knows of none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.engine import Connection

from monitor.channels import ChannelFault
from monitor.channels.alertmanager import Alertmanager
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.http import Http
from monitor.model import Delivery, Facts, Incident, Notice
from monitor.store import incidents, outbox
from monitor.store.database import Database, StoreFault

log = structlog.get_logger("keep")

EVERY = 60.0
Said = tuple[Delivery, Facts, Incident]


class KeepAlive:
    """Nothing is done where no channel of kind `alertmanager` is configured."""

    def __init__(self, db: Database, desk: Callable[[], Desk], http: Http, clock: Clock) -> None:
        self._db, self._desk, self._http, self._clock = db, desk, http, clock

    async def run(self) -> None:
        """Say it, wait; for ever."""
        while True:
            try:
                await self.keep()
            except StoreFault as fault:
                log.warning("store", fault=str(fault))
            except Exception:
                log.exception("keep_broke")
            await asyncio.sleep(EVERY)

    async def keep(self) -> None:
        """One round over all channels."""
        desk = self._desk()
        channels = [c for c in desk.channels.values() if isinstance(c, Alertmanager)]
        if not channels:
            return
        names = frozenset(channel.name for channel in channels)
        said = await self._db.read(lambda c: last_said(c, names))
        for channel in channels:
            burning = [_again(desk, channel, each) for each in said if each[0].channel == channel.name]
            try:
                await channel.keep(burning, self._http, self._clock.now())
            except ChannelFault as fault:
                log.warning("not_kept", channel=channel.name, fault=str(fault))


def last_said(connection: Connection, channels: frozenset[str]) -> list[Said]:
    """Of each open incident the newest notice that each of the channels took."""
    out: list[Said] = []
    for incident in incidents.open(connection):
        newest: dict[str, int] = {}
        for delivery in outbox.recent(connection, 500, "sent", incident.number):
            if delivery.channel in channels:
                newest.setdefault(delivery.channel, delivery.id)
        out += [(delivery, note, incident) for delivery, note in outbox.get(connection, list(newest.values()))]
    return out


def _again(desk: Desk, channel: Alertmanager, said: Said) -> Notice:
    delivery, note, incident = said
    return desk.render(delivery, note, incident, desk.target(channel, delivery, incident))[0]
