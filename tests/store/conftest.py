"""Each test of the store runs on a fresh SQLite file and on a fresh schema of a PostgreSQL.

PostgreSQL: the server at CRISIS_MONITOR_TEST_POSTGRESQL, else the local one; where neither answers, its half is skipped
with the reason, unless that variable is set: then it fails, so that nothing is skipped where a server was promised.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store.database import Database

SERVER = os.environ.get("CRISIS_MONITOR_TEST_POSTGRESQL", "")
LOCAL = "postgresql://postgres@127.0.0.1:5432/test"


@pytest.fixture(scope="session")
def postgresql() -> str:
    """The URL of a server that answers."""
    try:
        made = sa.create_engine((SERVER or LOCAL).replace("postgresql:", "postgresql+psycopg:", 1))
        with made.connect():
            made.dispose()
    except Exception as error:
        if SERVER:
            raise
        pytest.skip(f"no PostgreSQL at {LOCAL}: {str(error).splitlines()[0]}; set CRISIS_MONITOR_TEST_POSTGRESQL")
    return SERVER or LOCAL


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """A schema of its own on that server, dropped afterwards."""
    schema = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    admin = sa.create_engine(postgresql.replace("postgresql:", "postgresql+psycopg:", 1), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
        yield f"{postgresql}?options=-csearch_path%3D{schema}"
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """The store's address as [store] url names it."""
    return "sqlite" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


@pytest.fixture
async def db(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An open store with its writer running."""
    made = Database(url, tmp_path)
    made.open()
    made.start()
    yield made
    await made.close()


@pytest.fixture
def connection(url: str, tmp_path: Path) -> Iterator[Connection]:
    """One transaction of the writer's engine on a fresh schema."""
    made = Database(url, tmp_path)
    made.open()
    with made._engine.begin() as opened:
        yield opened
    made._engine.dispose()
    made._reading.dispose()


Write = Callable[[Callable[[Connection], object]], object]
