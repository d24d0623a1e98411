"""When a notice ran out of ways: somebody else hears that, over channels it has not tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from monitor.daemon.board import Board
from monitor.daemon.clock import Clock
from monitor.daemon.deliver import Parcel
from monitor.daemon.desk import Desk
from monitor.daemon.judge import Judge
from monitor.incidents import undelivered
from monitor.incidents.context import Context
from monitor.model import Alert, Incident, Outcome

log = structlog.get_logger("last_resort")


class LastResort:
    """Owes one more notice for each dead one, unless that one was itself such."""

    def __init__(self, board: Board, judge: Judge, desk: Callable[[], Desk], clock: Clock) -> None:
        self._board, self._judge, self._desk, self._clock = board, judge, desk, clock

    async def tell(self, parcel: Parcel) -> None:
        """The delivery's incident gets a notice to all that were not tried; its people by their other channels."""
        delivery, note, _ = parcel
        if note.reason_id == undelivered.REASON:
            log.error("nobody_reachable", incident=delivery.incident)
            return
        now, tried = self._clock.now(), (*delivery.tried, delivery.channel)

        def think(incident: Incident, context: Context, alerts: Sequence[Alert]) -> Outcome:
            return undelivered.undelivered(
                incident, delivery.person, tried, now, context, notice=delivery.notice, alerts=alerts
            )

        await self._board.act(delivery.incident, think, self._judge.standing(), now)
