"""How the two databases are opened: SQLite with WAL, PostgreSQL with one writer that holds the advisory lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from monitor.secret import reveal
from monitor.store.fault import StoreBusy, StoreFault

FILE = "crisis-monitor.db"
LOCK_SECONDS = 5
READERS = 4
_LIBPQ = {
    "application_name": "crisis-monitor",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_TAKE_LOCK = "SELECT pg_advisory_lock(hashtextextended('crisis-monitor/' || current_schema(), 0))"


def address(url: str, state: Path) -> URL:
    """The URL of a store as `[store] url` names it, itself or by reference; StoreFault where it is none."""
    url = reveal(url)
    if url == "sqlite":
        return URL.create("sqlite", database=str(state / FILE))
    try:
        made = make_url(url)
    except ArgumentError:
        raise StoreFault('[store] url: write "sqlite" or "postgresql://USER@HOST/DATABASE"') from None
    kind = made.get_backend_name()
    if kind == "sqlite":
        return made
    if kind not in ("postgres", "postgresql"):
        raise StoreFault(f'[store] url: a store is "sqlite" or "postgresql://…", not {kind}')
    made = made.set(drivername="postgresql+psycopg")
    return made.update_query_dict({name: value for name, value in _LIBPQ.items() if name not in made.query})


def shown(url: URL) -> str:
    """A store's address for people: no password, no options."""
    if url.get_backend_name() == "sqlite":
        return url.database or "sqlite"
    return f"postgresql://{url.host or 'local'}/{url.database or ''}"


def engine(url: URL, *, write: bool) -> Engine:
    """The writer's or the readers' engine."""
    return _sqlite(url, write=write) if url.get_backend_name() == "sqlite" else _postgresql(url, write=write)


def _sqlite(url: URL, *, write: bool) -> Engine:
    made = sa.create_engine(url, connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False})

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")

    @sa.event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return made


def _postgresql(url: URL, *, write: bool) -> Engine:
    """The lock lives in the writer's own session: a writer that lost its session writes nothing before it has it back.

    So two daemons never write to one schema, and no lock is left behind by one that was killed.
    """
    try:
        if not write:
            snapshot: Any = {"isolation_level": "REPEATABLE READ", "execution_options": {"postgresql_readonly": True}}
            return sa.create_engine(url, pool_size=READERS, pool_pre_ping=True, **snapshot)
        made = sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise StoreFault("PostgreSQL needs psycopg; install crisis-monitor[postgresql]") from None

    @sa.event.listens_for(made, "connect")
    def lock(connection: Any, _: Any) -> None:
        connection.autocommit = True
        try:
            connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            connection.execute(_TAKE_LOCK)
        except Exception as error:
            if getattr(error, "sqlstate", None) != "55P03":
                raise
            raise StoreBusy(
                f"{shown(url)}: another crisis-monitor writes to this database; stop it, or use another one", "locked"
            ) from None
        connection.autocommit = False

    return made
