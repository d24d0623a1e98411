"""What reading is worth: the same detector over all heat, and over heat weighed by what titles say.

    python benchmarks/detection/worth.py FOLDER [--titles] [--leave-one-out]

FOLDER holds weibo_hot_*.csv.gz and events.csv. Found, lead and false episodes are those of weibo.py. One rule for all
brands, no brand's own list: a title counts by the `weigh` below, as the product weighs (`monitor/rules/select.py`),
with the topics of rules.toml and the shipped mood and danger words. Beside both stand what the higher bound alone
would do, and each half of the weights.

worth.tsv says of each false episode what it was when its titles were read by eye; `--titles` prints them with the
titles of the hour, and so for the alarms that found a crisis. `--leave-one-out`: weights and bound are those that do
best on all other brands, judged on the brand left out; summed over brands.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from weibo import Board, Found, count, read

from monitor.config.load import load
from monitor.detectors import Seasonal
from monitor.mentions import mood, severity
from monitor.mentions.reading import Reader
from monitor.model import Mention, Sample, Tier
from monitor.rules.episodes import Episodes
from monitor.rules.replay import replay
from monitor.rules.rule import Leave, Rule, Rung
from monitor.rules.select import selection
from monitor.times import DAY, HOUR, Bound, Duration

ROOT = Path(__file__).resolve().parents[2]
KINDS = Path(__file__).with_suffix(".tsv")
ALONE = 1e6
READ = 1.75e6
"""Bounds of heat an hour: of all heat, and of weighed heat, where trouble reaches it with half as much."""
BAD, GOOD = 2.0, 0.25
GRAVE = ("injury", "fire", "explosion", "poisoning", "electric", "leak", "police", "lawsuit", "regulator")
TROUBLE = ("danger", "injury", "recall", "data-leak", "outage", "legal-threat", *(f"danger:{d}" for d in GRAVE))
HARMLESS = ("launch", "promotion", "praise", "mood:positive")
Begin = tuple[str, float]


def weights(bad: float = BAD, good: float = GOOD) -> dict[str, float]:
    """What titles weigh by what they say; the first that holds."""
    return {"trouble": bad, "sport": good, **dict.fromkeys(TROUBLE, bad), **dict.fromkeys(HARMLESS, good)}


def weighing() -> Callable[[str, tuple[tuple[str, float], ...]], float]:
    """What a title weighs by such weights."""
    reader = Reader(load(ROOT / "rules.toml").config.topic, moods=mood.shipped(), dangers=severity.shipped())

    @cache
    def said(title: str) -> frozenset[str]:
        return reader.read(Mention(id="", text=title, seen_at=0.0)).said

    @cache
    def weigh(title: str, by: tuple[tuple[str, float], ...]) -> float:
        return selection("mentions", weigh=dict(by)).weight(said(title))

    return weigh


def weighed(folder: Path, weigh: Callable[[str, tuple[tuple[str, float], ...]], float], by: Mapping[str, float]) -> Board:
    """The board with each title's heat times its weight."""
    pairs = tuple(by.items())
    whole = read(folder)
    heat: dict[str, dict[float, float]] = {brand: {} for brand in whole.heat}
    for weight in {1.0, *by.values()}:
        part = read(folder, lambda title, weight=weight: weigh(title, pairs) == weight)  # type: ignore[misc]
        for brand, hours in part.heat.items():
            for hour, value in hours.items():
                heat[brand][hour] = heat[brand].get(hour, 0.0) + weight * value
    return Board(whole.hours, heat, whole.crises)


def begins(board: Board, bounds: Iterable[float]) -> dict[float, list[Begin]]:
    """Where `seasonal` enters orange, by the bound of heat: rarer than any hour in two days of all brands together."""
    rules = {f"over-{bound:g}": bound for bound in bounds}
    followed = Episodes()
    for judged in replay([_rule(name, bound) for name, bound in rules.items()], _samples(board), families={}):
        followed.see(judged)
    found: dict[float, list[Begin]] = {bound: [] for bound in rules.values()}
    for episode in followed.all():
        if episode.tier >= Tier.ORANGE:
            found[rules[episode.rule]].append((dict(episode.key)["brand"], episode.start))
    return found


def _rule(name: str, bound: float) -> Rule:
    return Rule(
        name=name,
        risk="publicity",
        of="heat",
        measure="sum",
        window=Duration(HOUR),
        every=Duration(HOUR),
        by=("brand",),
        detector=Seasonal(),
        orange=Rung(rarer_than=Duration(2 * DAY), above=Bound(bound)),
        leave=Leave(below=0.5, dwell=Duration(DAY)),
    )


def _samples(board: Board) -> list[Sample]:
    alike: dict[str, Any] = {"series": "heat", "span": HOUR, "kind": "delta", "source": "weibo"}
    return [
        Sample(at=hour, seen_at=hour, value=of.get(hour, 0.0), labels={"brand": brand}, **alike)
        for hour in board.hours
        for brand, of in board.heat.items()
    ]


def false_of(board: Board, starts: Iterable[Begin]) -> list[Begin]:
    """The episodes that find no crisis."""
    return [start for start in starts if not count(board, [start]).leads]


