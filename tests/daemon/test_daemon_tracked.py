"""What detectors remember: after a restart, after late counts and after corrections, the judge says the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.ingest import Taken
from monitor.daemon.service import LOOPS, Service
from monitor.model import Key, Score
from monitor.rules.select import series_id
from monitor.series import Bucket
from monitor.store import buckets, cursors, tracks
from monitor.store.database import Priority
from monitor.times import DAY, HOUR, MINUTE, rfc3339

pytestmark = pytest.mark.anyio
START = 1_759_968_000.0
DAYS = 4
KEYS: list[Key] = [(("product", name),) for name in ("kettle", "lamp", "drill")]
CONFIG = """
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[rule]]
name = "volume"
risk = "mass-complaints"
window = "6h"
by = ["product"]
detector = { kind = "seasonal" }
yellow = { rarer_than = "1w", floor = 1 }
"""


OPTIONS = {"highest": ", learn = 2"}


class Office:
    """A service at rest over a folder; counts are put in by hand, and so is the judge's turn."""

    def __init__(self, folder: Path, now: float, detector: str = "seasonal") -> None:
        path = folder / "rules.toml"
        path.write_text(CONFIG.replace('"seasonal"', f'"{detector}"{OPTIONS.get(detector, "")}'), encoding="utf-8")
        (folder / "state").mkdir(exist_ok=True)
        self.service = Service(load(path), path, folder / "state", SteppedClock(now, LOOPS))
        self.service.db.open()
        self.service.db.start()
        self.selection = self.service.desk().asked["volume"][0].id

    async def count(self, at: float, numbers: list[int]) -> None:
        """Counts of all series in the hour that begins at an instant, as ingest would write them."""
        rows = [
            (
                series_id(self.selection, key),
                int(at),
                int(HOUR),
                "desk",
                Bucket(at, HOUR, n, n, n, None, None, None, at + HOUR),
            )
            for key, n in zip(KEYS, numbers, strict=True)
        ]

        def job(connection: Connection) -> None:
            buckets.register(connection, [(series_id(self.selection, key), self.selection, key) for key in KEYS])
            buckets.add(connection, rows, [])
            cursors.cover(connection, "desk", START, at + HOUR, touch=DAY)
            tracks.forget(connection, [(self.selection, at)])

        await self.service.db.write(job, Priority.INGEST)
        self.service.judge.tell(Taken(touched={self.selection: at}))

    async def judged(self, now: float) -> list[Score]:
        """What the judge says of each series."""
        await self.service.judge._round(now)
        found = {a.key: a.verdict.score for a in self.service.trails.alerts["volume"] if a.verdict}
        return [found[key] for key in KEYS]


@pytest.fixture
def hours() -> list[list[int]]:
    return np.random.default_rng(4).poisson([[3.0, 20.0, 200.0]] * (DAYS + 1) * 24).tolist()


async def opened(folder: Path, hours: list[list[int]], detector: str = "seasonal") -> Office:
    """With some days counted."""
    office = Office(folder, START + DAYS * DAY, detector)

    def ready(connection: Connection) -> None:
        buckets.begin(connection, [office.selection])
        buckets.advance(connection, [office.selection], 0, ready=True)

    await office.service.db.write(ready, Priority.PRUNE)
    for i in range(DAYS * 24):
        await office.count(START + i * HOUR, hours[i])
    await office.service.judge.load()
    return office


async def anew(office: Office, now: float) -> list[Score]:
    """What a judge says that remembers nothing."""
    office.service.judge.tracked.clear()
    office.service.judge.poke()
    return await office.judged(now)


EACH = pytest.mark.parametrize("detector", ["seasonal", "ears", "highest", "absence"])


@EACH
async def test_a_restart_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, hours: list[list[int]], detector: str
) -> None:
    first = await opened(tmp_path, hours, detector)
    now = START + DAYS * DAY
    for hour in range(3):
        await first.count(now + hour * HOUR, hours[DAYS * 24 + hour])
        await first.judged(now + (hour + 1) * HOUR)
    await first.service.db.close()
    second = Office(tmp_path, now + 4 * HOUR, detector)
    await second.service.judge.load()
    assert second.service.judge.tracked.saved["volume"].saved.upto >= now
    await second.count(now + 3 * HOUR, hours[DAYS * 24 + 3])
    went_on = await second.judged(now + 4 * HOUR)
    assert all(score.return_period is not None for score in went_on)
    assert went_on == await anew(second, now + 4 * HOUR)
    await second.service.db.close()


