"""The real service over a disk that fills up, cannot be written, a database somebody holds, and one that is damaged."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.rig import Daemon, Pusher, ask, until

pytestmark = pytest.mark.slow
CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[[source]]
name = "desk"
kind = "push"
[[rule]]
name = "many"
risk = "mass-complaints"
window = "1h"
yellow = { above = 100000 }
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A service whose state is on a file system of its own of six megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    daemon = Daemon(tmp_path, CONFIG)
    daemon.state.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", daemon.state]
    done = subprocess.run(call, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    daemon.start()
    yield SimpleNamespace(daemon=daemon, push=Push(daemon), database=daemon.state / "crisis-monitor.db")
    daemon.stop()
    subprocess.run(["umount", "-l", daemon.state], check=True)


class Push:
    """Pushes numbered mentions, and remembers which were answered with a yes."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon, self._n = daemon, 0
        self.accepted: set[str] = set()

    def __call__(self, size: int = 50) -> int | None:
        records: list[dict[str, Any]] = []
        for _ in range(size):
            self._n += 1
            records.append({"id": f"m{self._n}", "text": f"{self._n} " + "充电宝很好用" * 60})
        status = Pusher(self._daemon.port).send("mentions?source=desk", records)
        if status == 200:
            self.accepted |= {record["id"] for record in records}
        return status


def kept(database: Path) -> set[str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as opened:
        return {row[0] for row in opened.execute("SELECT id FROM mentions")}


def ready(daemon: Daemon) -> bool:
    return ask(daemon.port, "GET", "/readyz")[0] == 200


def test_on_a_full_disk_it_takes_nothing_says_so_and_goes_on_when_there_is_space(here: SimpleNamespace) -> None:
    filler = here.daemon.state / "somebody-elses.log"
    filler.write_bytes(b"x" * 2_500_000)
    assert until(lambda: here.push() != 200, 30, 0)
    assert not ready(here.daemon)
    assert here.push() == 503
    assert until(lambda: "the disk is full" in here.daemon.said(), 5)
    before = set(here.push.accepted)
    filler.unlink()
    assert until(lambda: here.push() == 200, 20, 0.3) and until(lambda: ready(here.daemon), 10)
    assert kept(here.database) == here.push.accepted > before


def test_on_a_disk_that_is_read_only_it_waits_and_goes_on(here: SimpleNamespace) -> None:
    assert here.push() == 200
    holders = here.daemon.state
    done = subprocess.run(["mount", "-o", "remount,ro", holders], capture_output=True, text=True)
    if done.returncode:  # files are open for writing: what a failing disk does, the kernel does not do on demand
        here.daemon.kill()
        subprocess.run(["mount", "-o", "remount,ro", holders], check=True)
        with pytest.raises(RuntimeError, match=r"Read-only|read-only|cannot be written"):
            here.daemon.start()
        subprocess.run(["mount", "-o", "remount,rw", holders], check=True)
        here.daemon.start()
    else:
        assert here.push() == 503
        subprocess.run(["mount", "-o", "remount,rw", holders], check=True)
    assert until(lambda: here.push() == 200, 20, 0.3)
    assert kept(here.database) == here.push.accepted


def test_while_somebody_holds_the_database_it_waits_and_goes_on(here: SimpleNamespace) -> None:
    assert here.push() == 200
    with sqlite3.connect(here.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert here.push() == 503
        assert time.monotonic() - began < 15
        assert until(lambda: "another program holds the database" in here.daemon.said(), 5)
        other.execute("ROLLBACK")
    assert until(lambda: here.push() == 200, 20, 0.3)
    assert kept(here.database) == here.push.accepted


def test_it_does_not_start_on_a_damaged_database_and_a_backup_brings_it_back(
    here: SimpleNamespace, tmp_path: Path
) -> None:
    assert here.push() == 200
    given = ["--config", str(here.daemon.config), "--state", str(here.daemon.state), "--lang", "en"]
    crisis = [sys.executable, "-m", "monitor"]
    copy = tmp_path / "copy.db"
    subprocess.run([*crisis, "db", "backup", str(copy), *given], check=True, capture_output=True)
    here.daemon.stop()
    with here.database.open("r+b") as file:
        for page in range(0, here.database.stat().st_size, 4096):
            file.seek(page + (0 if page else 100))
            file.write(b"\xaa" * 300)
    with pytest.raises(RuntimeError, match="damaged"):
        here.daemon.start()
    checked = subprocess.run([*crisis, "db", "check", *given], capture_output=True, text=True)
    assert (checked.returncode, "restore" in checked.stdout) == (1, True), checked.stdout
    for old in here.daemon.state.glob("crisis-monitor.db-*"):
        old.unlink()
    subprocess.run([*crisis, "db", "restore", str(copy), *given], check=True, capture_output=True)
    here.daemon.start()
    assert kept(here.database) == here.push.accepted
    assert here.push() == 200