def kinds() -> dict[Begin, str]:
    """What each false episode was, as read by eye."""
    with KINDS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {(row["brand"], datetime.fromisoformat(row["hour"]).timestamp()): row["kind"] for row in rows}


def compared(board: Board, judged: Mapping[str, list[Begin]]) -> str:
    """A table: crises found, lead, false episodes; then lead by crisis, and false episodes by kind."""
    lines = ["| heat | found | lead, h | false | a brand-month |", "|---|---|---|---|---|"]
    for name, starts in judged.items():
        found, false = count(board, starts), len(false_of(board, starts))
        cells = (f"{len(found.leads)}/{len(board.crises)}", f"{sum(found.leads.values()):.0f}", false, f"{found.false:.2f}")
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    (first, alone), (second, read_) = list(judged.items())[:2]
    leads = count(board, alone).leads, count(board, read_).leads
    lines += ["", f"| lead by crisis, h | {first} | {second} |", "|---|---|---|"]
    lines += [f"| {c.event} | {' | '.join(_hours(of.get(c.event)) for of in leads)} |" for c in board.crises]
    told = kinds()
    by_kind = [Counter(told.get(each, "not read") for each in false_of(board, starts)) for starts in (alone, read_)]
    lines += ["", f"| false episodes were | {first} | {second} |", "|---|---|---|"]
    lines += [f"| {kind} | {by_kind[0][kind]} | {by_kind[1][kind]} |" for kind in sorted(by_kind[0] | by_kind[1])]
    return "\n".join(lines)


def _hours(lead: float | None) -> str:
    return "not found" if lead is None else f"{lead:.0f}"


def leave_one_out(board: Board, tried: Iterable[list[Begin]], most: float) -> Found:
    """Each brand judged by the setting that on all others finds most with the most lead at no more than `most` false."""
    every, leads, false = list(tried), {}, 0.0
    for brand in board.heat:
        others, mine = _of(board, set(board.heat) - {brand}), _of(board, {brand})
        scored = [(_rank(count(others, [b for b in starts if b[0] != brand]), most), starts) for starts in every]
        best = max(scored, key=lambda each: each[0])[1]
        found = count(mine, [b for b in best if b[0] == brand])
        leads |= found.leads
        false += found.false / len(board.heat)
    return Found(leads, false)


def _rank(found: Found, most: float) -> tuple[float, int, float, float]:
    return min(0.0, most - found.false), len(found.leads), sum(found.leads.values()), -found.false


def _of(board: Board, brands: set[str]) -> Board:
    heat = {brand: of for brand, of in board.heat.items() if brand in brands}
    return Board(board.hours, heat, [c for c in board.crises if c.brand in brands])


def titles(folder: Path, board: Board, starts: Iterable[Begin]) -> str:
    """Each episode with what it was and the titles of its first hour."""
    from weibo import _hour, _rows

    told, by_hour = kinds(), {}
    for row in _rows(next(folder.glob("weibo_hot_hourly_brands_*.csv.gz"))):
        if row["ad"] != "1":
            by_hour.setdefault((row["brand"], _hour(row["hour_utc"])), []).append((float(row["hot"] or 0), row["title"]))
    lines = []
    for begin in sorted(starts, key=lambda at: at[1]):
        what = ", ".join(count(board, [begin]).leads) or told.get(begin, "not read")
        lines.append(f"{begin[0]}\t{datetime.fromtimestamp(begin[1], UTC):%Y-%m-%dT%H:%MZ}\t{what}")
        lines += [f"    {hot:>10,.0f} {title}" for hot, title in sorted(by_hour.get(begin, []), reverse=True)[:6]]
    return "\n".join(lines)


def main(folder: Path, *, with_titles: bool, left_out: bool) -> None:
    """All of it."""
    weigh = weighing()
    of_all = begins(read(folder), (ALONE, READ))
    board = read(folder)
    judged = {
        "all alike": of_all[ALONE],
        "weighed": begins(weighed(folder, weigh, weights()), (READ,))[READ],
        "all alike, bound of the weighed": of_all[READ],
        "trouble weighs more, nothing less": begins(weighed(folder, weigh, weights(good=1.0)), (READ,))[READ],
        "harmless weighs less, nothing more": begins(weighed(folder, weigh, weights(bad=1.0)), (ALONE,))[ALONE],
    }
    print(compared(board, judged))
    if with_titles:
        for name in ("all alike", "weighed"):
            print(f"\n{name}\n{titles(folder, board, judged[name])}")
    if left_out:
        most = count(board, of_all[ALONE]).false / 2
        bounds = (1.25e6, 1.5e6, READ, 2e6)
        pairs = product((1.5, 2.0, 2.5), (0.1, GOOD, 0.5))
        tried = [s for b, g in pairs for s in begins(weighed(folder, weigh, weights(b, g)), bounds).values()]
        found = leave_one_out(board, tried, most)
        lead = sum(found.leads.values())
        print(f"\nleave one out: {len(found.leads)} found, {lead:.0f} h, {found.false:.2f} false a brand-month")
        print(found.leads)


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_titles="--titles" in sys.argv, left_out="--leave-one-out" in sys.argv)
