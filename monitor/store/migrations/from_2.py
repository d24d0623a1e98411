"""Schema 2 -> 3: what is read in a mention, stories by mark, customers, intake by the hour, what was forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def take(connection: Connection) -> None:
    """Adds the column `said`, and the tables `customers`, `intake` and `forgotten`."""
    clean = "" if connection.dialect.name == "sqlite" else ' COLLATE "C"'
    text, large = f"TEXT{clean}", "BIGINT"
    instant = "DOUBLE" if connection.dialect.name == "sqlite" else "DOUBLE PRECISION"
    end = " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
    for statement in (
        f"ALTER TABLE mentions ADD COLUMN said {text}",
        "CREATE INDEX mentions_story ON mentions (story, at) WHERE story <> ''",
        f"CREATE TABLE customers (who {text} NOT NULL PRIMARY KEY, heard_at {instant} NOT NULL,"
        f" data {text} NOT NULL){end}",
        f"CREATE TABLE intake (source {text} NOT NULL, hour {large} NOT NULL, accepted {large} NOT NULL,"
        f" duplicates {large} NOT NULL, corrected {large} NOT NULL, rejected {large} NOT NULL,"
        f" undated {large} NOT NULL, unmatched {large} NOT NULL, lag {instant} NOT NULL,"
        f" PRIMARY KEY (source, hour)){end}",
        f"CREATE TABLE forgotten (mark {text} NOT NULL PRIMARY KEY, at {instant} NOT NULL){end}",
    ):
        connection.execute(sa.text(statement))
