"""Eight dated crises of sixteen brands on Weibo's hot search, one setting for all: found early, seldom in vain."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _benchmark() -> ModuleType:
    spec = spec_from_file_location("bench_weibo", ROOT / "benchmarks/detection/weibo.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["bench_weibo"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_one_setting_finds_all_crises_with_weeks_of_lead_and_few_false_alarms(shared: Path) -> None:
    weibo = _benchmark()
    board = weibo.read(shared / "data/mentions")
    found = weibo.judge(board, weibo.PLAIN)
    assert len(found.leads) == 8
    assert sum(found.leads.values()) >= 500
    assert found.false <= 0.45


def test_the_published_rules_count_as_they_were_measured(shared: Path) -> None:
    weibo = _benchmark()
    peers = weibo.peers(weibo.read(shared / "data/mentions"))
    plain, spike = peers["plain threshold (3 h)"], peers["spike: 1 h >= 3x hour before"]
    assert (len(plain.leads), round(sum(plain.leads.values())), round(plain.false, 2)) == (8, 568, 0.44)
    assert (len(spike.leads), round(sum(spike.leads.values())), round(spike.false, 2)) == (7, 500, 0.45)
