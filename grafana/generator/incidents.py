"""Incident response: who has taken what, how fast, what is due by law, and why a rule is where it is."""

from __future__ import annotations

from generator.parts import age, dressed, lines, number, query, rows, series, steps, timeline
from generator.words import CALM, ORANGE, RED, TIERS, YELLOW, Text

UID, TITLE = "crisis-monitor-incidents", Text("Crisis monitor: incident response", "危机预警：事件处置")
SAYS = Text(
    "What is open and taken, time to acknowledge, escalations, legal clocks, and each signal beside what is normal.",
    "哪些事件进行中、由谁接手，接手用时、逐级上报、法定时限，以及每个信号与正常范围的对照。",
)
VARIABLES = ("instance", "rule")
RULE = 'rule=~"$rule"'
ALIVE = f" and on () {series('build_info')}"
"""A look back over hours would go on showing numbers of a service that is gone."""


def _took(share: float) -> str:
    buckets = f"sum by (tier, le) (increase({series('ack_seconds_bucket')}[$__range]))"
    return f"histogram_quantile({share}, {buckets}){ALIVE}"


def _happened(transition: str) -> str:
    return f"sum(increase({series('incident_transitions_total', f'transition=~{transition!r}')}[$__range])){ALIVE}"


VALUE, EXPECTED, UPPER = Text("value", "现值"), Text("expected", "预期"), Text("upper bound", "上限")
LEFT = series("clock_remaining_seconds")
DRILLED = f"({series('drills_last_success_timestamp_seconds')} > 0)"

