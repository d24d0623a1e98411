"""What was begun before a kill goes on after it: silences, acknowledgements, `for` and dwell keep their beginning."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.rig import ask, sample, until
from tests.daemon.crash.crash_world import RULE, TO_CHANNEL, TO_PEOPLE, World, world

pytestmark = pytest.mark.slow
LONG = 9.0
"""Seconds a clock runs; the kill comes after a third of it, and the start takes less than the rest."""


def restart(here: World) -> float:
    """kill -9 and a new start; returns when it was ready."""
    here.daemon.kill()
    here.daemon.start()
    return time.time()


def number_of(here: World, event: str) -> str:
    """The incident of an event, told by the key it was delivered with."""
    return here.receiver.keys()[event][0].split("/")[0]


def told_at(here: World, event: str, status: str, within: float) -> float:
    """When the receiver first had word of an event with that status."""

    def times() -> list[float]:
        return [
            record["t"]
            for record in here.receiver.taken()
            for alert in record["alerts"]
            if alert["status"] == status and alert["labels"].get("event_id") == event
        ]

    assert until(lambda: bool(times()), within, 0.05), f"{event} was never {status}: {here.daemon.said()[-2000:]}"
    return min(times())


def test_for_goes_on(tmp_path: Path) -> None:
    rule = RULE.replace('every = "1m"', 'every = "1s"').replace("above = 50", f'above = 50, for = "{LONG:g}s"')
    with world(tmp_path, rule + TO_CHANNEL) as here:
        here.daemon.start()
        begun = time.time()
        here.push("e0")
        time.sleep(LONG / 3)
        ready = restart(here)
        came = told_at(here, "e0", "firing", 2 * LONG)
        assert begun + LONG <= came < ready + LONG


def test_dwell_goes_on(tmp_path: Path) -> None:
    rule = RULE.replace('every = "1m"', f'every = "1s"\nleave = {{ dwell = "{LONG:g}s" }}')
    with world(tmp_path, rule + TO_CHANNEL + '[incident]\ncalm_for = "1s"\n') as here:
        here.daemon.start()
        here.push("e0")
        assert here.arrived(["e0"])
        begun = time.time()
        low = {**sample("e0", 1.0)}
        assert ask(here.daemon.port, "POST", "/api/v1/samples", [low])[0] == 200
        time.sleep(LONG / 3)
        ready = restart(here)
        came = told_at(here, "e0", "resolved", 3 * LONG)
        assert begun + LONG <= came < ready + LONG + 1


def test_a_silence_goes_on_and_ends_in_its_time(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.daemon.start()
        hush = {"matchers": {"event_id": "hushed"}, "for": f"{LONG:g}s", "up_to": "red", "comment": "known"}
        begun = time.time()
        status, answer = ask(here.daemon.port, "POST", "/api/v1/silences", hush)
        assert status == 201, answer
        restart(here)
        here.push("hushed")
        here.push("loud")
        assert here.arrived(["loud"])
        assert told_at(here, "hushed", "firing", 2 * LONG) >= begun + LONG


def test_an_acknowledgement_and_the_wait_for_one_go_on(tmp_path: Path) -> None:
    route = TO_PEOPLE.replace('ack_within = "1s"', f'ack_within = "{LONG:g}s"')
    with world(tmp_path, RULE + route) as here:
        here.daemon.start()
        begun = time.time()
        here.push("taken")
        here.push("left")
        assert here.arrived(["taken", "left"])
        assert ask(here.daemon.port, "POST", f"/api/v1/incidents/{number_of(here, 'taken')}/ack", {})[0] == 200
        ready = restart(here)
        assert here.arrived(["left"], notices=2, within=2 * LONG)
        second = max(record["t"] for record in here.receiver.taken() if "left" in record["ids"])
        assert begun + LONG <= second < ready + LONG
        time.sleep(1)
        assert len(here.receiver.keys()["taken"]) == 1, "an acknowledged incident was passed on"
