"""Alerts of Alertmanagers: taken in, kept, and judged in the judge's own round as verdicts of rules over there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.board import Board
from monitor.daemon.desk import Desk
from monitor.incidents.plan import AlertChange
from monitor.mentions.mask import excerpt
from monitor.model import REPORTED, Alert, Example, Reported, Tier
from monitor.rules.reported import Id, next_silence, stand
from monitor.store import alerts as stored
from monitor.store import reported
from monitor.store.database import Database, Priority, StoreFault
from monitor.times import MINUTE

log = structlog.get_logger("reports")

LATE = 900.0
"""Seconds between a rise over there and its being seen here before a notice speaks of it."""
LOOK = 300.0
"""How often silent ones are looked at: a while later their incidents say so."""
EXAMPLES = 3


class Reports:
    """`real`: all alerts above calm. `wake` wakes the judge."""

    def __init__(
        self, db: Database, desk: Callable[[], Desk], board: Board, real: Callable[[], list[Alert]],
        wake: Callable[[], None],
    ) -> None:  # fmt: skip
        self._db, self._desk, self._board, self._real, self._wake = db, desk, board, real, wake
        self._alerts: dict[Id, Alert] = {}
        self._loaded = False
        self._changed = True
        self._due: float | None = None

    async def take(self, told: Sequence[Reported]) -> int:
        """Keeps what one message says; after the commit it is judged. Returns how many said something new."""
        fresh = await self._db.write(lambda c: reported.take(c, told), Priority.INGEST)
        if fresh:
            log.info("reported", group=told[0].group, alerts=len(told), new=fresh)
        self.replan()
        return fresh

    def replan(self) -> None:
        """Looks at all of them anew: some were spoken of, or the config changed."""
        self._changed = True
        self._wake()

    def standing(self) -> list[Alert]:
        """Those above calm."""
        return list(self._alerts.values())

    async def round(self, now: float) -> float | None:
        """Plans what changed. What cannot be planned is tried again in a minute, and stops nobody else."""
        if not self._changed and (self._due is None or now < self._due):
            return self._due
        self._changed = False
        try:
            self._due = await self._judge(now)
        except StoreFault:
            self._changed = True
            raise
        except Exception:
            log.exception("reports_broke")
            self._changed, self._due = True, now + MINUTE
        return self._due

    async def _judge(self, now: float) -> float | None:
        how = self._desk().config.alertmanager
        firing, before = await self._db.read(self._look)
        after = {(alert.rule, alert.key): alert for alert in stand(firing, before, how, now)}
        changes = [_change(before.get(id), alert, firing, now) for id, alert in after.items()]
        burning = {id: alert for id, alert in after.items() if alert.tier > Tier.CALM}
        if changes:
            others = [alert for alert in self._real() if (alert.rule, alert.key) not in before]
            await self._board.plan(changes, [*others, *burning.values()], now)
        self._alerts = burning
        silent = any(alert.no_data_since is not None for alert in burning.values())
        return now + LOOK if silent else next_silence(firing, how, now)

    def _look(self, connection: Connection) -> tuple[list[Reported], dict[Id, Alert]]:
        """What fires over there, and how that stood here: after a restart, as it was written with its incidents."""
        if not self._loaded:
            known = [alert for alert, _ in stored.all(connection) if alert.rule.startswith(REPORTED)]
            self._alerts, self._loaded = {(alert.rule, alert.key): alert for alert in known}, True
        return reported.firing(connection), self._alerts


def _change(before: Alert | None, after: Alert, firing: Sequence[Reported], now: float) -> AlertChange:
    rises = before is None or after.tier > before.tier
    late = now - after.since if rises and now - after.since >= LATE else 0.0
    mine = [row for row in firing if (row.rule, row.key) == (after.rule, after.key) and row.summary]
    said = [
        Example(text=excerpt(row.summary), source="Alertmanager", family="", at=row.starts_at, url=row.url)
        for row in sorted(mine, key=lambda row: -row.starts_at)[:EXAMPLES]
    ]
    return AlertChange(before=before, after=after, late_by=late, examples=tuple(said))
