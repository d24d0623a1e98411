"""The clock is set, stands, or sleeps: no poll is dropped, no timer lost, fired twice, or fired with all the others."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rig import ask, free_port, sample, until
from monitor.config.load import load
from monitor.daemon.clock import SystemClock
from monitor.daemon.drift import JUMP, Drift
from monitor.daemon.service import Service
from monitor.model import Timer
from monitor.sources import Source
from monitor.store import findings, outbox, timers
from monitor.store.database import Database, Priority
from tests.channels.fakes import Fake, FakeWebhook, Received, Reply
from tests.daemon.crash.crash_world import RULE, TO_PEOPLE, world

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOUR = 3600.0


class TestOfDrift:
    def test_a_clock_that_goes_evenly_is_believed(self) -> None:
        drift = Drift()
        assert [drift.now(1000 + t, t) for t in (0, 1, 3600)] == [1000, 1001, 4600]
        assert drift.set_by == 0

    @pytest.mark.parametrize("by", [HOUR, -HOUR, 61, -61])
    def test_one_that_was_set_is_believed_only_when_told_to(self, by: float) -> None:
        drift = Drift()
        drift.now(1000, 0)
        assert drift.now(1005 + by, 5) == 1005
        assert drift.set_by == by
        drift.believe()
        assert drift.now(1006 + by, 6) == 1006 + by
        assert drift.set_by == 0

    def test_one_set_back_again_before_it_was_believed_was_never_set(self) -> None:
        drift = Drift()
        drift.now(1000, 0)
        drift.now(5000, 1)
        assert drift.now(1002, 2) == 1002
        assert drift.set_by == 0

    def test_some_seconds_are_followed(self) -> None:
        drift = Drift()
        drift.now(1000, 0)
        assert drift.now(1041, 1) == 1041
        assert drift.now(1082, 2) == 1082

    def test_sleep_and_a_stall_are_no_jump(self) -> None:
        """The steady clock counts while the machine sleeps."""
        drift = Drift()
        drift.now(1000, 0)
        assert drift.now(1000 + 8 * HOUR, 8 * HOUR) == 1000 + 8 * HOUR
        assert drift.set_by == 0

    @given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(-1e6, 1e6)), max_size=30))
    def test_time_to_go_by_never_leaps(self, steps: list[tuple[float, float]]) -> None:
        drift, steady, offset = Drift(), 0.0, 1e9
        before = drift.now(offset, 0.0)
        for passed, set_by in steps:
            steady, offset = steady + passed, offset + set_by
            now = drift.now(steady + offset, steady)
            assert abs(now - before - passed) <= JUMP + 1e-3
            before = now


CONFIG = """
[server]
listen = "127.0.0.1:PORT"
public_url = "http://127.0.0.1:1"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[source]]
name = "feed"
kind = "json_api"
url = "FEED"
every = "1s"
allow_private = true
items = "$.days"
fields = { at = "day", value = "n" }
series = "n"
sample = "gauge"
[[rule]]
name = "hot"
risk = "mass-complaints"
of = "value"
measure = "last"
window = "10m"
every = "1m"
by = ["event_id"]
red = { above = 50 }
[[person]]
name = "zhang"
via = ["hook"]
[[person]]
name = "li"
via = ["hook"]
[[team]]
name = "crisis"
roles = { leader = ["zhang", "li"] }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
to = ["crisis/leader"]
ack_within = "4s"
"""


class Wall:
    """The machine's clock, and what somebody set it by."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return time.time() + self.by


class Feed(Fake):
    """A feed with nothing new."""

    def judge(self, request: Received) -> Reply:
        return Reply(body={"days": []}, headers={"content-type": "application/json"})


