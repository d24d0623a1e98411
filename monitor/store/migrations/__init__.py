"""The schema's number, and the steps that bring an older one up to it.

A step is a function in a file of its own, `from_1.py`, `from_2.py`, …, that changes the schema it is named after into
the next one; it never imports the tables, which go on changing, and is never edited once released.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.fault import StoreFault
from monitor.store.migrations import from_1, from_2, from_3, from_4
from monitor.store.tables import meta, metadata

Step = Callable[[Connection], None]
STEPS: tuple[Step, ...] = (from_1.take, from_2.take, from_3.take, from_4.take)
"""The first one leads from schema 1 to 2."""


def newest() -> int:
    """The schema this version works with."""
    return 1 + len(STEPS)


def found(connection: Connection) -> int | None:
    """The schema a store has; None where there is none yet."""
    if not sa.inspect(connection).has_table("meta"):
        return None
    value = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema"))
    return int(value) if value is not None else None


def bring_up(connection: Connection, name: str) -> int:
    """Makes the schema, or takes the steps that are missing, in the caller's transaction; returns what was found."""
    has = found(connection)
    if has is None:
        _make(connection, name)
        return newest()
    if has > newest():
        raise StoreFault(
            f"{name}: its schema is {has}, this version knows {newest()}; use the version that made it, or a newer one"
        )
    for step in STEPS[has - 1 :]:
        step(connection)
    if has < newest():
        connection.execute(sa.update(meta).where(meta.c.key == "schema").values(value=str(newest())))
    return has


def _make(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StoreFault(f"{name}: its encoding is {encoding}; make one with CREATE DATABASE … ENCODING 'UTF8'")
    metadata.create_all(connection)
    connection.execute(sa.insert(meta).values(key="schema", value=str(newest())))
