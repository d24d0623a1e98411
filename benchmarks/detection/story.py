"""The demo's story over many seeds: how early each tier is told, and what its promotion day and its quiet runs bring.

    python -m benchmarks.detection.story [SEEDS] [RULES]     (default 20 seeds, the shipped rules.toml)

Each seed is stepped through the core twice, with the crisis and without it. Hours are counted before the press picks it
up (red: before the recall), the median of the seeds and the worst; a tier that was not told in time counts as 0. The
slow burn is told where a rule of danger words says so, of any tier. The floors of the shipped rules were chosen by
people who know the story.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from monitor.config.load import ConfigFault, load
from monitor.shipped import shipped
from monitor_demo.core import Outcome, step
from monitor_demo.story import HOUR, PRESS, PROMOTION, RECALL, tell


def play(rules: Path, seed: int, crisis: bool) -> Outcome:
    """One seed."""
    return step(load(rules).config, tell(seed, crisis=crisis))


def before(outcome: Outcome, tier: str, end: float) -> float:
    """How many hours before an end a tier was first told, 0 where it was not."""
    return max(0.0, (end - outcome.first[tier][0]) / HOUR) if tier in outcome.first else 0.0


def burn(outcome: Outcome) -> float:
    """How many hours before the press a rule of danger words first told anything, 0 where none did."""
    told = [min(tiers.values()) for rule, tiers in outcome.by_rule.items() if rule.startswith("danger")]
    return max(0.0, (PRESS - min(told)) / HOUR) if told else 0.0


def promoted(outcome: Outcome, tier: str) -> bool:
    """Whether a tier was first told on the promotion day."""
    return tier in outcome.first and PROMOTION[0] <= outcome.first[tier][0] < PROMOTION[1]


def main(seeds: int, rules: Path) -> None:
    """Prints the table. Rules that can't be read are told before anything is played."""
    try:
        load(rules)
    except (ConfigFault, OSError) as fault:
        raise SystemExit(str(fault)) from None
    with ProcessPoolExecutor(2) as pool:
        each = [[pool.submit(play, rules, seed, crisis) for seed in range(1, seeds + 1)] for crisis in (True, False)]
        crises, calms = ([one.result() for one in row] for row in each)
    print("| | median, worst |\n|---|---|")
    rows = {
        "red before the recall": [before(outcome, "red", RECALL) for outcome in crises],
        "orange before the press": [before(outcome, "orange", PRESS) for outcome in crises],
        "the slow burn first told, before the press": [burn(outcome) for outcome in crises],
        "yellow before the press": [before(outcome, "yellow", PRESS) for outcome in crises],
    }
    for what, hours in rows.items():
        print(f"| {what} | {median(hours):.1f} h, {min(hours):.1f} h |")
    loud = sum("orange" in outcome.first or "red" in outcome.first for outcome in calms)
    print(f"| orange or red in {seeds} runs without a crisis | {loud} |")
    for tier in ("yellow", "blue"):
        print(f"| the promotion day of those is {tier} | {sum(promoted(o, tier) for o in calms)} of {seeds} |")


if __name__ == "__main__":
    main(int((sys.argv[1:2] or ["20"])[0]), Path(sys.argv[2]) if len(sys.argv) > 2 else shipped("rules.toml"))
