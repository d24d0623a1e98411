"""Other users of the machine: the group acts over the socket, strangers do not, root leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.rig import ask, free_port, spawn, until

pytestmark = pytest.mark.slow
SERVICE, MEMBER, STRANGER = 4001, 4002, 4003
CONFIG = """
[settings]
language = "en"
[server]
listen = "127.0.0.1:{port}"
[[source]]
name = "desk"
kind = "push"
"""


def as_user(user: int, *groups: int) -> list[str]:
    """A command's prefix: that user, and still able to read this checkout, wherever it lies."""
    others = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    reads = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", others, *reads, sys.executable, "-m", "monitor"]


def call(prefix: list[str], *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*prefix, *args], capture_output=True, text=True, timeout=60, env=os.environ | env)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may enter; pytest's own is closed to them."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("becoming other users needs root and setpriv")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def here(place: Path) -> Iterator[SimpleNamespace]:
    """A service of a user of its own, with a state directory and a runtime directory as systemd makes them."""
    config, state, runtime = place / "rules.toml", place / "state", place / "run"
    port = free_port()
    config.write_text(CONFIG.replace("{port}", str(port)))
    for folder, mode in ((state, 0o700), (runtime, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
        os.chown(folder, SERVICE, SERVICE)
    command = [*as_user(SERVICE), "run", "--config", str(config), "--state", str(state)]
    log = place / "daemon.log"
    process = spawn(command, log, {"RUNTIME_DIRECTORY": str(runtime)})
    made = SimpleNamespace(config=config, state=state, runtime=runtime, port=port, process=process, log=log)
    assert until(lambda: _ready(port), 30), log.read_text()
    yield made
    process.terminate()
    process.wait(20)


def _ready(port: int) -> bool:
    try:
        return ask(port, "GET", "/readyz", timeout=2)[0] == 200
    except OSError:
        return False


def owners(folder: Path) -> set[int]:
    return {each.stat().st_uid for each in folder.iterdir()}


def test_members_of_the_group_act_in_their_own_name_and_strangers_do_not(here: SimpleNamespace) -> None:
    member, stranger = as_user(MEMBER, SERVICE), as_user(STRANGER)
    runtime = {"RUNTIME_DIRECTORY": str(here.runtime)}
    silence = ["silence", "add", "risk=publicity", "--for", "1h", "--up-to", "blue", "--comment", "known"]
    told = call(member, *silence, **runtime)
    assert told.returncode == 0, told.stderr
    (made,) = ask(here.port, "GET", "/api/v1/silences")[1]["silences"]
    assert made["author"] == f"user:{MEMBER}"
    refused = call(stranger, "status", **runtime)
    assert (refused.returncode, "members of the group" in refused.stderr) == (3, True), refused.stderr


def test_what_root_does_leaves_no_file_that_the_service_cannot_open(here: SimpleNamespace, tmp_path: Path) -> None:
    root = [sys.executable, "-m", "monitor"]
    given = ["--config", str(here.config), "--state", str(here.state)]
    for command in (["db", "check"], ["db", "size"], ["db", "backup", str(tmp_path / "copy.db")]):
        done = call(root, *command, *given)
        assert done.returncode == 0, (command, done.stderr)
    assert owners(here.state) == {SERVICE}
    here.process.terminate()
    here.process.wait(20)
    (here.state / "lock").unlink()
    (tmp_path / "old.jsonl").write_text('{"id":"1","text":"late","published_at":"2026-01-01T00:00:00Z"}\n')
    (tmp_path / "old.jsonl").chmod(0o600)
    for command in (
        ["load", str(tmp_path / "old.jsonl"), "--source", "desk"],
        ["db", "migrate"],
        ["db", "restore", str(tmp_path / "copy.db")],
        ["doctor", "--offline"],
    ):
        done = call(root, *command, *given)
        assert done.returncode == 0 or command[0] == "doctor", (command, done.stderr)
    assert owners(here.state) == {SERVICE}
    refused = call(root, "run", *given)
    assert (refused.returncode, str(SERVICE) in refused.stderr) == (1, True), refused.stderr


def test_one_service_for_each_state_directory(here: SimpleNamespace) -> None:
    second = call(as_user(SERVICE), "run", "--config", str(here.config), "--state", str(here.state))
    assert (second.returncode, "another crisis-monitor runs here" in second.stderr) == (1, True)
