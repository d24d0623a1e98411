"""How long from an event to the webhook: pushed, on a slow disk, polled; beside Prometheus + Alertmanager.

    python benchmarks/latency.py [--trials 100] [--no-peer] [--common]

Each trial is an event of its own (its own series, incident and notice); the clock runs from just before the event is
pushed, or exists in the feed, until the receiver has read the whole notice. `--common` adds the peer at the settings
most people run (scrape and evaluate each 15 s, group_wait 30 s), which takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import struct
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.peer import Alertmanager, Prometheus, installed
from benchmarks.rig import HERE, Daemon, Pusher, Receiver, machine, quantile, sample, spread_of, until, verdict
from monitor.shipped import shipped

HEAD = """
[server]
listen = "127.0.0.1:{port}"
[[rule]]
name = "hot"
risk = "mass-complaints"
of = "value"
measure = "last"
window = "10m"
every = "1m"
by = ["event_id"]
max_series = 5000
red = { above = 50 }
[[channel]]
name = "hook"
kind = "webhook"
url = "WEBHOOK"
format = "alertmanager"
[[route]]
to = ["channel:hook"]
"""
PLAYBOOKS = shipped("playbooks")
PUSHED = f"""
[settings]
playbooks = "{PLAYBOOKS}"
[[source]]
name = "events"
kind = "push"
family = "tickets"
"""
POLLED = f"""
[settings]
playbooks = "{PLAYBOOKS}"
[[source]]
name = "feed"
kind = "json_api"
url = "FEED"
every = "1s"
family = "tickets"
allow_private = true
items = "$.streams"
series = "value"
fields = {{ at = "t", value = "value", "labels.event_id" = "$key" }}
"""


class World:
    """A feed of streams and their values, as JSON and as Prometheus text."""

    def __init__(self, streams: int) -> None:
        self.values = {f"s{i}": (0.0, time.time()) for i in range(streams)}
        world = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = world.metrics() if self.path == "/metrics" else world.feed()
                self.send_response(200)
                self.send_header(
                    "content-type", "text/plain; version=0.0.4" if self.path == "/metrics" else "application/json"
                )
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def rise(self, stream: str) -> float:
        """A stream goes over the threshold; returns when."""
        now = time.time()
        self.values[stream] = (100.0, now)
        return now

    def metrics(self) -> bytes:
        """As Prometheus reads it."""
        lines = [f'value{{event_id="{name}"}} {value}' for name, (value, _) in self.values.items()]
        return ("# TYPE value gauge\n" + "\n".join(lines) + "\n").encode()

    def feed(self) -> bytes:
        """As JSON."""
        return json.dumps({"streams": {k: {"value": v, "t": t} for k, (v, t) in self.values.items()}}).encode()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()


def pushed(trials: int, commit_sleep: float = 0.0) -> tuple[list[float], float]:
    """Seconds from each push to the webhook, and the median commits that one event took."""
    with tempfile.TemporaryDirectory(prefix="latency-") as name:
        folder = Path(name)
        counter = folder / "commits"
        receiver = Receiver(folder)
        daemon = Daemon(folder, PUSHED + HEAD.replace("WEBHOOK", receiver.url), wrapper=HERE / "traced.py")
        try:
            daemon.start({"COMMITS_FILE": str(counter), "COMMIT_SLEEP": str(commit_sleep)})
            return _pushes(Pusher(daemon.port), receiver, counter, trials)
        finally:
            daemon.stop()
            receiver.stop()


def _pushes(pusher: Pusher, receiver: Receiver, counter: Path, trials: int) -> tuple[list[float], float]:
    pusher.send("samples", [sample("warm")])
    until(lambda: "warm" in receiver.first_seen(), 10)
    began: dict[str, float] = {}
    commits: list[int] = []
    for i in range(trials):
        time.sleep(0.15 + random.random() * 0.1)
        before = _count(counter)
        began[f"e{i}"] = time.time()
        if pusher.send("samples", [sample(f"e{i}")]) != 200:
            raise RuntimeError("the push was refused")
        time.sleep(0.35)
        commits.append(_count(counter) - before)
    until(lambda: len(receiver.first_seen()) > trials, 10)
    seen = receiver.first_seen()
    return [seen[event] - at for event, at in began.items()], statistics.median(commits)


def _count(path: Path) -> int:
    return int(struct.unpack("=Q", path.read_bytes())[0])


def polled(trials: int) -> list[float]:
    """Seconds from a value in a JSON feed that is polled each second to the webhook."""
    with tempfile.TemporaryDirectory(prefix="latency-") as name:
        folder, world = Path(name), World(trials)
        receiver = Receiver(folder)
        config = POLLED.replace("FEED", f"http://127.0.0.1:{world.port}/feed.json") + HEAD.replace(
            "WEBHOOK", receiver.url
        )
        daemon = Daemon(folder, config)
        try:
            daemon.start()
            time.sleep(2.5)
            return _rises(world, receiver, trials, GOLDEN, 15)
        finally:
            daemon.stop()
            receiver.stop()
            world.stop()


def peer(trials: int, scrape: str, wait: str, gap: float, drain: float) -> list[float]:
    """The same through Prometheus and Alertmanager."""
    with tempfile.TemporaryDirectory(prefix="latency-") as name:
        folder, world = Path(name), World(trials)
        receiver = Receiver(folder)
        manager = Alertmanager(folder, receiver.url, wait)
        prometheus = Prometheus(folder, world.port, manager.port, scrape, "value > 50")
        try:
            time.sleep(5)
            return _rises(world, receiver, trials, gap, drain)
        finally:
            for part in (prometheus, manager, receiver, world):
                part.stop()


GOLDEN = 0.618034
"""Of a polling interval: events so far apart meet every phase of it evenly, however few they are."""


def _rises(world: World, receiver: Receiver, trials: int, gap: float, drain: float) -> list[float]:
    began = {}
    for i in range(trials):
        began[f"s{i}"] = world.rise(f"s{i}")
        time.sleep(gap)
    until(lambda: len(receiver.first_seen()) >= trials, drain, 0.2)
    seen = receiver.first_seen()
    if len(seen) < trials:
        print(f"  {trials - len(seen)} never came")
    return [seen[s] - at for s, at in began.items() if s in seen]


def main() -> None:
    """Runs all and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--trials", type=int, default=100)
    told.add_argument("--no-peer", action="store_true")
    told.add_argument("--common", action="store_true")
    options = told.parse_args()
    print(f"event -> webhook; {machine()}")
    fast, commits = pushed(options.trials)
    print(f"pushed:             {spread_of(fast)}")
    print("  " + verdict("p50", quantile(fast, 0.5) * 1000, 50, "ms"))
    print("  " + verdict("p99", quantile(fast, 0.99) * 1000, 250, "ms"))
    print("  " + verdict("commits from arrival to sent", commits, 3, "commits"))
    slow, _ = pushed(max(20, options.trials // 2), 0.010)
    print(f"pushed, 10 ms disk: {spread_of(slow)}")
    print("  " + verdict("p50", quantile(slow, 0.5) * 1000, 100, "ms"))
    poll = polled(max(50, options.trials // 2))
    print(f"polled each 1 s:    {spread_of(poll)}")
    print("  " + verdict("p90", quantile(poll, 0.9) * 1000, 1000, "ms"))
    _peers(options, fast, poll)


def _peers(options: argparse.Namespace, fast: list[float], poll: list[float]) -> None:
    if options.no_peer or not installed():
        print("Prometheus and Alertmanager: not compared" + ("" if options.no_peer else ", for they are not installed"))
        return
    settings = [("tight: scrape 1 s, evaluate 1 s, group_wait 0 s", 30, "1s", "0s", GOLDEN, 30.0)]
    if options.common:
        settings.append(
            ("common: scrape 15 s, evaluate 15 s, group_wait 30 s", 20, "15s", "30s", 15 * (1 - GOLDEN), 90.0)
        )
    for words, trials, scrape, wait, gap, drain in settings:
        found = peer(trials, scrape, wait, gap, drain)
        p50 = quantile(found, 0.5)
        print(f"Prometheus + Alertmanager, {words}:\n                    {spread_of(found)}")
        print(f"  ours is {p50 / quantile(fast, 0.5):.0f} times as fast pushed, {p50 / quantile(poll, 0.5):.1f} polled")


if __name__ == "__main__":
    main()
