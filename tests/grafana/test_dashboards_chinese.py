"""The Chinese boards are the English ones in Chinese: the same panels over the same queries, every word told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from monitor.metrics import FINDING_KINDS, QUALITIES, TABLE, TIERS, TRANSITIONS, Loop

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grafana" / "dashboards"
PAIRS = [(path, FOLDER / "zh" / f"{path.stem}-zh.json") for path in sorted(FOLDER.glob("*.json"))]
Board = dict[str, Any]
FIXED = {
    "tier": TIERS[1:], "transition": TRANSITIONS, "kind": FINDING_KINDS, "quality": QUALITIES, "loop": get_args(Loop),
}  # fmt: skip
NAMES = {"Prometheus", "English"}


@pytest.fixture(params=PAIRS, ids=lambda pair: pair[0].stem)
def pair(request: pytest.FixtureRequest) -> tuple[Board, Board]:
    english, chinese = (json.loads(path.read_text(encoding="utf-8")) for path in request.param)
    return english, chinese


def texts(board: Board) -> Iterator[str]:
    """All that people read on a board, and what is left empty."""
    yield from (board["title"], board["description"], *board["tags"])
    yield from (link[key] for link in board["links"] for key in ("title", "tooltip"))
    yield from (choice["label"] for choice in board["templating"]["list"])
    yield from (mark[key] for mark in board["annotations"]["list"] for key in ("name", "titleFormat", "textFormat"))
    for panel in board["panels"]:
        yield from (panel["title"], panel["description"], panel["fieldConfig"]["defaults"].get("noValue", ""))
        yield from (re.sub(r"{{\w+}}|__auto|: ", "", target["legendFormat"]) for target in panel["targets"])
        yield from (word["text"] for word in mapped(panel["fieldConfig"]["defaults"].get("mappings", ())))
        for change in panel.get("transformations", ()):
            yield from change["options"].get("renameByName", {}).values()
        for worn in properties(panel):
            yield from [worn["value"]] if worn["id"] == "displayName" else []
            yield from (word["text"] for word in mapped(worn["value"] if worn["id"] == "mappings" else ()))


def properties(panel: Board) -> list[Board]:
    return [worn for override in panel["fieldConfig"]["overrides"] for worn in override["properties"]]


def mapped(mappings: Any) -> Iterator[Board]:
    for mapping in mappings:
        yield from mapping["options"].values()


def test_no_text_is_without_a_chinese_character(pair: tuple[Board, Board]) -> None:
    _, chinese = pair
    words = {text for text in texts(chinese) if text} - NAMES
    assert {text for text in words if not re.search(r"[\u4e00-\u9fff]", text)} == set()


def test_no_english_text_has_a_chinese_character(pair: tuple[Board, Board]) -> None:
    english, _ = pair
    assert [text for text in texts(english) if re.search(r"[\u4e00-\u9fff]", text)] == ["中文"]


def test_both_show_the_same_panels_over_the_same_queries(pair: tuple[Board, Board]) -> None:
    english, chinese = ([outline(panel) for panel in board["panels"]] for board in pair)
    assert english == chinese
    asked = [[(v["name"], v.get("query"), v.get("current")) for v in board["templating"]["list"]] for board in pair]
    assert asked[0] == asked[1]
    marked = [[(mark["expr"], mark["iconColor"]) for mark in board["annotations"]["list"]] for board in pair]
    assert marked[0] == marked[1]


def outline(panel: Board) -> Board:
    """A panel without its words."""
    kept = {key: panel.get(key) for key in ("id", "type", "gridPos", "options", "repeat", "maxPerRow")}
    defaults = {k: v for k, v in panel["fieldConfig"]["defaults"].items() if k not in ("mappings", "noValue")}
    asked = [{k: v for k, v in target.items() if k != "legendFormat"} for target in panel["targets"]]
    colours = [word.get("color") for word in mapped(panel["fieldConfig"]["defaults"].get("mappings", ()))]
    return {**kept, "defaults": defaults, "targets": asked, "colours": colours}


def test_what_stands_in_labels_is_told_wherever_a_fixed_list_has_it(pair: tuple[Board, Board]) -> None:
    _, chinese = pair
    for panel in chinese["panels"]:
        for target in panel["targets"]:
            label = target["legendFormat"].strip("{}")
            told = {o["matcher"]["options"] for o in panel["fieldConfig"]["overrides"] if "displayName" in str(o)}
            assert values(label, target["expr"]) <= told, panel["title"]


def values(label: str, expr: str) -> set[str]:
    """What a label of the metrics in a query may hold, where a fixed list says it."""
    asked = [metric for metric in TABLE if re.search(rf"{metric.full_name}\b", expr) and label in metric.labels]
    return {value for metric in asked for value in (metric.results if label == "result" else FIXED.get(label, ()))}


def test_each_set_links_within_itself_and_to_the_other(pair: tuple[Board, Board]) -> None:
    english, chinese = pair
    for board, other in ((english, chinese), (chinese, english)):
        beside, over = board["links"]
        assert beside["tags"] == board["tags"] and not set(beside["tags"]) & set(other["tags"])
        assert over["url"] == f"/d/{other['uid']}"
        assert all(link["keepTime"] and link["includeVars"] for link in (beside, over))


@pytest.mark.parametrize("page", ["alerts.md", "alerts.zh-CN.md"])
def test_runbooks_name_panels_that_are_there(page: str) -> None:
    boards = [json.loads(path.read_text(encoding="utf-8")) for pair in PAIRS for path in pair]
    titles = {text for board in boards for text in (board["title"], *(panel["title"] for panel in board["panels"]))}
    known = {re.sub(r"^(Crisis monitor: |危机预警：)|[:：] ?\$rule$", "", title) for title in titles}
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 15
    assert {name for name in named if not name.startswith("CrisisMonitor")} - {"no data"} <= known
