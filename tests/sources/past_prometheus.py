"""A real Prometheus that holds a written past: samples at their own times, made into blocks by promtool."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.channels.fake_mail import free_port

Row = tuple[str, float, float]
"""Series as PromQL writes it, Unix seconds, value."""


class PastPrometheus:
    """The process; `url` is its address."""

    def __init__(self, folder: Path, rows: Iterable[Row]) -> None:
        for program in ("prometheus", "promtool"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
        blocks = _blocks(folder, rows)
        config = folder / "prometheus.yml"
        config.write_text("global: { scrape_interval: 1h }\n", encoding="utf-8")
        listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{listen}"
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={blocks}", f"--web.listen-address={listen}",
             "--storage.tsdb.retention.time=100y", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._until_ready()

    def _until_ready(self) -> None:
        ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        for _ in range(300):
            try:
                ask(f"{self.url}/-/ready", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("prometheus did not start")

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=30)


def _blocks(folder: Path, rows: Iterable[Row]) -> Path:
    lines = [f"{series} {value} {at}" for series, at, value in sorted(rows)]
    past, out = folder / "past.om", folder / "tsdb"
    past.write_text("\n".join([*lines, "# EOF"]) + "\n", encoding="utf-8")
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=10000h",
        "openmetrics",
        str(past),
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return out
