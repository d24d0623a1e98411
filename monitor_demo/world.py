"""The world around the service: feeds it polls, a robot that refuses, phones that ring. Real HTTP on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape

from msgspec import Struct

from monitor_demo.story import Told

SHOWN = 40


class Rung(Struct, frozen=True):
    """A notice that arrived somewhere: when, at whose door, what the door answered, and the notice itself."""

    at: float
    door: str
    answer: str
    key: str
    body: dict[str, Any]


class World:
    """Serves until closed. `now` is the demo's hour; `published` what may be seen so far."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.published: list[Told] = []
        self.rung: list[Rung] = []
        self._lock = threading.Lock()
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._answer(*world.feed(self.path))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self._answer("application/json", world.take(self.path, self.headers.get("webhook-id", ""), body))

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()

    def feed(self, path: str) -> tuple[str, bytes]:
        """The press as RSS, the regulator as JSON: the newest first."""
        source = path.strip("/").split(".")[0]
        shown = [t for t in self.published if t.source == source][-SHOWN:][::-1]
        if source == "press":
            return "application/rss+xml; charset=utf-8", _rss(shown).encode()
        items = [{**t.record, "published_at": t.at} for t in shown]
        return "application/json", json.dumps({"bulletins": items}, ensure_ascii=False).encode()

    def take(self, path: str, key: str, body: dict[str, Any]) -> bytes:
        """A notice at a door: the robot says no in a 200, phones say yes."""
        door = path.strip("/").split("?")[0]
        no = door.startswith("robot")
        answer = {"errcode": 310000, "errmsg": "sign not match"} if no else {"ok": True}
        with self._lock:
            self.rung.append(Rung(self.now(), door, "310000" if no else "ok", key, body))
        return json.dumps(answer).encode()

    def arrived(self) -> list[Rung]:
        """What phones took, in order."""
        with self._lock:
            return [r for r in self.rung if r.answer == "ok"]


def _rss(shown: Sequence[Told]) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{t.record['id']}</guid><title>{escape(str(t.record['title']))}</title>"
        f"<link>{t.record['url']}</link><description>{escape(str(t.record['text']))}</description>"
        f"<pubDate>{format_datetime(datetime.fromtimestamp(t.at, UTC))}</pubDate></item>"
        for t in shown
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>新闻</title>{items}</channel></rss>"
    )
