"""What a scrape of ten thousand series costs, and whether the service's loop waits for it.

    python benchmarks/exporter.py [--series 10000] [--scrapes 30]

The real service with so many rules that its exposition has that many series. Each scrape is timed by its client, first
byte to last, over a kept connection, plain and with gzip. Beside it another client asks `/healthz` without a pause,
which the loop answers: how long the slowest of its answers took, with scrapes and without, is what scrapes cost others.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import Daemon, machine, verdict
from monitor.shipped import shipped

LIMIT, STALL = 60.0, 50.0
A_RULE = 10
"""Series that a rule has at least while it has no data."""
HEAD = f"""
[settings]
playbooks = "{shipped("playbooks")}"
[server]
listen = "127.0.0.1:{{port}}"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[channel]]
name = "out"
kind = "file"
path = "notices.jsonl"
[[route]]
to = ["channel:out"]
"""
RULE = """
[[rule]]
name = "r{i}"
risk = "mass-complaints"
window = "1h"
every = "1h"
red = {{ above = 1000000 }}
"""


class Asker(threading.Thread):
    """Asks `/healthz` again and again; keeps the milliseconds each answer took."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._on = True
        self.took: list[float] = []

    def run(self) -> None:
        while self._on:
            self.took.append(asked(self._connection, "/healthz")[0])

    def stop(self) -> list[float]:
        """The milliseconds so far."""
        self._on = False
        self.join()
        return self.took


def asked(connection: http.client.HTTPConnection, path: str, encoding: str = "identity") -> tuple[float, bytes]:
    """Milliseconds and body of one request."""
    began = time.perf_counter()
    connection.request("GET", path, headers={"accept-encoding": encoding})
    body = connection.getresponse().read()
    return (time.perf_counter() - began) * 1000, body


def stalled(port: int, seconds: float) -> float:
    """The slowest answer of `/healthz` over some seconds without a scrape."""
    asker = Asker(port)
    asker.start()
    time.sleep(seconds)
    return max(asker.stop())


def main() -> None:
    """Runs and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--series", type=int, default=10_000)
    told.add_argument("--scrapes", type=int, default=30)
    options = told.parse_args()
    rules = "".join(RULE.format(i=i) for i in range(options.series // A_RULE))
    with tempfile.TemporaryDirectory(prefix="exporter-") as name:
        daemon = Daemon(Path(name), HEAD + rules)
        try:
            daemon.start()
            time.sleep(3)  # past the first judging
            connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
            series = sum(not line.startswith(b"#") for line in asked(connection, "/metrics")[1].splitlines())
            print(f"{series} series, {options.scrapes} scrapes each way; {machine()}")
            for encoding in ("identity", "gzip"):
                took = [asked(connection, "/metrics", encoding)[0] for _ in range(options.scrapes)]
                print("  " + verdict(f"a scrape, {encoding}, p50", statistics.median(took), LIMIT, "ms"))
                print(f"    slowest {max(took):.0f} ms")
            still = stalled(daemon.port, 3)
            asker = Asker(daemon.port)
            asker.start()
            for _ in range(options.scrapes):
                asked(connection, "/metrics", "gzip")
            print("  " + verdict("the loop's slowest answer beside scrapes", max(asker.stop()), STALL, "ms"))
            print(f"    without scrapes {still:.0f} ms")
        finally:
            daemon.stop()


if __name__ == "__main__":
    main()
