"""Drills that were held or run, and since when each schedule holds."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Drill
from monitor.store.codec import dump, load, upsert
from monitor.store.tables import drills, meta


def put(connection: Connection, drill: Drill) -> None:
    """Keeps a drill, new or ended."""
    row = {"started_at": drill.started_at, "stopped_at": drill.stopped_at, "data": dump(drill)}
    statement = upsert(connection, drills).values(id=drill.id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row))


def running(connection: Connection) -> Drill | None:
    """The one that runs; there is one at a time."""
    query = sa.select(drills.c.data).where(drills.c.stopped_at.is_(None)).order_by(drills.c.started_at)
    text = connection.scalar(query)
    return load(text, Drill) if text else None


def held(connection: Connection, limit: int = 200) -> list[Drill]:
    """All of them, the newest first."""
    query = sa.select(drills.c.data).order_by(drills.c.started_at.desc()).limit(limit)
    return [load(text, Drill) for text in connection.scalars(query)]


def get(connection: Connection, id: str) -> Drill | None:
    """One drill, or None."""
    text = connection.scalar(sa.select(drills.c.data).where(drills.c.id == id))
    return load(text, Drill) if text else None


def next_id(connection: Connection) -> str:
    """D-0007."""
    return f"D-{(connection.scalar(sa.select(sa.func.count()).select_from(drills)) or 0) + 1:04d}"


def since(connection: Connection, scenario: str, now: float) -> float:
    """Since when a scenario is scheduled; noted when it is first asked."""
    key = f"drill:{scenario}"
    known = connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))
    if known is None:
        connection.execute(sa.insert(meta).values(key=key, value=str(now)))
    return now if known is None else float(known)
