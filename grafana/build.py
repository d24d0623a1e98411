"""Builds the dashboards: `python grafana/build.py`, or `make dashboards`; `--check` says whether they are stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from generator import incidents, kpis, overview, pipeline
from generator.parts import CHANGES, DRILLS, PREFIX, variable
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

HERE = Path(__file__).parent
DASHBOARDS = (overview, incidents, pipeline, kpis)
TAG = "crisis-monitor"
VARIABLES = {
    "instance": ("Instance", f"{PREFIX}build_info"),
    "rule": ("Rule", f"{PREFIX}rule_info"),
    "risk": ("Risk", f"{PREFIX}rule_info"),
    "source": ("Source", f"{PREFIX}source_up"),
    "channel": ("Channel", f"{PREFIX}deliveries_pending"),
}


def build(spec: Any) -> dict[str, Any]:
    """One dashboard as Grafana reads it. What the SDK leaves out (ids, refIds, words of annotations) is added."""
    board = (
        dashboard.Dashboard(spec.TITLE)
        .uid(spec.UID)
        .description(spec.SAYS)
        .tags([TAG])
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .refresh("10s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .link(_others())
    )
    for name in spec.VARIABLES:
        label, metric = VARIABLES[name]
        chosen = getattr(spec, "CHOSEN", ()) if name == "risk" else ()
        board = board.with_variable(variable(name, label, metric, chosen=chosen))
    for panel in spec.PANELS:
        board = board.with_panel(panel)
    found: dict[str, Any] = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    return _completed(found)


def _others() -> dashboard.DashboardLink:
    kind = model.DashboardLinkType.DASHBOARDS
    return dashboard.DashboardLink("Crisis monitor").type(kind).tags([TAG]).keep_time(True).include_vars(True)


def _completed(board: dict[str, Any]) -> dict[str, Any]:
    for number, panel in enumerate(board["panels"], 1):
        panel["id"] = number
        for ref, target in zip("ABCDEFGH", panel["targets"], strict=False):
            target["refId"] = ref
            target["datasource"] = panel["datasource"]
    board["annotations"] = {"list": [_annotation(query, more) for query, more in (CHANGES, DRILLS)]}
    return board


def _annotation(query: model.AnnotationQuery, more: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(query, cls=JSONEncoder))
    return made | more


def text(spec: Any) -> str:
    """The file of one dashboard."""
    return json.dumps(build(spec), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def described(page: str) -> str:
    """The page of the docs with its part on panels written anew."""
    begin, end = page.index("-->", page.index("<!-- panels: begin")) + 3, page.index("<!-- panels: end")
    return page[:begin] + "\n" + "\n".join(_described(build(spec)) for spec in DASHBOARDS) + "\n" + page[end:]


def _described(board: dict[str, Any]) -> str:
    rows = [f"| {p['title'].replace('$rule', '…')} | {p['description']} |" for p in board["panels"]]
    head = f"\n### {board['title']}\n\n{board['description']} `/d/{board['uid']}`\n"
    return "\n".join([head, "| panel | what it shows |", "|---|---|", *rows])


def main() -> int:
    """Writes all files, or with `--check` compares them."""
    page = HERE.parent / "docs" / "grafana.md"
    made = {HERE / "dashboards" / f"{spec.UID}.json": text(spec) for spec in DASHBOARDS}
    made[page] = described(page.read_text(encoding="utf-8"))
    stale = []
    for path, content in made.items():
        if "--check" not in sys.argv:
            path.write_text(content, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != content:
            stale.append(path.name)
    if stale:
        print(f"stale: {', '.join(stale)}; run make dashboards")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
