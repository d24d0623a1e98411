"""Foreign databases, opened for reading only: SQLite files and PostgreSQL servers. Refusals are SourceFaults."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from monitor.secret import Secret, SecretFault, reveal
from monitor.sources.guard import outer_addresses
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short

_STEPS = 10_000
"""Instructions of SQLite between two looks at the clock."""
_SESSION = "SELECT set_config('statement_timeout', :ms, true), set_config('TimeZone', :zone, true)"


def wrong_url(url: str) -> str:
    """What is wrong with a URL as it stands in the config; "" where nothing is."""
    made = _read(url)
    if made is None:
        return Told("bad_sql_url")
    return Told("password_in_sql_url") if made.password or "password" in made.query else ""


def _read(url: str) -> URL | None:
    try:
        made = make_url(url)
        kind = made.get_backend_name()
    except (SQLAlchemyError, ValueError):
        return None
    if kind == "sqlite":
        return made if made.database and Path(made.database).is_absolute() else None
    return made.set(drivername="postgresql+psycopg") if kind in ("postgres", "postgresql") else None


def address(url: str, password: Secret | None = None) -> URL:
    """The URL as SQLAlchemy reads it, secrets resolved. SourceFault where it is none, or of another database."""
    try:
        made = _read(reveal(url))
        secret = password.reveal() if password is not None else None
    except SecretFault as error:
        raise SourceFault(Told("secret", text=str(error))) from None
    if made is None:
        raise SourceFault(Told("bad_sql_url"))
    return made.set(password=secret) if secret is not None else made


async def guarded(url: URL) -> URL:
    """The URL with the outer address that its host has, which is dialled. SourceFault for inner ones and sockets."""
    if url.get_backend_name() == "sqlite":
        return url
    host = url.query.get("host", url.host or "")
    if not isinstance(host, str) or not host or host.startswith("/") or "," in host or "hostaddr" in url.query:
        raise SourceFault(Told("http.refused_address", text=Told("several_hosts")))
    return url.update_query_dict({"hostaddr": (await outer_addresses(host, url.port or 5432))[0]})


class Session:
    """One connection. `end` may be called from another thread: what waits for the database then fails."""

    def __init__(self) -> None:
        self._raw: Any = None

    @contextmanager
    def opened(self, url: URL, *, timeout: float, zone: str) -> Iterator[Connection]:
        """A connection in a read-only transaction; a statement runs at most `timeout` seconds. Raises SourceFault."""
        engine = _sqlite(url, timeout) if url.get_backend_name() == "sqlite" else _postgresql(url, timeout)
        try:
            with engine.connect() as connection:
                self._raw = connection.connection.dbapi_connection
                if engine.dialect.name == "postgresql":
                    connection.execute(sa.text(_SESSION), {"ms": str(int(timeout * 1000)), "zone": zone})
                yield connection
        except DBAPIError as error:
            raise _fault(error, url, timeout) from None
        except (SQLAlchemyError, UnicodeError) as error:
            raise SourceFault(Told("sql_failed", text=_bare(str(error), url))) from None
        finally:
            self._raw = None
            engine.dispose()

    def end(self) -> None:
        """Interrupts SQLite; of a server it closes the line, which needs no answer."""
        raw = self._raw
        with suppress(OSError, DBAPIError, sqlite3.Error):
            if isinstance(raw, sqlite3.Connection):
                raw.interrupt()
            elif raw is not None and not raw.closed:
                with socket.socket(fileno=os.dup(raw.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)


def _sqlite(url: URL, timeout: float) -> Engine:
    def connect() -> sqlite3.Connection:
        path = f"file:{quote(str(url.database))}?mode=ro"
        connection = sqlite3.connect(path, uri=True, timeout=min(timeout, 10.0), check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        ends = time.monotonic() + timeout
        connection.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _postgresql(url: URL, timeout: float) -> Engine:
    """READ ONLY is said with each BEGIN, not as a startup option, so that it holds behind a pooler too."""
    wanted = {"application_name": "crisis-monitor", "connect_timeout": str(max(2, int(min(timeout, 10.0))))}
    url = url.update_query_dict({name: value for name, value in wanted.items() if name not in url.query})
    try:
        engine = sa.create_engine(url, poolclass=NullPool)
    except ImportError:
        raise SourceFault(Told("no_psycopg")) from None
    return engine.execution_options(postgresql_readonly=True)


def _fault(error: DBAPIError, url: URL, timeout: float) -> SourceFault:
    """What the database said, without the statement, its parameters and the password."""
    text = _bare(str(error.orig), url)
    if getattr(error.orig, "sqlstate", None) == "57014" or text == "interrupted":
        return SourceFault(Told("http.timeout", text=Told("slow_query", seconds=f"{timeout:g}")))
    return SourceFault(Told("sql_failed", text=text))


def _bare(text: str, url: URL) -> str:
    for secret in filter(None, (url.password, url.query.get("password"))):
        text = text.replace(str(secret), "***")
    return short(text, 240)
