"""Incidents and their timelines; an Outcome is written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.model import Entry, Incident, Outcome
from monitor.store import outbox, timers
from monitor.store.codec import dump, load, upsert
from monitor.store.database import Conflict
from monitor.store.prepared import Prepared
from monitor.store.tables import entries, incidents

_OPEN = Prepared(lambda c: upsert(c, incidents).on_conflict_do_nothing(), incidents.c.keys())
_GET = Prepared(lambda _: sa.select(incidents.c.data).where(incidents.c.number == sa.bindparam("of_number")))
_ADD = Prepared(lambda _: sa.insert(entries), ["incident", "at", "actor", "kind", "args"])


class Line(Struct, frozen=True):
    """An entry of a timeline with its number."""

    id: int
    entry: Entry


def apply(connection: Connection, outcome: Outcome, now: float) -> list[int]:
    """Writes an incident's change, its entries, timers and deliveries; returns the ids of the deliveries.

    Conflict when the incident was changed by somebody else meanwhile: nothing is written then.
    """
    _put(connection, outcome.incident)
    add_entries(connection, outcome.entries)
    timers.put(connection, outcome.timers)
    return [id for owed in outcome.owed for id in outbox.owe(connection, owed, now)]


def _put(connection: Connection, incident: Incident) -> None:
    row = {
        "risk": incident.risk,
        "state": incident.state,
        "tier": int(incident.tier),
        "opened_at": incident.opened_at,
        "updated_at": incident.updated_at,
        "closed_at": incident.closed_at,
        "version": incident.version,
        "data": dump(incident),
    }
    if incident.version == 1:
        _insert(connection, incident, row)
        return
    mine = (incidents.c.number == incident.number, incidents.c.version == incident.version - 1)
    if connection.execute(sa.update(incidents).where(*mine).values(row)).rowcount != 1:
        raise Conflict(f"{incident.number} was changed meanwhile")


def _insert(connection: Connection, incident: Incident, row: dict[str, object]) -> None:
    seq = int(incident.number.rpartition("-")[2])
    if _OPEN.run(connection, {"number": incident.number, "seq": seq, **row}).rowcount != 1:
        raise Conflict(f"{incident.number} exists already")


def next_seq(connection: Connection) -> int:
    """The running number that the next incident gets."""
    return (connection.scalar(sa.select(sa.func.max(incidents.c.seq))) or 0) + 1


def get(connection: Connection, number: str) -> Incident | None:
    """One incident, or None."""
    text = _GET.run(connection, {"of_number": number}).scalar()
    return load(text, Incident) if text else None


def open(connection: Connection) -> list[Incident]:
    """All open incidents, the oldest first."""
    query = sa.select(incidents.c.data).where(incidents.c.state == "open").order_by(incidents.c.seq)
    return [load(text, Incident) for text in connection.scalars(query)]


def open_by_tier(connection: Connection) -> dict[int, int]:
    """How many incidents are open at each tier level."""
    query = sa.select(incidents.c.tier, sa.func.count()).where(incidents.c.state == "open").group_by(incidents.c.tier)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_drill_acknowledged(connection: Connection) -> float | None:
    """When somebody last acknowledged a drill; None = no drill was, as far as is kept."""
    rows = connection.scalars(sa.select(incidents.c.data).where(incidents.c.data.like('%"drill":true%')))
    times = [found.acknowledged_at for found in (load(text, Incident) for text in rows) if found.drill]
    return max((at for at in times if at is not None), default=None)


def closed_since(connection: Connection, since: float) -> list[Incident]:
    """Incidents closed at or after an instant, the newest first."""
    query = sa.select(incidents.c.data).where(incidents.c.state != "open", incidents.c.closed_at >= since)
    return [load(text, Incident) for text in connection.scalars(query.order_by(incidents.c.seq.desc()))]


def recent(connection: Connection, limit: int = 50) -> list[Incident]:
    """The newest incidents of any state."""
    query = sa.select(incidents.c.data).order_by(incidents.c.seq.desc()).limit(limit)
    return [load(text, Incident) for text in connection.scalars(query)]


def add_entries(connection: Connection, lines: Sequence[Entry]) -> None:
    """Adds lines to timelines."""
    if lines:
        rows = [
            {"incident": e.incident, "at": e.at, "actor": e.actor, "kind": e.kind, "args": dump(e.args)} for e in lines
        ]
        _ADD.run_many(connection, rows)


def timeline(connection: Connection, number: str) -> list[Line]:
    """An incident's timeline, in the order it was written."""
    query = sa.select(entries).where(entries.c.incident == number).order_by(entries.c.id)
    return [
        Line(r.id, Entry(incident=r.incident, at=r.at, actor=r.actor, kind=r.kind, args=load(r.args, dict)))
        for r in connection.execute(query)
    ]
