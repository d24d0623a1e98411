"""What all dashboards are made of: queries, panels, variables, annotations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from generator.words import COLOURS, NAMES, NO_DATA, ORANGE, Text, in_both

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
PREFIX = "crisis_monitor_"
HERE = 'instance=~"$instance"'


def series(name: str, *matchers: str) -> str:
    """A metric of ours, of the instances that are looked at."""
    return f"{PREFIX}{name}{{{', '.join((HERE, *matchers))}}}"


def age(of: str) -> str:
    """Seconds since an instant, by the service's own clock: a clock that differs from Prometheus's changes nothing."""
    return f"({series('time_seconds')} - on (job, instance) group_right () {of})"


_OLDEST = series("outbox_oldest_timestamp_seconds")
WAITING = f"max({age(f'({_OLDEST} > 0)')}) or max(0 * {series('time_seconds')})"
"""How long the oldest delivery has waited; 0 while none does."""


def about(of: str, *matchers: str) -> str:
    """A metric by rule with the risk it watches over."""
    return f"{of} * on (job, instance, rule) group_left (risk) {series('rule_info', *matchers)}"


def mapped(words: dict[int, tuple[str, str]]) -> list[model.ValueMapping]:
    """Numbers to words and colours."""
    rows = {
        str(value): model.ValueMappingResult(text=text, color=colour, index=i)
        for i, (value, (text, colour)) in enumerate(words.items())
    }
    return [model.ValueMap(options=rows)]


def steps(*bounds: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Thresholds: from so much on, this colour; the first has None."""
    found = [model.Threshold(value=value, color=colour) for value, colour in bounds]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


