"""How many mentions a second the service takes in: matched to 100 topics, counted, stored durably, on one core.

    python benchmarks/ingest.py [--mentions 200000] [--batch 2000] [--senders 3]

The service is bound to one core (taskset); the senders run on the others. A batch counts when it was answered, which is
after its commit. On a machine that others use, mentions per CPU second tell more than mentions per second.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import Daemon, Pusher, machine
from monitor.shipped import shipped

LIMIT = 20_000
HEAD = f"""
[settings]
playbooks = "{shipped("playbooks")}"
[server]
listen = "127.0.0.1:{{port}}"
[[source]]
name = "social"
kind = "push"
family = "social"
[[rule]]
name = "topics"
risk = "publicity"
of = "mentions"
measure = "count"
window = "1h"
by = ["topic"]
red = {{ above = 100000000 }}
[[rule]]
name = "products"
risk = "product-quality"
of = "mentions"
measure = "count"
window = "1h"
by = ["product"]
red = {{ above = 100000000 }}
[[channel]]
name = "out"
kind = "file"
path = "notices.jsonl"
[[route]]
to = ["channel:out"]
"""
NOUNS = [
    "充电宝",
    "耳机",
    "手机",
    "快递",
    "客服",
    "发票",
    "屏幕",
    "电池",
    "包装",
    "门店",
    "power bank",
    "battery",
    "refund",
]
FAULTS = [
    "爆炸",
    "起火",
    "冒烟",
    "退款",
    "投诉",
    "欺诈",
    "过敏",
    "漏电",
    "召回",
    "曝光",
    "recall",
    "burning",
    "lawsuit",
]
FILLER = [
    "今天天气不错,跟朋友一起去逛街了",
    "这个周末有什么好看的电影推荐吗",
    "刚刚收到快递,包装很完整",
    "求问大家这款怎么样值得买吗",
    "just got mine yesterday and it works fine so far",
    "客服态度挺好的,很快就解决了问题",
    "第三次买了,一直很满意,推荐给大家",
    "价格比去年贵了一点,不过还能接受吧",
    "does anyone know when the new one comes out",
    "等了一个星期终于发货了,心情复杂",
]


def topics(count: int) -> str:
    """Queries as people write them: a noun and one of several faults, and what is not meant."""
    chance = random.Random(7)
    out = []
    for i in range(count):
        noun, other = chance.sample(NOUNS, 2)
        faults = " OR ".join(f'"{fault}{i if i >= 50 else ""}"' for fault in chance.sample(FAULTS, 4))
        out.append(f"""[[topic]]\nname = "t{i}"\nquery = '("{noun}" OR "{other}{i}") AND ({faults}) NOT 招聘'\n""")
    return "".join(out)


def bodies(total: int, batch: int) -> list[bytes]:
    """Batches of mentions as they travel; about one in twelve speaks of a topic."""
    chance = random.Random(11)
    now = time.time()
    made = [_mention(chance, i, now) for i in range(total)]
    return [json.dumps(made[i : i + batch], ensure_ascii=False).encode() for i in range(0, total, batch)]


def _mention(chance: random.Random, i: int, now: float) -> dict[str, object]:
    text = "。".join(chance.sample(FILLER, 2))
    if chance.random() < 0.08:
        text += f"。{chance.choice(NOUNS)}{chance.choice(FAULTS)}了"
    return {
        "id": f"m{i}",
        "text": text,
        "author": f"user{chance.randrange(50_000)}",
        "published_at": now - chance.random() * 60,
        "url": f"https://example.com/p/{i}",
        "labels": {"product": f"p{chance.randrange(20)}"},
    }


def send(port: int, parts: Iterator[bytes], lock: threading.Lock) -> None:
    """One sender: takes the next batch until there is none."""
    pusher = Pusher(port)
    while True:
        with lock:
            body = next(parts, None)
        if body is None:
            return
        if pusher.send("mentions", body, timeout=120) != 200:
            raise RuntimeError("a batch was not taken")


def main() -> None:
    """Runs and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--mentions", type=int, default=200_000)
    told.add_argument("--batch", type=int, default=2000)
    told.add_argument("--senders", type=int, default=3)
    told.add_argument("--topics", type=int, default=100)
    options = told.parse_args()
    parts = bodies(options.mentions, options.batch)
    with tempfile.TemporaryDirectory(prefix="ingest-") as name:
        daemon = Daemon(Path(name), HEAD + topics(options.topics), prefix=("taskset", "-c", "0"))
        try:
            daemon.start()
            seconds, cpu = _run(daemon, parts, options.senders)
            stored = _stored(daemon)
        finally:
            daemon.stop()
    if stored != options.mentions:
        raise SystemExit(f"{stored} of {options.mentions} are in the store")
    print(f"push ingest, {options.topics} topics, one core; {machine()}")
    print(f"  {options.mentions} mentions in {seconds:.1f} s, {sum(map(len, parts)) / 1e6:.0f} MB, all in the store")
    rate, each = options.mentions / seconds, options.mentions / cpu
    told_rate = f"{rate:,.0f} mentions/s ({each:,.0f} per CPU second)"
    print(f"  {told_rate}, limit {LIMIT:,} (x{rate / LIMIT:.2f}; by CPU x{each / LIMIT:.2f})")


def _run(daemon: Daemon, parts: list[bytes], senders: int) -> tuple[float, float]:
    queue, lock = iter(parts), threading.Lock()
    began, spent = time.monotonic(), daemon.cpu()
    threads = [threading.Thread(target=send, args=(daemon.port, queue, lock)) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began, daemon.cpu() - spent


def _stored(daemon: Daemon) -> int:
    with sqlite3.connect(daemon.state / "crisis-monitor.db") as db:
        return int(db.execute("SELECT count(*) FROM mentions").fetchone()[0])


if __name__ == "__main__":
    main()
