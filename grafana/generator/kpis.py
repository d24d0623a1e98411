"""Service KPIs: satisfaction, first-contact resolution, times, returns, complaints, each with its target's tier."""

from __future__ import annotations

from generator.parts import about, lines, number, query, rows, series, steps, timeline
from generator.words import TIERS, Text

UID, TITLE = "crisis-monitor-kpis", Text("Crisis monitor: service KPIs", "危机预警：服务指标")
SAYS = Text(
    "What rules measure, drawn by what it is: shares, averages, counts. Choose by risk; quality of service first.",
    "规则所度量的数字，按类别展示：占比、平均值、条数。可按风险筛选，默认先看服务质量。",
)
VARIABLES = ("instance", "risk")
CHOSEN = ("service-quality", "product-quality", "mass-complaints")
RISK, ACCEPTED = 'risk=~"$risk"', 'result="accepted"'


def _value(measure: str, metric: str = "rule_value") -> str:
    kind = f'measure="{measure}"'
    return f"max by (rule) ({about(series(metric), kind, RISK)})"


PANELS = [
    number(
        Text("Shares now", "当前占比"),
        Text("Satisfaction, first-contact resolution, return rate …: the share each rule measures now.",
             "满意度、首次解决率、退货率等：每条规则当前度量到的占比。"),
        [query(_value("share"), "{{rule}}")], "percentunit", width=12, height=6, spark=True, decimals=1,
        none=Text("no rule of these risks measures a share", "这些风险下没有度量占比的规则"),
    ),
    number(
        Text("Averages now", "当前平均值"),
        Text("Handle time, first response …: what samples measure, in their own unit (times: seconds).",
             "处理时长、首次响应等：样本度量的数值，用其自身的单位（时间为秒）。"),
        [query(_value("number"), "{{rule}}")], "short", width=6, height=6, spark=True,
        none=Text("no rule of these risks measures a number", "这些风险下没有度量数值的规则"),
    ),
    number(
        Text("Counts now", "当前条数"),
        Text("Complaints and the like within each rule's window.", "每条规则的时间窗内的投诉等条数。"),
        [query(_value("count"), "{{rule}}")], "short", width=6, height=6, spark=True,
        none=Text("no rule of these risks counts", "这些风险下没有计数的规则"),
    ),
    timeline(
        Text("On target", "是否达标"),
        Text("Each rule's tier: calm = on target. Grey = not enough data to tell.",
             "每条规则的等级：平稳 = 达标。灰色 = 数据不足，无法判断。"),
        [query(f"max by (rule) ({about(series('rule_tier_level'), RISK)})", "{{rule}}")], TIERS, height=9,
    ),
    lines(
        Text("Shares", "占比"), Text("Each share over time.", "各项占比的变化。"),
        [query(_value("share"), "{{rule}}")], "percentunit", width=8, floor=None,
    ),
    lines(
        Text("Averages", "平均值"),
        Text("Each average over time, in the unit of its samples.", "各项平均值的变化，单位与样本相同。"),
        [query(_value("number"), "{{rule}}")], "short", width=8, floor=None,
    ),
    lines(
        Text("Counts", "条数"),
        Text("Each count over time, and beside it what is expected.", "各项条数的变化，旁边是预期值。"),
        [query(_value("count"), "{{rule}}"),
         query(_value("count", "rule_expected"), Text("{{rule}} expected", "{{rule}} 预期"))],
        "short", width=8,
    ),
    rows(
        Text("Rules and their risks", "规则与风险"),
        Text("Which rule watches what, and where it stands.", "哪条规则守着哪类风险，现在处于什么等级。"),
        [query(about(series("rule_tier_level"), RISK), instant=True, as_table=True)], "none",
        {"risk": Text("Risk", "风险"), "rule": Text("Rule", "规则"), "Value": Text("Tier", "等级")}, width=12,
        words=TIERS,
    ),
    rows(
        Text("Numbers behind it", "数字的来历"),
        Text("Records that came from each source; a KPI whose source is silent is no KPI.",
             "各数据源送来的记录数；数据源没了声音，指标也就不成其为指标。"),
        [query(f"sum by (source) ({series('source_records_total', ACCEPTED)})", instant=True, as_table=True)],
        "none", {"source": Text("Source", "数据源"), "Value": Text("Records since start", "启动以来的记录数")},
        width=12, bounds=steps((None, "transparent")),
    ),
]  # fmt: skip
