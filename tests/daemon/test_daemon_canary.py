"""The canary proves each channel once a week, rings nobody, and a channel that fails is a finding."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.engine import Connection

from monitor.config.load import load
from monitor.daemon.canary import WEEK, Canary, due
from monitor.daemon.clock import SteppedClock
from monitor.daemon.desk import compile_desk
from monitor.http import Http
from monitor.store import findings, outbox, verified
from monitor.store.database import Database, Priority
from tests.channels.fakes import Fake, Received, Reply
from tests.store.store_world import owed, recipient

CONFIG = """
[[channel]]
name = "hook"
kind = "webhook"
url = "URL"
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
from = "a@example.com"
[[channel]]
name = "am"
kind = "alertmanager"
urls = ["URL"]
"""


class Hook(Fake):
    """Answers as it is told."""

    status = 200

    def judge(self, request: Received) -> Reply:
        return Reply(self.status, "ok")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    with Hook() as hook:
        path = tmp_path / "rules.toml"
        path.write_text(CONFIG.replace("URL", hook.url))
        desk = compile_desk(load(path), tmp_path, b"k" * 32)
        db = Database("sqlite", tmp_path)
        db.open()
        db.start()
        clock = SteppedClock(1_800_000_000.0, 0)
        async with Http() as http:
            canary = Canary(db, lambda: desk, http, clock)
            yield SimpleNamespace(db=db, desk=desk, hook=hook, clock=clock, canary=canary)
        await db.close()


@pytest.mark.anyio
async def test_a_channel_is_proven_once_a_week(here: SimpleNamespace) -> None:
    assert await here.canary.fly() == {"hook": True}
    assert await here.db.read(verified.all) == {"hook": here.clock.now()}
    assert await here.canary.fly() == {}
    here.clock._now += WEEK
    assert await here.canary.fly() == {"hook": True}
    assert "TEST" in here.hook.received[0].body.decode()


@pytest.mark.anyio
async def test_a_notice_that_was_taken_proves_it_as_well(here: SimpleNamespace) -> None:
    now = here.clock.now()

    def sent(connection: Connection) -> None:
        (id,) = outbox.owe(connection, owed(recipient("", "hook")), now)
        outbox.settle(connection, id, "sent", now)

    await here.db.write(sent, Priority.DELIVER)
    assert await here.canary.fly() == {}


@pytest.mark.anyio
async def test_a_channel_that_fails_is_a_finding_until_it_works(here: SimpleNamespace) -> None:
    here.hook.status = 500
    assert await here.canary.fly() == {"hook": False}
    assert [f.subject for f in await here.db.read(findings.open)] == ["hook"]
    here.hook.status = 200
    assert await here.canary.fly() == {"hook": True}
    assert await here.db.read(findings.open) == []


@pytest.mark.anyio
async def test_nobody_is_rung_or_written_to_in_person(here: SimpleNamespace) -> None:
    meant = due(here.desk.channels, {}, here.clock.now())
    assert not [c.name for c in meant if c.rings or not c.group or c.name == "am"]
