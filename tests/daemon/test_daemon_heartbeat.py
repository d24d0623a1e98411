"""The heartbeat says that all is well only when it is, and what is wrong is a finding too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.rig import free_port
from monitor.config.load import load
from monitor.daemon import heartbeat
from monitor.daemon.audit import Looked, audit
from monitor.daemon.clock import SystemClock
from monitor.daemon.service import Service
from monitor.http import Answer
from monitor.store import engine, findings, outbox
from monitor.store.database import Priority
from tests.channels.fakes import Fake, Received, Reply
from tests.store.store_world import owed, recipient

WELL = {
    "sources": 3, "sources_failing": 2, "disk_left": 5e9, "outbox_age": 599.0, "timer_age": -50.0, "clock_off": 59.0,
}  # fmt: skip


def kinds(**looked: object) -> list[str]:
    return [each.kind for each in audit(Looked(**WELL | looked))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "looked"),
    [
        ("loop", {"stuck": ("judge",)}),
        ("loop", {"broken": ("deliver",)}),
        ("store", {"store": "the disk is full"}),
        ("outbox", {"outbox_age": 601.0}),
        ("timer", {"timer_age": 121.0}),
        ("sources", {"sources_failing": 3}),
        ("channel", {"channels": 2, "channels_failing": ("robot",)}),
        ("channels", {"channels": 1, "channels_failing": ("robot",)}),
        ("config", {"reload_refused": True}),
        ("disk", {"disk_left": 99e6}),
        ("clock", {"clock_off": -61.0}),
    ],
)
def test_each_thing_that_is_wrong_is_found_alone(kind: str, looked: dict[str, object]) -> None:
    assert kinds(**looked) == [kind]


def test_all_well_and_a_monitor_without_sources_is_well() -> None:
    assert kinds() == []
    assert audit(Looked()) == []


class Outside(Fake):
    """Who hears the heartbeat."""

    def judge(self, request: Received) -> Reply:
        return Reply(body="OK")

    def heard(self) -> list[str]:
        """The last part of each path, oldest first; forgets them."""
        paths = [each.path.rpartition("/")[2] for each in self.received]
        self.received.clear()
        return paths


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimpleNamespace]:
    monkeypatch.setattr(engine, "LOCK_SECONDS", 0.3)
    with Outside() as outside:
        path = tmp_path / "rules.toml"
        monkeypatch.setenv("BEAT", f"{outside.url.rstrip('/')}/beat")
        path.write_text(
            f'[server]\nlisten = "127.0.0.1:{free_port()}"\n[heartbeat]\nurl = "env:BEAT"\nevery = "1h"\n'
            '[[source]]\nname = "desk"\nkind = "push"\nfamily = "tickets"\n'
        )
        service = Service(load(path, secrets=True), path, tmp_path, SystemClock(look=0.1))
        await service.start()
        for _ in range(100):
            if len(outside.received) >= 2:
                break
            await asyncio.sleep(0.05)
        yield SimpleNamespace(service=service, outside=outside, beat=service.heartbeat.beat, folder=tmp_path, path=path)
        await service.close()


async def unwell(service: Service) -> list[str]:
    return [f.subject for f in await service.db.read(findings.open) if f.kind == heartbeat.FINDING]


@pytest.mark.anyio
async def test_a_start_then_a_beat(here: SimpleNamespace) -> None:
    assert here.outside.heard() == ["start", "beat"]
    assert await here.beat() == []
    assert here.outside.heard() == ["beat"]


@pytest.mark.anyio
async def test_a_notice_that_should_be_out_fails_the_beat_and_one_for_later_does_not(here: SimpleNamespace) -> None:
    db, now = here.service.db, here.service.clock.now()
    here.service._tasks[2].cancel()  # nobody delivers
    to = owed(recipient("zhang", "robot", after=now + 9000))
    await db.write(lambda c: outbox.owe(c, to, now - 700), Priority.JUDGE)
    assert await here.beat() == []
    await db.write(lambda c: outbox.owe(c, owed(recipient("li", "robot")), now - 700), Priority.JUDGE)
    here.outside.heard()
    assert [each.kind for each in await here.beat()] == ["outbox"]
    assert await unwell(here.service) == ["outbox"]
    assert here.outside.heard() == ["fail"]


@pytest.mark.anyio
async def test_a_refused_reload_fails_the_beat_until_a_good_one(here: SimpleNamespace) -> None:
    good = here.path.read_text()
    here.path.write_text("nonsense")
    assert await here.service.reload()
    assert [each.kind for each in await here.beat()] == ["config"]
    here.path.write_text(good)
    assert await here.service.reload() == ""
    assert await here.beat() == []
    assert await unwell(here.service) == []


@pytest.mark.anyio
async def test_a_store_that_cannot_be_written_fails_the_beat_and_readiness_and_recovers(here: SimpleNamespace) -> None:
    with sqlite3.connect(here.folder / "crisis-monitor.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(engine.StoreFault):
            await here.service.db.write(lambda c: None, Priority.ACT)
        here.outside.heard()
        assert [each.kind for each in await here.beat()] == ["store"]
        assert here.outside.heard() == ["fail"]
        assert here.service._readiness().missing == ("store",)
        other.execute("ROLLBACK")
    assert await here.beat() == []
    assert here.service._readiness().missing == ()


@pytest.mark.parametrize(("date", "off"), [(formatdate(1000, usegmt=True), 500.0), ("", None), ("yesterday", None)])
def test_the_other_sides_date_tells_how_far_off_our_clock_is(date: str, off: float | None) -> None:
    assert heartbeat._off(Answer(200, {"date": date}), 1500.0) == off


@pytest.mark.anyio
async def test_a_clock_that_differs_from_outside_is_a_finding_but_not_down(here: SimpleNamespace) -> None:
    here.service.heartbeat._clock_off = 500.0
    here.outside.heard()
    (found,) = await here.beat()
    assert (found.kind, found.args) == ("clock", {"seconds": 500})
    assert here.outside.heard() == ["beat"]
    assert await here.beat() == []


@pytest.mark.anyio
async def test_nobody_outside_listening_harms_nothing(here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAT", f"http://127.0.0.1:{free_port()}/")
    assert await here.beat() == []
