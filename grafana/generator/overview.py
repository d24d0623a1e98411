"""The wall board: how things stand, at a glance from across the room."""

from __future__ import annotations

from generator.parts import LOUD, WAITING, age, lines, number, query, rows, series, steps, timeline
from generator.words import CALM, ORANGE, RED, TIERS, YELLOW, Text

UID, TITLE = "crisis-monitor-overview", Text("Crisis monitor: overview", "危机预警：总览")
SAYS = Text(
    "How things stand: tiers, open incidents, what nobody took, and whether the monitor itself is well.",
    "当前态势：各级预警、进行中的事件、还没有人接手的事件，以及监测系统自身是否正常。",
)
VARIABLES = ("instance", "rule")
RULE = 'rule=~"$rule"'

PANELS = [
    number(
        Text("Highest tier", "最高等级"),
        Text("The highest tier of the rules that tell people (not in shadow). Grey = none has data, which is not calm.",
             "会发通知的规则（不含试运行）中的最高等级。灰色 = 没有一条有数据，这不等于平稳。"),
        [query(f"max({LOUD})", Text("tier", "等级"))], "none", words=TIERS, height=5,
    ),
    number(
        Text("Open incidents", "进行中的事件"),
        Text("Incidents that are open now, by tier; drills are left out. Coloured where there is one.",
             "目前进行中的事件，按等级统计，不含演练。有事件的等级才会着色。"),
        [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")], "none", by_tier=True, width=8, height=5,
    ),
    number(
        Text("Nobody has acknowledged", "无人接手"),
        Text("Open incidents that nobody has taken yet. Red: somebody must answer now.",
             "进行中但还没有人接手的事件。变红就要立刻有人处理。"),
        [query(f"sum({series('incidents_unacknowledged')})", Text("open, not taken", "待接手"))], "none",
        bounds=steps((None, CALM), (1, RED)), height=5,
    ),
    number(
        Text("Sources up", "数据源正常率"),
        Text("Share of sources whose last fetch, or expected push, came.",
             "最近一次读取成功、或应到的推送已到的数据源所占比例。"),
        [query(f"avg({series('source_up')})", Text("up", "正常"))], "percentunit",
        bounds=steps((None, RED), (0.5, ORANGE), (0.99, CALM)), height=5, decimals=0,
    ),
    number(
        Text("Oldest waiting notice", "最久未发的通知"),
        Text("How long the oldest delivery has waited in the outbox. 0 = nothing waits.",
             "发件箱里等得最久的一条已经等了多长时间。0 = 没有等待。"),
        [query(WAITING, Text("waits", "已等待"))], "s",
        bounds=steps((None, CALM), (60, YELLOW), (300, ORANGE), (1800, RED)), height=5,
    ),
    timeline(
        Text("Tiers by rule", "各规则等级"),
        Text("Each rule's tier over time: the highest of its series. Grey = no data.",
             "每条规则的等级变化，取其各序列中的最高者。灰色 = 无数据。"),
        [query(f"max by (rule) ({series('rule_tier_level', RULE)})", "{{rule}}")], TIERS, height=13,
    ),
    lines(
        Text("Signals against what is normal", "信号与正常范围之比"),
        Text("Each rule's value as a multiple of the upper bound of what is normal: 1 is the edge of the band, above "
             "it is unusual. Rules without a learned or given bound are not drawn.",
             "每条规则的现值是正常上限的几倍：1 就是正常范围的边缘，再高就不寻常。"
             "还没有学到、也没有设定上限的规则不画。"),
        [query(f"max by (rule) ({series('rule_value', RULE)} / ({series('rule_upper', RULE)} > 0))", "{{rule}}")],
        "x", bounds=steps((None, CALM), (1, ORANGE)),
    ),
    lines(
        Text("Open incidents over time", "进行中的事件（历史）"),
        Text("Incidents that were open, by tier, drills left out.", "各时刻进行中的事件，按等级统计，不含演练。"),
        [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")], "none", by_tier=True,
    ),
    lines(
        Text("Notices", "通知"),
        Text("Notices owed to people or channels, by tier, drills left out.",
             "应当发给人员或渠道的通知，按等级统计，不含演练。"),
        [query(f"sum by (tier) (increase({series('notices_total')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=8, height=7,
    ),
    number(
        Text("Findings", "需要知道的问题"),
        Text("What people should know of the data or of the monitor itself; the console tells each.",
             "数据或监测系统自身有哪些问题需要知道；逐条说明见预警页面。"),
        [query(f"sum({series('findings_open')})", Text("open", "未解决"))], "none",
        bounds=steps((None, CALM), (1, YELLOW)), height=7, spark=True,
    ),
    number(
        Text("Slowest loop", "最慢的循环"),
        Text("How long ago the loop that lags most got on. More than a minute: it is stuck.",
             "落后最多的循环上一次推进是多久以前。超过一分钟就是卡住了。"),
        [query(f"max({age(series('loop_last_advance_timestamp_seconds'))})", Text("ago", "之前"))], "s",
        bounds=steps((None, CALM), (30, YELLOW), (60, RED)), height=7,
    ),
    rows(
        Text("Firing alerts", "正在触发的告警"),
        Text("What Prometheus's rules say of this service. The watchdog fires always: if even that is missing, the "
             "rules are not loaded or Prometheus stands still.",
             "Prometheus 的规则对本服务的判断。CrisisMonitorWatchdog 始终触发：连它都没有，说明规则没有加载，"
             "或者 Prometheus 停了。"),
        [query('ALERTS{alertname=~"CrisisMonitor.*", alertstate="firing"}', instant=True, as_table=True)], "none",
        {"alertname": Text("Alert", "告警"), "severity": Text("Severity", "严重程度"), "tier": Text("Tier", "等级"),
         "rule": Text("Rule", "规则"), "source": Text("Source", "数据源")},
        width=8, height=7, none=Text("The alert rules are not loaded", "告警规则没有加载"),
    ),
]  # fmt: skip
