"""Sources and pipeline: what comes in, what is judged, what goes out, and whether the loops turn."""

from __future__ import annotations

from generator.parts import (
    CALM,
    ORANGE,
    RED,
    UP_DOWN,
    WAITING,
    YELLOW,
    YES_NO,
    age,
    lines,
    number,
    query,
    rows,
    series,
    steps,
    timeline,
)

UID, TITLE = "crisis-monitor-pipeline", "Crisis monitor: sources and pipeline"
SAYS = "What comes in, how late, what is judged, what waits to go out, and whether every loop turns."
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
        "Sources", "Whether the last fetch, or the push that was expected, came.",
        [query(f"min by (source) ({series('source_up', SOURCE)})", "{{source}}")], UP_DOWN, width=16, height=8,
    ),
    rows(
        "Last heard", "How long ago a source last gave a good answer, in turns of its own rhythm: past 3 it is stale.",
        [query(f"max by (source) ({HEARD} / on (job, instance, source) {EXPECTED})", instant=True, as_table=True)],
        "none", {"source": "Source", "Value": "Turns ago"}, width=8,
        bounds=steps((None, CALM), (2, YELLOW), (3, ORANGE), (10, RED)), none="No source is expected to speak",
    ),
    lines(
        "Source lag", "From the event to its arrival here, of the newest record. What a source reports late is late.",
        [query(f"max by (source) ({series('source_lag_seconds', SOURCE)})", "{{source}}")], "s", floor=None,
    ),
    lines(
        "Since the last good fetch or push", "Saw teeth as high as the source's rhythm are healthy.",
        [query(f"max by (source) ({HEARD})", "{{source}}")], "s",
    ),
    lines(
        "Records that came", "Accepted records per second, by source.",
        [query(f"sum by (source) (rate({series('source_records_total', ACCEPTED, SOURCE)}{RATE}))",
               "{{source}}")],
        "cps", width=8,
    ),
    lines(
        "Records that did not count", "Duplicates, corrections and rejected records per second.",
        [query(f"sum by (result) (rate({series('source_records_total', NOT_ACCEPTED, SOURCE)}{RATE}))",
               "{{result}}")],
        "cps", width=8,
    ),
    lines(
        "Fetches and pushes", "By result; a source that fails is asked again and is a finding.",
        [query(f"sum by (result) (rate({series('source_fetches_total', SOURCE)}{RATE}))", "{{result}}")], "cps",
        width=8,
    ),
    lines(
        "Rules judged", "Evaluations per second over all rules, and those that failed.",
        [
            query(f"sum(rate({series('rule_evaluations_total')}{RATE}))", "judged"),
            query(f"sum(rate({series('rule_evaluation_failures_total')}{RATE}))", "failed"),
        ],
        "cps", width=8,
    ),
    lines(
        "Rules without a verdict", "Rules that still learn what is normal, and rules that have no data.",
        [
            query(f"sum({series('rule_learning')})", "learning"),
            query(f"sum({series('rule_tier_level')} == bool -1)", "no data"),
        ],
        "none", width=8,
    ),
    lines(
        "Findings", "What people should know of the data or of the monitor itself, by kind.",
        [query(f"sum by (kind) ({series('findings_open')})", "{{kind}}")], "none", width=8, bars=True,
    ),
    lines(
        "Outbox", "Deliveries that wait or are being tried, by channel.",
        [query(f"sum by (channel) ({series('deliveries_pending', CHANNEL)})", "{{channel}}")], "none", width=8,
    ),
    lines(
        "Oldest waiting delivery", "0 = nothing waits.", [query(WAITING, "waits")], "s", width=8,
        bounds=steps((None, CALM), (300, ORANGE), (1800, RED)),
    ),
    lines(
        "Deliveries", "Tries and ends by result. Dead = every way was tried and none worked; that is an alert.",
        [query(f"sum by (result) (increase({series('deliveries_total', CHANNEL)}{RATE}))", "{{result}}")], "none",
        width=8, bars=True,
    ),
    lines(
        "From event to notice", "From the event itself to the other side's yes; a source's own lateness counts in.",
        [query(_within(0.5), "half"), query(_within(0.9), "nine in ten"), query(_within(0.99), "99 in 100")], "s",
        width=8,
    ),
    lines(
        "Loops", "How long ago each loop got on; more than a minute: it is stuck.",
        [query(f"max by (loop) ({age(series('loop_last_advance_timestamp_seconds'))})", "{{loop}}")], "s", width=8,
        bounds=steps((None, CALM), (60, RED)),
    ),
    lines(
        "Timers due, texts that failed", "Timers that are due and have not run; playbook texts that could not be made.",
        [
            query(f"sum({series('timers_due')})", "timers due"),
            query(f"sum(increase({series('notice_render_failures_total')}{RATE}))", "texts failed"),
        ],
        "none", width=8,
    ),
    number(
        "Config taken", "No: the config that was offered last is faulty, the old one stays in force.",
        [query(f"min({series('config_last_reload_successful')})", "taken")], "none", words=YES_NO, width=4, height=6,
    ),
    number(
        "Clock against Prometheus", "How far the service's clock is from Prometheus's.",
        [query(f"max(abs({series('time_seconds')} - timestamp({series('time_seconds')})))", "apart")], "s",
        bounds=steps((None, CALM), (5, YELLOW), (60, RED)), width=4, height=6,
    ),
    rows(
        "Running", "Version and config of each instance; instances of one config bear one hash.",
        [query(f"{series('config_info')} * on (job, instance) group_left (version) {series('build_info')}",
               instant=True, as_table=True)],
        "none", {"instance": "Instance", "version": "Version", "hash": "Config"}, width=8, height=6,
    ),
    lines(
        "Memory", "Resident memory of the process.",
        [query(f"process_resident_memory_bytes * on (job, instance) group_left () {series('build_info')}",
               "{{instance}}")],
        "bytes", width=4, height=6,
    ),
    lines(
        "Processor", "Share of one core.",
        [query(f"rate(process_cpu_seconds_total{RATE}) * on (job, instance) group_left () {series('build_info')}",
               "{{instance}}")],
        "percentunit", width=4, height=6,
    ),
]  # fmt: skip
