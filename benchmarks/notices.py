"""How long a thousand notices to one webhook take, from the events until the last was received; beside Alertmanager.

    python benchmarks/notices.py [--n 1000] [--rounds 3] [--no-peer]

A thousand series cross their threshold in one push: a thousand incidents are opened, stored with their deliveries, and
told. Alertmanager takes the same thousand alerts in one POST, a group each, group_wait 0 s; it stores none of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.latency import HEAD, PUSHED
from benchmarks.peer import Alertmanager, installed
from benchmarks.rig import Daemon, Pusher, Receiver, machine, sample, until, verdict

LIMIT = 1.5


def ours(n: int) -> tuple[float, float]:
    """Seconds until the last notice was received, and the CPU seconds it took."""
    with tempfile.TemporaryDirectory(prefix="notices-") as name:
        receiver = Receiver(Path(name))
        daemon = Daemon(Path(name), PUSHED + HEAD.replace("WEBHOOK", receiver.url))
        try:
            daemon.start()
            pusher = Pusher(daemon.port)
            pusher.send("samples", [sample("warm")])
            until(lambda: "warm" in receiver.first_seen(), 10)
            time.sleep(1)
            records = [sample(f"e{i}") for i in range(n)]
            spent, began = daemon.cpu(), time.time()
            status = pusher.send("samples", records)
            if status != 200:
                raise RuntimeError(f"the push was answered {status}: {daemon.said()[-2000:]}")
            return _last(receiver, n + 1) - began, daemon.cpu() - spent
        finally:
            daemon.stop()
            receiver.stop()


def theirs(n: int) -> float:
    """The same of Alertmanager."""
    with tempfile.TemporaryDirectory(prefix="notices-") as name:
        receiver = Receiver(Path(name))
        manager = Alertmanager(Path(name), receiver.url, "0s")
        try:
            alerts = [{"labels": {"alertname": "Hot", "event_id": f"e{i}"}} for i in range(n)]
            began = time.time()
            manager.post(alerts)
            return _last(receiver, n) - began
        finally:
            manager.stop()
            receiver.stop()


def _last(receiver: Receiver, wanted: int) -> float:
    """When the last of so many events was first received."""
    if not until(lambda: len(receiver.first_seen()) >= wanted, 60, 0.1):
        raise RuntimeError(f"only {len(receiver.first_seen())} of {wanted} came")
    counts = receiver.keys()
    if any(len(keys) != 1 for keys in counts.values()):
        raise RuntimeError("some came twice")
    return max(receiver.first_seen().values())


def main() -> None:
    """Runs and prints."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--n", type=int, default=1000)
    told.add_argument("--rounds", type=int, default=3)
    told.add_argument("--no-peer", action="store_true")
    options = told.parse_args()
    print(f"{options.n} notices to one webhook, median of {options.rounds}; {machine()}")
    runs = [ours(options.n) for _ in range(options.rounds)]
    seconds, cpu = (statistics.median(column) for column in zip(*runs, strict=True))
    print("  " + verdict("until the last was received", seconds, LIMIT, "s") + f"; {cpu:.1f} CPU s")
    if options.no_peer or not installed():
        print("  Alertmanager: not compared" + ("" if options.no_peer else ", for it is not installed"))
        return
    peer = statistics.median(theirs(options.n) for _ in range(options.rounds))
    print(f"  Alertmanager, which stores nothing: {peer:.2f} s; ours takes x{seconds / peer:.1f}")


if __name__ == "__main__":
    main()
