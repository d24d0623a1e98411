"""A drop folder of the running service: before the first file it vouches for nothing, and cries for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.store import cursors
from tests.daemon.house import START, house, iso

pytestmark = pytest.mark.anyio
CONFIG = """
[[source]]
name = "inbox"
kind = "file"
path = "FOLDER/inbox/*.csv"
every = "1m"
family = "tickets"
[[source]]
name = "tickets"
kind = "push"
family = "tickets"
[[rule]]
name = "silent"
risk = "monitoring"
where = { source = ["inbox", "tickets"] }
every = "5m"
detector = { kind = "absence" }
blue = { above = "12h" }
yellow = { above = "1d" }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
risk = ["monitoring"]
to = ["channel:hook"]
"""


async def test_an_empty_folder_is_silent_since_the_service_began_and_not_since_1970(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.to("2h")
        assert await here.service.reload() == ""
        await here.to("11h")
        await here.restart()
        await here.to("11h59m")
        assert here.line("silent") == ["calm"] and here.hook.received == []
        await here.to("12h30m")
        assert here.line("silent") == ["calm", "blue"] and len(here.hook.received) == 1


async def test_the_first_file_vouches_from_its_oldest_record_on(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.to("2h")
        (tmp_path / "inbox").mkdir()
        rows = [f"{n},{iso(START - 3600 + 60 * n)},broken" for n in range(3)]
        (tmp_path / "inbox" / "a.csv").write_text("\n".join(["id,published_at,text", *rows]), encoding="utf-8")
        await here.to("2h10m")
        covered = await here.service.db.read(lambda c: cursors.covered(c, 0, here.clock.now()))
        assert covered["inbox"] == ((START - 3600, START - 3480),)
