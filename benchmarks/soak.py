"""A year at speed: the whole service lives months of ordinary weeks and small crises, and must not grow.

    .venv/bin/python benchmarks/soak.py [--months 12] [--a-day 1000] [--step 1h] [--keep 180d]

The service runs in this process on a stepped clock: real store, real web, pushes, a feed and a drop folder over real
sockets and files, notices to a receiver of its own process, the shipped rules, pruning each hour, a reload each month.
Prints a line a month: resident memory, open files, the store by what is in it; then whether memory and files stayed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct, field

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import Receiver, free_port, machine
from monitor.cli.run import steady_memory
from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.service import LOOPS, Service, take_state
from monitor.http import Http
from monitor.store import care
from monitor.store.database import Priority
from monitor.times import duration, rfc3339
from monitor_demo import phrases
from monitor_demo.setting import shipped_rules
from monitor_demo.story import PRODUCTS, rhythm

START = 1767585600.0
"""2026-01-05 12:00 in Shanghai, a Monday."""
DAY, MONTH = 86400.0, 30 * 86400.0
CHANNELS = ("hotline", "app", "shop")
CONFIG = """
include = ["shipped-rules.toml"]
[settings]
organisation = "示例公司"
timezone = "Asia/Shanghai"
[server]
public_url = "https://warn.example.com"
[store]
keep = {{ {keep} }}
[[source]]
name = "tickets"
kind = "push"
family = "tickets"
[[source]]
name = "social"
kind = "push"
family = "social"
[[source]]
name = "kpi"
kind = "push"
family = "kpi"
[[source]]
name = "inbox"
kind = "file"
path = "inbox/*.csv"
every = "1h"
family = "tickets"
fields = {{ id = "id", published_at = "at", text = "text", author = "who", "labels.product" = "product" }}
[[source]]
name = "press"
kind = "rss"
url = "{feed}"
every = "1h"
family = "press"
allow_private = true
[[channel]]
name = "hook"
kind = "webhook"
url = "{hook}"
[[person]]
name = "zhang-wei"
via = ["hook"]
[[team]]
name = "crisis"
roles = {{ leader = ["zhang-wei"] }}
[[route]]
to = ["crisis/leader"]
ack_within = "30m"
"""
KEEP = 'mentions = "{mentions}", minutes = "14d", hours = "2y", days = "10y"'


class Mark(Struct, frozen=True, kw_only=True):
    """How things stood at an instant: MiB, counts, bytes of the store in use, and rows and bytes of each table."""

    day: float
    rss: float
    objects: int
    files: int
    threads: int
    store: int
    tables: dict[str, tuple[int, int]]
    mentions: int
    notices: int
    seconds: float


class Soaked(Struct, kw_only=True):
    """What a soak came to."""

    marks: list[Mark] = field(default_factory=list)
    refused: int = 0
    incidents: int = 0

    def grown(self, what: Callable[[Mark], float], since_day: float) -> float:
        """From the first mark at or after a day to the last."""
        later = [mark for mark in self.marks if mark.day >= since_day]
        return what(later[-1]) - what(later[0])


class Life:
    """What is said, hour by hour, by seed. Every other week something smells of smoke for a day."""

    def __init__(self, seed: int, a_day: float) -> None:
        self._dice, self._a_day, self._n = random.Random(seed), a_day, 0

    def mentions(self, begin: float, end: float, share: float) -> list[dict[str, Any]]:
        """A span's share of what customers write."""
        count = self._a_day * share * (end - begin) / DAY * rhythm(begin)
        texts = [self._text() for _ in range(self._some(count))]
        if self.smells(begin):
            texts += [phrases.smoke(self._dice) for _ in range(self._some((end - begin) / 3600 * 2))]
        return [self._mention(text, begin, end) for text in texts]

    def smells(self, at: float) -> bool:
        """Whether it is a bad day."""
        return int((at - START) // DAY) % 14 == 9

    def _text(self) -> str:
        product = self._dice.choices([p for p, _ in PRODUCTS], [w for _, w in PRODUCTS])[0]
        return phrases.complaint(self._dice, product)

    def _mention(self, text: str, begin: float, end: float) -> dict[str, Any]:
        self._n += 1
        labels = {"product": self._dice.choice(PRODUCTS)[0], "channel": self._dice.choice(CHANNELS)}
        return {
            "id": f"m{self._n}", "text": text, "author": f"c{self._dice.randrange(20_000)}", "labels": labels,
            "published_at": rfc3339(self._dice.uniform(begin, end)),
        }  # fmt: skip

    def article(self, at: float) -> dict[str, Any]:
        """One article of the press."""
        self._n += 1
        title, text = phrases.article(self._dice)
        return {"id": f"a{self._n}", "title": f"{title} {self._n}", "content_text": text, "date_published": rfc3339(at)}

    def numbers(self, end: float) -> list[dict[str, Any]]:
        """The shop's counts of one span."""
        series = (("orders", 50), ("returns", 2), ("calls", 12))
        return [
            {"series": name, "at": end, "value": self._some(mean), "kind": "delta", "span": "1h"}
            for name, mean in series
        ]

    def _some(self, mean: float) -> int:
        return max(0, round(self._dice.gauss(mean, mean**0.5)))


class Feed:
    """A JSON Feed of the latest articles."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                said = {"version": "https://jsonfeed.org/version/1.1", "title": "press", "items": feed.items[-30:]}
                body = json.dumps(said, ensure_ascii=False).encode()
                self.send_response(200)
                self.send_header("content-type", "application/feed+json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/feed.json"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


class Soak:
    """One service and its life."""

    def __init__(
        self,
        folder: Path,
        *,
        a_day: float,
        keep: str = KEEP.format(mentions="180d"),
        step: float = 3600.0,
        seed: int = 1,
    ) -> None:
        self.folder, self.step = folder, step
        self.life, self.soaked, self.clock = Life(seed, a_day), Soaked(), SteppedClock(START, LOOPS)
        self.feed, self.receiver = Feed(), Receiver(folder)
        self.port = free_port()
        (folder / "shipped-rules.toml").write_text(shipped_rules(), encoding="utf-8")
        path = folder / "rules.toml"
        path.write_text(CONFIG.format(keep=keep, feed=self.feed.url, hook=self.receiver.url), encoding="utf-8")
        self.state = folder / "state"
        self._lock = take_state(self.state)
        (self.state / "inbox").mkdir()
        self.service = Service(load(path), path, self.state, self.clock, listen=f"127.0.0.1:{self.port}")
        self._sent, self._began = 0, time.monotonic()

    async def run(self, days: float, mark_every: float, told: Callable[[Mark], None] = lambda mark: None) -> Soaked:
        """Lives so many days."""
        await self.service.start()
        try:
            async with Http() as http:
                at, marked = START, START
                while at < START + days * DAY:
                    await self._hour(http, at, at + self.step)
                    at += self.step
                    if at - marked >= mark_every:
                        marked = at
                        self.soaked.marks.append(await self._mark(at))
                        told(self.soaked.marks[-1])
        finally:
            await self.service.close()
            os.close(self._lock)
            self.feed.close()
            self.receiver.stop()
        return self.soaked

    async def _hour(self, http: Http, begin: float, end: float) -> None:
        """One step of life: it is said, time goes by, it is judged and told, people answer, the old goes."""
        self.feed.items.append(self.life.article(begin))
        del self.feed.items[:-30]
        self._export(begin, end)
        await self.clock.move(end)
        await self._push(http, "mentions", "tickets", self.life.mentions(begin, end, 0.5))
        await self._push(http, "mentions", "social", self.life.mentions(begin, end, 0.3))
        await self._push(http, "samples", "kpi", self.life.numbers(end))
        await self.clock.settle()
        await self.service.calendar.prune()
        if begin // DAY != end // DAY:
            await self.service.heartbeat.beat()
            await self.service.canary.fly()
            await self._answer(http)
        if begin // MONTH != end // MONTH:
            assert await self.service.reload() == ""
        await self.clock.settle()

    def _export(self, begin: float, end: float) -> None:
        """The help desk's export of the day: the same file, a little longer each time; a new one each day."""
        rows = self.life.mentions(begin, end, 0.2)
        path = self.state / "inbox" / f"export-{int(begin // DAY) % 3}.csv"
        fresh = not path.exists() or begin // DAY != (begin - self.step) // DAY
        with path.open("w" if fresh else "a", encoding="utf-8") as out:
            if fresh:
                out.write("id,at,text,who,product\n")
            for row in rows:
                text = row["text"].replace('"', "'")
                out.write(f'{row["id"]},{row["published_at"]},"{text}",{row["author"]},{row["labels"]["product"]}\n')

    async def _push(self, http: Http, kind: str, source: str, records: list[dict[str, Any]]) -> None:
        url = f"http://127.0.0.1:{self.port}/api/v1/{kind}?source={source}"
        answer = await http.request("POST", url, body=json.dumps(records, ensure_ascii=False).encode())
        taken = json.loads(answer.body)
        self._sent += taken.get("accepted", 0)
        self.soaked.refused += len(taken.get("rejected", ())) + (answer.status != 200)

    async def _answer(self, http: Http) -> None:
        """Somebody takes what is open, and ends what is older than two days."""
        for incident in await self.service.reads.incidents(open_only=True, limit=100):
            verb = "resolve" if self.clock.now() - incident.opened_at > 2 * DAY else "ack"
            url = f"http://127.0.0.1:{self.port}/api/v1/incidents/{incident.number}/{verb}"
            await http.request("POST", url, body=b"{}", headers={"content-type": "application/json"})

    async def _mark(self, at: float) -> Mark:
        found = await self.service.db.write(care.sizes, Priority.PRUNE)
        incidents = await self.service.reads.incidents(open_only=False, limit=100_000)
        self.soaked.incidents = len(incidents)
        gc.collect()
        return Mark(
            day=(at - START) / DAY, rss=_rss(), objects=len(gc.get_objects()), files=_files(),
            threads=threading.active_count(), store=sum(table.bytes for table in found),
            tables={t.name: (t.rows, t.bytes) for t in found},
            mentions=self._sent, notices=sum(i.notices for i in incidents), seconds=time.monotonic() - self._began,
        )  # fmt: skip


def _files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _rss() -> float:
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024


def quiet() -> None:
    """Only what is wrong is logged: a year of lines is no figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))


def lines(mark: Mark) -> Iterator[str]:
    """A month for people."""
    big = sorted(mark.tables.items(), key=lambda pair: -pair[1][1])[:5]
    shares = ", ".join(f"{name} {rows:,} rows {size / 1e6:.1f} MB" for name, (rows, size) in big)
    yield (
        f"day {mark.day:5.0f}  {mark.rss:6.1f} MiB  {mark.objects:,} objects  {mark.files} files  "
        f"{mark.threads} threads  "
        f"store {mark.store / 1e6:7.1f} MB  {mark.mentions:,} mentions  {mark.notices} notices  ({mark.seconds:.0f} s)"
    )
    yield f"           {shares}"


def main() -> int:
    """Soaks; 1 when memory or files grew."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--months", type=float, default=12)
    asked.add_argument("--a-day", type=float, default=1000)
    asked.add_argument("--step", type=duration, default=duration("1h"))
    asked.add_argument("--keep", default="180d", metavar="SPAN", help="how long mentions are kept")
    given = asked.parse_args()
    quiet()
    steady_memory()
    print(f"{given.months:g} months, {given.a_day:g} mentions a day; {machine()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="crisis-monitor-soak-") as folder:
        soak = Soak(Path(folder), a_day=given.a_day, keep=KEEP.format(mentions=given.keep), step=given.step)

        def told(mark: Mark) -> None:
            print("\n".join(lines(mark)), flush=True)

        soaked = asyncio.run(soak.run(given.months * 30, min(MONTH, given.months * MONTH / 4), told))
    settled = min(given.months * 30 / 2, 180.0)
    rss, files = soaked.grown(lambda m: m.rss, settled), soaked.grown(lambda m: m.files, settled)
    print(f"refused {soaked.refused}, incidents {soaked.incidents}")
    print(f"from day {settled:.0f} on: memory {rss:+.1f} MiB, limit +8; files {files:+.0f}, limit 0")
    return int(rss > 8 or files > 0 or soaked.refused > 0)


if __name__ == "__main__":
    sys.exit(main())
