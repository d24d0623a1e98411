"""A feed's page and its cursor are one: killed at the commit, what was fetched is neither lost nor stored twice."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks.polling import HEAD, SOURCE
from benchmarks.rig import Daemon, until

pytestmark = pytest.mark.slow
ITEMS = [{"id": f"e{n}", "content_text": "all is well", "date_published": "2026-01-01T00:00:00Z"} for n in range(5)]
BODY = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": ITEMS}).encode()


class Feed(BaseHTTPRequestHandler):
    """Shows its page once to whoever remembers the ETag."""

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


@pytest.fixture
def feed() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def stored(daemon: Daemon) -> list[str]:
    with closing(sqlite3.connect(daemon.state / "crisis-monitor.db")) as store:
        return sorted(row[0] for row in store.execute("SELECT id FROM mentions"))


@pytest.mark.parametrize("where", ["ingest-before-commit", "ingest-after-commit"])
def test_what_a_feed_brought_survives_a_kill_at_its_commit(tmp_path: Path, feed: int, where: str) -> None:
    daemon = Daemon(tmp_path, HEAD + SOURCE.format(name="a", port=feed, path="feed", every="1s"))
    try:
        daemon.start({"CRISIS_MONITOR_FAILPOINT": where})
        assert daemon.died(30)
        before = stored(daemon)
        assert len(before) == (5 if where == "ingest-after-commit" else 0)
        daemon.start()
        assert until(lambda: len(stored(daemon)) == 5, 30)
        daemon.kill()
        assert len(set(stored(daemon))) == 5
    finally:
        daemon.kill()
