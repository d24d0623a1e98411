"""Silences people made."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Silence
from monitor.store.codec import dump, load, upsert
from monitor.store.tables import silences


def put(connection: Connection, silence: Silence) -> None:
    """Keeps a silence, new or changed."""
    until = silence.until if silence.ended_at is None else silence.ended_at
    row = {"until": until, "data": dump(silence)}
    statement = upsert(connection, silences).values(id=silence.id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


def standing(connection: Connection, now: float) -> list[Silence]:
    """Silences not yet over."""
    query = sa.select(silences.c.data).where(silences.c.until > now).order_by(silences.c.until)
    return [load(text, Silence) for text in connection.scalars(query)]


def get(connection: Connection, id: str) -> Silence | None:
    """One silence, or None."""
    text = connection.scalar(sa.select(silences.c.data).where(silences.c.id == id))
    return load(text, Silence) if text else None


def over(connection: Connection, now: float) -> list[Silence]:
    """Silences whose time ran out and whose end was not told yet."""
    query = sa.select(silences.c.data).where(silences.c.until <= now).order_by(silences.c.until)
    return [silence for text in connection.scalars(query) if (silence := load(text, Silence)).ended_at is None]


def next_over(connection: Connection) -> float | None:
    """When the next one is over that was not told yet; past ones too."""
    waiting = [load(text, Silence) for text in connection.scalars(sa.select(silences.c.data))]
    return min((s.until for s in waiting if s.ended_at is None), default=None)
