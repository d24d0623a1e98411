"""What a round costs in which many series are judged by `seasonal`: state read, judged, written and committed.

    python -m benchmarks.detection.speed [SERIES] [ROUNDS] [--peer]     (default 10,000 series, 30 rounds of a minute)

The judge of the service over a real SQLite store: one rule over an hour, by product. Each round a fifth of the series
got a record in the minute before. CPU seconds of the whole process, counting not included.

`--peer`: a Prometheus judges as many series in the same run, a day of them at a value a minute in its store, by one
vector rule, `(avg_over_time(m[5m]) - avg_over_time(m[1d])) / stddev_over_time(m[1d]) > 50`; CPU seconds of its process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.peer import Judging
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


def history(folder: Path, series: int) -> Path:
    """A store of Prometheus that holds a day and an hour of values, one a minute, up to now."""
    values = [f"{v:.1f}" for v in np.random.default_rng(2).normal(100, 10, 1 << 16)]
    text, store = folder / "history.om", folder / "tsdb"
    minutes = range(int(time.time()) // 60 - 25 * 60, int(time.time()) // 60)
    with text.open("w") as file:
        file.write("# TYPE m gauge\n")
        for i in range(series):
            file.writelines(f'm{{s="{i}"}} {values[(i * 7919 + t) & 0xFFFF]} {t * 60}\n' for t in minutes)
        file.write("# EOF\n")
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=32h", "-q", text, store]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    text.unlink()
    return store


def peer(series: int) -> float:
    """CPU seconds a round of a Prometheus."""
    with tempfile.TemporaryDirectory() as folder:
        asked = "(avg_over_time(m[5m]) - avg_over_time(m[1d])) / stddev_over_time(m[1d]) > 50"
        judging = Judging(Path(folder), history(Path(folder), series), asked, "10s")
        try:
            cpu, lasted = judging.round_cost(4)
        finally:
            judging.stop()
        print(
            f"Prometheus, one vector rule of a z-score over a day: {cpu:.3f} CPU s a round, the last one {lasted:.2f} s"
        )
        return cpu


async def main(series: int, rounds: int) -> float:
    """Prints the figures; returns CPU seconds a round."""
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
        return mean(taken)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    own = asyncio.run(main(*[*numbers, *(10_000, 30)[len(numbers) :]]))
    if "--peer" in sys.argv:
        print(f"ours over theirs: {own / peer((*numbers, 10_000)[0]):.2f}")