class Here(SimpleNamespace):
    service: Service
    wall: Wall
    hook: FakeWebhook

    async def push(self) -> None:
        made = {**sample("e1"), "at": self.wall()}
        status, answer = await asyncio.to_thread(ask, self.port, "POST", "/api/v1/samples", [made])
        assert status == 200, answer

    async def told(self, count: int, within: float) -> float | None:
        """How long it took until so many notices had come."""
        began = time.monotonic()
        came = await asyncio.to_thread(until, lambda: len(self.hook.received) >= count, within, 0.02)
        return time.monotonic() - began if came else None


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    port, wall = free_port(), Wall()
    with FakeWebhook() as hook, Feed() as feed:
        text = CONFIG.replace("PORT", str(port)).replace("HOOK", hook.url).replace("FEED", feed.url)
        path = tmp_path / "rules.toml"
        path.write_text(text)
        service = Service(load(path, secrets=True), path, tmp_path, SystemClock(look=0.1, wall=wall))
        await service.start()
        yield Here(service=service, wall=wall, hook=hook, feed=feed, port=port)
        await service.close()


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("by", [HOUR, -HOUR])
async def test_a_timer_waits_as_long_as_it_had_to_whatever_the_clock_is_set_to(by: float, here: Here) -> None:
    await here.push()
    assert await here.told(1, 5) is not None
    here.wall.by = by
    took = await here.told(2, 10)
    assert took is not None and 2.0 <= took <= 7.0, took
    await asyncio.sleep(1)
    assert len(here.hook.received) == 2
    (found,) = [f for f in await here.service.db.read(findings.open) if f.kind == "clock-jump"]
    assert found.args == {"seconds": round(by)}


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("by", [HOUR, -HOUR])
async def test_no_poll_is_dropped_and_none_comes_twice(by: float, here: Here) -> None:
    """A source of every second is fetched every second, before, while and after the clock is set."""
    fetched = here.feed.received
    assert await asyncio.to_thread(until, lambda: len(fetched) >= 2, 10, 0.02)
    here.wall.by = by
    before = len(fetched)
    await asyncio.sleep(5)
    assert 3 <= len(fetched) - before <= 6


@pytest.mark.anyio
async def test_rules_are_judged_on_though_the_clock_was_set_back(here: Here) -> None:
    await here.push()
    assert await here.told(1, 5) is not None
    here.wall.by = -HOUR
    await asyncio.sleep(1.5)
    second = {**sample("e2"), "at": here.wall()}
    status, _ = await asyncio.to_thread(ask, here.port, "POST", "/api/v1/samples", [second])
    assert status == 200
    took = await here.told(2, 3)
    assert took is not None and took < 2.0


def waiting(kind: str, step: int, due: float) -> Timer:
    return Timer(incident="INC-2026-0001", kind=kind, step=step, due_at=due)


@pytest.mark.anyio
async def test_hours_of_the_day_stay_where_they_are(tmp_path: Path) -> None:
    """A legal deadline and the end of a mute are instants, not spans."""
    db = Database("sqlite", tmp_path)
    db.open()
    db.start()
    rows = [waiting(kind, 1, 1000.0) for kind in ("escalate", "calm", "remind", "clock:nmpa", "mute")]
    await db.write(lambda c: timers.put(c, rows), Priority.JUDGE)
    await db.write(lambda c: timers.shift(c, HOUR), Priority.ACT)
    found = await db.read(lambda c: timers.of_incident(c, "INC-2026-0001"))
    due = {t.kind: t.due_at for t in found}
    assert due == {"escalate": 4600, "calm": 4600, "remind": 4600, "clock:nmpa": 1000, "mute": 1000}
    await db.close()


