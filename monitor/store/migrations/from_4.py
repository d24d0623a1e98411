"""Schema 4 -> 5: what detectors remember of each rule's series."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def take(connection: Connection) -> None:
    """Makes the table `tracks`."""
    made = sa.MetaData()
    sa.Table(
        "tracks",
        made,
        sa.Column("rule", _TEXT, primary_key=True),
        sa.Column("meaning", _TEXT, nullable=False),
        sa.Column("selection", sa.BigInteger, nullable=False),
        sa.Column("upto", sa.Double, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    made.create_all(connection)
