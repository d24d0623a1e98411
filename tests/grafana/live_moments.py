"""What each query of each panel must show at the two moments of the demo: on the first morning, and when red rings.

Written from the story (`monitor_demo/story.py`) and the stage (`monitor_demo/setting.py`), not from what came out.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.metrics import FINDING_KINDS

Shows = Callable[[list[float]], bool]
KINDS = len(FINDING_KINDS)
OVERVIEW, INCIDENTS = "crisis-monitor-overview", "crisis-monitor-incidents"
PIPELINE, KPIS = "crisis-monitor-pipeline", "crisis-monitor-kpis"
SOURCES, CHANNELS, LOOPS, TIERS = 6, 6, 7, 4
"""What the stage has."""


def nothing(v: list[float]) -> bool:
    return v == []


def only(*values: float) -> Shows:
    """Exactly these, in any order."""
    return lambda v: sorted(v) == sorted(values)


def each(count: int, low: float, high: float) -> Shows:
    """So many, all within bounds."""
    return lambda v: len(v) == count and all(low <= x <= high for x in v)


def some(low: float, high: float = float("inf")) -> Shows:
    """At least one, the largest within bounds."""
    return lambda v: bool(v) and low <= max(v) <= high


def both(*shows: Shows) -> Shows:
    return lambda v: all(show(v) for show in shows)


def flowing(count: int) -> Shows:
    """So many rates, at least one of them not nought."""
    return both(each(count, 0, 1e3), some(0.1))


def levels(top: int) -> Shows:
    """A level for each rule, the highest just so."""
    return lambda v: len(v) >= 20 and set(v) <= {-1, 0, 1, 2, 3, 4} and max(v) == top


def low_levels(v: list[float]) -> bool:
    """A level for each rule; the promotion's morning may be blue, no more."""
    return len(v) >= 20 and set(v) <= {-1, 0, 1}


def red_open(v: list[float]) -> bool:
    """One count for each tier, one red at least among them."""
    return len(v) == TIERS and sum(v) >= 1


ZERO, ANY = only(0), some(0)
QUIET: tuple[Shows, Shows] = (ZERO, ZERO)
SAME_LEVELS: tuple[Shows, Shows] = (low_levels, levels(4))
NOT_IN_THE_DEMO: tuple[Shows, Shows] = (nothing, nothing)
TRANSITIONS = 11

