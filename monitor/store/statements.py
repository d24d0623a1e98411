"""Statements for the outside: every version is kept, the newest counts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Statement
from monitor.store.codec import dump, load, upsert
from monitor.store.tables import statements


def put(connection: Connection, statement: Statement) -> None:
    """Keeps a version, new or further on its way."""
    row = {"incident": statement.incident, "data": dump(statement)}
    made = upsert(connection, statements).values(id=statement.id, version=statement.version, **row)
    connection.execute(made.on_conflict_do_update(index_elements=["id", "version"], set_=row))


def versions(connection: Connection, id: str) -> list[Statement]:
    """All versions of one, the newest first; empty where there is none of that id."""
    query = sa.select(statements.c.data).where(statements.c.id == id).order_by(statements.c.version.desc())
    return [load(text, Statement) for text in connection.scalars(query)]


def of(connection: Connection, incident: str) -> list[Statement]:
    """The newest version of each statement of an incident, in the order they were begun."""
    query = sa.select(statements.c.data).where(statements.c.incident == incident).order_by(statements.c.version)
    newest = {made.id: made for made in (load(text, Statement) for text in connection.scalars(query))}
    return sorted(newest.values(), key=lambda s: (len(s.id), s.id))


def next_id(connection: Connection, incident: str) -> str:
    """INC-2026-0042-s3."""
    query = sa.select(sa.func.count(sa.distinct(statements.c.id))).where(statements.c.incident == incident)
    return f"{incident}-s{(connection.scalar(query) or 0) + 1}"
