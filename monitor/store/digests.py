"""Until when each digest has told, and the name its deliveries bear in place of an incident's number."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.codec import upsert
from monitor.store.tables import meta

PREFIX = "digest:"


def incident_of(name: str) -> str:
    """What stands where other deliveries name their incident."""
    return PREFIX + name


def last(connection: Connection, name: str, now: float) -> float:
    """When a digest was last sent; one that is new begins now."""
    known = connection.scalar(sa.select(meta.c.value).where(meta.c.key == PREFIX + name))
    if known is None:
        sent(connection, name, now)
    return now if known is None else float(known)


def sent(connection: Connection, name: str, now: float) -> None:
    """Notes that it told everything until now."""
    statement = upsert(connection, meta).values(key=PREFIX + name, value=str(now))
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": str(now)}))
