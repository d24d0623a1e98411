"""That the monitor is unwell reaches people whichever part of it is sick: a channel, the store, the deliver loop."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor.config.load import load
from monitor.daemon.audit import Unwell
from monitor.daemon.desk import compile_desk
from monitor.daemon.distress import message
from monitor.daemon.heartbeat import KINDS
from monitor.messages import LANGUAGES, catalogue
from monitor.store import engine, findings
from monitor.store.database import Priority, StoreFault
from tests.channels.fakes import FakeWebhook, Reply
from tests.daemon.house import House, house

pytestmark = pytest.mark.anyio
CONFIG = """
[[channel]]
name = "sick"
kind = "webhook"
url = "SICK"
[[channel]]
name = "well"
kind = "webhook"
url = "HOOK"
[[person]]
name = "zhang"
via = ["sick", "well"]
[[team]]
name = "crisis"
roles = { leader = ["zhang"] }
[heartbeat]
TELL
"""


@pytest.fixture
async def here(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[SimpleNamespace]:
    with ExitStack() as stack:
        sick = stack.enter_context(FakeWebhook())
        config = CONFIG.replace("SICK", sick.url).replace("TELL", getattr(request, "param", ""))
        async with house(tmp_path, config) as made:
            yield SimpleNamespace(house=made, sick=sick, well=made.hook, folder=tmp_path)


async def failing(here: House, channel: str) -> None:
    await here.service.db.write(lambda c: findings.begin(c, "channel-failing", channel, 0.0, {}), Priority.ACT)


async def pass_time(here: House, minutes: int) -> None:
    for _ in range(minutes):
        await here._move(here.clock.now() + 60)
        await here.service.heartbeat.beat()


def said(hook: FakeWebhook) -> list[str]:
    return [request.json["data"]["title"] for request in hook.received]


@pytest.mark.parametrize("here", ["", 'tell = ["crisis/leader"]', 'tell = ["channel:well"]'], indirect=True)
async def test_a_sick_channel_is_told_over_another_one_once_and_so_is_its_end(here: SimpleNamespace) -> None:
    await failing(here.house, "sick")
    await pass_time(here.house, 4)
    assert said(here.well) == []
    await pass_time(here.house, 10)
    assert said(here.well) == ["监测系统自身异常"]
    assert "sick" in here.house.notice(0)
    assert here.sick.received == []
    await here.house.service.db.write(lambda c: findings.end(c, "channel-failing", "sick", 1.0), Priority.ACT)
    await pass_time(here.house, 2)
    assert said(here.well) == ["监测系统自身异常", "监测系统已恢复"]


async def test_a_channel_nobody_knew_to_be_sick_is_passed_over_when_it_refuses(here: SimpleNamespace) -> None:
    here.sick.always(Reply(500, "down"))
    here.house.service._refused = True
    await pass_time(here.house, 7)
    assert said(here.well) == ["监测系统自身异常"]
    assert len(here.sick.received) >= 1


async def test_with_the_store_locked_and_nothing_delivered_it_still_goes_out(
    here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_SECONDS", 0.1)
    await here.house.restart()
    with sqlite3.connect(here.folder / "state" / "crisis-monitor.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFault):
            await here.house.service.db.write(lambda c: None, Priority.ACT)
        heartbeat = here.house.service.heartbeat
        for _ in range(7):
            here.house.clock._now += 60
            await heartbeat.beat()
        other.execute("ROLLBACK")
    assert said(here.sick) == ["监测系统自身异常"]


async def test_what_nobody_takes_is_tried_until_somebody_does(here: SimpleNamespace) -> None:
    for hook in (here.sick, here.well):
        hook.always(Reply(500, "down"))
    here.house.service._refused = True
    await pass_time(here.house, 7)
    here.well.always(Reply(200, "ok"))
    before = len(here.well.received)
    await pass_time(here.house, 3)
    assert len(here.well.received) == before + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_fault_has_its_words(language: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("")
    desk = compile_desk(load(path), tmp_path, b"k" * 32, tried=False)
    args = {"loops": "judge", "fault": "full", "minutes": 11, "count": 2, "megabytes": 3, "seconds": 99, "names": "a"}
    notice = message(desk, [Unwell(kind, args) for kind in KINDS], language, 1.8e9)
    assert len(notice.lines) == len(KINDS) + 2
    assert {id.rpartition(".")[2] for id in catalogue() if id.startswith("unwell.kind.")} == set(KINDS)
