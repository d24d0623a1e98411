"""What a round costs in which many series are judged by `seasonal`: state read, judged, written and committed.

    python benchmarks/detection/speed.py [SERIES] [ROUNDS]     (default 10,000 series, 30 rounds of a minute)

The judge of the service over a real SQLite store: one rule over an hour, by product. Each round a fifth of the series
got a record in the minute before. CPU seconds of the whole process, counting not included. Beside it, where a
`prometheus` is on the path, the figure of docs/detection.md for 10,000 z-score rules there was taken on other machines.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

import numpy as np

from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.ingest import Taken
from monitor.daemon.service import Service
from monitor.rules.select import series_id
from monitor.series import Bucket
from monitor.store import buckets, cursors
from monitor.store.database import Priority
from monitor.times import DAY, HOUR, MINUTE

START = 1_760_000_400.0 - 1_760_000_400.0 % DAY
HISTORY = 60
"""Hours before the first round."""
CONFIG = """
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[rule]]
name = "volume"
risk = "mass-complaints"
window = "1h"
every = "1m"
by = ["product"]
max_series = 100000
detector = { kind = "seasonal" }
red = { rarer_than = "1y", floor = 100000 }
leave = { below = 0.8, dwell = "30m" }
"""


class Bench:
    """A service at rest, its judge driven by hand."""

    def __init__(self, folder: Path, series: int) -> None:
        path = folder / "rules.toml"
        path.write_text(CONFIG, encoding="utf-8")
        self.clock = SteppedClock(START + HISTORY * HOUR, 1)
        (folder / "state").mkdir()
        self.service = Service(load(path), path, folder / "state", self.clock)
        self.service.db.open()
        self.rng = np.random.default_rng(1)
        self.levels = self.rng.lognormal(0.0, 1.0, series)
        self.selection = self.service.desk().asked["volume"][0].id
        self.keys = [(("product", f"p{i}"),) for i in range(series)]

    async def prepare(self) -> None:
        """Some days of hours, counted through."""
        ids = [series_id(self.selection, key) for key in self.keys]

        def job(connection: object) -> None:
            buckets.begin(connection, [self.selection])
            buckets.advance(connection, [self.selection], 0, ready=True)
            buckets.register(connection, [(id, self.selection, key) for id, key in zip(ids, self.keys, strict=True)])
            cursors.cover(connection, "desk", START, START + HISTORY * HOUR, touch=DAY)

        await self.service.db.write(job, Priority.PRUNE)
        for hour in range(HISTORY):
            await self.count(START + hour * HOUR, HOUR, np.arange(len(self.keys)), self.rng.poisson(self.levels))

    async def count(self, start: float, span: float, which: np.ndarray, n: np.ndarray) -> None:
        """Counts of some series in one span."""
        rows = [
            (series_id(self.selection, self.keys[i]), int(start), int(span), "desk",
             Bucket(start, span, float(k), float(k), float(k), None, None, None, start + span))
            for i, k in zip(which.tolist(), n.tolist(), strict=True) if k
        ]  # fmt: skip

        def job(connection: object) -> None:
            buckets.add(connection, rows, [])
            cursors.cover(connection, "desk", start, start + span, touch=DAY)

        await self.service.db.write(job, Priority.INGEST)
        self.service.judge.tell(Taken(touched={self.selection: start}))

    async def round(self, now: float) -> float:
        """CPU seconds of one round of the judge."""
        begun = time.process_time()
        await self.service.judge._round(now)
        return time.process_time() - begun


async def main(series: int, rounds: int) -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), series)
        bench.service.db.start()
        await bench.prepare()
        await bench.service.judge.load()
        now = START + HISTORY * HOUR
        first = await bench.round(now)
        taken = []
        for minute in range(rounds):
            some = bench.rng.choice(series, series // 5, replace=False)
            await bench.count(now + minute * MINUTE, MINUTE, some, np.ones(len(some)))
            taken.append(await bench.round(now + (minute + 1) * MINUTE))
        saved = len(bench.service.judge.alerts)
        print(f"{series:,} series, one round a minute, {rounds} rounds ({saved} alerts stand)")
        print(f"first round, {HISTORY / 24:g} days of history read and learned: {first:.1f} CPU s")
        print(f"a round: mean {mean(taken):.3f}, longest {max(taken):.3f} CPU s")
        await bench.service.db.close()


if __name__ == "__main__":
    asyncio.run(main(int((sys.argv[1:2] or ["10000"])[0]), int((sys.argv[2:3] or ["30"])[0])))
