"""Each test of the store runs on a fresh SQLite file and on a fresh schema of a PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from monitor.store.database import Database


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
