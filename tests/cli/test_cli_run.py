"""What `run` asks of the C library before it starts: memory from two pools, under the unit's limits too."""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POOLS = """
import ctypes, sys, threading
sys.path[:0] = [sys.argv[2], sys.argv[2] + "/tests/daemon"]
{first}
all_at_once = threading.Barrier(8)
def work():
    all_at_once.wait()
    held = [bytes(5000) for _ in range(50)]
    all_at_once.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""
STEADY = "from monitor.cli.run import steady_memory; steady_memory()"
CONFINED = f"import under_the_unit; under_the_unit.confine(); {STEADY}"


def pools(first: str, folder: Path) -> int:
    """How many pools glibc has made for the main thread and eight more."""
    if not hasattr(ctypes.CDLL(None), "malloc_info"):
        pytest.skip("needs glibc")
    told = folder / "malloc.xml"
    subprocess.run([sys.executable, "-c", POOLS.format(first=first), told, ROOT], check=True)
    return told.read_text().count("<heap nr=")


def test_threads_share_two_pools_of_memory(tmp_path: Path) -> None:
    assert pools("", tmp_path) > 2
    assert pools(STEADY, tmp_path) == 2


def test_so_they_do_under_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None:
        pytest.skip("systemd-analyze and libseccomp are needed")
    assert pools(CONFINED, tmp_path) == 2
