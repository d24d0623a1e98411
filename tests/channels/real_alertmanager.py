"""The real Alertmanager, one or a cluster of two, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.channels.fake_mail import free_port

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
SILENT = "route: {receiver: none}\nreceivers: [{name: none}]\n"


class Member:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def alerts(self) -> list[dict[str, Any]]:
        """What burns."""
        with urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def refused(self) -> float:
        """How many of its webhook calls were turned away."""
        with urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        failed = [line for line in lines if line.startswith("alertmanager_notifications_failed_total")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in failed if 'integration="webhook"' in line)

    def tiers(self) -> list[str]:
        """The label `tier` of each."""
        return sorted(alert["labels"].get("tier", "") for alert in self.alerts())

    def post(self, *alerts: dict[str, Any]) -> None:
        """As Prometheus does."""
        asked = Request(f"{self.url}/api/v2/alerts", json.dumps(alerts).encode(), {"content-type": "application/json"})
        with urlopen(asked, timeout=5):
            pass


@contextmanager
def members(folder: Path, count: int = 1, config: str = SILENT) -> Iterator[list[Member]]:
    """So many, each knowing the others, once they are ready."""
    if PROGRAM is None:
        pytest.skip("needs an installed Alertmanager")
    ports = [(free_port(), free_port()) for _ in range(count)]
    (folder / "am.yml").write_text(config, encoding="utf-8")
    with ExitStack() as stack:
        for n, (web, gossip) in enumerate(ports):
            args = [PROGRAM, f"--config.file={folder / 'am.yml'}", f"--storage.path={folder / f'am{n}'}"]
            args += [f"--web.listen-address=127.0.0.1:{web}", "--cluster.gossip-interval=20ms"]
            args += [f"--cluster.listen-address=127.0.0.1:{gossip}" if count > 1 else "--cluster.listen-address="]
            args += [f"--cluster.peer=127.0.0.1:{other}" for _, other in ports if other != gossip and count > 1]
            process = subprocess.Popen(args, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
        found = [Member(web) for web, _ in ports]
        for member in found:
            _until_ready(member)
        yield found


def _until_ready(member: Member) -> None:
    for _ in range(400):
        try:
            with urlopen(f"{member.url}/-/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{member.url} is not ready")
