"""Benchmarks run by hand and seldom: that they still fit the code they measure is held here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(file.relative_to(ROOT) for file in (ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_benchmark_can_be_imported(script: Path) -> None:
    try:
        import_module(".".join(script.with_suffix("").parts))
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.split(".")[0] in ("monitor", "monitor_demo", "benchmarks", "tests"):
            raise
        pytest.skip(f"{missing.name} is not installed")