PANELS = [
    number(
        Text("Open", "进行中"), Text("Incidents open now, by tier.", "目前进行中的事件，按等级统计。"),
        [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")], "none", by_tier=True, width=7,
    ),
    number(
        Text("Not acknowledged", "待接手"), Text("Of those, the ones nobody has taken.", "其中还没有人接手的事件。"),
        [query(f"sum by (tier) ({series('incidents_unacknowledged')})", "{{tier}}")], "none", by_tier=True, width=7,
    ),
    number(
        Text("Escalated", "逐级上报"),
        Text("How often nobody answered in time and the next person was called, over the time shown.",
             "所选时间内，因逾时无人回应而通知下一位的次数。"),
        [query(_happened("ESCALATED"), Text("times", "次"))], "none", bounds=steps((None, CALM), (1, ORANGE)), width=3,
        decimals=0,
    ),
    number(
        Text("Legal clocks running", "法定时限"),
        Text("Reports due by law, on open incidents.", "进行中的事件里，依法须报送、正在计时的项数。"),
        [query(f"sum({series('clock_running')})", Text("running", "计时中"))], "none",
        bounds=steps((None, CALM), (1, YELLOW)), width=3,
    ),
    number(
        Text("Next due by law", "最近的法定期限"),
        Text("Time left on the clock that ends first; below 0 it is overdue.",
             "最先到期的法定时限还剩多少时间；低于 0 即已逾期。"),
        [query(f"min({LEFT})", Text("left", "剩余"))], "s", width=4, none=Text("no clock runs", "没有在计时"),
        bounds=steps((None, RED), (0, ORANGE), (14400, YELLOW), (86400, CALM)),
    ),
    timeline(
        Text("Tiers by rule", "各规则等级"),
        Text("Each rule's tier over time. Grey = no data, which is not calm.",
             "每条规则的等级变化。灰色 = 无数据，不等于平稳。"),
        [query(f"max by (rule) ({series('rule_tier_level', RULE)})", "{{rule}}")], TIERS, height=11,
    ),
    timeline(
        Text("Series that rules name", "规则指名的序列"),
        Text("The tier of each series a rule exports (`export` in rules.toml), such as a product.",
             "规则导出的每个序列（rules.toml 里的 `export`，例如某个产品）的等级。"),
        [query(f"max by (rule, series) ({series('series_tier_level', RULE)})", "{{rule}}: {{series}}")], TIERS,
        height=6,
    ),
    lines(
        Text("Open and not taken", "进行中而无人接手"),
        Text("Open incidents nobody had acknowledged, by tier.", "各时刻进行中而还没有人接手的事件，按等级统计。"),
        [query(f"sum by (tier) ({series('incidents_unacknowledged')})", "{{tier}}")], "none", by_tier=True, width=8,
    ),
    lines(
        Text("What happened to incidents", "事件的变化"),
        Text("Transitions, drills left out.", "事件的各种变化，不含演练。"),
        [query(f"sum by (transition) (increase({series('incident_transitions_total')}[$__rate_interval]))",
               "{{transition}}")],
        "none", bars=True, width=8,
    ),
    lines(
        Text("Notices", "通知"),
        Text("Notices owed to people or channels, by tier, drills left out.",
             "应当发给人员或渠道的通知，按等级统计，不含演练。"),
        [query(f"sum by (tier) (increase({series('notices_total')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=8,
    ),
    number(
        Text("Time to acknowledge, half", "接手用时（半数）"),
        Text("Half of the acknowledgements came within this time, over the time shown.",
             "所选时间内，有一半的接手在这个时长之内。"),
        [query(_took(0.5), "{{tier}}")], "s", width=6, height=6, none=Text("nobody had to", "无需接手"),
    ),
    number(
        Text("Time to acknowledge, nine of ten", "接手用时（九成）"),
        Text("Nine in ten acknowledgements came within this time, over the time shown.",
             "所选时间内，有九成的接手在这个时长之内。"),
        [query(_took(0.9), "{{tier}}")], "s", width=6, height=6, none=Text("nobody had to", "无需接手"),
    ),
    lines(
        Text("Acknowledgements", "接手次数"),
        Text("Incidents that somebody took, by tier.", "有人接手的事件，按等级统计。"),
        [query(f"sum by (tier) (increase({series('ack_seconds_count')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=6, height=6,
    ),
    rows(
        Text("Legal clocks", "各项法定时限"),
        Text("Time left on each clock that runs. Only a person starts a clock and only a person files.",
             "每项正在计时的法定时限还剩多少时间。只有人能启动计时，也只有人去报送。"),
        [query(LEFT, instant=True, as_table=True)], "s",
        {"clock": Text("Clock", "时限"), "Value": Text("Left", "剩余")}, width=6, height=6,
        bounds=steps((None, RED), (0, ORANGE), (14400, YELLOW), (86400, CALM)),
        none=Text("No legal clock runs", "没有法定时限在计时"),
    ),
    number(
        Text("Since the last drill somebody acknowledged", "距上次有人接手的演练"),
        Text("Drills that nobody answers do not count. Twice a year is usual.",
             "没人回应的演练不算数。通常每年两次。"),
        [query(f"min({age(DRILLED)})", Text("ago", "之前"))], "s", width=6, none=Text("never", "从未"),
        bounds=steps((None, CALM), (15552000, YELLOW), (31536000, ORANGE)),
    ),
    lines(
        Text("Drills", "演练"),
        Text("Transitions of drills, which show nowhere else.", "演练的各种变化；其他图表都不计演练。"),
        [query(f"sum by (transition) (increase({series('drill_transitions_total')}[$__rate_interval]))",
               "{{transition}}")],
        "none", bars=True, width=18, height=4,
    ),
    dressed(lines(
        Text("Signal and expected band: $rule", "信号与正常范围：$rule"),
        Text("The rule's leading series: what it measures, what is expected, and the upper bound of what is normal.",
             "该规则领先的序列：现值、预期值，以及正常范围的上限。"),
        [
            query(f"max by (rule) ({series('rule_value', RULE)})", VALUE),
            query(f"max by (rule) ({series('rule_expected', RULE)})", EXPECTED),
            query(f"max by (rule) ({series('rule_upper', RULE)})", UPPER),
        ],
        "short", width=8, height=7, floor=None,
    ), (VALUE, EXPECTED, UPPER), repeat="rule"),
]  # fmt: skip
