"""The play: the real service in a process of its own, on a clock that stands still whenever there is work to do."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct, field

from monitor_demo import setting
from monitor_demo.story import END, HISTORY_DAYS, START, Story, Told
from monitor_demo.world import Rung, World

TICK = 900.0
"""Seconds between two exports of the help desk and two pushes of the listening tool."""
COLUMNS = ("工单号", "投诉时间", "投诉内容", "客户编号", "产品", "渠道", "标记")
TURNS = ("told", "tier", "kill", "back", "ack", "hour")
SILENT = "zhang-wei"
"""The first person called. He sleeps."""


class Cue(Struct, frozen=True):
    """Something happened on stage."""

    at: float
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


class Played(Struct, kw_only=True):
    """What a play came to."""

    tiers: dict[str, float] = field(default_factory=dict)
    rung: list[Rung] = field(default_factory=list)
    deliveries: dict[str, int] = field(default_factory=dict)
    notices: int = 0
    killed_at: float | None = None
    accepted_before_kill: int = 0
    lost: int = 0
    twice: int = 0
    acknowledged: tuple[float, str] | None = None
    steps: int = 0
    seconds: float = 0.0
    url: str = ""


class Daemon:
    """The process, its clock, and its address."""

    def __init__(self, config: Path, state: Path, listen: str) -> None:
        self.config, self.state, self.listen = config, state, listen
        self.url = f"http://{listen}"
        self._steps = state / "steps.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=60)

    def start(self, at: float) -> None:
        """Starts at an instant; returns when it can be stepped."""
        self._steps.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "monitor", "run", "--config", str(self.config), "--state", str(self.state),
            "--steps", str(self._steps), "--steps-from", repr(at),
        ]  # fmt: skip
        with (self.state / "service.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment())
        self._socket = self._connect()
        self._lines = self._socket.makefile("rwb")

    def _connect(self) -> socket.socket:
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                found = socket.socket(socket.AF_UNIX)
                found.connect(str(self._steps))
                return found
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"the service did not start; see {self.state / 'service.log'}")

    def move(self, to: float) -> float | None:
        """Moves its clock, waits until it has done all that was due; returns what it waits for next."""
        self._lines.write(f"{to!r}\n".encode())
        self._lines.flush()
        line = self._lines.readline()
        if not line:
            raise RuntimeError(f"the service ended; see {self.state / 'service.log'}")
        upcoming: float | None = json.loads(line)["next"]
        return upcoming

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Sends records; the answer, which comes after the commit."""
        answer = self._http.post(path, content=json.dumps(body, ensure_ascii=False).encode())
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str) -> dict[str, Any]:
        """Asks."""
        found: dict[str, Any] = self._http.get(path).raise_for_status().json()
        return found

    def press(self, link: str, button: str) -> int:
        """Presses a button on the page behind an ack link."""
        path = "/" + link.split("/", 3)[3]
        return self._http.post(path, data={"do": button}, headers={"origin": self.url}).status_code

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._lines.close()
        self._socket.close()

    def stop(self) -> None:
        """Asks it to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY")}
    return kept | {"PYTHONHASHSEED": "0"}


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Play:
    """One performance. `cue` hears of everything as it happens; `answer` is asked when a notice asks for a person."""

    def __init__(self, story: Story, folder: Path, cue: Callable[[Cue], None]) -> None:
        self.story, self.folder, self._cue = story, folder, cue
        self.now = START
        self.world = World(lambda: self.now)
        self.state = folder / "state"
        (self.state / "inbox").mkdir(parents=True, exist_ok=True)
        listen = f"127.0.0.1:{free_port()}"
        self.config = setting.write(folder, listen=listen, world=self.world.url)
        self.daemon = Daemon(self.config, self.state, listen)
        self.played = Played(url=self.daemon.url)
        self.ack_after: Callable[[Rung], float | None] = lambda rung: None if _door(rung) == SILENT else 120.0
        self._heard = 0
        self._acks: list[tuple[float, Rung]] = []
        self._kill_wanted = False
        self._batch = 0

    def history(self) -> None:
        """Loads the weeks before."""
        path = self.folder / "history.jsonl"
        rows = ({"source": t.source, **_wire(t)} for t in self.story.history)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        command = [
            sys.executable, "-m", "monitor", "load", str(path), "--source", "tickets", "--config", str(self.config),
            "--state", str(self.state),
        ]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_environment())
        self._cue(Cue(self.now, "history", {"records": len(self.story.history), "days": HISTORY_DAYS}))

    def run(self) -> Played:
        """Lives the 72 hours."""
        begun = time.monotonic()
        self.daemon.start(self.now)
        upcoming = self.daemon.move(self.now)
        pushes = START
        left = list(self.story.lived)
        while self.now < END:
            ack = min((at for at, _ in self._acks), default=END)
            self.now = min(END, pushes, ack, upcoming if upcoming is not None else END)
            upcoming = self.daemon.move(self.now)
            self.played.steps += 1
            if self.now >= pushes:
                due = [t for t in left if t.at <= self.now]
                left = left[len(due) :]
                self._publish(due)
                pushes += TICK
                upcoming = self._kill() if self._kill_wanted and due else self.daemon.move(self.now)
            self._press_due()
            self._listen()
            upcoming = self.daemon.move(self.now) if self._acks and self._acks[0][0] <= self.now else upcoming
        self.played.seconds = time.monotonic() - begun
        self._settle()
        return self.played

    def _publish(self, due: list[Told]) -> None:
        """What was said since the last time: an export, a push, feeds."""
        self.world.published += [t for t in due if t.source in ("press", "regulator")]
        tickets = [t for t in due if t.source == "tickets"]
        self._export([t for t in tickets if _by_export(t)])
        self.daemon.post("/api/v1/mentions?source=tickets", [_wire(t) for t in tickets if not _by_export(t)])
        posts = [_wire(t) for t in due if t.source == "social"]
        self.daemon.post("/api/v1/mentions?source=social", posts)
        numbers = [_wire(t) for t in due if t.source == "kpi"]
        if numbers:
            self.daemon.post("/api/v1/samples?source=kpi", numbers)
        self.played.accepted_before_kill = len(posts)

    def _export(self, tickets: list[Told]) -> None:
        if not tickets:
            return
        self._batch += 1
        path = self.state / "inbox" / f"export-{self._batch:05d}.csv"
        hidden = path.with_suffix(".part")
        with hidden.open("w", encoding="utf-8-sig", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for t in tickets:
                labels = dict(t.record["labels"])  # type: ignore[call-overload]
                rows.writerow(
                    [t.record["id"], f"{t.at:.0f}", t.record["text"], t.record["author"], labels["product"],
                     labels["channel"], labels.get("flag", "")]
                )  # fmt: skip
        hidden.rename(path)

    def _kill(self) -> float | None:
        """kill -9 right after an accepted push, and a restart; the clock stands still meanwhile."""
        self._kill_wanted = False
        self.played.killed_at = self.now
        before = len(self.world.arrived())
        self.daemon.kill()
        self._cue(Cue(self.now, "kill", {"accepted": self.played.accepted_before_kill, "arrived": before}))
        self.daemon.start(self.now)
        upcoming = self.daemon.move(self.now)
        self._cue(Cue(self.now, "back", {}))
        return upcoming

    def _listen(self) -> None:
        """Hears what arrived since the last time."""
        arrived = self.world.arrived()
        for rung in arrived[self._heard :]:
            self._hear(rung)
        self._heard = len(arrived)

    def _hear(self, rung: Rung) -> None:
        note = rung.body["data"]
        tier = note["tier"]
        refused = any(r.answer == "310000" and r.at == rung.at for r in self.world.rung)
        self._cue(Cue(rung.at, "told", {"door": _door(rung), "note": note, "refused": refused}))
        if tier != "calm" and tier not in self.played.tiers and note["transition"] in ("NEW", "RAISED"):
            self.played.tiers[tier] = rung.at
            self._cue(Cue(rung.at, "tier", {"tier": tier, "note": note}))
            if tier == "orange":
                self._kill_wanted = True
        asks = note["transition"] in ("NEW", "RAISED", "ESCALATED") and tier in ("orange", "red")
        wait = self.ack_after(rung) if asks and _door(rung) in (SILENT, "li-na") else None
        if wait is not None and not any(r.body["data"]["incident"] == note["incident"] for _, r in self._acks):
            self._acks = sorted([*self._acks, (self.now + wait, rung)], key=lambda pair: pair[0])

    def _press_due(self) -> None:
        """Whoever takes it presses the button behind the link of the notice."""
        while self._acks and self._acks[0][0] <= self.now:
            _, rung = self._acks.pop(0)
            note = rung.body["data"]
            status = self.daemon.press(note["urls"]["ack"], "ack")
            if status < 400 and self.played.acknowledged is None:
                self.played.acknowledged = (self.now, _door(rung))
            self._cue(Cue(self.now, "ack", {"who": _door(rung), "incident": note["incident"], "status": status}))

    def acknowledged_within(self, incident: str, seconds: float) -> bool:
        """Waits in real time until somebody holds an incident; the service's clock stands still meanwhile."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found = self.daemon.get(f"/api/v1/incidents/{incident}")
            if found["incident"].get("acknowledged_by"):
                self.played.acknowledged = (self.now, found["incident"]["acknowledged_by"])
                return True
            time.sleep(0.5)
        return False

    def _settle(self) -> None:
        """Counts at the end: from the receivers' logs, and what the service says of its outbox."""
        self._listen()
        self.played.rung = self.world.arrived()
        keys = [r.key for r in self.played.rung]
        self.played.twice = len(keys) - len(set(keys))
        rows = self.daemon.get("/api/v1/deliveries?limit=1000")["deliveries"]
        states = [row["state"] for row in rows]
        self.played.deliveries = {"sent": states.count("sent"), "dead": states.count("dead")}
        self.played.lost = sum(row["state"] == "sent" and row["key"] not in set(keys) for row in rows)
        self.played.notices = len({(r.body["data"]["incident"], r.body["data"]["notice"]) for r in self.played.rung})

    def close(self) -> None:
        """Ends the service and the world."""
        self.daemon.stop()
        self.world.close()


def _door(rung: Rung) -> str:
    return rung.door.rpartition("/")[2]


def _by_export(ticket: Told) -> bool:
    """A third of the tickets come as an export into the drop folder, the others are pushed by the help desk."""
    return int(str(ticket.record["id"]).removeprefix("T-")) % 3 == 0


def _wire(t: Told) -> dict[str, object]:
    return dict(t.record) if t.source == "kpi" else {**t.record, "published_at": t.at}


@contextmanager
def performance(story: Story, cue: Callable[[Cue], None]) -> Iterator[Play]:
    """A play in a folder of its own, cleared away afterwards."""
    with tempfile.TemporaryDirectory(prefix="crisis-monitor-demo-") as folder:
        play = Play(story, Path(folder), cue)
        try:
            yield play
        finally:
            play.close()