MOMENTS: dict[tuple[str, str, str], tuple[Shows, Shows]] = {
    (OVERVIEW, "Highest tier", "A"): (some(0, 1), only(4)),
    (OVERVIEW, "Open incidents", "A"): (each(TIERS, 0, 3), red_open),
    (OVERVIEW, "Nobody has acknowledged", "A"): (some(0, 3), some(1)),
    (OVERVIEW, "Sources up", "A"): (only(1), only(1)),
    (OVERVIEW, "Oldest waiting notice", "A"): (some(0, 600), some(0, 600)),
    (OVERVIEW, "Tiers by rule", "A"): SAME_LEVELS,
    (OVERVIEW, "Signals against what is normal", "A"): (some(0, 1.5), ANY),
    (OVERVIEW, "Open incidents over time", "A"): (each(TIERS, 0, 3), red_open),
    (OVERVIEW, "Notices", "A"): (each(5, 0, 3), both(each(5, 0, 20), some(0.5))),
    (OVERVIEW, "Findings", "A"): (some(0, 1), some(0, 5)),
    (OVERVIEW, "Slowest loop", "A"): (some(0, 1200), some(0, 1200)),
    # what fires at red hangs on how fast the demo plays: alerts wait by Prometheus' clock, not by the demo's
    (OVERVIEW, "Firing alerts", "A"): (lambda v: True, lambda v: True),
    (INCIDENTS, "Open", "A"): (each(TIERS, 0, 3), red_open),
    (INCIDENTS, "Not acknowledged", "A"): (each(TIERS, 0, 3), red_open),
    (INCIDENTS, "Escalated", "A"): (ZERO, some(0.9)),
    (INCIDENTS, "Legal clocks running", "A"): QUIET,
    (INCIDENTS, "Next due by law", "A"): NOT_IN_THE_DEMO,
    (INCIDENTS, "Tiers by rule", "A"): SAME_LEVELS,
    (INCIDENTS, "Series that rules name", "A"): (each(5, -1, 1), both(each(5, -1, 4), some(0))),
    (INCIDENTS, "Open and not taken", "A"): (each(TIERS, 0, 3), red_open),
    (INCIDENTS, "What happened to incidents", "A"): (
        each(TRANSITIONS, 0, 3), both(each(TRANSITIONS, 0, 20), some(0.5)),
    ),
    (INCIDENTS, "Notices", "A"): (each(5, 0, 3), both(each(5, 0, 20), some(0.5))),
    (INCIDENTS, "Time to acknowledge, half", "A"): (nothing, some(60, 3600)),
    (INCIDENTS, "Time to acknowledge, nine of ten", "A"): (nothing, some(60, 3600)),
    (INCIDENTS, "Acknowledgements", "A"): (each(TIERS, 0, 0), each(TIERS, 0, 2)),
    (INCIDENTS, "Legal clocks", "A"): NOT_IN_THE_DEMO,
    (INCIDENTS, "Since the last drill somebody acknowledged", "A"): NOT_IN_THE_DEMO,
    (INCIDENTS, "Drills", "A"): (each(TRANSITIONS, 0, 0), each(TRANSITIONS, 0, 0)),
    (INCIDENTS, "Signal and expected band: $rule", "A"): (some(1), some(1)),
    (INCIDENTS, "Signal and expected band: $rule", "B"): (some(1), some(1)),
    (INCIDENTS, "Signal and expected band: $rule", "C"): (some(0.01), some(0.01)),
    (PIPELINE, "Sources", "A"): (each(SOURCES, 1, 1), each(SOURCES, 1, 1)),
    (PIPELINE, "Last heard", "A"): (each(SOURCES, 0, 3), each(SOURCES, 0, 3)),
    (PIPELINE, "Source lag", "A"): (some(0, 7200), some(0, 7200)),
    (PIPELINE, "Since the last good fetch or push", "A"): (each(SOURCES, 0, 7200), each(SOURCES, 0, 7200)),
    (PIPELINE, "Faults in the data", "A"): (each(5, 0, 1), each(5, 0, 1)),
    (PIPELINE, "Records that came", "A"): (flowing(SOURCES), flowing(SOURCES)),
    (PIPELINE, "Records that did not count", "A"): (each(3, 0, 1e3), each(3, 0, 1e3)),
    (PIPELINE, "Fetches and pushes", "A"): (flowing(3), flowing(3)),
    (PIPELINE, "Rules judged", "A"): (some(1), some(1)),
    (PIPELINE, "Rules judged", "B"): QUIET,
    (PIPELINE, "Rules without a verdict", "A"): (some(0, 5), some(0, 5)),
    (PIPELINE, "Rules without a verdict", "B"): (some(0, 5), some(0, 5)),
    (PIPELINE, "Findings", "A"): (lambda v: len(v) == KINDS and sum(v) <= 1, lambda v: len(v) == KINDS and sum(v) <= 5),
    (PIPELINE, "Outbox", "A"): (each(CHANNELS, 0, 5), each(CHANNELS, 0, 10)),
    (PIPELINE, "Oldest waiting delivery", "A"): (some(0, 600), some(0, 600)),
    (PIPELINE, "Deliveries", "A"): (each(5, 0, 5), both(each(5, 0, 40), some(0.5))),
    (PIPELINE, "From event to notice", "A"): (lambda v: True, some(0.01, 3600)),
    (PIPELINE, "From event to notice", "B"): (lambda v: True, some(0.01, 3600)),
    (PIPELINE, "From event to notice", "C"): (lambda v: True, some(0.01, 3600)),
    (PIPELINE, "Loops", "A"): (each(LOOPS, 0, 1200), each(LOOPS, 0, 1200)),
    (PIPELINE, "Timers due, texts that failed", "A"): QUIET,
    (PIPELINE, "Timers due, texts that failed", "B"): QUIET,
    (PIPELINE, "Config taken", "A"): (only(1), only(1)),
    (PIPELINE, "Clock against Prometheus", "A"): (some(1e6), some(1e6)),
    (PIPELINE, "Running", "A"): (only(1), only(1)),
    (PIPELINE, "Memory", "A"): (some(2e7, 1e9), some(2e7, 1e9)),
    (PIPELINE, "Processor", "A"): (some(0.001, 3), some(0.001, 3)),
    (KPIS, "Shares now", "A"): (both(some(0.5, 1), each(7, 0, 1)), both(some(0.5, 1), each(7, 0, 1))),
    (KPIS, "Averages now", "A"): (some(100, 1e7), some(100, 1e7)),
    (KPIS, "Counts now", "A"): (some(1), some(50)),
    (KPIS, "On target", "A"): SAME_LEVELS,
    (KPIS, "Shares", "A"): (each(7, 0, 1), each(7, 0, 1)),
    (KPIS, "Averages", "A"): (some(100, 1e7), some(100, 1e7)),
    (KPIS, "Counts", "A"): (some(1), some(50)),
    (KPIS, "Counts", "B"): (some(1), some(1)),
    (KPIS, "Rules and their risks", "A"): SAME_LEVELS,
    (KPIS, "Numbers behind it", "A"): (both(each(SOURCES, 0, 1e6), some(10)), both(each(SOURCES, 0, 1e6), some(50))),
}  # fmt: skip