@in_both
def query(
    lang: str, expr: str, legend: str = "", *, instant: bool = False, as_table: bool = False
) -> prometheus.Dataquery:  # fmt: skip
    """One query."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto")
    made = made.instant() if instant else made.range()
    return made.format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES)


Wears = Callable[[str], list[model.DynamicConfigValue]]
"""How a series wears a colour."""


def _with(
    lang: str, panel: Any, title: str, says: str, width: int, height: int, queries: Sequence[prometheus.Dataquery],
    wears: Wears | None = None,
) -> Any:  # fmt: skip
    panel = panel.title(title).description(says).span(width).height(height).datasource(DATASOURCE)
    for each in queries:
        panel = panel.with_target(each)
    for label in sorted({each.build().legend_format.strip("{}") for each in queries} & NAMES.keys()):
        panel = _named(lang, panel, label, wears if label == "tier" else None)
    return panel


def _named(lang: str, panel: Any, label: str, wears: Wears | None) -> Any:
    """Series named after the values of a label bear their Chinese names there, and wear their colours."""
    for value, name in NAMES[label].items():
        worn = [model.DynamicConfigValue("displayName", name)] if lang == "zh" else []
        worn += wears(COLOURS[value]) if wears else []
        if worn:
            panel = panel.override_by_name(value, worn)
    return panel


def _line_in(colour: str) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]


def _coloured_from_one(colour: str) -> list[model.DynamicConfigValue]:
    """Only where there is something to show."""
    bounds = [{"value": None, "color": "transparent"}, {"value": 1, "color": colour}]
    return [model.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": bounds})]


@in_both
def number(
    lang: str, title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, *, width: int = 4,
    height: int = 4, none: str = "", bounds: dashboard.ThresholdsConfig | None = None,
    words: dict[int, tuple[str, str]] | None = None, by_tier: bool = False, spark: bool = False,
    decimals: int | None = None,
) -> stat.Panel:  # fmt: skip
    """One big number, or one for each series. `none`: what stands there when nothing is to be said."""
    wears = _coloured_from_one if by_tier else None
    panel: stat.Panel = _with(lang, stat.Panel(), title, says, width, height, queries, wears)
    panel = panel.unit(unit).thresholds(bounds or steps((None, NO_DATA)))
    coloured = bounds or words or by_tier
    panel = panel.color_mode(shapes.BigValueColorMode.BACKGROUND if coloured else shapes.BigValueColorMode.NONE)
    panel = panel.graph_mode(shapes.BigValueGraphMode.AREA if spark else shapes.BigValueGraphMode.NONE)
    panel = panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    if words:
        panel = panel.mappings(mapped(words))
    if none:
        panel = panel.no_value(none)
    if decimals is not None:
        panel = panel.decimals(decimals)
    return panel


@in_both
def timeline(
    lang: str, title: str, says: str, queries: Sequence[prometheus.Dataquery], words: dict[int, tuple[str, str]],
    *, width: int = 24, height: int = 10,
) -> statetimeline.Panel:  # fmt: skip
    """States over time, one row for each series."""
    panel: statetimeline.Panel = _with(lang, statetimeline.Panel(), title, says, width, height, queries)
    panel = panel.unit("none").mappings(mapped(words)).thresholds(steps((None, NO_DATA)))
    panel = panel.show_value(shapes.VisibilityMode.NEVER).merge_values(True).row_height(0.85).fill_opacity(85)
    return panel.legend(common.VizLegendOptions().show_legend(True).placement(shapes.LegendPlacement.BOTTOM))


@in_both
def lines(
    lang: str, title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, *, width: int = 12,
    height: int = 8, bars: bool = False, bounds: dashboard.ThresholdsConfig | None = None, by_tier: bool = False,
    floor: float | None = 0,
) -> timeseries.Panel:  # fmt: skip
    """Lines over time; `bars` for what is counted; `bounds` are drawn as dashed lines."""
    wears = _line_in if by_tier else None
    panel: timeseries.Panel = _with(lang, timeseries.Panel(), title, says, width, height, queries, wears)
    panel = panel.unit(unit).fill_opacity(60 if bars else 8).line_width(1 if bars else 2)
    panel = panel.draw_style(shapes.GraphDrawStyle.BARS if bars else shapes.GraphDrawStyle.LINE)
    panel = panel.show_points(shapes.VisibilityMode.NEVER)
    if bars:
        panel = panel.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL))
    if floor is not None:
        panel = panel.min(floor)
    if bounds:
        panel = panel.thresholds(bounds).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)
        )
    return panel.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI))


@in_both
def rows(
    lang: str, title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, names: dict[str, str], *,
    width: int = 12, height: int = 8, words: dict[int, tuple[str, str]] | None = None,
    bounds: dashboard.ThresholdsConfig | None = None, none: str = "",
) -> table.Panel:  # fmt: skip
    """A table of what stands now. `names`: label -> heading, in order; all else is left out."""
    panel: table.Panel = _with(lang, table.Panel(), title, says, width, height, queries)
    panel = panel.unit(unit)
    options = {"renameByName": names, "indexByName": {name: i for i, name in enumerate(names)}}
    keep = model.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": list(names)}})
    panel = panel.with_transformation(keep)
    panel = panel.with_transformation(model.DataTransformerConfig(id_val="organize", options=options))
    if words:
        panel = panel.mappings(mapped(words))
    if bounds:
        panel = panel.thresholds(bounds)
    if words or bounds:
        cell = model.DynamicConfigValue("custom.cellOptions", {"type": "color-background"})
        panel = panel.override_by_name(names["Value"], [cell])
    for label in [label for label in names if label in NAMES and lang == "zh"]:
        told = {value: {"text": name} for value, name in NAMES[label].items()}
        mapping = model.DynamicConfigValue("mappings", [{"type": "value", "options": told}])
        panel = panel.override_by_name(names[label], [mapping])
    return panel.no_value(none) if none else panel


@in_both
def band(
    lang: str, title: str, says: str, legends: Sequence[str], exprs: Sequence[str], *, width: int, height: int,
    repeat: str,
) -> timeseries.Panel:  # fmt: skip
    """Value, expected and upper bound: a strong line within a pale band; a panel for each choice of `repeat`."""
    value, expected, upper = legends
    queries = [query(expr, legend) for expr, legend in zip(exprs, legends, strict=True)]
    panel = lines(title, says, queries, "short", width=width, height=height, floor=None)(lang)
    dashed = [model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [6, 4]}),
              model.DynamicConfigValue("custom.lineWidth", 1)]  # fmt: skip
    pale = model.DynamicConfigValue("custom.fillBelowTo", expected)
    panel = panel.override_by_name(value, _line_in(COLOURS["blue"]))
    panel = panel.override_by_name(expected, _line_in(NO_DATA) + dashed)
    panel = panel.override_by_name(upper, [*_line_in(ORANGE), *dashed, pale])
    return panel.repeat(repeat).repeat_direction("h").max_per_row(3)


@in_both
def variable(
    lang: str, name: str, label: str, metric: str, *, chosen: Sequence[str] = ()
) -> dashboard.QueryVariable:  # fmt: skip
    """A choice among the values a label has."""
    made = dashboard.QueryVariable(name).label(label).datasource(DATASOURCE).query(f"label_values({metric}, {name})")
    made = made.multi(True).include_all(True).refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made = made.sort(model.VariableSort.ALPHABETICAL_ASC)
    if chosen:
        return made.current(model.VariableOption(text=list(chosen), value=list(chosen)))
    return made.current(model.VariableOption(text=["All"], value=["$__all"]))


@in_both
def annotation(
    lang: str, name: str, expr: str, colour: str, title: str, text: str
) -> tuple[model.AnnotationQuery, dict[str, Any]]:
    """A mark on every time axis, and what the SDK does not know of it."""
    made = model.AnnotationQuery(name=name, datasource=DATASOURCE, enable=True, icon_color=colour, expr=expr)
    return made, {"titleFormat": title, "textFormat": text, "step": "60s", "useValueForTime": False}


def _began(metric: str, transitions: str) -> str:
    """Transitions that lie within the last step."""
    return f"sum by (transition) (increase({series(metric, f'transition=~{transitions!r}')}[$__rate_interval])) > 0"


CHANGES = annotation(
    Text("Tier changes", "等级变化"),
    _began("incident_transitions_total", "NEW|RAISED|LOWERED|CLEARED|NO DATA|DATA BACK"), ORANGE,
    Text("Incident {{transition}}", "事件 {{transition}}"),
    Text("An incident made the transition {{transition}}; the console tells which.",
         "有事件发生变化：{{transition}}（NEW 新增，RAISED 升级，LOWERED 降级，CLEARED 解除，NO DATA 数据中断，"
         "DATA BACK 数据恢复）；具体是哪一件，见预警页面。"),
)  # fmt: skip
DRILLS = annotation(
    Text("Drills", "演练"), _began("drill_transitions_total", "NEW|RAISED|CLEARED|RESOLVED"), "#b877d9",
    Text("Drill {{transition}}", "演练 {{transition}}"),
    Text("A drill, not the real thing.",
         "这是演练，不是真的出了事（NEW 新增，RAISED 升级，CLEARED 解除，RESOLVED 处置完毕）。"),
)  # fmt: skip