@EACH
@pytest.mark.parametrize("late", [HOUR, 9 * HOUR, 3 * DAY])
async def test_counts_that_come_late_are_learned(
    tmp_path: Path, hours: list[list[int]], late: float, detector: str
) -> None:
    office = await opened(tmp_path, hours, detector)
    now = START + DAYS * DAY
    await office.judged(now)
    await office.count(now - late, [4000, 4000, 4000])
    told = await office.judged(now + 5 * MINUTE)
    assert told == await anew(office, now + 5 * MINUTE)
    if late > 2 * HOUR:
        remembered = await office.service.db.read(tracks.all)
        assert all(row.saved.upto <= now - late for row in remembered.values())
    await office.service.db.close()


@pytest.mark.parametrize(
    ("outage", "detector"), [(5 * HOUR, "seasonal"), (5 * HOUR, "ears"), (5 * HOUR, "highest"), (30 * HOUR, "seasonal")]
)
async def test_an_outage_that_ends_with_new_records_alone_leaves_all_that_was_learned(
    tmp_path: Path, hours: list[list[int]], outage: float, detector: str
) -> None:
    """The instants of the outage are judged anew, from before the newest point that no count touches.

    Of the counts no more is in memory than was asked for of late.
    """
    office = await opened(tmp_path, hours, detector)
    now = START + DAYS * DAY
    back = now + outage
    for at in (now, now + 2.5 * HOUR, back - MINUTE):
        await office.judged(at)
    await office.count(back - HOUR, [4000, 4000, 4000])
    office.service.judge.tell(Taken(touched={office.selection: back - HOUR}, since=now))
    told = await office.judged(back + 5 * MINUTE)
    assert all((score.history or 0) > (DAYS - 3) * DAY for score in told)
    assert told == await anew(office, back + 5 * MINUTE)
    await office.service.db.close()


@pytest.mark.parametrize("when", ["before", "to come"])
async def test_under_a_config_with_other_promotions_the_judge_says_what_one_would_that_remembers_nothing(
    tmp_path: Path, hours: list[list[int]], when: str
) -> None:
    office = await opened(tmp_path, hours)
    now = START + DAYS * DAY
    await office.judged(now)
    start = rfc3339(now - DAY if when == "before" else now + HOUR)
    end = rfc3339(now - DAY / 2 if when == "before" else now + 3 * HOUR)
    promotion = f'[[promotion]]\nname = "618"\nfrom = "{start}"\nto = "{end}"\nexpect = 3.0\n'
    (tmp_path / "rules.toml").write_text(CONFIG + promotion, encoding="utf-8")
    assert await office.service.reload() == ""
    desk, tracked = office.service.desk(), office.service.judge.tracked
    assert bool(tracked.of(desk, desk.rules["volume"]).points) == (when == "to come")
    for hour in range(2):
        await office.count(now + hour * HOUR, hours[DAYS * 24 + hour])
    told = await office.judged(now + 2 * HOUR)
    assert [score.promotion for score in told] == [("618", 3.0) if when == "to come" else None] * 3
    assert told == await anew(office, now + 2 * HOUR)
    await office.service.db.close()


async def test_what_comes_while_the_judge_reads_and_all_is_to_be_read_anew_is_seen_by_the_next(
    tmp_path: Path, hours: list[list[int]]
) -> None:
    """A recount ended: what goes on reading fills a memory that was just emptied with counts from before."""
    office = await opened(tmp_path, hours)
    now, judge = START + DAYS * DAY, office.service.judge
    reads, came = Event(), Event()

    def reading(connection: Connection) -> None:
        assert buckets.ready(connection)  # from here on it sees the store as it is now
        reads.set()
        came.wait(10)
        judge.memory.counted(connection, office.selection, 400 * DAY, now)

    judge.memory.begin()
    judge.tracked.begin()
    reader = asyncio.create_task(office.service.db.read(reading))
    await asyncio.to_thread(reads.wait, 10)
    await office.count(now - HOUR, [4000, 4000, 4000])
    judge.poke()
    came.set()
    await reader
    told = await office.judged(now)
    assert [score.value is not None and score.value > 4000 for score in told] == [True] * 3
    assert told == await anew(office, now)
    await office.service.db.close()


async def test_what_was_remembered_for_another_meaning_is_not_taken_up(tmp_path: Path, hours: list[list[int]]) -> None:
    office = await opened(tmp_path, hours)
    await office.judged(START + DAYS * DAY)
    row = (await office.service.db.read(tracks.all))["volume"]
    desk, judge = office.service.desk(), office.service.judge
    for stranger in (tracks.Row("else", row.selection, row.saved), tracks.Row(row.meaning, 1, row.saved)):
        judge.tracked.clear()
        judge.tracked.begin()
        judge.tracked.saved = {"volume": stranger}
        assert judge.tracked.of(desk, desk.rules["volume"]).points == []
    judge.tracked.clear()
    judge.tracked.begin()
    judge.tracked.saved = {"volume": row}
    assert judge.tracked.of(desk, desk.rules["volume"]).points
    await office.service.db.close()
