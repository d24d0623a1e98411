"""Stories as they were told: which mentions tell one, and which are told by many at once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.observations import Stored, stored_of
from monitor.store.tables import mentions

MOST = 5000
"""Mentions of one story that are looked at, the first ones."""


def telling(connection: Connection, story: str, since: float = 0.0, limit: int = MOST) -> list[Stored]:
    """The mentions of a story in order of time."""
    query = sa.select(mentions).where(mentions.c.story == story, mentions.c.story != "", mentions.c.at >= since)
    return [stored_of(row) for row in connection.execute(query.order_by(mentions.c.at).limit(limit)).mappings()]


def crowded(connection: Connection, since: float, sources: Sequence[str], authors: int) -> list[str]:
    """The stories that so many authors of these sources have told since an instant."""
    query = (
        sa.select(mentions.c.story)
        .where(mentions.c.at >= since, mentions.c.story != "", mentions.c.author != "", mentions.c.source.in_(sources))
        .group_by(mentions.c.story)
        .having(sa.func.count(sa.distinct(mentions.c.author)) >= authors)
        .order_by(mentions.c.story)
    )
    return list(connection.scalars(query))
