"""The whole service under the unit's seccomp list, without memory that is both written and executed."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.rig import ask
from tests.daemon.crash.crash_world import RULE, TO_CHANNEL, world

pytestmark = pytest.mark.slow
WRAPPER = Path(__file__).with_name("under_the_unit.py")


@pytest.fixture(autouse=True)
def able() -> None:
    if shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None:
        pytest.skip("systemd-analyze and libseccomp are needed")


def test_it_pushes_judges_sends_reloads_and_stops_under_the_unit(tmp_path: Path) -> None:
    with world(tmp_path, RULE + TO_CHANNEL, WRAPPER) as here:
        here.daemon.start({"PYTHONPATH": str(WRAPPER.parents[2])})
        events = [f"e{n}" for n in range(5)]
        here.push_all(events)
        assert here.arrived(events)
        assert ask(here.daemon.port, "POST", "/api/v1/reload", {})[0] == 200
        status, text = ask(here.daemon.port, "GET", "/metrics")
        assert status == 200 and "process_resident_memory_bytes" in text
        here.daemon.stop()
        said = here.daemon.said()
        assert "Traceback" not in said and "Operation not permitted" not in said


def test_the_filter_is_real() -> None:
    """What the unit forbids fails: a raw netlink socket, giving a file away, a page that is written and executed."""
    attempts = {
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)": "EAFNOSUPPORT",
        "os.chown(sys.argv[1], 1, 1)": "EPERM",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)": "EPERM",
    }
    program = (
        "import errno, mmap, os, socket, sys\nsys.path.insert(0, sys.argv[2])\n"
        "import under_the_unit as u\nu.confine()\n"
        "try: {}\nexcept OSError as e: print(errno.errorcode[e.errno])\nelse: print('allowed')"
    )
    with tempfile.NamedTemporaryFile() as file:
        for attempt, answer in attempts.items():
            call = [sys.executable, "-c", program.format(attempt), file.name, str(WRAPPER.parent)]
            done = subprocess.run(call, capture_output=True, text=True, env=dict(os.environ))
            assert done.stdout.strip() == answer, (attempt, done.stdout, done.stderr)
