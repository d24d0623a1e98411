"""The crashes an alert manager is known to lose notices in, with events pushed once and never again.

J down, killed while retrying. C all delivered, killed. E slow, killed mid-delivery. X killed as the events exist.
A killed before anything went out. I down, asked to stop while retrying. All heal and start again: 0 lost; C: 0 twice.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec import Struct

from tests.daemon.crash.crash_world import RULE, TO_CHANNEL, WITHOUT_OUTBOX, World, world

pytestmark = pytest.mark.slow
N = 200
BODY = [f"s{i}" for i in range(N)]


class Crash(Struct, frozen=True):
    """How the receiver answers before the crash, how long it takes until it comes, and how it comes."""

    status: int = 200
    delay: float = 0.0
    after: float = 0.3
    gently: bool = False


CRASHES = {
    "A": Crash(after=0.0),
    "C": Crash(after=5.0),
    "E": Crash(delay=2.0, after=2.5),
    "I": Crash(status=503, after=2.0, gently=True),
    "J": Crash(status=503, after=4.0),
    "X": Crash(after=0.3),
}


def crash_and_heal(here: World, crash: Crash, within: float = 60) -> set[str]:
    """Pushes all at once, crashes, heals; returns the keys that may come twice."""
    here.receiver.answer(crash.status, crash.delay)
    here.daemon.start()
    here.push_all(BODY)
    time.sleep(crash.after)
    (here.daemon.stop if crash.gently else here.daemon.kill)()
    open_claims = here.open_claims()
    here.receiver.answer()
    here.daemon.start()
    here.arrived(BODY, within=within)
    here.settled(within)
    return open_claims


@pytest.mark.parametrize("name", CRASHES)
def test_two_hundred_events_survive(name: str, tmp_path: Path) -> None:
    with world(tmp_path) as here:
        open_claims = crash_and_heal(here, CRASHES[name])
        doubled = here.doubled()
        print(f"{name}: delivered {len(here.receiver.keys())}, lost {len(here.lost())}, twice {len(doubled)}")
        assert here.lost() == set()
        assert doubled <= open_claims
        if name == "C":
            assert doubled == set()


@pytest.mark.parametrize("name", ["E", "J"])
def test_the_same_check_fails_without_an_outbox(name: str, tmp_path: Path) -> None:
    crash = CRASHES[name]
    with world(tmp_path, RULE + TO_CHANNEL, WITHOUT_OUTBOX) as here:
        crash_and_heal(here, crash, within=8)
        assert here.lost()
