"""What reading is worth: the same detector over all heat, and over heat weighed by what titles say.

    python -m benchmarks.detection.worth FOLDER [--titles] [--leave-one-out]

FOLDER holds weibo_hot_*.csv.gz and events.csv. Found, lead and false episodes are those of weibo.py. One rule for all
brands, no brand's own list: a title counts by `weights`, as a rule with `weigh` counts it, with the topics of
rules.toml and the shipped mood and danger words. Beside both stand the higher bound without reading, and each half of
the weights.

worth.tsv says of each false episode what it was when its titles were read by eye; `--titles` prints them with the
titles of their first hour, and so for the alarms that found a crisis. `--leave-one-out`: weights and bound are those
that do best on all other brands, judged on the brand left out; summed over brands.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path

from benchmarks.detection.board import Begin, Board, Found, Scored, Setting, begins, count, headlines, read, scored
from benchmarks.detection.weibo import SEASONAL
from monitor.config.load import load
from monitor.mentions import mood, severity
from monitor.mentions.reading import Reader
from monitor.model import Mention
from monitor.rules.rule import Rung
from monitor.rules.select import selection
from monitor.times import Bound

RULES = Path(__file__).resolve().parents[2] / "rules.toml"
KINDS = Path(__file__).with_suffix(".tsv")
ALONE, WEIGHED = 1e6, 1.77e6
"""Bounds of heat an hour. Weighed heat comes there with half as much of trouble, and seven times as much of ads."""
BAD, GOOD = 2.0, 0.25
GRAVE = ("injury", "fire", "explosion", "poisoning", "electric", "leak", "police", "lawsuit", "regulator")
TROUBLE = ("danger", "injury", "recall", "data-leak", "outage", "legal-threat", *(f"danger:{kind}" for kind in GRAVE))
HARMLESS = ("launch", "promotion", "praise", "mood:positive")
TRIED = tuple(product((1.5, 2.0, 2.5), (0.1, 0.25, 0.5))), (1.25e6, 1.5e6, 1.75e6, 2e6)
"""Weights of trouble and of what is harmless, and bounds, that leave-one-out may choose from."""


def weights(bad: float = BAD, good: float = GOOD) -> dict[str, float]:
    """What a title weighs by what it says; the first that holds, else 1."""
    return {"trouble": bad, "sport": good, **dict.fromkeys(TROUBLE, bad), **dict.fromkeys(HARMLESS, good)}


def reading() -> Callable[[str], frozenset[str]]:
    """What a title says: shipped topics, mood and dangers."""
    reader = Reader(load(RULES).config.topic, moods=mood.shipped(), dangers=severity.shipped())
    return cache(lambda title: reader.read(Mention(id="", text=title, seen_at=0.0)).said)


def weighing(said: Callable[[str], frozenset[str]], by: Mapping[str, float]) -> Callable[[str], float]:
    """How often a title counts."""
    chosen = selection("mentions", weigh=by)
    return cache(lambda title: chosen.weight(said(title)))


def over(bound: float) -> Setting:
    """The one setting: an hour as rare as asked there, of more heat than that."""
    return {**SEASONAL, "orange": Rung(rarer_than=SEASONAL["orange"].rarer_than, above=Bound(bound))}


def heard(board: Board) -> Scored:
    """What the detector says, whatever the bound."""
    return scored(board, [over(0.0)])[0]


def false_of(board: Board, starts: Iterable[Begin]) -> list[Begin]:
    """The episodes that find no crisis."""
    return [start for start in starts if not count(board, [start]).leads]


def kinds() -> dict[Begin, str]:
    """What each false episode was, as read by eye."""
    with KINDS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {(row["brand"], datetime.fromisoformat(row["hour"]).timestamp()): row["kind"] for row in rows}


def table(board: Board, judged: Mapping[str, Sequence[Begin]]) -> Iterable[str]:
    """Crises found, lead and false episodes of each."""
    yield "| heat | found | lead, h | false episodes | a brand-month |\n|---|---|---|---|---|"
    for name, starts in judged.items():
        found, false = count(board, starts), len(false_of(board, starts))
        lead = sum(found.leads.values())
        yield f"| {name} | {len(found.leads)}/{len(board.crises)} | {lead:.0f} | {false} | {found.false:.2f} |"


def by_crisis(board: Board, judged: Mapping[str, Sequence[Begin]]) -> Iterable[str]:
    """The lead of each crisis."""
    leads = [count(board, starts).leads for starts in judged.values()]
    yield f"| lead, h | {' | '.join(judged)} |\n|---{'|---' * len(judged)}|"
    for crisis in board.crises:
        cells = [f"{of[crisis.event]:.0f}" if crisis.event in of else "not found" for of in leads]
        yield f"| {crisis.event} | {' | '.join(cells)} |"


def by_kind(board: Board, judged: Mapping[str, Sequence[Begin]]) -> Iterable[str]:
    """What the false episodes were."""
    told = kinds()
    counted = [Counter(told.get(at, "not read") for at in false_of(board, starts)) for starts in judged.values()]
    yield f"| false episodes | {' | '.join(judged)} |\n|---{'|---' * len(judged)}|"
    for kind in sorted(set().union(*counted)):
        yield f"| {kind} | {' | '.join(str(of[kind]) for of in counted)} |"


def titles(folder: Path, board: Board, starts: Iterable[Begin]) -> Iterable[str]:
    """Each episode, what it found or was, and the titles of its first hour."""
    told, shown = kinds(), headlines(folder)
    for brand, start in sorted(starts, key=lambda at: at[1]):
        what = ", ".join(count(board, [(brand, start)]).leads) or told.get((brand, start), "not read")
        yield f"{brand}  {datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%MZ}  {what}"
        yield from (f"{heat:>14,.0f}  {title}" for title, heat in shown.get((brand, start), [])[:6])


def leave_one_out(board: Board, tried: Iterable[Sequence[Begin]], most: float) -> Found:
    """Each brand judged by what finds most on all others, with the most lead, at no more than `most` false."""
    every, leads, false = list(tried), dict[str, float](), 0.0
    for brand in board.heat:
        others = board.of(set(board.heat) - {brand})
        best = max(every, key=lambda starts, others=others: _rank(count(others, starts), most))  # type: ignore[misc]
        found = count(board.of({brand}), best)
        leads |= found.leads
        false += found.false / len(board.heat)
    return Found(leads, false)


def _rank(found: Found, most: float) -> tuple[float, int, float, float]:
    return min(0.0, most - found.false), len(found.leads), sum(found.leads.values()), -found.false


def main(folder: Path, asked: Collection[str]) -> None:
    """Prints the tables."""
    said, board = reading(), read(folder)

    def starts(bad: float, good: float, *bounds: float) -> list[list[Begin]]:
        found = heard(read(folder, weighing(said, weights(bad, good))))
        return [begins(found, over(bound)) for bound in bounds]

    alone, higher = starts(1.0, 1.0, ALONE, WEIGHED)
    (weighed,) = starts(BAD, GOOD, WEIGHED)
    (bad,), (good,) = starts(BAD, 1.0, WEIGHED), starts(1.0, GOOD, ALONE)
    both = {"all alike": alone, "weighed": weighed}
    more = {"all alike, higher bound": higher, "only trouble weighed": bad, "only harmless weighed": good}
    for lines in (table(board, both | more), by_crisis(board, both), by_kind(board, both)):
        print("\n".join(lines), end="\n\n")
    for name, begun in both.items() if "--titles" in asked else ():
        print(name, *titles(folder, board, begun), sep="\n", end="\n\n")
    if "--leave-one-out" in asked:
        tried = [found for bad_, good_ in TRIED[0] for found in starts(bad_, good_, *TRIED[1])]
        found = leave_one_out(board, tried, count(board, alone).false / 2)
        lead = sum(found.leads.values())
        print(f"leave one out: {len(found.leads)} found, {lead:.0f} h, {found.false:.2f} false a brand-month")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
