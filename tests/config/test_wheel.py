"""The wheel, installed into an empty environment: init → check → run.

Dependencies are lent by the environment the tests run in, so that no registry is asked; the package itself, its
console script and everything that is shipped must come out of the wheel.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def done(*args: str | Path, cwd: Path) -> str:
    finished = subprocess.run([str(a) for a in args], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an empty environment with the wheel in it."""
    pytest.importorskip("hatchling", reason="building the wheel needs hatchling, which the dev extra brings")
    home = tmp_path_factory.mktemp("wheel")
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", home, cwd=ROOT)
    venv.create(home / "env", with_pip=False, symlinks=True)
    commands = home / "env" / ("Scripts" if os.name == "nt" else "bin")
    (wheel,) = home.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", commands / "python", "install", "--no-deps", "--no-index", "-q")
    done(*pip, wheel, cwd=home)
    (site,) = (home / "env" / "lib").glob("python3*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return commands


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(installed: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    folder = tmp_path / "monitor"
    done(installed / "crisis-monitor", "init", folder, cwd=tmp_path)
    done(installed / "crisis-monitor", "check", "--config", folder / "rules.toml", cwd=tmp_path)
    url = f"127.0.0.1:{free_port()}"
    command = [installed / "crisis-monitor", "run", "--config", folder / "rules.toml", "--state", tmp_path / "state"]
    process = subprocess.Popen([*map(str, command), "--listen", url], cwd=tmp_path, text=True, stderr=subprocess.PIPE)
    yield process, url
    process.kill()
    process.wait()


def answers(process: subprocess.Popen[str], url: str) -> int:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://{url}/healthz", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            if process.poll() is not None:
                _, said = process.communicate()
                pytest.fail(f"ended with {process.returncode}: {said}")
            time.sleep(0.1)
    return 0


@pytest.mark.slow
def test_the_package_comes_from_the_wheel_and_not_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = done(installed / "python", "-c", "import monitor; print(monitor.__file__)", cwd=tmp_path)
    assert str(installed.parent) in where


@pytest.mark.slow
def test_init_check_run_from_the_wheel(running: tuple[subprocess.Popen[str], str]) -> None:
    process, url = running
    assert answers(process, url) == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
