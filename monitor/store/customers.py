"""Customers who are followed: what they said so far, under a mark that does not give them away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.mentions.customers import Customer
from monitor.store.codec import chunks, dump, load, upsert
from monitor.store.tables import customers


class Followed(Struct, frozen=True, kw_only=True):
    """A customer as remembered. `author`, `source`: who it is; `text`, `why`, `at`: the last message of a turn."""

    customer: Customer
    author: str
    source: str
    heard_at: float
    text: str = ""
    why: tuple[str, ...] = ()
    at: float = 0.0


def get(connection: Connection, marks: Iterable[str]) -> dict[str, Followed]:
    """Those of the marks that are followed."""
    out: dict[str, Followed] = {}
    for part in chunks(marks):
        query = sa.select(customers.c.who, customers.c.data).where(customers.c.who.in_(part))
        out.update({row.who: load(row.data, Followed) for row in connection.execute(query)})
    return out


def put(connection: Connection, followed: Mapping[str, Followed]) -> None:
    """Keeps them as they now stand."""
    rows = [{"who": who, "heard_at": f.heard_at, "data": dump(f)} for who, f in followed.items()]
    if rows:
        statement = upsert(connection, customers)
        new = {"heard_at": statement.excluded.heard_at, "data": statement.excluded.data}
        connection.execute(statement.on_conflict_do_update(index_elements=["who"], set_=new), rows)


def forget(connection: Connection, marks: Iterable[str]) -> int:
    """Forgets customers; returns how many there were."""
    return sum(
        connection.execute(sa.delete(customers).where(customers.c.who.in_(part))).rowcount for part in chunks(marks)
    )


def blank(connection: Connection, marks: Iterable[str], texts: Collection[str]) -> int:
    """Takes excerpts out of what is remembered of customers; returns how many there were."""
    said = {who: replace(f, text="", why=()) for who, f in get(connection, marks).items() if f.text in texts}
    put(connection, said)
    return len(said)


def quiet(connection: Connection, before: float) -> None:
    """Forgets those who have said nothing since an instant."""
    connection.execute(sa.delete(customers).where(customers.c.heard_at < before))
