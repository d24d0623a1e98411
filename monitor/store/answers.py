"""Who was asked and who answered, out of deliveries and timelines; drills are left out."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.tables import deliveries, entries, incidents

ACK = "incident.entry.acknowledged"
DRILL = '%"drill":true%'


def asked(connection: Connection, since: float, transitions: Sequence[str]) -> list[tuple[str, str, int, str, float]]:
    """(incident, person, tier, channel, when) of what reached people since an instant."""
    c = deliveries.c
    query = sa.select(c.incident, c.person, c.tier, c.channel, c.sent_at)
    query = query.join(incidents, incidents.c.number == c.incident)
    real = (c.sent_at >= since, c.person != "", incidents.c.data.not_like(DRILL))
    rows = connection.execute(query.where(*real, c.transition.in_(transitions)))
    return [(r.incident, r.person, r.tier, r.channel, r.sent_at) for r in rows]


def answered(connection: Connection, since: float) -> list[tuple[str, str, float]]:
    """(incident, who, when) of every acknowledgement since an instant."""
    query = sa.select(entries.c.incident, entries.c.actor, entries.c.at)
    return [tuple(row) for row in connection.execute(query.where(entries.c.kind == ACK, entries.c.at >= since))]
