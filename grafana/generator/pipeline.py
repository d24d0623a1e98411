"""Sources and pipeline: what comes in, what is judged, what goes out, and whether the loops turn."""

from __future__ import annotations

from generator.parts import WAITING, age, lines, number, query, rows, series, steps, timeline
from generator.words import CALM, ORANGE, RED, UP_DOWN, YELLOW, YES_NO, Text

UID, TITLE = "crisis-monitor-pipeline", Text("Crisis monitor: sources and pipeline", "危机预警：数据源与流程")
SAYS = Text(
    "What comes in, how late, what is judged, what waits to go out, and whether every loop turns.",
    "进来了什么、晚了多久，判定了什么，还有什么等着发出，各个循环是否都在转。",
)
VARIABLES = ("instance", "source", "channel")
SOURCE, CHANNEL = 'source=~"$source"', 'channel=~"$channel"'
ACCEPTED, NOT_ACCEPTED = 'result="accepted"', 'result!="accepted"'
RATE = "[$__rate_interval]"
HEARD = age(f"({series('source_last_success_timestamp_seconds', SOURCE)} > 0)")
EXPECTED = series("source_expected_every_seconds", SOURCE)


def _within(share: float) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({series('event_to_notice_seconds_bucket')}{RATE})))"


PANELS = [
    timeline(
        Text("Sources", "数据源"),
        Text("Whether the last fetch, or the push that was expected, came.",
             "最近一次读取是否成功，或应到的推送是否已到。"),
        [query(f"min by (source) ({series('source_up', SOURCE)})", "{{source}}")], UP_DOWN, width=16, height=8,
    ),
    rows(
        Text("Last heard", "上次有消息"),
        Text("How long ago a source last gave a good answer, in turns of its own rhythm: past 3 it is stale.",
             "数据源上次正常应答是多久以前，以它自己的周期为单位：超过 3 个周期就算陈旧。"),
        [query(f"max by (source) ({HEARD} / on (job, instance, source) {EXPECTED})", instant=True, as_table=True)],
        "none", {"source": Text("Source", "数据源"), "Value": Text("Turns ago", "几个周期前")}, width=8,
        bounds=steps((None, CALM), (2, YELLOW), (3, ORANGE), (10, RED)),
        none=Text("No source is expected to speak", "没有应当定期发声的数据源"),
    ),
    lines(
        Text("Source lag", "数据源滞后"),
        Text("From the event to its arrival here, of the newest record. What a source reports late is late.",
             "最新一条记录从发生到抵达这里的时间。来源报得晚，这里就晚。"),
        [query(f"max by (source) ({series('source_lag_seconds', SOURCE)})", "{{source}}")], "s", floor=None, width=8,
    ),
    lines(
        Text("Since the last good fetch or push", "距上次成功读取或推送"),
        Text("Saw teeth as high as the source's rhythm are healthy.",
             "锯齿与数据源的周期一样高，就是正常的。"),
        [query(f"max by (source) ({HEARD})", "{{source}}")], "s", width=8,
    ),
    lines(
        Text("Faults in the data", "数据质量"),
        Text("Share of the last day's records (gaps: of its time) with each fault, of the source that has most of it.",
             "近一天的记录中（缺口：时间中）有各类毛病的占比，取最严重的数据源。"),
        [query(f"max by (quality) ({series('source_quality_ratio', SOURCE)})", "{{quality}}")], "percentunit", width=8,
    ),
    lines(
        Text("Records that came", "收到的记录"),
        Text("Accepted records per second, by source.", "每秒接收的记录数，按数据源统计。"),
        [query(f"sum by (source) (rate({series('source_records_total', ACCEPTED, SOURCE)}{RATE}))",
               "{{source}}")],
        "cps", width=8,
    ),
    lines(
        Text("Records that did not count", "未计入的记录"),
        Text("Duplicates, corrections and rejected records per second.", "每秒重复、更正和拒收的记录数。"),
        [query(f"sum by (result) (rate({series('source_records_total', NOT_ACCEPTED, SOURCE)}{RATE}))",
               "{{result}}")],
        "cps", width=8,
    ),
    lines(
        Text("Fetches and pushes", "读取与推送"),
        Text("By result; a source that fails is asked again and is a finding.",
             "按结果统计；失败的数据源会重新读取，并列入需要知道的问题。"),
        [query(f"sum by (result) (rate({series('source_fetches_total', SOURCE)}{RATE}))", "{{result}}")], "cps",
        width=8,
    ),
    lines(
        Text("Rules judged", "规则判定"),
        Text("Evaluations per second over all rules, and those that failed.",
             "所有规则每秒判定的次数，以及失败的次数。"),
        [
            query(f"sum(rate({series('rule_evaluations_total')}{RATE}))", Text("judged", "已判定")),
            query(f"sum(rate({series('rule_evaluation_failures_total')}{RATE}))", Text("failed", "失败")),
        ],
        "cps", width=8,
    ),
    lines(
        Text("Rules without a verdict", "尚无结论的规则"),
        Text("Rules that still learn what is normal, and rules that have no data.",
             "还在学习什么是正常的规则，以及没有数据的规则。"),
        [
            query(f"sum({series('rule_learning')})", Text("learning", "学习中")),
            query(f"sum({series('rule_tier_level')} == bool -1)", Text("no data", "无数据")),
        ],
        "none", width=8,
    ),
    lines(
        Text("Findings", "需要知道的问题"),
        Text("What people should know of the data or of the monitor itself, by kind.",
             "数据或监测系统自身有哪些问题需要知道，按类别统计。"),
        [query(f"sum by (kind) ({series('findings_open')})", "{{kind}}")], "none", width=8, bars=True,
    ),
    lines(
        Text("Outbox", "发件箱"),
        Text("Deliveries that wait or are being tried, by channel.",
             "等待发送或正在尝试的通知，按渠道统计。"),
        [query(f"sum by (channel) ({series('deliveries_pending', CHANNEL)})", "{{channel}}")], "none", width=8,
    ),
    lines(
        Text("Oldest waiting delivery", "等得最久的一条"),
        Text("0 = nothing waits.", "0 = 没有等待。"),
        [query(WAITING, Text("waits", "已等待"))], "s", width=8,
        bounds=steps((None, CALM), (300, ORANGE), (1800, RED)),
    ),
    lines(
        Text("Deliveries", "发送结果"),
        Text("Tries and ends by result. Dead = every way was tried and none worked; that is an alert.",
             "各次尝试与最终结果。未能送达 = 所有办法都试过了，没有一个成功；这会触发告警。"),
        [query(f"sum by (result) (increase({series('deliveries_total', CHANNEL)}{RATE}))", "{{result}}")], "none",
        width=8, bars=True,
    ),
    lines(
        Text("From event to notice", "从发生到送达"),
        Text("From the event itself to the other side's yes; a source's own lateness counts in.",
             "从事情发生到对方确认收到；来源自身的迟到也算在内。"),
        [
            query(_within(0.5), Text("half", "半数")),
            query(_within(0.9), Text("nine in ten", "九成")),
            query(_within(0.99), Text("99 in 100", "百分之九十九")),
        ],
        "s", width=8,
    ),
    lines(
        Text("Loops", "各循环"),
        Text("How long ago each loop got on; more than a minute: it is stuck.",
             "每个循环上一次推进是多久以前；超过一分钟就是卡住了。"),
        [query(f"max by (loop) ({age(series('loop_last_advance_timestamp_seconds'))})", "{{loop}}")], "s", width=8,
        bounds=steps((None, CALM), (60, RED)),
    ),
    lines(
        Text("Timers due, texts that failed", "到期未执行的定时、生成失败的文本"),
        Text("Timers that are due and have not run; playbook texts that could not be made.",
             "已到期而未执行的定时；没能生成的预案文本。"),
        [
            query(f"sum({series('timers_due')})", Text("timers due", "到期定时")),
            query(f"sum(increase({series('notice_render_failures_total')}{RATE}))", Text("texts failed", "失败文本")),
        ],
        "none", width=8,
    ),
    number(
        Text("Config taken", "配置已生效"),
        Text("No: the config that was offered last is faulty, the old one stays in force.",
             "否：最近一次提交的配置有错，仍用原来的。"),
        [query(f"min({series('config_last_reload_successful')})", Text("taken", "已生效"))], "none", words=YES_NO,
        width=4, height=6,
    ),
    number(
        Text("Clock against Prometheus", "与 Prometheus 的时钟差"),
        Text("How far the service's clock is from Prometheus's.",
             "本服务的时钟与 Prometheus 的时钟相差多少。"),
        [query(f"max(abs({series('time_seconds')} - timestamp({series('time_seconds')})))", Text("apart", "相差"))],
        "s", bounds=steps((None, CALM), (5, YELLOW), (60, RED)), width=4, height=6,
    ),
    rows(
        Text("Running", "运行实例"),
        Text("Version and config of each instance; instances of one config bear one hash.",
             "每个实例的版本和配置；配置相同，哈希就相同。"),
        [query(f"{series('config_info')} * on (job, instance) group_left (version) {series('build_info')}",
               instant=True, as_table=True)],
        "none",
        {"instance": Text("Instance", "实例"), "version": Text("Version", "版本"), "hash": Text("Config", "配置")},
        width=8, height=6,
    ),
    lines(
        Text("Memory", "内存"),
        Text("Resident memory of the process.", "进程的常驻内存。"),
        [query(f"process_resident_memory_bytes * on (job, instance) group_left () {series('build_info')}",
               "{{instance}}")],
        "bytes", width=4, height=6,
    ),
    lines(
        Text("Processor", "处理器"),
        Text("Share of one core.", "占一个核心的比例。"),
        [query(f"rate(process_cpu_seconds_total{RATE}) * on (job, instance) group_left () {series('build_info')}",
               "{{instance}}")],
        "percentunit", width=4, height=6,
    ),
]  # fmt: skip
