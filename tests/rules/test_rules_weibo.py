"""Eight dated crises of sixteen brands on Weibo's hot search, one setting for all: found early, seldom in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection import weibo
from benchmarks.detection.board import Board, Crisis, read
from benchmarks.detection.products import published
from monitor.times import HOUR


@pytest.fixture
def board(shared: Path) -> Board:
    return read(shared / "data/mentions")


@pytest.mark.slow
def test_one_setting_finds_all_crises_with_weeks_of_lead_and_few_false_alarms(board: Board) -> None:
    found = weibo.judged(board, {"highest": weibo.HIGHEST})["highest"]
    assert len(found.leads) == 8
    assert sum(found.leads.values()) >= 570
    assert found.false <= 0.25


def test_the_published_rules_count_as_they_were_measured(board: Board) -> None:
    peers = published(board)
    plain, spike = peers["plain threshold (3 h)"], peers["spike: 1 h >= 3x hour before"]
    assert (len(plain.leads), round(sum(plain.leads.values())), round(plain.false, 2)) == (8, 568, 0.44)
    assert (len(spike.leads), round(sum(spike.leads.values())), round(spike.false, 2)) == (7, 500, 0.45)


def test_the_brand_left_out_takes_no_part_in_the_choice() -> None:
    crisis = Crisis("it", "a", 100 * HOUR, 150 * HOUR)
    two = Board([i * HOUR for i in range(730)], {"a": {}, "b": {}}, [crisis])
    rash, slow = [("a", crisis.first), ("b", 1.0), ("b", 400 * HOUR)], [("a", crisis.peak)]
    found = weibo.leave_one_out(two, [rash, slow])
    assert found.leads == {"it": 0.0}, "b, which speaks for a, bears no false episodes"
    assert found.false == pytest.approx(1.0, rel=0.01), "a, which speaks for b, knows of none"
