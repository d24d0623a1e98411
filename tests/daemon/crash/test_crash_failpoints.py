"""Killed at each commit boundary: what was answered with a yes arrives, once, but for the one unavoidable place.

Only the receiver's log tells what was delivered.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rig import until
from monitor.failpoints import FAILPOINTS
from tests.daemon.crash.crash_world import RULE, TO_PEOPLE, WITHOUT_OUTBOX, World, world

EVENTS = [f"e{i}" for i in range(20)]
QUICK = {"judge-after-commit", "answered"}
POINTS = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name in FAILPOINTS
    if not name.startswith("timer")
]
TIMERS = [pytest.param(name, marks=pytest.mark.slow) for name in FAILPOINTS if name.startswith("timer")]


def die_on_the_way(here: World, failpoint: str, notices: int = 1) -> None:
    """Pushes event after event to a daemon that dies at a failpoint; waits for each, so that one is in flight."""
    here.daemon.start({"CRISIS_MONITOR_FAILPOINT": failpoint})
    for event in EVENTS[:10]:
        if not here.push(event) or not wait_for(here, event, notices):
            break
    assert here.daemon.died(within=20), f"{failpoint} was never reached: {here.daemon.said()[-2000:]}"


def wait_for(here: World, event: str, notices: int) -> bool:
    """Until an event has come and that is noted, or the daemon is dead."""

    def done() -> bool:
        return len(set(here.receiver.keys().get(event, ()))) >= notices and not here.open_claims()

    return until(lambda: here.daemon.died(0) or done(), 20, 0.03) and not here.daemon.died(0)


def live_again(here: World, notices: int = 1) -> None:
    """The daemon starts anew, the sender sends again what was not answered, and the rest."""
    here.daemon.start()
    here.push_rest()
    for event in EVENTS:
        here.push(event)
    here.arrived(EVENTS, notices)
    here.settled()


@pytest.mark.parametrize("name", POINTS)
def test_a_kill_loses_nothing_and_doubles_only_what_was_answered_and_not_noted(name: str, tmp_path: Path) -> None:
    with world(tmp_path) as here:
        die_on_the_way(here, f"{name}:5")
        open_claims = here.open_claims()
        live_again(here)
        assert here.lost() == set()
        assert set(here.receiver.keys()) == set(EVENTS)
        assert here.doubled() <= open_claims
        assert len(here.doubled()) == (1 if name == "answered" else 0)
        assert all(len(set(keys)) == 1 for keys in here.receiver.keys().values()), "a second notice for one event"


@pytest.mark.parametrize("name", TIMERS)
def test_a_timer_that_dies_while_it_fires_still_tells_the_next_person_once(name: str, tmp_path: Path) -> None:
    with world(tmp_path, RULE + TO_PEOPLE) as here:
        die_on_the_way(here, f"{name}:2", notices=2)
        open_claims = here.open_claims()
        live_again(here, notices=2)
        keys = here.receiver.keys()
        assert {event: len(set(k)) for event, k in keys.items()} == dict.fromkeys(EVENTS, 2)
        assert here.doubled() <= open_claims


def test_the_check_fails_for_a_build_without_an_outbox(tmp_path: Path) -> None:
    with world(tmp_path, wrapper=WITHOUT_OUTBOX) as here:
        die_on_the_way(here, "claimed:5")
        here.daemon.start()
        here.push_rest()
        assert not here.arrived(here.answered, within=4)
        assert len(here.lost()) == 1
