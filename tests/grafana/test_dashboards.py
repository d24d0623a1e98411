"""The dashboards as files: built from their code, whole, asking only for what is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.metrics import TABLE, TIERS
from monitor.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grafana"
PATHS = sorted((FOLDER / "dashboards").rglob("*.json"))
OURS = {metric.full_name + end for metric in TABLE for end in ("", "_bucket", "_count", "_sum")}
UIDS = {f"crisis-monitor-{name}{end}" for name in ("overview", "incidents", "pipeline", "kpis") for end in ("", "-zh")}
"""Never to be changed: links, alerts and bookmarks point to them."""
WORDS = {False: ["no data", *TIERS], True: ["无数据", "平稳", "蓝色", "黄色", "橙色", "红色"]}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return found


def test_addresses_stay() -> None:
    assert {json.loads(path.read_text(encoding="utf-8"))["uid"] for path in PATHS} == UIDS
    assert {path.stem for path in PATHS} == UIDS
    assert {path.stem for path in PATHS if path.parent.name == "zh"} == {uid for uid in UIDS if uid.endswith("-zh")}


def test_the_files_are_what_the_code_builds() -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="the dev extra brings it")
    command = [sys.executable, str(FOLDER / "build.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_of_the_sdk_read_all_of_it_back(board: dict[str, Any]) -> None:
    sdk = pytest.importorskip("grafana_foundation_sdk.models.dashboard", reason="the dev extra brings it")
    encoder = pytest.importorskip("grafana_foundation_sdk.cog.encoder").JSONEncoder
    pytest.importorskip("grafana_foundation_sdk.cog.plugins").register_default_plugins()
    back = json.loads(json.dumps(sdk.Dashboard.from_json(board), cls=encoder))
    for told in board["annotations"]["list"]:
        for unknown in ("titleFormat", "textFormat", "step", "useValueForTime"):  # the datasource's, not the board's
            del told[unknown]
    assert list(lost(board, back)) == []


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """What is not there any more, or is something else."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{path}/{key}") if key in after else [f"{path}/{key}"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (a, b) in enumerate(zip(before, after, strict=True)):
            yield from lost(a, b, f"{path}/{i}")
    elif before != after:
        yield path


def test_what_the_linter_of_dashboards_asks(board: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text(json.dumps(board), encoding="utf-8")
    check = shared / "bench" / "pipeline" / "dashcheck.py"
    done = subprocess.run([sys.executable, str(check), str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_dashboard_fits_any_grafana(board: dict[str, Any]) -> None:
    assert "__inputs" not in board and "__requires" not in board
    assert board["editable"] is False
    assert board.get("id") is None
    assert [v["type"] for v in board["templating"]["list"]].count("datasource") == 1
    used = [p["datasource"] for p in board["panels"]] + [a["datasource"] for a in board["annotations"]["list"]]
    used += [v["datasource"] for v in board["templating"]["list"] if v["type"] == "query"]
    assert {d["uid"] for d in used} == {"${datasource}"}


def test_every_panel_says_what_it_shows_and_in_which_unit(board: dict[str, Any]) -> None:
    for panel in board["panels"]:
        assert panel["title"] and len(panel["description"].encode()) > 10, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_queries_ask_for_metrics_that_are_there_and_for_no_constant(board: dict[str, Any]) -> None:
    exprs = [t["expr"] for p in board["panels"] for t in p["targets"]]
    exprs += [a["expr"] for a in board["annotations"]["list"]]
    for expr in exprs:
        asked = set(re.findall(r"crisis_monitor_\w+", expr))
        assert asked <= OURS, expr
        assert asked or "ALERTS{" in expr, expr
        assert "vector(" not in expr and "time()" not in expr.replace("process_", ""), expr


def test_choices_are_made_from_labels_that_are_there(board: dict[str, Any]) -> None:
    labels = {m.full_name: set(m.labels) for m in TABLE}
    for choice in board["templating"]["list"]:
        if choice["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", choice["query"]).groups()  # type: ignore[union-attr]
            assert label == "instance" or label in labels[metric]


def test_tiers_wear_their_colours_and_words(board: dict[str, Any]) -> None:
    for panel in board["panels"]:
        if "rule_tier_level" in json.dumps(panel["targets"]) and panel["type"] != "timeseries":
            (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
            words = {int(level): (shown["text"], shown["color"]) for level, shown in mapping["options"].items()}
            assert [words[level][0] for level in range(-1, 5)] == WORDS[board["uid"].endswith("-zh")]
            assert len({colour for _, colour in words.values()}) == 6


def test_marks_on_the_time_axis_for_tiers_and_drills(board: dict[str, Any]) -> None:
    assert [a["name"] for a in board["annotations"]["list"]] in (["Tier changes", "Drills"], ["等级变化", "演练"])


@pytest.mark.parametrize("name", ["dashboards", "prometheus", "provisioning", "compose.yaml"])
def test_it_travels_with_the_program(name: str) -> None:
    assert shipped(f"grafana/{name}").exists()
