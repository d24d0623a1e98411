"""Builds the dashboards: `python grafana/build.py`, or `make dashboards`; `--check` says whether they are stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from generator import incidents, kpis, overview, pipeline
from generator.labels import in_chinese
from generator.parts import CHANGES, DRILLS, PREFIX, variable
from generator.words import LANGUAGES, Text, told
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

HERE = Path(__file__).parent
DASHBOARDS = (overview, incidents, pipeline, kpis)
TAG = Text("crisis-monitor", "危机预警")
"""By it the boards of one language know each other."""
PRODUCT = Text("Crisis monitor", "危机预警")
OTHER = {"en": ("zh", "中文"), "zh": ("en", "English")}
PAGES = {"en": "grafana.md", "zh": "grafana.zh-CN.md"}
VARIABLES = {
    "instance": (Text("Instance", "实例"), f"{PREFIX}build_info"),
    "rule": (Text("Rule", "规则"), f"{PREFIX}rule_info"),
    "risk": (Text("Risk", "风险"), f"{PREFIX}rule_info"),
    "source": (Text("Source", "数据源"), f"{PREFIX}source_up"),
    "channel": (Text("Channel", "渠道"), f"{PREFIX}deliveries_pending"),
}


def build(spec: Any, lang: str) -> dict[str, Any]:
    """One dashboard as Grafana reads it. What the SDK leaves out (ids, refIds, words of annotations) is added."""
    board = (
        dashboard.Dashboard(told(spec.TITLE, lang))
        .uid(_uid(spec, lang))
        .description(told(spec.SAYS, lang))
        .tags([told(TAG, lang)])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .refresh("10s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .link(_beside_it(lang))
        .link(_in_the_other_language(spec, lang))
    )
    for name in spec.VARIABLES:
        label, metric = VARIABLES[name]
        chosen = getattr(spec, "CHOSEN", ()) if name == "risk" else ()
        board = board.with_variable(variable(name, label, metric, chosen=chosen)(lang))
    for panel in told(spec.PANELS, lang):
        board = board.with_panel(panel)
    found: dict[str, Any] = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    return _completed(found, lang)


def _uid(spec: Any, lang: str) -> str:
    return str(spec.UID) if lang == "en" else f"{spec.UID}-{lang}"


def _beside_it(lang: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(told(PRODUCT, lang)).type(model.DashboardLinkType.DASHBOARDS)
    return link.tags([told(TAG, lang)]).keep_time(True).include_vars(True)


def _in_the_other_language(spec: Any, lang: str) -> dashboard.DashboardLink:
    other, name = OTHER[lang]
    link = dashboard.DashboardLink(name).type(model.DashboardLinkType.LINK)
    return link.url(f"/d/{_uid(spec, other)}").keep_time(True).include_vars(True)


def _completed(board: dict[str, Any], lang: str) -> dict[str, Any]:
    for number, panel in enumerate(board["panels"], 1):
        panel["id"] = number
        for ref, target in zip("ABCDEFGH", panel["targets"], strict=False):
            target["refId"] = ref
            target["datasource"] = panel["datasource"]
        if lang == "zh":
            in_chinese(panel)
    board["annotations"] = {"list": [_annotation(*told(mark, lang)) for mark in (CHANGES, DRILLS)]}
    return board


def _annotation(query: model.AnnotationQuery, more: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(query, cls=JSONEncoder))
    return made | more


def files() -> dict[Path, str]:
    """All that is written: English boards where they always were, those of another language in its folder, the docs."""
    made = {}
    for lang in LANGUAGES:
        folder = HERE / "dashboards" if lang == "en" else HERE / "dashboards" / lang
        boards = [build(spec, lang) for spec in DASHBOARDS]
        made |= {folder / f"{board['uid']}.json": _text(board) for board in boards}
        page = HERE.parent / "docs" / PAGES[lang]
        made[page] = described(page.read_text(encoding="utf-8"), boards, lang)
    return made


def _text(board: dict[str, Any]) -> str:
    return json.dumps(board, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def described(page: str, boards: list[dict[str, Any]], lang: str) -> str:
    """The page of the docs with its part on panels written anew."""
    begin, end = page.index("-->", page.index("<!-- panels: begin")) + 3, page.index("<!-- panels: end")
    return page[:begin] + "\n" + "\n".join(_described(board, lang) for board in boards) + "\n" + page[end:]


def _described(board: dict[str, Any], lang: str) -> str:
    rows = [f"| {p['title'].replace('$rule', '…')} | {p['description']} |" for p in board["panels"]]
    head = f"\n### {board['title']}\n\n{board['description']} `/d/{board['uid']}`\n"
    columns = told(Text("| panel | what it shows |", "| 图表 | 显示什么 |"), lang)
    return "\n".join([head, columns, "|---|---|", *rows])


def main() -> int:
    """Writes all files, or with `--check` compares them."""
    stale = []
    for path, content in files().items():
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            stale.append(path.name)
    if stale:
        print(f"stale: {', '.join(stale)}; run make dashboards")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
