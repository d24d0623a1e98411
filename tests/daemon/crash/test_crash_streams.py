"""Killed while it reads from a real broker: every message counts, once, though some are handed out again and again."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from pathlib import Path

import pytest

from benchmarks.rig import Daemon, ask, until
from tests.sources.broker_world import Broker, Nats, RabbitMq, Redis, broker

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MESSAGES, POISON = 1200, 12
CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[[source]]
name = "bus"
kind = "stream"
family = "tickets"
url = "URL"
queue = "QUEUE"
begin = "all"
allow_private = true
batch = 40
ack_wait = "2s"
[[rule]]
name = "all"
risk = "mass-complaints"
of = "mentions"
measure = "count"
window = "1h"
every = "1m"
red = { above = 1000000 }
"""
DEATHS = ("ingest-before-commit:3", "ingest-after-commit:3", "", "ingest-after-commit:2", "")
"""Where each life ends: at a boundary of a commit, or by kill -9 at some instant."""


def config(there: Broker) -> str:
    url = f"{there.scheme}://127.0.0.1:{there.port}"
    return CONFIG.replace("URL", url).replace("QUEUE", there.queue)


def record(n: int) -> bytes:
    return json.dumps({"id": f"m{n}", "text": f"message {n}", "published_at": time.time() - 1}).encode()


def stored(daemon: Daemon) -> int:
    with sqlite3.connect(daemon.state / "crisis-monitor.db", timeout=5) as db:
        return int(db.execute("SELECT count(*) FROM mentions").fetchone()[0])


def counted(daemon: Daemon) -> float:
    lines = str(ask(daemon.port, "GET", "/metrics")[1]).splitlines()
    return float(next((x.split()[-1] for x in lines if x.startswith('crisis_monitor_rule_value{rule="all"}')), "-1"))


async def live(daemon: Daemon, death: str, chance: random.Random) -> None:
    """One life of the daemon, to its violent end."""
    await asyncio.to_thread(daemon.start, {"CRISIS_MONITOR_FAILPOINT": death} if death else None)
    if death:
        assert await asyncio.to_thread(daemon.died, 20), f"{death} was never reached: {daemon.said()[-2000:]}"
    else:
        await asyncio.sleep(chance.uniform(0.0, 0.6))
        daemon.kill()


@pytest.mark.parametrize("kind", [Nats, RabbitMq, Redis], ids=lambda kind: kind.kind)
async def test_killed_again_and_again_it_loses_nothing_and_counts_nothing_twice(
    kind: type[Broker], tmp_path: Path
) -> None:
    chance = random.Random(kind.kind)
    bodies = [record(n) for n in range(MESSAGES)]
    sent = [*bodies, *chance.sample(bodies, 100), *[b"{"] * POISON]  # a publisher in doubt sends again
    chance.shuffle(sent)
    async with broker(kind) as there:
        daemon = Daemon(tmp_path, config(there))
        try:
            for n, death in enumerate(DEATHS):
                await there.publish(sent[n * 200 : n * 200 + 200])
                await live(daemon, death, chance)
            before = stored(daemon)
            await asyncio.to_thread(daemon.start)
            await there.publish(sent[200 * len(DEATHS) :])
            done = await asyncio.to_thread(until, lambda: counted(daemon) >= MESSAGES, 30, 0.2)
            await asyncio.sleep(2.5)  # what somebody else was given, and did not acknowledge, has come by now
            assert done and (stored(daemon), counted(daemon)) == (MESSAGES, MESSAGES), daemon.said()[-2000:]
            assert 0 < before < MESSAGES, "nothing was killed on the way"
        finally:
            daemon.kill()
