"""What was put off for one person and falls due together is one message: the gravest carries the rest."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Also, Facts, Tier
from monitor.store.codec import dump, load
from monitor.store.tables import deliveries, entries, facts


def gather(connection: Connection, now: float) -> None:
    """Of several first attempts that are due to one person all but the gravest newest end, and it tells of them.

    A drill's and a real one's never share a message.
    """
    due = (deliveries.c.state == "queued", deliveries.c.attempts == 0, deliveries.c.next_at <= now)
    persons = sa.select(deliveries.c.person).where(*due, deliveries.c.person != "")
    for person in connection.scalars(persons.group_by(deliveries.c.person).having(sa.func.count() > 1)).all():
        joined = sa.select(deliveries, facts.c.data).join(facts, facts.c.id == deliveries.c.facts)
        rows = connection.execute(joined.where(*due, deliveries.c.person == person)).all()
        notes = {row.id: load(row.data, Facts) for row in rows}
        for drill in (False, True):
            _into_one(connection, [row for row in rows if notes[row.id].drill == drill], notes, now)


def _into_one(connection: Connection, rows: list[Any], notes: dict[int, Facts], now: float) -> None:
    if len(rows) < 2:
        return
    carrier, *rest = sorted(rows, key=lambda row: (-row.tier, -row.id))
    also = tuple(_also(notes[row.id]) for row in rest)
    mine = deliveries.c.id == carrier.id
    connection.execute(sa.update(deliveries).where(mine).values(also=dump(also)))
    ended = {"state": "superseded", "answer": f"told with {carrier.key}"}
    connection.execute(sa.update(deliveries).where(deliveries.c.id.in_([row.id for row in rest])).values(ended))
    told = {"person": carrier.person, "other": carrier.incident}
    lines = [
        {"incident": row.incident, "at": now, "actor": "monitor", "kind": "delivery.entry.gathered",
         "args": dump({"notice": row.notice, **told})}
        for row in rest
    ]  # fmt: skip
    connection.execute(sa.insert(entries), lines)


def _also(note: Facts) -> Also:
    return Also(incident=note.incident, tier=Tier(note.tier), transition=note.transition, risk=note.risk)
