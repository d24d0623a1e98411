"""Schema 1 -> 2: the alerts that Alertmanagers report."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def take(connection: Connection) -> None:
    """Makes the table `reported`."""
    made = sa.MetaData()
    sa.Table(
        "reported",
        made,
        sa.Column("group_key", _TEXT, primary_key=True),
        sa.Column("fingerprint", _TEXT, primary_key=True),
        sa.Column("ends_at", sa.Double),
        sa.Column("heard_at", sa.Double, nullable=False),
        sa.Column("data", _TEXT, nullable=False),
    )
    made.create_all(connection)
