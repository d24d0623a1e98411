"""Data that are late, repeated, cut or strange are told of, each by a finding of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.daemon.quality import faults, listened_to, quality
from monitor.store.cursors import Standing
from monitor.store.intake import HOUR, Hour
from tests.daemon.house import START, house, iso

pytestmark = pytest.mark.anyio
NOW = 400 * 24 * HOUR + 60.0
END = int(NOW // HOUR * HOUR)
USUAL = {END - h * HOUR: Hour(accepted=20, unmatched=4, lag=20 * 60.0) for h in range(4, 14 * 24)}
ALL = ((NOW - 20 * 24 * HOUR, NOW),)


def three(**came: Any) -> dict[int, Hour]:
    return USUAL | {END - h * HOUR: Hour(**came) for h in range(1, 4)}


@pytest.mark.parametrize(
    ("hours", "kinds"),
    [
        (three(accepted=20, unmatched=4, lag=1200.0), []),
        (three(accepted=20, lag=20 * 3600.0), ["source-late"]),
        (three(accepted=20, duplicates=60), ["source-duplicates"]),
        (three(accepted=20, undated=15), ["undated"]),
        (three(accepted=20, rejected=2), ["source-unreadable"]),
        (three(accepted=20, unmatched=20), ["source-unmatched"]),
        (three(accepted=3), ["source-few"]),
        ({}, []),
        ({END - HOUR: Hour(accepted=500, unmatched=500)}, []),
    ],
)
def test_what_is_wrong_with_the_data_is_told_and_what_is_usual_is_not(hours: dict[int, Hour], kinds: list[str]) -> None:
    assert sorted(faults(hours, ALL, NOW, pushed=True)) == kinds


def test_what_a_list_shows_again_is_no_duplicate() -> None:
    assert faults(three(accepted=20, duplicates=60), ALL, NOW, pushed=False) == {}


def test_time_that_nobody_vouches_for_is_a_gap() -> None:
    half = ((NOW - 24 * HOUR, NOW - 18 * HOUR), (NOW - 6 * HOUR, NOW))
    assert list(faults(USUAL | three(accepted=20), half, NOW, pushed=True)) == ["source-gaps"]
    assert quality({}, half, NOW).gaps == pytest.approx(0.5)


def test_between_history_and_the_first_fetch_or_in_a_pause_nothing_is_a_gap() -> None:
    half = ((NOW - 24 * HOUR, NOW - 18 * HOUR), (NOW - 6 * HOUR, NOW))
    for standing in (Standing(first_good=NOW - 6 * HOUR), Standing(first_good=5.0, resumed_at=NOW - 6 * HOUR)):
        assert quality({}, listened_to(half, standing), NOW).gaps == 0.0
    assert quality({}, listened_to(half, Standing(first_good=NOW - 20 * HOUR)), NOW).gaps == pytest.approx(0.6)


PUSHED = """
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[rule]]
name = "bad-data"
risk = "monitoring"
of = "findings"
where = { kind = ["source-unreadable"] }
by = ["subject"]
blue = { above = 0 }
"""


async def test_unreadable_records_are_a_finding_a_metric_and_on_the_page(tmp_path: Path) -> None:
    async with house(tmp_path, PUSHED) as here:
        await here.to("1m")
        good = [{"id": str(i), "text": f"t{i}", "published_at": iso(START)} for i in range(15)]
        answer = await here.push("desk", [*good, {"id": "x"}, {"id": "y"}])
        assert answer.status == 200
        await here.to("6m")
        assert [(f.kind, f.args) for f in await here.found()] == [("source-unreadable", {"n": 2, "records": 17})]
        assert here.line("bad-data") == ["calm", "blue"]
        metrics = (await here.post("/metrics", None, "GET")).body.decode()
        assert 'crisis_monitor_source_quality_ratio{quality="unreadable",source="desk"} 0.11' in metrics
        page = (await here.post("/?lang=en", None, "GET")).body.decode()
        assert "12 % unreadable" in page and "2 of 17 records could not be read" in page
        assert 'crisis_monitor_source_records_total{result="rejected",source="desk"} 2.0' in metrics
        await here.to("5h")
        assert await here.found() == []


async def test_pushes_of_which_nothing_can_be_read_are_a_finding_and_no_sign_of_life(tmp_path: Path) -> None:
    async with house(tmp_path, PUSHED.replace('family = "tickets"', 'expect_every = "1h"')) as here:
        await here.to("1m")
        await here.push("desk", [{"id": "1", "text": "t", "published_at": iso(START)}])
        await here.to("50m")
        assert (await here.push("desk", [{"id": "x"}] * 9)).status == 422
        assert (await here.post("/api/v1/mentions?source=desk", b"[{")).status == 422
        await here.to("55m")
        assert [(f.kind, f.args) for f in await here.found()] == [("source-unreadable", {"n": 10, "records": 11})]
        metrics = (await here.post("/metrics", None, "GET")).body.decode()
        assert 'crisis_monitor_source_quality_ratio{quality="unreadable",source="desk"} 0.909' in metrics
        assert 'crisis_monitor_source_records_total{result="rejected",source="desk"} 10.0' in metrics
        page = (await here.post("/?lang=en", None, "GET")).body.decode()
        assert "91 % unreadable" in page and "10 of 11 records could not be read" in page
        await here.to("2h10m")
        assert "source-silent" in {f.kind for f in await here.found()}
