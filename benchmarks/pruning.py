"""How long an act of a person waits while the old is let go: months at once, as after a change of `[store] keep`.

    .venv/bin/python benchmarks/pruning.py [--url sqlite|postgresql://…] [--mentions 60000]

Fills a store with mentions and minute buckets past their time, prunes them as the service does, and writes a small act
every 10 ms meanwhile. Prints how long those waited for their commit, beside the same without pruning.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy.engine import Connection

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import machine, quantile, spread_of, verdict
from monitor.daemon.calendar import bites
from monitor.model import Mention
from monitor.series import Bucket
from monitor.store import buckets, findings, observations, prune
from monitor.store.database import Database, Priority
from monitor.store.observations import Stored

NOW = 1_800_000_000.0
DAY = 86400.0
TEXT = "充电宝用了两天就充不进电了，客服一直说在处理，" * 3
KEEP = {"keep_mentions": 180 * DAY, "minutes": 14 * DAY, "hours": 730 * DAY, "days": 3650 * DAY}


def fill(connection: Connection, mentions: int) -> None:
    """Half a year of mentions too old to keep, and as many minutes that become hours."""
    for begin in range(0, mentions, 2000):
        rows = [_mention(n, mentions) for n in range(begin, min(begin + 2000, mentions))]
        observations.insert(connection, rows)
    buckets.begin(connection, [7])
    buckets.register(connection, [(n, 7, (("product", f"p{n}"),)) for n in range(1, 21)])
    for begin in range(0, mentions, 2000):
        buckets.add(connection, [_minute(n) for n in range(begin, min(begin + 2000, mentions))], [])


def _mention(n: int, of: int) -> Stored:
    at = NOW - 400 * DAY + n * 200 * DAY / of
    made = Mention(id=f"m{n}", text=f"{n} {TEXT}", seen_at=at, source="desk", published_at=at, author=f"c{n % 999}")
    return Stored(seq=0, mention=made, story=f"s{n}", new_story=True, counted=True)


def _minute(n: int) -> buckets.BucketRow:
    start = int(NOW - 60 * DAY) // 60 * 60 + n // 20 * 60
    return n % 20 + 1, start, 60, "desk", Bucket(float(start), 60.0, 1, 1, 5.0, 5.0, 5.0, 5.0, start + 1.0)


async def let_go(db: Database) -> tuple[int, list[float]]:
    """All duties, as the calendar does them: rows, and how long each bite held the writer."""
    rows, held = 0, []
    for duty in prune.duties(NOW, **KEEP).values():
        async for taken, seconds in bites(db, duty):
            rows += taken
            held.append(seconds)
    return rows, held


async def acting(db: Database, work: Callable[[], Awaitable[object]]) -> tuple[object, list[float]]:
    """Acts every 10 ms until the work is done: its result, and how long each act waited."""
    waits: list[float] = []
    done = asyncio.ensure_future(work())
    while not done.done():
        began = time.perf_counter()
        await db.write(lambda c: findings.begin(c, "undated", "feed", NOW, {}), Priority.ACT)
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    return await done, waits


async def measure(url: str, folder: Path, mentions: int) -> tuple[int, list[float], list[float], list[float]]:
    """Rows let go, seconds each bite held the writer, waits of acts meanwhile, and waits without."""
    db = Database(url, folder)
    db.open()
    db.now_write(lambda c: fill(c, mentions))
    db.start()
    _, alone = await acting(db, lambda: asyncio.sleep(3))
    (rows, held), meanwhile = await acting(db, lambda: let_go(db))  # type: ignore[misc]
    await db.close()
    return rows, held, meanwhile, alone


def main() -> int:
    """1 when a bite held the writer for longer than a tenth of a second."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--url", default="sqlite")
    asked.add_argument("--mentions", type=int, default=60_000)
    given = asked.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="crisis-monitor-prune-") as folder:
        rows, held, meanwhile, alone = asyncio.run(measure(given.url, Path(folder), given.mentions))
    print(f"{rows:,} rows let go in {len(held)} bites; a bite held the writer {spread_of(held)}")
    print(f"acts meanwhile waited {spread_of(meanwhile)}")
    print(f"acts without pruning  {spread_of(alone)}")
    worst = quantile(held, 0.99) * 1000
    print(verdict("a bite, p99", worst, 100, "ms"))
    return int(worst > 100)


if __name__ == "__main__":
    sys.exit(main())
