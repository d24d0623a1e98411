"""What sources vouch for: polled ones by their pages, pushes by their pulse, streams by what the broker kept."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.model import Page
from monitor.sources import Push, Source, Stream
from monitor.store import cursors
from monitor.store.cursors import Standing
from monitor.times import MINUTE


def cover_page(
    connection: Connection, source: Source, page: Page, standing: Standing, *, saturated: bool, now: float
) -> float | None:
    """Notes what a page vouches for; returns where an outage began that it ends, None when it came in its turn.

    A page that says itself how far it reaches (a file) goes on where the source's coverage ended: between two exports
    nothing was left out; a folder that never held a record vouches for nothing. A saturated one may have left out what
    came before its oldest record: only from there on it vouches.
    """
    if page.covers_to == 0:
        return None
    end = page.covers_to if page.covers_to is not None else now
    read = None if standing.begins else standing.last_good
    before = cursors.covered_to(connection, source.name) if page.covers_to is not None else read
    start = min((t for t in (page.covers_from, before) if t is not None), default=None)
    gap = None
    if start is not None and read is not None and end - start > 2.5 * source.every + MINUTE:
        gap = start
    if saturated:
        start = min((m.at for m in page.mentions), default=start)
    cursors.cover(connection, source.name, min(end, start if start is not None else end), end)
    return gap


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
