"""Incident response: who has taken what, how fast, what is due by law, and why a rule is where it is."""

from __future__ import annotations

from generator.parts import (
    CALM,
    ORANGE,
    RED,
    TIERS,
    YELLOW,
    age,
    dressed,
    lines,
    number,
    query,
    rows,
    series,
    steps,
    timeline,
)

UID, TITLE = "crisis-monitor-incidents", "Crisis monitor: incident response"
SAYS = "What is open and taken, time to acknowledge, escalations, legal clocks, and each signal beside what is normal."
VARIABLES = ("instance", "rule")
RULE = 'rule=~"$rule"'
ALIVE = f" and on () {series('build_info')}"
"""A look back over hours would go on showing numbers of a service that is gone."""


def _took(share: float) -> str:
    buckets = f"sum by (tier, le) (increase({series('ack_seconds_bucket')}[$__range]))"
    return f"histogram_quantile({share}, {buckets}){ALIVE}"


def _happened(transition: str) -> str:
    return f"sum(increase({series('incident_transitions_total', f'transition=~{transition!r}')}[$__range])){ALIVE}"


LEFT = series("clock_remaining_seconds")
DRILLED = f"({series('drills_last_success_timestamp_seconds')} > 0)"

PANELS = [
    number(
        "Open", "Incidents open now, by tier.", [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")],
        "none", by_tier=True, width=7,
    ),
    number(
        "Not acknowledged", "Of those, the ones nobody has taken.",
        [query(f"sum by (tier) ({series('incidents_unacknowledged')})", "{{tier}}")], "none", by_tier=True, width=7,
    ),
    number(
        "Escalated", "How often nobody answered in time and the next person was called, over the time shown.",
        [query(_happened("ESCALATED"), "times")], "none", bounds=steps((None, CALM), (1, ORANGE)), width=3, decimals=0,
    ),
    number(
        "Legal clocks running", "Reports due by law, on open incidents.",
        [query(f"sum({series('clock_running')})", "running")], "none", bounds=steps((None, CALM), (1, YELLOW)), width=3,
    ),
    number(
        "Next due by law", "Time left on the clock that ends first; below 0 it is overdue.",
        [query(f"min({LEFT})", "left")], "s", width=4, none="no clock runs",
        bounds=steps((None, RED), (0, ORANGE), (14400, YELLOW), (86400, CALM)),
    ),
    timeline(
        "Tiers by rule", "Each rule's tier over time. Grey = no data, which is not calm.",
        [query(f"max by (rule) ({series('rule_tier_level', RULE)})", "{{rule}}")], TIERS, height=11,
    ),
    timeline(
        "Series that rules name", "The tier of each series a rule exports (`export` in rules.toml), such as a product.",
        [query(f"max by (rule, series) ({series('series_tier_level', RULE)})", "{{rule}}: {{series}}")], TIERS,
        height=6,
    ),
    lines(
        "Open and not taken", "Open incidents nobody had acknowledged, by tier.",
        [query(f"sum by (tier) ({series('incidents_unacknowledged')})", "{{tier}}")], "none", by_tier=True, width=8,
    ),
    lines(
        "What happened to incidents", "Transitions, drills left out.",
        [query(f"sum by (transition) (increase({series('incident_transitions_total')}[$__rate_interval]))",
               "{{transition}}")],
        "none", bars=True, width=8,
    ),
    lines(
        "Notices", "Notices owed to people or channels, by tier, drills left out.",
        [query(f"sum by (tier) (increase({series('notices_total')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=8,
    ),
    number(
        "Time to acknowledge, half", "Half of the acknowledgements came within this time, over the time shown.",
        [query(_took(0.5), "{{tier}}")], "s", width=6, height=6, none="nobody had to",
    ),
    number(
        "Time to acknowledge, nine of ten", "Nine in ten acknowledgements came within this time, over the time shown.",
        [query(_took(0.9), "{{tier}}")], "s", width=6, height=6, none="nobody had to",
    ),
    lines(
        "Acknowledgements", "Incidents that somebody took, by tier.",
        [query(f"sum by (tier) (increase({series('ack_seconds_count')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=6, height=6,
    ),
    rows(
        "Legal clocks", "Time left on each clock that runs. Only a person starts a clock and only a person files.",
        [query(LEFT, instant=True, as_table=True)], "s", {"clock": "Clock", "Value": "Left"}, width=6, height=6,
        bounds=steps((None, RED), (0, ORANGE), (14400, YELLOW), (86400, CALM)), none="No legal clock runs",
    ),
    number(
        "Since the last drill somebody acknowledged", "Drills that nobody answers do not count. Twice a year is usual.",
        [query(f"min({age(DRILLED)})", "ago")], "s", width=6, none="never",
        bounds=steps((None, CALM), (15552000, YELLOW), (31536000, ORANGE)),
    ),
    lines(
        "Drills", "Transitions of drills, which show nowhere else.",
        [query(f"sum by (transition) (increase({series('drill_transitions_total')}[$__rate_interval]))",
               "{{transition}}")],
        "none", bars=True, width=18, height=4,
    ),
    dressed(lines(
        "Signal and expected band: $rule",
        "The rule's leading series: what it measures, what is expected, and the upper bound of what is normal.",
        [
            query(f"max by (rule) ({series('rule_value', RULE)})", "value"),
            query(f"max by (rule) ({series('rule_expected', RULE)})", "expected"),
            query(f"max by (rule) ({series('rule_upper', RULE)})", "upper bound"),
        ],
        "short", width=8, height=7, floor=None,
    )).repeat("rule").repeat_direction("h").max_per_row(3),
]  # fmt: skip
