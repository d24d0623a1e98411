"""A world that a crash happens in: the real process, a sender that keeps what was not answered, a receiver's log."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rig import Daemon, Pusher, Receiver, sample, until

RULE = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[[source]]
name = "events"
kind = "push"
family = "tickets"
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
"""
TO_CHANNEL = '[[route]]\nto = ["channel:hook"]\n'
TO_PEOPLE = """
[[person]]
name = "zhang"
via = ["hook"]
[[person]]
name = "li"
via = ["hook"]
[[team]]
name = "crisis"
roles = { leader = ["zhang", "li"] }
[[route]]
to = ["crisis/leader"]
ack_within = "1s"
"""
WITHOUT_OUTBOX = Path(__file__).with_name("without_outbox.py")


class World:
    """One daemon over one state directory, and what was pushed to it."""

    def __init__(self, folder: Path, config: str, wrapper: Path | None) -> None:
        self.receiver = Receiver(folder)
        self.daemon = Daemon(folder, config.replace("WEBHOOK", self.receiver.url), wrapper=wrapper)
        self._pusher = Pusher(self.daemon.port)
        self.sent: dict[str, dict[str, Any]] = {}
        self.answered: set[str] = set()

    def push(self, event: str, value: float = 100.0) -> bool:
        """Sends an event, or sends it again just as it was; says whether it was answered with a yes."""
        record = self.sent.setdefault(event, sample(event, value))
        if self._pusher.send("samples", [record]) == 200:
            self.answered.add(event)
        return event in self.answered

    def push_all(self, events: Iterable[str]) -> None:
        """Sends many events in one body."""
        records = {event: sample(event) for event in events}
        self.sent |= records
        if self._pusher.send("samples", records.values()) == 200:
            self.answered |= records.keys()

    def push_rest(self) -> None:
        """Sends again what was never answered, as a sender does; twice where the old connection is found dead."""
        for event in list(self.sent):
            if event not in self.answered and not self.push(event) and not self.push(event):
                raise AssertionError(f"{event} is refused by a daemon that is ready: {self.daemon.said()[-2000:]}")

    def arrived(self, events: Iterable[str], notices: int = 1, within: float = 30.0) -> bool:
        """Whether each event came with so many different notices in time."""
        wanted = list(events)

        def there() -> bool:
            keys = self.receiver.keys()
            return all(len(set(keys.get(event, ()))) >= notices for event in wanted)

        return until(there, within, 0.05)

    def settled(self, within: float = 20.0) -> None:
        """Waits until nothing is on its way any more."""
        until(lambda: not self._keys_in("sending", "queued", "retrying"), within, 0.1)
        time.sleep(0.3)

    def open_claims(self) -> set[str]:
        """The keys that were claimed and not settled when the process died: only these may come twice."""
        return self._keys_in("sending")

    def _keys_in(self, *states: str) -> set[str]:
        with sqlite3.connect(self.daemon.state / "crisis-monitor.db", timeout=5) as db:
            marks = ",".join("?" * len(states))
            return {row[0] for row in db.execute(f"SELECT key FROM deliveries WHERE state IN ({marks})", states)}

    def doubled(self) -> set[str]:
        """The keys that the receiver said yes to more than once."""
        counts = Counter(record["key"] for record in self.receiver.taken())
        return {key for key, n in counts.items() if n > 1}

    def lost(self) -> set[str]:
        """What was answered with a yes and never came."""
        return self.answered - set(self.receiver.keys())


@contextmanager
def world(folder: Path, config: str = RULE + TO_CHANNEL, wrapper: Path | None = None) -> Iterator[World]:
    """A world that ends its processes whatever happens."""
    made = World(folder, config, wrapper)
    try:
        yield made
    finally:
        made.daemon.kill()
        made.receiver.stop()
