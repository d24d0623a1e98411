"""What the service costs when nothing happens: 200 sources, a plain rule on each, for a minute.

    python benchmarks/idle.py [--sources 200] [--every 5m] [--seconds 60]

Each source is a JSON feed that is polled in its turn and never changes; each has a threshold rule that is judged each
minute. Memory is what the kernel says is resident (VmRSS) at the end, CPU is of one core over the time measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import Daemon, ask, machine, until, verdict
from monitor.shipped import shipped

MEMORY, CPU = 80.0, 1.0
BODY = b'{"items": [{"id": "1", "text": "all is well", "at": "2026-01-01T00:00:00Z"}]}'
HEAD = f"""
[settings]
playbooks = "{shipped("playbooks")}"
[server]
listen = "127.0.0.1:{{port}}"
[[channel]]
name = "out"
kind = "file"
path = "notices.jsonl"
[[route]]
to = ["channel:out"]
"""
SOURCE = """
[[source]]
name = "s{i}"
kind = "json_api"
url = "http://127.0.0.1:{feed}/{i}"
every = "{every}"
family = "tickets"
allow_private = true
items = "$.items"
fields = {{ id = "id", text = "text", published_at = "at" }}
[[rule]]
name = "r{i}"
risk = "mass-complaints"
of = "mentions"
where = {{ source = ["s{i}"] }}
measure = "count"
window = "1h"
red = {{ above = 100 }}
"""


class Feed(BaseHTTPRequestHandler):
    """Always the same, and says so when asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        same = self.headers.get("if-none-match") == '"1"'
        self.send_response(304 if same else 200)
        self.send_header("etag", '"1"')
        self.send_header("content-length", "0" if same else str(len(BODY)))
        self.end_headers()
        if not same:
            self.wfile.write(BODY)

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    """Runs and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--sources", type=int, default=200)
    told.add_argument("--every", default="5m")
    told.add_argument("--seconds", type=float, default=60)
    options = told.parse_args()
    feed = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=feed.serve_forever, daemon=True).start()
    parts = [SOURCE.format(i=i, feed=feed.server_address[1], every=options.every) for i in range(options.sources)]
    with tempfile.TemporaryDirectory(prefix="idle-") as name:
        daemon = Daemon(Path(name), HEAD + "".join(parts))
        try:
            daemon.start()
            if not until(lambda: _up(daemon) >= options.sources, 90, 0.5):
                raise RuntimeError(f"only {_up(daemon)} sources are up")
            time.sleep(15)
            spent, began = daemon.cpu(), time.monotonic()
            time.sleep(options.seconds)
            share = 100 * (daemon.cpu() - spent) / (time.monotonic() - began)
            print(f"idle, {options.sources} sources each {options.every}, a plain rule on each; {machine()}")
            print("  " + verdict("memory", daemon.rss(), MEMORY, "MiB"))
            print("  " + verdict("CPU", share, CPU, "% of a core"))
        finally:
            daemon.stop()
            feed.shutdown()


def _up(daemon: Daemon) -> int:
    text = str(ask(daemon.port, "GET", "/metrics")[1])
    return sum(line.startswith("crisis_monitor_source_up{") and line.endswith(" 1.0") for line in text.splitlines())


if __name__ == "__main__":
    main()
