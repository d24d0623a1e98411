"""What systemd hears, on a real notify socket: ready only when ready, alive only while every loop moves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.rig import Daemon, free_port, until
from monitor.config.load import load
from monitor.daemon import watch
from monitor.daemon.clock import SystemClock
from monitor.daemon.service import Service
from monitor.daemon.systemd import Systemd
from monitor.store.database import Priority

CONFIG = """
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[rule]]
name = "surge"
risk = "mass-complaints"
of = "mentions"
measure = "count"
window = "1h"
every = "1m"
red = { above = 5 }
"""


class Manager:
    """The other end of a notify socket: what was said, in order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[dict[str, str]]:
        """Everything said since the last call."""
        out = []
        while True:
            try:
                said = self._socket.recv(4096).decode()
            except BlockingIOError:
                return out
            out.append(dict(line.split("=", 1) for line in said.splitlines()))

    def lives(self, seconds: float) -> bool:
        """Whether a sign of life comes within a time, from now on."""
        self.heard()
        return until(lambda: any("WATCHDOG" in said for said in self.heard()), seconds, 0.05)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_each_message_is_as_the_protocol_wants_it(abstract: bool, tmp_path: Path) -> None:
    manager = Manager(f"@crisis-monitor-test-{os.getpid()}" if abstract else str(tmp_path / "notify"))
    systemd = Systemd({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000"})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    systemd.ready("running\nREADY=0")
    systemd.reloading()
    systemd.alive()
    systemd.more_time(30, "counting")
    systemd.stopping()
    ready, reloading, alive, more, stopping = manager.heard()
    assert ready == {"READY": "1", "STATUS": "running READY=0"}
    assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) >= before
    assert (alive, more["EXTEND_TIMEOUT_USEC"], stopping["STOPPING"]) == ({"WATCHDOG": "1"}, "30000000", "1")
    assert systemd.watchdog == 60
    manager.close()


def test_without_systemd_nothing_is_said() -> None:
    systemd = Systemd({})
    systemd.ready("running")
    assert systemd.watchdog is None


@pytest.mark.parametrize("pid", ["1", "x"])
def test_a_watchdog_meant_for_another_process_is_not_fed(pid: str, manager: Manager) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": pid})
    systemd.alive()
    assert manager.heard() == []


def test_a_manager_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("running")


@pytest.mark.slow
def test_the_process_says_ready_reloading_and_stopping(manager: Manager, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, '[server]\nlisten = "127.0.0.1:{port}"\n' + CONFIG)
    heard: list[dict[str, str]] = []
    daemon.start({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000"})
    try:
        assert until(lambda: heard.extend(manager.heard()) or any("READY" in said for said in heard), 10)
        assert manager.lives(5)
        for _ in range(2):
            os.kill(daemon.pid, signal.SIGHUP)
            heard.clear()
            assert until(lambda: heard.extend(manager.heard()) or any("READY" in said for said in heard), 10)
            told = [said for said in heard if "WATCHDOG" not in said]
            assert ["RELOADING" in told[0], "READY" in told[1]] == [True, True]
        daemon.config.write_text("[settings]\nlanguage = 3\n")
        os.kill(daemon.pid, signal.SIGHUP)
        heard.clear()
        assert until(lambda: heard.extend(manager.heard()) or any("refused" in s.get("STATUS", "") for s in heard), 10)
    finally:
        daemon.stop()
    assert any("STOPPING" in said for said in manager.heard())
    assert daemon.process is not None and daemon.process.returncode == 0


@pytest.fixture
async def service(manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """The whole service in this process; a loop stands still after a second already."""
    monkeypatch.setattr(watch, "STILL_AFTER", 1.0)
    monkeypatch.setattr(watch, "LOOK", 0.1)
    monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    path = tmp_path / "rules.toml"
    path.write_text(f'[server]\nlisten = "127.0.0.1:{free_port()}"\n{CONFIG}')
    made = Service(load(path, secrets=True), path, tmp_path, SystemClock(look=0.1))
    await made.start()
    yield made
    await made.close()


async def alive(manager: Manager, seconds: float = 1.0) -> bool:
    return await asyncio.to_thread(manager.lives, seconds)


@pytest.mark.anyio
async def test_a_long_start_asks_for_more_time_before_it_is_ready(service: Service, manager: Manager) -> None:
    first, *others = manager.heard()
    assert int(first["EXTEND_TIMEOUT_USEC"]) > 10_000_000
    assert any("READY" in said for said in others)
    assert not [task for task in asyncio.all_tasks() if "_starting" in repr(task.get_coro()) and not task.done()]


@pytest.mark.anyio
async def test_a_service_with_nothing_to_do_lives(service: Service, manager: Manager) -> None:
    await asyncio.sleep(1.5)
    assert await alive(manager)
    assert service.watch.health().stuck == ()


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("loop", ["poll", "judge", "deliver", "tend"])
async def test_a_loop_that_stands_still_ends_the_signs_of_life(
    loop: str, service: Service, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()
    part = getattr(service, loop)
    clock_wait = service.clock.wait

    async def stuck(wake: asyncio.Event, until: float | None) -> None:
        await (never.wait() if wake is part.wake and not never.is_set() else clock_wait(wake, until))

    monkeypatch.setattr(service.clock, "wait", stuck)
    part.wake.set()
    await asyncio.sleep(1.6)
    assert not await alive(manager)
    assert service.watch.health().stuck == (loop,)
    never.set()
    assert await alive(manager, 3)


@pytest.mark.anyio
async def test_a_writer_stuck_in_a_job_ends_the_signs_of_life(service: Service, manager: Manager) -> None:
    gate = threading.Event()
    job = asyncio.ensure_future(service.db.write(lambda c: gate.wait(20), Priority.ACT))
    await asyncio.sleep(1.6)
    assert not await alive(manager)
    assert "writer" in service.watch.health().stuck
    gate.set()
    await job
    assert await alive(manager, 3)


@pytest.mark.anyio
async def test_a_long_round_that_gets_on_is_no_standstill(
    service: Service, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round of four seconds, rule by rule, where one second without a step would be a standstill."""
    judge_one = service.judge._judge_one

    def slow(*given: object, **named: object) -> object:
        for _ in range(8):
            time.sleep(0.5)
            service.judge.moved()
        return judge_one(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(service.judge, "_judge_one", slow)
    service.judge.poke()
    await asyncio.sleep(0.5)
    for _ in range(3):
        assert not service.clock.waits(service.judge.wake)
        assert await alive(manager, 0.8)


@pytest.mark.anyio
async def test_a_loop_that_breaks_again_and_again_is_known_as_broken(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(now: float) -> float | None:
        raise RuntimeError("no")

    monkeypatch.setattr(service.deliver, "_round", breaks)
    service.deliver.wake.set()
    await asyncio.sleep(0.5)
    assert service.watch.broken == {"deliver"}
    monkeypatch.undo()
    await asyncio.sleep(1.5)
    assert service.watch.broken == set()
