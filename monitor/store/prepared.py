"""Statements of the hot paths: built once, compiled once for each dialect, run by the driver beneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]


class Prepared:
    """A statement with named values. SQLAlchemy builds and compiles it; running it costs what the driver costs.

    `build` gets the connection (for its dialect); `keys`: the columns that an INSERT gives. Values must be such as the
    driver takes: numbers, text, booleans, None.
    """

    def __init__(self, build: Callable[[Connection], ClauseElement], keys: Sequence[str] = ()) -> None:
        self._build, self._keys = build, list(keys) or None
        self._made: dict[str, tuple[str, list[str] | None]] = {}

    def run(self, connection: Connection, values: Row) -> CursorResult[Any]:
        """Runs it once."""
        text, order = self._text(connection)
        return connection.exec_driver_sql(text, dict(values) if order is None else tuple([values[n] for n in order]))

    def run_many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Runs it for each row."""
        text, order = self._text(connection)
        if rows:
            given = [dict(row) if order is None else tuple([row[n] for n in order]) for row in rows]
            connection.exec_driver_sql(text, given)

    def _text(self, connection: Connection) -> tuple[str, list[str] | None]:
        dialect = connection.dialect
        if dialect.name not in self._made:
            compiled: Any = self._build(connection).compile(dialect=dialect, column_keys=self._keys)
            order = list(compiled.positiontup) if compiled.positional else None
            self._made[dialect.name] = (str(compiled), order)
        return self._made[dialect.name]
