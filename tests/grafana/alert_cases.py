"""One case for each alert: what Prometheus sees, when the alert must fire and when not yet, and what it then says.

Series are written as promtool writes them, one value a minute. `T` stands for `job="crisis-monitor", instance="warn"`.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """`quiet` and `fires` are minutes after the start."""

    alert: str
    series: dict[str, str]
    quiet: int | None
    fires: int
    labels: dict[str, str]
    says: str


X1 = {"rule": "smoke"}
SHADOW = {
    'crisis_monitor_rule_tier_level{T, rule="tried"}': "4x5 3x9",
    'crisis_monitor_rule_info{T, rule="tried", risk="publicity", measure="count", mode="shadow"}': "1x14",
}
"""A rule that is only looked at, high all the time: no alert may come of it."""
CLOCK = "crisis_monitor_time_seconds{T}"
RESULT = "crisis_monitor_deliveries_total"

CASES = [
    Case("CrisisMonitorRuleRed", {'crisis_monitor_rule_tier_level{T, rule="smoke"}': "0x4 4x5", **SHADOW}, 4, 5, X1,
         "Rule smoke on warn is at red. The service has told those its routes name."),
    Case("CrisisMonitorRuleOrange", {'crisis_monitor_rule_tier_level{T, rule="smoke"}': "0x4 3x5 4x5", **SHADOW}, 4, 6,
         X1, "Rule smoke on warn is at orange. The service has told those its routes name."),
    Case("CrisisMonitorRedUnacknowledged", {'crisis_monitor_incidents_unacknowledged{T, tier="red"}': "0x4 2x20"}, 9,
         10, {}, "2 red incident(s) on warn have been open for over 5 minutes and nobody has acknowledged them."),
    Case("CrisisMonitorOrangeUnacknowledged", {'crisis_monitor_incidents_unacknowledged{T, tier="orange"}': "1x60"}, 29,
         30, {}, "1 orange incident(s) on warn have been open for over 30 minutes and nobody has acknowledged them."),
    Case("CrisisMonitorNobodyReached", {'crisis_monitor_findings_open{T, kind="unreachable"}': "0x4 1x9"}, 4, 7,
         {"kind": "unreachable"}, "Finding unreachable is open on warn: somebody who should know of an incident does "
         "not, or does not answer."),
    Case("CrisisMonitorClockOverdue", {'crisis_monitor_clock_remaining_seconds{T, clock="recall"}': "120-60x9"}, 2, 4,
         {"clock": "recall"}, "Legal clock recall on warn ran out 2m 0s ago and nothing was handed in."),
    Case("CrisisMonitorClockNear", {'crisis_monitor_clock_remaining_seconds{T, clock="recall"}': "14460-60x9"}, 1, 2,
         {"clock": "recall"}, "Legal clock recall on warn has 3h 59m 0s left."),
    Case("CrisisMonitorDrillOverdue", {CLOCK: "20000000+60x90",
                                       "crisis_monitor_drills_last_success_timestamp_seconds{T}": "1x90"}, 59, 60, {},
         "The last drill that somebody acknowledged on warn was 231d 12h 33m 19s ago."),
    Case("CrisisMonitorSourceDown", {'crisis_monitor_source_up{T, source="desk"}': "1x4 0x30",
                                     'crisis_monitor_source_up{T, source="press"}': "1x40"}, 19, 20,
         {"source": "desk"}, "Source desk on warn has not given a good answer for 15 minutes."),
    Case("CrisisMonitorSourceStale", {
        CLOCK: "1000+60x30", 'crisis_monitor_source_last_success_timestamp_seconds{T, source="desk"}': "1000x30",
        'crisis_monitor_source_expected_every_seconds{T, source="desk"}': "60x30"}, 6, 8,
         {"source": "desk"}, "Source desk on warn last spoke 8m 0s ago, more than three of its turns."),
    Case("CrisisMonitorAllSourcesDown", {'crisis_monitor_source_up{T, source="desk"}': "0x30",
                                         'crisis_monitor_source_up{T, source="press"}': "1x4 0x30"}, 9, 10, {},
         "Not one source of warn answers. It can warn of nothing."),
    Case("CrisisMonitorSourceSilent", {'crisis_monitor_findings_open{T, kind="source-silent"}': "0x4 2x9"}, 4, 7, {},
         "2 source(s) of warn answer but have brought nothing for longer than they should."),
    Case("CrisisMonitorRecordsRejected", {
        'crisis_monitor_source_records_total{T, source="desk", result="accepted"}': "0+3x90",
        'crisis_monitor_source_records_total{T, source="desk", result="rejected"}': "0+1x90"}, 15, 45,
         {"source": "desk"},
         "25% of the records of source desk on warn cannot be understood."),
    Case("CrisisMonitorRuleFailing", {'crisis_monitor_rule_evaluation_failures_total{T, rule="smoke"}': "0x9 1x9"}, 9,
         11, X1, "Judging rule smoke on warn failed within the last 15 minutes."),
    Case("CrisisMonitorRuleNoData", {'crisis_monitor_rule_tier_level{T, rule="smoke"}': "-1x400",
                                     'crisis_monitor_rule_tier_level{T, rule="new"}': "-1x400",
                                     'crisis_monitor_rule_learning{T, rule="new"}': "1x400"}, 359, 360, X1,
         "Rule smoke on warn has no data. No data is not calm."),
    Case("CrisisMonitorNothingJudged", {
        'crisis_monitor_rule_evaluations_total{T, rule="smoke"}': "0+1x20 20x60"}, 30, 45, {},
         "Not one rule was judged on warn for 15 minutes."),
    Case("CrisisMonitorOutboxOld", {CLOCK: "1000+60x30",
                                    "crisis_monitor_outbox_oldest_timestamp_seconds{T}": "0x4 1240x30"}, 10, 12, {},
         "The oldest waiting delivery on warn was made 8m 0s ago."),
    Case("CrisisMonitorOutboxVeryOld", {CLOCK: "1000+60x60",
                                        "crisis_monitor_outbox_oldest_timestamp_seconds{T}": "0x4 1240x60"}, 35, 37, {},
         "The oldest waiting delivery on warn was made 33m 0s ago. Call people by other ways."),
    Case("CrisisMonitorDeliveryDead", {f'{RESULT}{{T, channel="mail", result="dead"}}': "0x9 1x30"}, 9, 11,
         {"channel": "mail"}, "A delivery that ended at channel mail on warn is dead: every way was tried."),
    Case("CrisisMonitorChannelRefuses", {f'{RESULT}{{T, channel="mail", result="sent"}}': "0+1x60",
                                         f'{RESULT}{{T, channel="mail", result="refused"}}': "0x9 0+3x50"}, 10, 40,
         {"channel": "mail"}, "Channel mail on warn refuses 75% of its notices."),
    Case("CrisisMonitorNoticesSlow", {
        'crisis_monitor_event_to_notice_seconds_bucket{T, le="1800"}': "0x90",
        'crisis_monitor_event_to_notice_seconds_bucket{T, le="3600"}': "0+1x90",
        'crisis_monitor_event_to_notice_seconds_bucket{T, le="+Inf"}': "0+1x90"}, 10, 60, {},
         "One notice in ten on warn came more than 57m 0s after its event."),
    Case("CrisisMonitorTextFailed", {"crisis_monitor_notice_render_failures_total{T}": "0x9 1x9"}, 9, 11, {},
         "A playbook's text could not be made on warn; a plain notice went out instead."),
    Case("CrisisMonitorFinding", {'crisis_monitor_findings_open{T, kind="clock-jump"}': "0x4 1x30",
                                  'crisis_monitor_findings_open{T, kind="rule-failing"}': "1x40"}, 19, 20,
         {"kind": "clock-jump"}, "1 finding(s) of kind clock-jump are open on warn; the console tells each."),
    Case("CrisisMonitorDown", {"up{T}": "1x4 0x9"}, 6, 7, {"job": "crisis-monitor"},
         "warn cannot be scraped. Nobody is warned of anything meanwhile."),
    Case("CrisisMonitorAbsent", {'crisis_monitor_build_info{T, version="1"}': "1x4 stale"}, 9, 11, {"-": "all"},
         "No instance shows its metrics: it is gone, or it is no longer scraped."),
    Case("CrisisMonitorLoopStuck", {
        CLOCK: "1000+60x30", 'crisis_monitor_loop_last_advance_timestamp_seconds{T, loop="judge"}': "1000+60x4 1240x30",
        'crisis_monitor_loop_last_advance_timestamp_seconds{T, loop="poll"}': "1000+60x30"}, 6, 7, {"loop": "judge"},
         "Loop judge on warn last got on 3m 0s ago."),
    Case("CrisisMonitorTimersLate", {"crisis_monitor_timers_due{T}": "0x4 3x20"}, 9, 10, {},
         "3 timer(s) on warn are due: nobody is escalated to meanwhile."),
    Case("CrisisMonitorConfigReloadFailed", {"crisis_monitor_config_last_reload_successful{T}": "1x4 0x20"}, 9, 10, {},
         "warn refused the config it was last given and keeps the one before."),
    Case("CrisisMonitorConfigsDiffer", {
        'crisis_monitor_config_info{T, hash="a"}': "1x30",
        'crisis_monitor_config_info{job="crisis-monitor", instance="other", hash="b"}': "1x30"}, 14, 15,
         {"-": "instance"}, "The instances of job crisis-monitor run with 2 different configs."),
    Case("CrisisMonitorRestarts", {'crisis_monitor_build_info{T, version="1"}': "1x30",
                                   "process_start_time_seconds{T}": "1 2 3 4 5x20"}, 3, 4, {},
         "warn started 4 times within the hour."),
    Case("CrisisMonitorClockSkew", {CLOCK: "0+60x4 100000+60x20"}, 9, 11, {},
         "The clock of warn and Prometheus's differ by 1d 3h 41m 40s."),
    Case("CrisisMonitorRulesMissed", {
        'prometheus_rule_group_iterations_missed_total{rule_group="/etc/x.yaml;crisis-monitor-pipeline"}': "0x9 15x20"},
         9, 24, {"-": "all", "rule_group": "/etc/x.yaml;crisis-monitor-pipeline"},
         "Rule group /etc/x.yaml;crisis-monitor-pipeline was not evaluated 15 times within 15 minutes."),
    Case("CrisisMonitorWatchdog", {}, None, 1, {"-": "all"},
         "Fires always. Let something outside expect it, and call somebody when it stays away."),
]  # fmt: skip
