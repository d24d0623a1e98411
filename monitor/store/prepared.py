"""Statements of the hot paths: built once, compiled once for each dialect, run by the driver beneath."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]


class Answer(NamedTuple):
    """What a statement came to: how many rows it changed, and those that it gives."""

    rowcount: int
    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def scalar(self) -> Any:
        """The first value of the first row; None where there is none."""
        return self.rows[0][0] if self.rows else None

    def mappings(self) -> list[Row]:
        """The rows by the names of their columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


class Prepared:
    """A statement with named values. SQLAlchemy builds and compiles it; running it costs what the driver costs.

    `build` gets the connection (for its dialect); `keys`: the columns that an INSERT gives. Values must be such as the
    driver takes: numbers, text, booleans, None.
    """

    def __init__(self, build: Callable[[Connection], ClauseElement], keys: Sequence[str] = ()) -> None:
        self._build, self._keys = build, list(keys) or None
        self._made: dict[str, tuple[str, list[str] | None]] = {}

    def run(self, connection: Connection, values: Row) -> Answer:
        """Runs it once. Raises DBAPIError."""
        text, order = self._text(connection)
        return drive(connection, text, dict(values) if order is None else tuple([values[n] for n in order]))

    def run_many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Runs it for each row. Raises DBAPIError."""
        text, order = self._text(connection)
        if rows:
            given = [dict(row) if order is None else tuple([row[n] for n in order]) for row in rows]
            drive(connection, text, given, many=True)

    def _text(self, connection: Connection) -> tuple[str, list[str] | None]:
        dialect = connection.dialect
        if dialect.name not in self._made:
            compiled: Any = self._build(connection).compile(dialect=dialect, column_keys=self._keys)
            order = list(compiled.positiontup) if compiled.positional else None
            self._made[dialect.name] = (str(compiled), order)
        return self._made[dialect.name]


def drive(connection: Connection, text: str, given: Any = (), *, many: bool = False) -> Answer:
    """Runs SQL as the driver takes it, within the connection's transaction.

    On SQLite straight away, for there SQLAlchemy's own way of doing it costs more than the statement; elsewhere the
    wire costs most, and SQLAlchemy knows which errors mean that the connection is gone.
    """
    if connection.dialect.name != "sqlite" or not connection.in_transaction():
        result = connection.exec_driver_sql(text, given)
        if not result.returns_rows:
            return Answer(result.rowcount, (), ())
        return Answer(result.rowcount, tuple(result.keys()), result.all())
    driver: Any = connection.connection.dbapi_connection
    try:
        cursor = driver.executemany(text, given) if many else driver.execute(text, given)
        rows = cursor.fetchall() if cursor.description else ()
        return Answer(cursor.rowcount, tuple(column[0] for column in cursor.description or ()), rows)
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, given, error, sqlite3.Error, dialect=connection.dialect) from error
