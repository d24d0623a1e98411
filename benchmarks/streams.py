"""How many messages a second a `stream` source takes from a real broker, on one core, stored and acknowledged.

    python benchmarks/streams.py [--messages 20000] [nats rabbitmq redis]

The messages wait at the broker before the service starts, and are timed from its first to its last commit. It has one
topic and one rule, and its store is on disk. The brokers answer on their usual ports of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.rig import Daemon, machine, until

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[[source]]
name = "bus"
kind = "stream"
url = "URL"
queue = "QUEUE"
begin = "all"
allow_private = true
[[topic]]
name = "fire"
query = "smoke OR fire OR 冒烟"
[[rule]]
name = "fires"
risk = "product-safety"
where = { topic = ["fire"] }
window = "1h"
red = { above = 100000000 }
"""
Publish = Callable[[Sequence[bytes]], Awaitable[None]]
End = Callable[[], Awaitable[None]]


async def nats(queue: str) -> tuple[str, Publish, End]:
    """A stream of JetStream, in a file."""
    import nats

    client = await nats.connect("nats://127.0.0.1:4222")
    context = client.jetstream()
    await context.add_stream(name=queue, subjects=[queue])

    async def publish(bodies: Sequence[bytes]) -> None:
        await asyncio.gather(*(context.publish(queue, body) for body in bodies))

    async def end() -> None:
        await context.delete_stream(queue)
        await client.close()

    return "nats://127.0.0.1:4222", publish, end


async def rabbitmq(queue: str) -> tuple[str, Publish, End]:
    """A quorum queue."""
    import aio_pika

    connection = await aio_pika.connect("amqp://guest:guest@127.0.0.1/")
    channel = await connection.channel()
    await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})

    async def publish(bodies: Sequence[bytes]) -> None:
        send = channel.default_exchange.publish
        await asyncio.gather(*(send(aio_pika.Message(body, delivery_mode=2), queue) for body in bodies))

    async def end() -> None:
        await channel.queue_delete(queue)
        await connection.close()

    return "amqp://127.0.0.1:5672", publish, end


async def redis(queue: str) -> tuple[str, Publish, End]:
    """A stream of Redis."""
    from redis.asyncio import Redis

    client = Redis()

    async def publish(bodies: Sequence[bytes]) -> None:
        pipe = client.pipeline(transaction=False)
        for body in bodies:
            pipe.xadd(queue, {"body": body})
        await pipe.execute()

    async def end() -> None:
        await client.delete(queue)
        await client.aclose()

    return "redis://127.0.0.1:6379", publish, end


async def measure(name: str, count: int, folder: Path) -> None:
    """Fills a queue of its own, lets a service of its own drain it, prints the rate, takes both away."""
    queue = f"crisis-monitor-bench-{uuid.uuid4().hex[:8]}"
    url, publish, end = await {"nats": nats, "rabbitmq": rabbitmq, "redis": redis}[name](queue)
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    daemon = Daemon(folder, CONFIG.replace("URL", url).replace("QUEUE", queue), prefix=pinned)
    try:
        for first in range(0, count, 500):
            await publish([_body(n) for n in range(first, min(first + 500, count))])
        await asyncio.to_thread(daemon.start)
        began, seen, ended, all_of = await asyncio.to_thread(_watch, daemon, count)
        rate, cpu = (count - seen) / (ended - began), daemon.cpu()
        left = "" if all_of else ", NOT ALL OF THEM CAME"
        print(f"{name}: {rate:,.0f} messages/s (CPU {cpu:.1f} s in all, {daemon.rss():.0f} MB){left}")
    finally:
        daemon.kill()
        await end()


def _watch(daemon: Daemon, count: int) -> tuple[float, int, float, bool]:
    """When the first look saw how many, when the last came, whether all came."""
    with sqlite3.connect(daemon.state / "crisis-monitor.db", timeout=5) as db:

        def stored() -> int:
            return int(db.execute("SELECT count(*) FROM mentions").fetchone()[0])

        until(lambda: stored() > 0, 30)
        began, seen = time.monotonic(), stored()
        all_of = until(lambda: stored() >= count, 300, 0.02)
    return began, seen, time.monotonic(), all_of


def _body(n: int) -> bytes:
    text = f"the power bank of order {n} gave off smoke" if n % 10 == 0 else f"where is my order {n}, it is late"
    about = {"id": f"t{n}", "text": text, "author": f"c{n % 997}", "published_at": time.time() - 60}
    return json.dumps(about).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brokers", nargs="*", default=["nats", "rabbitmq", "redis"])
    parser.add_argument("--messages", type=int, default=20_000)
    options = parser.parse_args()
    print(f"on one core of {machine()}", file=sys.stderr)
    for broker in options.brokers:
        with tempfile.TemporaryDirectory() as temporary:
            asyncio.run(measure(broker, options.messages, Path(temporary)))
