"""Service KPIs: satisfaction, first-contact resolution, times, returns, complaints, each with its target's tier."""

from __future__ import annotations

from generator.parts import TIERS, about, lines, number, query, rows, series, steps, timeline

UID, TITLE = "crisis-monitor-kpis", "Crisis monitor: service KPIs"
SAYS = "What rules measure, drawn by what it is: shares, averages, counts. Choose by risk; quality of service first."
VARIABLES = ("instance", "risk")
CHOSEN = ("service-quality", "product-quality", "mass-complaints")
RISK, ACCEPTED = 'risk=~"$risk"', 'result="accepted"'


def _value(measure: str, metric: str = "rule_value") -> str:
    kind = f'measure="{measure}"'
    return f"max by (rule) ({about(series(metric), kind, RISK)})"


PANELS = [
    number(
        "Shares now", "Satisfaction, first-contact resolution, return rate …: the share each rule measures now.",
        [query(_value("share"), "{{rule}}")], "percentunit", width=12, height=6, spark=True, decimals=1,
        none="no rule of these risks measures a share",
    ),
    number(
        "Averages now", "Handle time, first response …: what samples measure, in their own unit (times: seconds).",
        [query(_value("number"), "{{rule}}")], "short", width=6, height=6, spark=True,
        none="no rule of these risks measures a number",
    ),
    number(
        "Counts now", "Complaints and the like within each rule's window.",
        [query(_value("count"), "{{rule}}")], "short", width=6, height=6, spark=True,
        none="no rule of these risks counts",
    ),
    timeline(
        "On target", "Each rule's tier: calm = on target. Grey = not enough data to tell.",
        [query(f"max by (rule) ({about(series('rule_tier_level'), RISK)})", "{{rule}}")], TIERS, height=9,
    ),
    lines(
        "Shares", "Each share over time.", [query(_value("share"), "{{rule}}")], "percentunit", width=8, floor=None,
    ),
    lines(
        "Averages", "Each average over time, in the unit of its samples.", [query(_value("number"), "{{rule}}")],
        "short", width=8, floor=None,
    ),
    lines(
        "Counts", "Each count over time; below it what is expected.",
        [query(_value("count"), "{{rule}}"), query(_value("count", "rule_expected"), "{{rule}} expected")], "short",
        width=8,
    ),
    rows(
        "Rules and their risks", "Which rule watches what, and where it stands.",
        [query(about(series("rule_tier_level"), RISK), instant=True, as_table=True)], "none",
        {"risk": "Risk", "rule": "Rule", "Value": "Tier"}, width=12, words=TIERS,
    ),
    rows(
        "Numbers behind it", "Records that came from each source; a KPI whose source is silent is no KPI.",
        [query(f"sum by (source) ({series('source_records_total', ACCEPTED)})", instant=True, as_table=True)],
        "none", {"source": "Source", "Value": "Records since start"}, width=12, bounds=steps((None, "transparent")),
    ),
]  # fmt: skip
