"""When each channel last proved that it works: by a notice that was taken, or by the weekly canary."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.codec import upsert
from monitor.store.tables import deliveries, meta

_KEY = "verified/"


def put(connection: Connection, channel: str, at: float) -> None:
    """Notes a canary that was taken."""
    statement = upsert(connection, meta).values(key=_KEY + channel, value=repr(at))
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": repr(at)}))


def all(connection: Connection) -> dict[str, float]:
    """channel -> its last verified delivery; those that never had one are left out."""
    sent = sa.select(deliveries.c.channel, sa.func.max(deliveries.c.sent_at)).where(deliveries.c.state == "sent")
    found = {row[0]: float(row[1]) for row in connection.execute(sent.group_by(deliveries.c.channel))}
    flown = sa.select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_KEY))
    for key, value in connection.execute(flown):
        name = key.removeprefix(_KEY)
        found[name] = max(found.get(name, 0.0), float(value))
    return found
