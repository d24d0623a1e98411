"""What sources vouch for that are not polled: pushes by their pulse, streams by what the broker kept."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.sources import Push, Stream
from monitor.store import cursors
from monitor.store.cursors import Standing
from monitor.times import MINUTE


def cover_push(connection: Connection, source: Push, standing: Standing, now: float) -> None:
    """With `expect_every` a push covers the time since the last one, unless that is too long; else `tend` covers."""
    if source.expect_every is None:
        return
    before = None if standing.begins else standing.last_good
    near = before is not None and now - before <= 2 * source.expect_every
    cursors.cover(connection, source.name, before if near and before is not None else now, now)


def cover_stream(connection: Connection, source: Stream, since: float | None, upto: float) -> float | None:
    """Covers from where coverage ended, not from before `since`, to `upto`; returns where an outage began that it ends.

    What a broker kept for us fills the time we were away; what was not said for twice `expect_every` does not.
    """
    before = cursors.covered_to(connection, source.name)
    start = min(upto, max((t for t in (before, since) if t is not None), default=upto))
    if source.expect_every is not None and upto - start > 2 * source.expect_every:
        start = upto
    cursors.cover(connection, source.name, start, upto)
    return start if start == before and upto - start > 2.5 * source.every + MINUTE else None
