"""What all tests share.

PostgreSQL: the server at CRISIS_MONITOR_TEST_POSTGRESQL, else a local one; where none answers, what needs it is skipped
with the reason, unless that variable is set: then it fails, so that nothing is skipped where a server was promised.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SERVER = os.environ.get("CRISIS_MONITOR_TEST_POSTGRESQL", "")
LOCAL = "postgresql://postgres@127.0.0.1:5432/test"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shared() -> Path:
    """The folder of reference data beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs the reference data in ../shared, which is not part of the project")
    return SHARED


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
