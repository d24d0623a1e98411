"""Reviews of incidents and the actions that came of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Review
from monitor.store.codec import dump, load, upsert
from monitor.store.tables import reviews


def put(connection: Connection, review: Review) -> None:
    """Keeps one, new or changed."""
    row = {"due_at": review.due_at, "data": dump(review)}
    made = upsert(connection, reviews).values(incident=review.incident, **row)
    connection.execute(made.on_conflict_do_update(index_elements=["incident"], set_=row))


def get(connection: Connection, incident: str) -> Review | None:
    """The review of an incident, or None."""
    text = connection.scalar(sa.select(reviews.c.data).where(reviews.c.incident == incident))
    return load(text, Review) if text else None


def all(connection: Connection) -> list[Review]:
    """All of them, the one that is due first at the head."""
    query = sa.select(reviews.c.data).order_by(reviews.c.due_at, reviews.c.incident)
    return [load(text, Review) for text in connection.scalars(query)]
