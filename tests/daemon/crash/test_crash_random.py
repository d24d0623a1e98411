"""Killed at random while events flow, again and again: nothing is lost, and doubled only at the one place."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest

from tests.daemon.crash.crash_world import World, world

POINTS = int(os.environ.get("CRASH_POINTS", "100"))


@pytest.mark.slow
def test_kills_at_random_points_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(20260412)
    with world(tmp_path) as here:
        open_claims: set[str] = set()
        for _ in range(POINTS):
            here.daemon.start()
            kill_while_sending(here, chance.uniform(0.005, 0.6))
            open_claims |= here.open_claims()
        here.daemon.start()
        here.push_rest()
        assert here.arrived(here.answered, within=60), sorted(here.lost())[:5]
        here.settled()
        assert here.lost() == set()
        assert here.doubled() <= open_claims
        assert all(len(set(keys)) == 1 for keys in here.receiver.keys().values()), "a second notice for one event"
        assert len(here.answered) > POINTS


def kill_while_sending(here: World, after: float) -> None:
    """Sends what was not answered and new events until the daemon is dead, which is after so many seconds."""
    death = threading.Timer(after, here.daemon.kill)
    death.start()
    for event in [e for e in here.sent if e not in here.answered]:
        here.push(event)
    while not here.daemon.died(0):
        here.push(f"e{len(here.sent)}")
        time.sleep(0.02)
    death.join()
