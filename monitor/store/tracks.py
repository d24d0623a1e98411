"""What detectors remembered of each rule's series when it was last written down: a cache, made anew from buckets."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.detectors.kept import Saved
from monitor.store.codec import upsert
from monitor.store.tables import tracks


class Row(Struct, frozen=True):
    """What was remembered for a rule of that meaning, counting that selection."""

    meaning: str
    selection: int
    saved: Saved


def put(connection: Connection, rule: str, row: Row) -> None:
    """Writes down what a rule's detector remembers, in the place of what stood."""
    values = {
        "meaning": row.meaning,
        "selection": row.selection,
        "upto": row.saved.upto,
        "data": msgspec.msgpack.encode(row.saved),
    }
    statement = upsert(connection, tracks).values(rule=rule, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["rule"], set_=values))


def all(connection: Connection) -> dict[str, Row]:
    """What is remembered, by rule; what cannot be read is as if it were not there."""
    out = {}
    for row in connection.execute(sa.select(tracks)):
        try:
            saved = msgspec.msgpack.decode(row.data, type=Saved)
        except msgspec.DecodeError:
            continue
        out[row.rule] = Row(row.meaning, row.selection, saved)
    return out


def forget(connection: Connection, since: Iterable[tuple[int, float]]) -> None:
    """Counts of these selections changed from an instant on: what was learned later is no longer so."""
    for selection, at in since:
        connection.execute(sa.delete(tracks).where(tracks.c.selection == selection, tracks.c.upto > at))
