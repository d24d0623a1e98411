"""What a store may answer instead of doing it, in words that say what would be right.

StoreFault           the store can't do it; `kind` says why in a word
  StoreBusy          nothing was written, and the same may go through later: locked, full, read-only, damaged, away
  Conflict           somebody else changed the row first (compare-and-set)
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy.exc import DBAPIError

Kind = Literal["other", "locked", "full", "read-only", "damaged", "away"]

_SQLITE: dict[int, Kind] = {
    5: "locked",  # SQLITE_BUSY
    6: "locked",  # SQLITE_LOCKED
    8: "read-only",  # SQLITE_READONLY
    10: "away",  # SQLITE_IOERR
    11: "damaged",  # SQLITE_CORRUPT
    13: "full",  # SQLITE_FULL
    14: "away",  # SQLITE_CANTOPEN
    26: "damaged",  # SQLITE_NOTADB
}
_POSTGRES: dict[str, Kind] = {
    "25006": "read-only",  # read_only_sql_transaction: a standby, or set so
    "40001": "locked",  # serialization_failure
    "40P01": "locked",  # deadlock_detected
    "53100": "full",  # disk_full
    "55P03": "locked",  # lock_not_available
    "57014": "locked",  # query_canceled, by a timeout
    "XX001": "damaged",  # data_corrupted
    "XX002": "damaged",  # index_corrupted
}
_POSTGRES_CLASSES: dict[str, Kind] = {"08": "away", "53": "away", "57": "away", "58": "away", "28": "away"}
_ADVICE: dict[Kind, str] = {
    "other": "",
    "locked": "another program holds the database; end it (an open sqlite3 shell, a copy in progress)",
    "full": "the disk is full; free space, and the service goes on by itself",
    "read-only": "the database cannot be written; make its file system writable, or give the service's user the right",
    "damaged": "the database is damaged; stop the service, see `crisis-monitor db check`, then `db restore`",
    "away": "the database does not answer; the service goes on by itself once it does",
}


class StoreFault(Exception):
    """The store can't do it."""

    def __init__(self, text: str, kind: Kind = "other") -> None:
        super().__init__(text)
        self.kind: Kind = kind


class StoreBusy(StoreFault):
    """Nothing was written; the same may go through later."""


class Conflict(StoreFault):
    """A row was changed by somebody else between reading and writing."""


def kind_of(error: DBAPIError) -> Kind:
    """Why the database failed; `other` = this statement's own fault, everything else fails a whole batch."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, "other")
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return "away" if error.connection_invalidated or _lost(error) else "other"
    return _POSTGRES.get(state) or _POSTGRES_CLASSES.get(state[:2], "other")


def _lost(error: DBAPIError) -> bool:
    """psycopg gives no state when the connection itself failed."""
    return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout") and "connection" in str(error.orig)


def fault_of(error: DBAPIError, where: str) -> StoreFault:
    """The fault that a database's error is; StoreBusy for all but a statement's own."""
    kind = kind_of(error)
    said = " ".join(str(error.orig).split())
    text = f"{where}: {said}" + (f"; {_ADVICE[kind]}" if _ADVICE[kind] else "")
    return StoreFault(text) if kind == "other" else StoreBusy(text, kind)
