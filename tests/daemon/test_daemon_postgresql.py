"""The whole service over PostgreSQL: killed, nothing that was accepted is lost; one writes at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.rig import Daemon
from tests.daemon.crash.crash_world import RULE, TO_CHANNEL, world

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def config(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORE_URL", postgresql_url)
    return f'{RULE}{TO_CHANNEL}\n[store]\nurl = "env:STORE_URL"\n'


def test_killed_and_started_again_nothing_is_lost(config: str, tmp_path: Path) -> None:
    events = [f"e{n}" for n in range(60)]
    with world(tmp_path, config) as here:
        here.receiver.answer(503)
        here.daemon.start()
        here.push_all(events[:40])
        here.daemon.kill()
        here.receiver.answer()
        here.daemon.start()
        here.push_all(events[40:])
        here.push_rest()
        assert here.answered == set(events)
        assert here.arrived(events)
        assert here.lost() == set()
        assert "Traceback" not in here.daemon.said()


def test_a_second_service_over_the_same_database_does_not_start(config: str, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with world(tmp_path, config) as here:
        here.daemon.start()
        second = Daemon(tmp_path / "second", config.replace("WEBHOOK", here.receiver.url))
        with pytest.raises(Exception):  # noqa: B017
            second.start()
        assert "another crisis-monitor writes to this database" in second.said()
