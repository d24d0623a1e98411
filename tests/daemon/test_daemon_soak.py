"""A soak in small: weeks at speed, with retention short enough that the store comes to rest. `benchmarks/soak.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import Soak, quiet

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KEEP = 'mentions = "4d", minutes = "1d", hours = "5d", days = "10y"'


async def test_memory_files_and_store_come_to_rest(tmp_path: Path) -> None:
    quiet()
    soaked = await Soak(tmp_path, a_day=150, keep=KEEP, step=3 * 3600.0).run(18, 2 * 86400.0)
    assert soaked.refused == 0 and soaked.incidents > 0
    marks = {mark.day: mark for mark in soaked.marks}
    late = (
        2  # a pool opens a reader's thread and connection when it first needs one more; each connection holds two files
    )
    assert marks[18].files <= marks[10].files + 2 * late, [mark.files for mark in soaked.marks]
    assert marks[18].objects < 1.03 * marks[10].objects, [mark.objects for mark in soaked.marks]
    assert marks[18].threads <= marks[10].threads + late, [mark.threads for mark in soaked.marks]
    assert marks[18].rss - marks[10].rss < 6, [round(mark.rss, 1) for mark in soaked.marks]
    for name in ("mentions", "buckets", "marks"):
        rows = {day: mark.tables[name][0] for day, mark in marks.items()}
        assert rows[18] < 1.2 * max(rows[8], rows[10]), rows
