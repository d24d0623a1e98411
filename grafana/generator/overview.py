"""The wall board: how things stand, at a glance from across the room."""

from __future__ import annotations

from generator.parts import (
    CALM,
    ORANGE,
    RED,
    TIERS,
    WAITING,
    YELLOW,
    age,
    lines,
    number,
    query,
    rows,
    series,
    steps,
    timeline,
)

UID, TITLE = "crisis-monitor-overview", "Crisis monitor: overview"
SAYS = "How things stand: tiers, open incidents, what nobody took, and whether the monitor itself is well."
VARIABLES = ("instance", "rule")
RULE = 'rule=~"$rule"'

PANELS = [
    number(
        "Highest tier", "The highest tier any rule is at. Grey = no rule has data, which is not calm.",
        [query(f"max({series('rule_tier_level')})", "tier")], "none", words=TIERS, height=5,
    ),
    number(
        "Open incidents", "Incidents that are open now, by tier; drills are left out. Coloured where there is one.",
        [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")], "none", by_tier=True, width=8, height=5,
    ),
    number(
        "Nobody has acknowledged", "Open incidents that nobody has taken yet. Red: somebody must answer now.",
        [query(f"sum({series('incidents_unacknowledged')})", "open, not taken")], "none",
        bounds=steps((None, CALM), (1, RED)), height=5,
    ),
    number(
        "Sources up", "Share of sources whose last fetch, or expected push, came.",
        [query(f"avg({series('source_up')})", "up")], "percentunit",
        bounds=steps((None, RED), (0.5, ORANGE), (0.99, CALM)), height=5, decimals=0,
    ),
    number(
        "Oldest waiting notice", "How long the oldest delivery has waited in the outbox. 0 = nothing waits.",
        [query(WAITING, "waits")], "s", bounds=steps((None, CALM), (60, YELLOW), (300, ORANGE), (1800, RED)), height=5,
    ),
    timeline(
        "Tiers by rule", "Each rule's tier over time: the highest of its series. Grey = no data.",
        [query(f"max by (rule) ({series('rule_tier_level', RULE)})", "{{rule}}")], TIERS, height=13,
    ),
    lines(
        "Signals against what is normal",
        "Each rule's value as a multiple of the upper bound of what is normal: 1 is the edge of the band, above it is "
        "unusual. Rules without a learned or given bound are not drawn.",
        [query(f"max by (rule) ({series('rule_value', RULE)} / ({series('rule_upper', RULE)} > 0))", "{{rule}}")],
        "x", bounds=steps((None, CALM), (1, ORANGE)),
    ),
    lines(
        "Open incidents over time", "Incidents that were open, by tier, drills left out.",
        [query(f"sum by (tier) ({series('incidents_open')})", "{{tier}}")], "none", by_tier=True,
    ),
    lines(
        "Notices", "Notices owed to people or channels, by tier, drills left out.",
        [query(f"sum by (tier) (increase({series('notices_total')}[$__rate_interval]))", "{{tier}}")], "none",
        bars=True, by_tier=True, width=8, height=7,
    ),
    number(
        "Findings", "What people should know of the data or of the monitor itself; the console tells each.",
        [query(f"sum({series('findings_open')})", "open")], "none", bounds=steps((None, CALM), (1, YELLOW)),
        height=7, spark=True,
    ),
    number(
        "Slowest loop", "How long ago the loop that lags most got on. More than a minute: it is stuck.",
        [query(f"max({age(series('loop_last_advance_timestamp_seconds'))})", "ago")], "s",
        bounds=steps((None, CALM), (30, YELLOW), (60, RED)), height=7,
    ),
    rows(
        "Firing alerts",
        "What Prometheus's rules say of this service. The watchdog fires always: if even that is missing, the rules "
        "are not loaded or Prometheus stands still.",
        [query('ALERTS{alertname=~"CrisisMonitor.*", alertstate="firing"}', instant=True, as_table=True)], "none",
        {"alertname": "Alert", "severity": "Severity", "tier": "Tier", "rule": "Rule", "source": "Source"}, width=8,
        height=7, none="The alert rules are not loaded",
    ),
]  # fmt: skip
