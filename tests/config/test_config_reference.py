"""What is not documented does not pass."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config.describe import json_schema
from monitor.config.reference import Table, tables

ROOT = Path(__file__).resolve().parents[2]
TABLES = list(tables())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: ".".join((*table.path, table.kind)))
def test_every_key_is_described_in_the_catalogue_or_by_its_table(table: Table) -> None:
    assert [key.name for key in table.keys if not key.means and f"`{key.name}`" not in table.about] == []


def test_every_kind_of_the_registers_has_a_page_of_its_own() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [table.kind for table in TABLES if table.kind and f'`kind = "{table.kind}"`' not in page] == []


def test_the_reference_is_what_the_code_says() -> None:
    script = ROOT / "docs" / "build_reference.py"
    done = subprocess.run([sys.executable, script, "--check"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_editors_are_told_what_a_key_means() -> None:
    text = json.dumps(json_schema(), ensure_ascii=False)
    assert "how often it is judged" in text and "多久判断一次" in text
