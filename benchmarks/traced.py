"""Runs `crisis-monitor` with its commits counted and, if asked, each made slower, as a slow disk would.

COMMITS_FILE: eight bytes that always hold how many transactions were committed; COMMIT_SLEEP: seconds added to each.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from monitor.cli.main import main

SLEEP = float(os.environ.get("COMMIT_SLEEP", "0"))


def _count_into(path: Path) -> None:
    path.write_bytes(struct.pack("=Q", 0))
    held = path.open("r+b")
    cell = mmap.mmap(held.fileno(), 8)
    lock = threading.Lock()

    @sa.event.listens_for(Engine, "commit")
    def committed(_: Any) -> None:
        time.sleep(SLEEP)
        with lock:
            (so_far,) = struct.unpack("=Q", cell[:8])
            cell[:8] = struct.pack("=Q", so_far + 1)


if __name__ == "__main__":
    _count_into(Path(os.environ["COMMITS_FILE"]))
    main()
