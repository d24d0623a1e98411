"""Schema 3 -> 4: statements for the outside, and reviews."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def take(connection: Connection) -> None:
    """Two new tables; nothing that is kept changes."""
    made = sa.MetaData()
    sa.Table(
        "statements",
        made,
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("incident", _TEXT, nullable=False, index=True),
        sa.Column("data", _TEXT, nullable=False),
    )
    sa.Table(
        "reviews",
        made,
        sa.Column("incident", _TEXT, primary_key=True),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
    )
    made.create_all(connection)