@pytest.fixture
def faketime(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The wall clock of a process, set by a file."""
    if not LIBRARY.exists():
        pytest.skip("libfaketime is not installed")
    file = tmp_path / "clock"
    file.write_text("+0\n")
    env = {
        "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    yield SimpleNamespace(env=env, set=lambda by: file.write_text(f"{by:+.0f}\n"))


@pytest.mark.slow
@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_real_process_over_a_clock_that_is_set(by: float, faketime: SimpleNamespace, tmp_path: Path) -> None:
    events = [f"e{n}" for n in range(20)]
    config = RULE + TO_PEOPLE.replace('ack_within = "1s"', 'ack_within = "8s"')
    with world(tmp_path, config) as here:
        here.daemon.start(faketime.env)
        pushed = time.time()
        here.push_all(events)
        assert here.arrived(events)
        faketime.set(by)
        assert here.arrived(events, notices=2, within=30)
        assert min(here.receiver.last_seen().values()) > pushed + 7.5  # nobody was passed over before his time
        time.sleep(3)
        assert Counter(map(len, here.receiver.keys().values())) == {2: 20}
        assert "clock_jump" in here.daemon.said()
        assert ask(here.daemon.port, "GET", "/healthz")[0] == 200


class Laptop(SystemClock):
    """A machine that sleeps: both of its clocks go on meanwhile, its programs do not."""

    def __init__(self) -> None:
        self.slept = 0.0
        super().__init__(look=0.1, wall=lambda: time.time() + self.slept)

    def steady(self) -> float:
        return super().steady() + self.slept


@pytest.mark.anyio
async def test_after_a_night_asleep_each_step_fires_once_in_order_and_says_how_late(tmp_path: Path) -> None:
    port, clock = free_port(), Laptop()
    with FakeWebhook() as hook, Feed() as feed:
        text = CONFIG.replace("PORT", str(port)).replace("HOOK", hook.url).replace("FEED", feed.url)
        path = tmp_path / "rules.toml"
        path.write_text(text.replace('every = "1s"', 'every = "1h"').replace('"4s"', '"1h"'))
        service = Service(load(path, secrets=True), path, tmp_path, clock)
        await service.start()
        made = {**sample("e1"), "at": clock.now()}
        assert (await asyncio.to_thread(ask, port, "POST", "/api/v1/samples", [made]))[0] == 200
        assert await asyncio.to_thread(until, lambda: len(hook.received) == 1 and len(feed.received) == 1, 10, 0.02)
        clock.slept = 8 * HOUR
        assert await asyncio.to_thread(until, lambda: len(hook.received) == 2 and len(feed.received) == 2, 10, 0.02)
        await asyncio.sleep(1.5)
        assert (len(hook.received), len(feed.received)) == (2, 2)
        (late,) = [note for _, note in await service.db.read(lambda c: outbox.recent_notices(c, 1))]
        assert late.transition == "ESCALATED" and 7 * HOUR - 5 < late.late_by < 7 * HOUR + 30
        assert [f.kind for f in await service.db.read(findings.open) if f.kind == "clock-jump"] == []
        await service.close()


@pytest.mark.slow
def test_a_process_that_stood_for_seconds_fires_each_timer_once(tmp_path: Path) -> None:
    events = [f"e{n}" for n in range(20)]
    config = RULE + TO_PEOPLE.replace('ack_within = "1s"', 'ack_within = "3s"')
    with world(tmp_path, config) as here:
        here.daemon.start()
        here.push_all(events)
        assert here.arrived(events)
        os.kill(here.daemon.pid, signal.SIGSTOP)
        time.sleep(6)
        os.kill(here.daemon.pid, signal.SIGCONT)
        assert here.arrived(events, notices=2)
        time.sleep(2)
        assert Counter(map(len, here.receiver.keys().values())) == {2: 20}
        assert "clock_jump" not in here.daemon.said()


@pytest.mark.anyio
async def test_a_fetch_under_way_when_the_service_stops_is_let_go_and_no_failure_of_its_source(here: Here) -> None:
    poll, begun = here.service.poll, asyncio.Event()

    async def turn(source: Source) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            assert here.service.db._thread.is_alive() and not here.service.http._open.is_closed

    poll._turn = turn  # type: ignore[method-assign]
    async with asyncio.timeout(10):
        await begun.wait()
    (task,) = poll._flying.values()
    await here.service.close()
    assert task.cancelled()
