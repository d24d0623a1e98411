"""Five thousand feeds polled by the real service: is each read in its interval, and what does it cost?

    python benchmarks/polling.py [--feeds 5000] [--every 5m] [--seconds 600] [--requests 3000]

The feeds stand in a process of their own (`feeds.py`): 70 % answer 304, the rest send the same body whole, are slow,
say 429, or are broken. After the first round, which reads and stores everything, `--seconds` are measured: the longest
time between two questions to a feed, the service's CPU for each of them, its memory. Then one more feed grows to 7 MB
while `/healthz` is asked every 5 ms: how long the loop's answers took is its lag.

Beside it the same conditional requests in a plain loop of httpx, of aiohttp (where it is installed) and of the
service's own door, 16 at once, without a schedule, a store, or a thought: requests a second, and CPU for each.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.feeds import kind_of
from benchmarks.rig import Daemon, ask, end, free_port, machine, quantile, spawn, spread_of, until, verdict
from monitor.shipped import shipped
from monitor.times import duration

CPU, LAG = 2.0, 50.0
AT_ONCE = 16
CLIENTS = ("wire", "httpx", "aiohttp")
HEAD = f"""
[settings]
playbooks = "{shipped("playbooks")}"
[server]
listen = "127.0.0.1:{{port}}"
[[topic]]
name = "fire"
query = "battery AND fire"
[[rule]]
name = "talk"
risk = "mass-complaints"
where = {{ topic = ["fire"] }}
window = "1h"
red = {{ above = 100 }}
[[channel]]
name = "out"
kind = "file"
path = "notices.jsonl"
[[route]]
to = ["channel:out"]
"""
SOURCE = """
[[source]]
name = "f{name}"
kind = "rss"
url = "http://127.0.0.1:{port}/{path}"
every = "{every}"
family = "press"
allow_private = true
"""


class Watch(threading.Thread):
    """Asks `/healthz` every 5 ms; keeps the seconds each answer took."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._on = True
        self.took: list[float] = []

    def run(self) -> None:
        while self._on:
            began = time.perf_counter()
            self._connection.request("GET", "/healthz")
            self._connection.getresponse().read()
            self.took.append(time.perf_counter() - began)
            time.sleep(0.005)

    def stop(self) -> list[float]:
        """The answers so far."""
        self._on = False
        self.join()
        return self.took


