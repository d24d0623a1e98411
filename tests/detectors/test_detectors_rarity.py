"""A rarity means what it says: quiet series alarm about as often as claimed."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    spec = spec_from_file_location("bench_calibration", ROOT / "benchmarks/detection/calibration.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["bench_calibration"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mean"), [("cox", 10.0), ("cluster", 100.0)])
def test_quiet_series_alarm_about_as_often_as_claimed(calibration: ModuleType, kind: str, mean: float) -> None:
    told = calibration.ratios(kind, mean, series=30, days=730)
    assert 0.5 <= told["1w"] <= 2 and 0.5 <= told["1mo"] <= 2 and 0.5 <= told["3mo"] <= 2
