"""What all dashboards are made of: queries, panels, variables, annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from generator.words import BLUE, COLOURS, NO_DATA, ORANGE, Text, in_both

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


_SHADOW = series("rule_info", 'mode="shadow"')
LOUD = f"({series('rule_tier_level')} unless on (job, instance, rule) {_SHADOW})"
"""The tiers of the rules that tell people."""


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
def query(expr: str, legend: str = "", *, instant: bool = False, as_table: bool = False) -> prometheus.Dataquery:
    """One query."""
    made = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto")
    made = made.instant() if instant else made.range()
    return made.format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES)


def _with(panel: Any, title: str, says: str, width: int, height: int, queries: Sequence[Any]) -> Any:
    panel = panel.title(title).description(says).span(width).height(height).datasource(DATASOURCE)
    for each in queries:
        panel = panel.with_target(each)
    return panel


@in_both
def number(
    title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, *, width: int = 4, height: int = 4,
    none: str = "", bounds: dashboard.ThresholdsConfig | None = None, words: dict[int, tuple[str, str]] | None = None,
    by_tier: bool = False, spark: bool = False, decimals: int | None = None,
) -> stat.Panel:  # fmt: skip
    """One big number, or one for each series. `none`: what stands there when nothing is to be said."""
    panel: stat.Panel = _with(stat.Panel(), title, says, width, height, queries)
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
    return tiers_coloured(panel, zero_is_calm=True) if by_tier else panel


def tiers_coloured(panel: Any, *, zero_is_calm: bool = False) -> Any:
    """Series named after a tier wear its colour; on a number only where there is something to show."""
    for tier, colour in COLOURS.items():
        if zero_is_calm:
            bounds = {
                "mode": "absolute",
                "steps": [{"value": None, "color": "transparent"}, {"value": 1, "color": colour}],
            }
            wears = [model.DynamicConfigValue("thresholds", bounds)]
        else:
            wears = [model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]
        panel = panel.override_by_name(tier, wears)
    return panel


@in_both
def timeline(
    title: str, says: str, queries: Sequence[prometheus.Dataquery], words: dict[int, tuple[str, str]], *,
    width: int = 24, height: int = 10,
) -> statetimeline.Panel:  # fmt: skip
    """States over time, one row for each series."""
    panel: statetimeline.Panel = _with(statetimeline.Panel(), title, says, width, height, queries)
    panel = panel.unit("none").mappings(mapped(words)).thresholds(steps((None, NO_DATA)))
    panel = panel.show_value(shapes.VisibilityMode.NEVER).merge_values(True).row_height(0.85).fill_opacity(85)
    return panel.legend(common.VizLegendOptions().show_legend(True).placement(shapes.LegendPlacement.BOTTOM))


@in_both
def lines(
    title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, *, width: int = 12, height: int = 8,
    bars: bool = False, bounds: dashboard.ThresholdsConfig | None = None, by_tier: bool = False,
    floor: float | None = 0,
) -> timeseries.Panel:  # fmt: skip
    """Lines over time; `bars` for what is counted; `bounds` are drawn as dashed lines."""
    panel: timeseries.Panel = _with(timeseries.Panel(), title, says, width, height, queries)
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
    panel = panel.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI))
    return tiers_coloured(panel) if by_tier else panel


@in_both
def rows(
    title: str, says: str, queries: Sequence[prometheus.Dataquery], unit: str, names: dict[str, str], *,
    width: int = 12, height: int = 8, words: dict[int, tuple[str, str]] | None = None,
    bounds: dashboard.ThresholdsConfig | None = None, none: str = "",
) -> table.Panel:  # fmt: skip
    """A table of what stands now. `names`: label -> heading, in order; all else is left out."""
    panel: table.Panel = _with(table.Panel(), title, says, width, height, queries)
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
    return panel.no_value(none) if none else panel


@in_both
def dressed(panel: timeseries.Panel, legends: tuple[str, str, str], *, repeat: str) -> timeseries.Panel:
    """Value, expected and upper bound, by their legends: a strong line within a pale band. One panel for each choice
    of the variable `repeat`.
    """
    value, expected, upper = legends
    for name, colour in ((value, BLUE), (expected, NO_DATA), (upper, ORANGE)):
        wears = [model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})]
        if name != value:
            wears.append(model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [6, 4]}))
            wears.append(model.DynamicConfigValue("custom.lineWidth", 1))
        if name == upper:
            wears.append(model.DynamicConfigValue("custom.fillBelowTo", expected))
        panel = panel.override_by_name(name, wears)
    return panel.repeat(repeat).repeat_direction("h").max_per_row(3)


@in_both
def variable(name: str, label: str, metric: str, *, chosen: Sequence[str] = ()) -> dashboard.QueryVariable:
    """A choice among the values a label has."""
    made = dashboard.QueryVariable(name).label(label).datasource(DATASOURCE).query(f"label_values({metric}, {name})")
    made = made.multi(True).include_all(True).refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made = made.sort(model.VariableSort.ALPHABETICAL_ASC)
    if chosen:
        return made.current(model.VariableOption(text=list(chosen), value=list(chosen)))
    return made.current(model.VariableOption(text=["All"], value=["$__all"]))


@in_both
def annotation(
    name: str, expr: str, colour: str, title: str, text: str
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