def main() -> None:
    """Runs and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--feeds", type=int, default=5000)
    told.add_argument("--every", default="5m")
    told.add_argument("--seconds", type=float, default=600)
    told.add_argument("--requests", type=int, default=3000)
    told.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    told.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = told.parse_args()
    if options.client:
        asyncio.run(plain_loop(options.client, options.port, options.requests))
        return
    with tempfile.TemporaryDirectory(prefix="polling-") as name:
        folder, port = Path(name), free_port()
        server = Path(__file__).with_name("feeds.py")
        feeds = spawn([sys.executable, str(server), str(port), str(folder / "asked")], folder / "feeds.log")
        try:
            print(f"{options.feeds} feeds each {options.every}; {machine()}")
            beside(port, options.requests)
            polled(folder, port, options.feeds, options.every, options.seconds)
        finally:
            end(feeds)


def beside(port: int, requests: int) -> None:
    """The plain loops, each in a process of its own."""
    print(f"{requests} conditional requests answered 304, {AT_ONCE} at once, a plain loop:")
    for client in CLIENTS:
        command = [sys.executable, __file__, "--client", client, "--port", str(port), "--requests", str(requests)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"  {client}: {done.stdout.strip() or done.stderr.strip().splitlines()[-1]}")


async def plain_loop(client: str, port: int, requests: int) -> None:
    """Asks and counts; prints requests a second and CPU milliseconds each."""
    try:
        one, close = await ASKERS[client](f"http://127.0.0.1:{port}/plain/")
    except ModuleNotFoundError as error:
        print(f"skipped, {error.name} is not installed")
        return
    numbers = iter([6 + 20 * (n // 14) + n % 14 for n in range(requests)])

    async def worker() -> None:
        for number in numbers:
            assert await one(number) == 304

    began, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    took, cpu = time.perf_counter() - began, time.process_time() - spent
    await close()
    print(f"{requests / took:.0f} requests/s, {1000 * cpu / requests:.2f} ms CPU each")


Asker = tuple[Callable[[int], Awaitable[int]], Callable[[], Awaitable[None]]]
SAME = {"if-none-match": '"x"'}


async def by_wire(base: str) -> Asker:
    """The door that sources go through."""
    from monitor.http import Http

    door = Http()

    async def one(number: int) -> int:
        return (await door.request("GET", f"{base}{number}", headers=SAME, polite=True)).status

    return one, door.close


async def by_httpx(base: str) -> Asker:
    """One client of httpx."""
    import httpx

    client = httpx.AsyncClient()

    async def one(number: int) -> int:
        return (await client.get(f"{base}{number}", headers=SAME)).status_code

    return one, client.aclose


async def by_aiohttp(base: str) -> Asker:
    """One session of aiohttp."""
    import aiohttp

    session = aiohttp.ClientSession()

    async def one(number: int) -> int:
        async with session.get(f"{base}{number}", headers=SAME) as answer:
            await answer.read()
            return int(answer.status)

    return one, session.close


ASKERS = {"wire": by_wire, "httpx": by_httpx, "aiohttp": by_aiohttp}


def polled(folder: Path, port: int, feeds: int, every: str, seconds: float) -> None:
    """The service over all of them."""
    sources = "".join(SOURCE.format(name=n, port=port, path=f"feed/{n}", every=every) for n in range(feeds))
    large = SOURCE.format(name="large", port=port, path="large", every="5s")
    daemon = Daemon(folder, HEAD + sources + large)
    try:
        took = daemon.start(wait=300)
        print(f"the service: ready after {took:.0f} s")
        began = time.monotonic()
        if not until(lambda: len({feed for _, feed, _ in asked(folder)}) >= feeds, 900, 2):
            raise RuntimeError("the first round does not end")
        print(f"  every feed asked once: {time.monotonic() - began:.0f} s, {daemon.cpu():.0f} CPU s since the start")
        time.sleep(duration(every))  # what retries, and the grid of each source, has begun by then
        measured(daemon, folder, feeds, duration(every), seconds)
        lagged(daemon, port)
    finally:
        daemon.stop()


def measured(daemon: Daemon, folder: Path, feeds: int, every: float, seconds: float) -> None:
    """A span in which nothing is new."""
    began, spent = time.time(), daemon.cpu()
    time.sleep(seconds)
    ended, cpu = time.time(), daemon.cpu() - spent
    rows = [row for row in asked(folder) if began <= row[0] <= ended]
    print(
        f"  {len(rows)} polls in {ended - began:.0f} s, {len(rows) / seconds:.1f} a second; "
        f"{100 * cpu / seconds:.1f} % of a core"
    )
    print("  " + verdict("CPU for each poll, all that the service does included", 1000 * cpu / len(rows), CPU, "ms"))
    good = {n for n in range(feeds) if kind_of(n) in ("304", "whole", "slow")}
    longest = gaps(asked(folder), good, began - every, ended)
    late = [gap for gap in longest.values() if gap > every * 1.02 + 5]
    print(f"  longest wait of each of {len(good)} good feeds: {spread_of(list(longest.values()), 's', 1)}")
    print(f"  good feeds not read in their interval (+ 2 % + 5 s): {len(late)}")
    print(f"  memory {daemon.rss():.0f} MiB")


def gaps(rows: list[tuple[float, int, int]], good: set[int], since: float, until_: float) -> dict[int, float]:
    """The longest time each feed was not asked."""
    last, longest = dict.fromkeys(good, 0.0), dict.fromkeys(good, 0.0)
    for at, feed, _ in rows:
        if feed in good and since <= at <= until_:
            longest[feed] = max(longest[feed], at - last[feed] if last[feed] else 0.0)
            last[feed] = at
    return {feed: max(gap, until_ - last[feed]) for feed, gap in longest.items()}


def lagged(daemon: Daemon, port: int) -> None:
    """A feed of 7 MB comes in."""
    print(f"  the loop's answers before: {spread_of(watched(daemon, 15))}")
    watch, began = Watch(daemon.port), time.monotonic()
    watch.start()
    ask(port, "GET", "/grow")
    came = until(lambda: stored(daemon, "flarge") >= 1000, 180, 0.2)
    took = watch.stop()
    print(f"  7 MB, 20,000 entries {'came in' if came else 'DID NOT COME IN'} after {time.monotonic() - began:.1f} s")
    print("  " + verdict("the loop's lag meanwhile, p99", 1000 * quantile(took, 0.99), LAG, "ms"))
    print(f"    {spread_of(took)}; memory then {daemon.rss():.0f} MiB")


def watched(daemon: Daemon, seconds: float) -> list[float]:
    """The loop's answers over some seconds."""
    watch = Watch(daemon.port)
    watch.start()
    time.sleep(seconds)
    return watch.stop()


def stored(daemon: Daemon, source: str) -> int:
    """How many mentions of a source are in the store."""
    with closing(sqlite3.connect(f"file:{daemon.state / 'crisis-monitor.db'}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM mentions WHERE source = ?", (source,)).fetchone()[0])


def asked(folder: Path) -> list[tuple[float, int, int]]:
    """What the feeds were asked: (instant, feed, status)."""
    whole, _, _ = (folder / "asked").read_text().rpartition("\n")
    rows = [line.split() for line in whole.splitlines()]
    return [(float(at), int(feed), int(status)) for at, feed, status in rows]


if __name__ == "__main__":
    main()
