"""What benchmarks and crash tests stand on: the real process, a receiver with a log, a client that pushes.

Everything binds to 127.0.0.1 and is ended by its own process number. Needs nothing but the installed package.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float, step: float = 0.01) -> bool:
    """Waits until something holds; says whether it did in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(step)
    return condition()


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts a process of its own, its words in a file."""
    with log.open("ab") as out:
        return subprocess.Popen(
            list(command),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM, wait: float = 25.0) -> None:
    """Ends a process by a signal and waits for it."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(port: int, method: str, path: str, body: Any = None, timeout: float = 30.0) -> tuple[int, Any]:
    """One request on a connection of its own: (status, what the body says)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, raw, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text.decode(errors="replace")


class Receiver:
    """The webhook's other side, in a process of its own. Its log is the only judge of what was delivered."""

    def __init__(self, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "received.jsonl"
        self.url = f"http://127.0.0.1:{self.port}/hook"
        command = [sys.executable, str(HERE / "receiver.py"), str(self.port), str(self.log)]
        self._process = spawn(command, folder / "receiver.log")
        if not until(lambda: _listens(self.port), 20):
            raise RuntimeError("the receiver does not start")

    def answer(self, status: int = 200, delay: float = 0.0) -> None:
        """How it answers from now on."""
        ask(self.port, "POST", "/_control", {"status": status, "delay": delay})

    def records(self) -> list[dict[str, Any]]:
        """Every request so far."""
        if not self.log.exists():
            return []
        whole, _, _ = self.log.read_text("utf-8").rpartition("\n")  # a line may be half written
        return [json.loads(line) for line in whole.splitlines()]

    def taken(self) -> list[dict[str, Any]]:
        """The requests it said yes to."""
        return [r for r in self.records() if 200 <= r["code"] < 300]

    def keys(self) -> dict[str, list[str]]:
        """event -> the idempotency keys it was delivered with, one for each delivery."""
        out: dict[str, list[str]] = {}
        for record in self.taken():
            for event in record["ids"]:
                out.setdefault(event, []).append(record["key"])
        return out

    def first_seen(self) -> dict[str, float]:
        """event -> when it first came."""
        out: dict[str, float] = {}
        for record in self.taken():
            for event in record["ids"]:
                out.setdefault(event, record["t"])
        return out

    def last_seen(self) -> dict[str, float]:
        """event -> when it last came."""
        return {event: record["t"] for record in self.taken() for event in record["ids"]}

    def stop(self) -> None:
        """Ends it."""
        end(self._process)


def _listens(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Daemon:
    """The real `crisis-monitor run` over a folder: its config, its state, its log."""

    def __init__(self, folder: Path, config: str, *, wrapper: Path | None = None, prefix: Sequence[str] = ()) -> None:
        """`{port}` in the config becomes the port it listens on; `wrapper`: a script to run in place of the command."""
        self.folder, self.port = folder, free_port()
        self.config, self.state = folder / "rules.toml", folder / "state"
        self.config.write_text(config.replace("{port}", str(self.port)), "utf-8")
        program = [str(wrapper)] if wrapper else ["-m", "monitor"]
        told = ["run", "--config", str(self.config), "--state", str(self.state)]
        self._command = [*prefix, sys.executable, *program, *told]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, env: Mapping[str, str] | None = None, wait: float = 60.0) -> float:
        """Starts it and waits until it is ready, or dead; returns the seconds that took."""
        began = time.monotonic()
        self.process = process = spawn(self._command, self.folder / "daemon.log", env)
        if not until(lambda: process.poll() is not None or self._ready(), wait):
            raise RuntimeError(f"not ready: {self.said()[-2000:]}")
        if process.poll() is not None and "CRISIS_MONITOR_FAILPOINT" not in (env or {}):
            raise RuntimeError(f"it ended at its start: {self.said()[-2000:]}")
        return time.monotonic() - began

    def _ready(self) -> bool:
        try:
            return ask(self.port, "GET", "/readyz", timeout=2)[0] == 200
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Its process number."""
        assert self.process is not None
        return self.process.pid

    def died(self, within: float) -> bool:
        """Whether it ended by itself (a failpoint) within a time."""
        process = self.process
        return process is None or until(lambda: process.poll() is not None, within)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            end(self.process, signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM."""
        if self.process is not None:
            end(self.process)

    def said(self) -> str:
        """Its log."""
        return (self.folder / "daemon.log").read_text("utf-8", "replace")

    def rss(self) -> float:
        """Resident memory in MiB."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024

    def cpu(self) -> float:
        """CPU seconds spent so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Pusher:
    """Pushes samples or mentions over one connection that stays open; begins anew after a break."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, kind: str, records: Iterable[Mapping[str, Any]] | bytes, timeout: float = 30.0) -> int | None:
        """The status of POST /api/v1/{kind}; None when no answer came."""
        body = records if isinstance(records, bytes) else json.dumps(list(records), ensure_ascii=False).encode()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
            try:
                self._connection.connect()
                self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return self._broke()
        try:
            self._connection.request("POST", f"/api/v1/{kind}", body, {"content-type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return self._broke()

    def _broke(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def sample(event: str, value: float = 100.0) -> dict[str, Any]:
    """An event that exists from now on, as a sample of the series `value`."""
    return {"series": "value", "at": time.time(), "value": value, "labels": {"event_id": event}}


def quantile(values: Sequence[float], q: float) -> float:
    """The nearest-rank quantile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]


def spread_of(values: Sequence[float], unit: str = "ms", scale: float = 1000.0) -> str:
    """How values spread, in words."""
    p50, p90, p99 = (quantile(values, q) * scale for q in (0.5, 0.9, 0.99))
    return f"n={len(values)}  p50 {p50:.1f}  p90 {p90:.1f}  p99 {p99:.1f}  max {max(values) * scale:.1f} {unit}"


def verdict(name: str, value: float, limit: float, unit: str) -> str:
    """A line that holds a figure against its limit."""
    held = "within" if value <= limit else "OVER"
    return f"{name}: {value:.4g} {unit}, limit {limit:g} {unit} (x{value / limit:.2f}, {held})"


def machine() -> str:
    """What the figures were taken on: they mean little on a machine that others use."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, load {load:.1f}, Python {sys.version.split()[0]}"
