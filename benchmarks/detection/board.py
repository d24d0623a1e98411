"""A board of heat by brand with its dated crises, and rules judged over it."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from monitor.model import Alert, Key, Sample, Score, Tier
from monitor.rules.hold import hold
from monitor.rules.ladder import climb
from monitor.rules.replay import replay
from monitor.rules.rule import Rule
from monitor.times import DAY, HOUR

Setting = dict[str, Any]
"""The keys of a rule that make a setting."""
Begin = tuple[str, float]
"""Where an episode begins: brand and instant."""
Scored = dict[Key, list[tuple[float, Score]]]
"""What a detector said of each brand, instant by instant."""


class Crisis(Struct, frozen=True):
    """A dated crisis of one brand."""

    event: str
    brand: str
    first: float
    peak: float

    @property
    def kind(self) -> str:
        """By how long it took from the first hour on the board to the peak."""
        hours = (self.peak - self.first) / HOUR
        return "sudden (a day)" if hours <= 24 else "days" if hours <= 96 else "slow burn"


class Found(Struct, frozen=True):
    """What one rule came to: lead in hours by event, and false episodes a brand-month."""

    leads: dict[str, float]
    false: float


class Board(Struct, frozen=True):
    """The hours there are, and the heat of each brand in them."""

    hours: list[float]
    heat: dict[str, dict[float, float]]
    crises: list[Crisis]

    @property
    def months(self) -> float:
        """Months of one brand."""
        return len(self.hours) / (24 * 30.4)

    def of(self, brands: Collection[str]) -> Board:
        """Some of the brands, with their crises."""
        heat = {brand: by_hour for brand, by_hour in self.heat.items() if brand in brands}
        return Board(self.hours, heat, [crisis for crisis in self.crises if crisis.brand in heat])


def read(folder: Path, weight: Callable[[str], float] = lambda title: 1) -> Board:
    """The board of a folder; `weight`: how much a title counts."""
    heat: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for row in _rows(next(folder.glob("weibo_hot_hourly_brands_*.csv.gz"))):
        heat[row["brand"]]  # also one that is never spoken of
        if row["ad"] != "1":
            heat[row["brand"]][_hour(row["hour_utc"])] += weight(row["title"]) * float(row["hot"] or 0)
    hours = sorted({_hour(row["hour_utc"]) for row in _rows(folder / "weibo_hot_hours_present.csv.gz")})
    with (folder / "events.csv").open(encoding="utf-8") as file:
        crises = [
            Crisis(row["event"], row["brand"], _hour(row["first_on_board_utc"]), _hour(row["peak_utc"]))
            for row in csv.DictReader(file)
        ]
    return Board(hours, {brand: dict(of) for brand, of in heat.items()}, crises)


def headlines(folder: Path) -> dict[Begin, list[tuple[str, float]]]:
    """The titles of each brand and hour, hottest first, with their heat."""
    found: dict[Begin, list[tuple[str, float]]] = defaultdict(list)
    for row in _rows(next(folder.glob("weibo_hot_hourly_brands_*.csv.gz"))):
        if row["ad"] != "1":
            found[row["brand"], _hour(row["hour_utc"])].append((row["title"], float(row["hot"] or 0)))
    return {at: sorted(of, key=lambda each: -each[1]) for at, of in found.items()}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _hour(text: str) -> float:
    text = text.removesuffix("Z")
    return datetime.fromisoformat(f"{text if ':' in text else text + ':00'}+00:00").timestamp()


def samples(board: Board) -> list[Sample]:
    """A sample an hour and brand, zero where the brand is not on the board; none where the hour is missing."""
    return [
        Sample(
            series="heat",
            at=hour,
            seen_at=hour,
            value=of.get(hour, 0.0),
            span=HOUR,
            kind="delta",
            source="weibo",
            labels={"brand": brand},
        )
        for hour in board.hours
        for brand, of in board.heat.items()
    ]


def scored(board: Board, settings: Sequence[Setting]) -> list[Scored]:
    """What the detector of each setting says of each brand, hour by hour, in one run of the product's own replay."""
    rules = [ruled(setting, f"heat-{i}") for i, setting in enumerate(settings)]
    said: dict[str, Scored] = {rule.name: {(("brand", brand),): [] for brand in board.heat} for rule in rules}
    for judged in replay(rules, samples(board), families={"weibo": "social"}):
        for alert in judged.alerts:
            if alert.verdict is not None:
                said[judged.rule.name][alert.key].append((judged.now, alert.verdict.score))
    return list(said.values())


def ruled(setting: Setting, name: str = "heat") -> Rule:
    """The rule of a setting."""
    return Rule(name=name, risk="publicity", of="heat", **setting)


def begins(said: Scored, setting: Setting) -> list[Begin]:
    """Where the ladder of a setting enters orange, going by what its detector said."""
    rule, out = ruled(setting), []
    for key, scores in said.items():
        before = False
        for now, there in standing(scores, rule):
            if there and not before:
                out.append((key[0][1], now))
            before = there
    return out


def standing(scores: Iterable[tuple[float, Score]], rule: Rule) -> Iterator[tuple[float, bool]]:
    """Whether one series stands at orange at each instant."""
    alert = Alert(rule=rule.name, key=())
    for now, score in scores:
        if score.value or not alert.idle:  # nothing is said of the brand, and nothing was: it stays calm
            alert = hold(alert, climb(rule, score), score, rule, now)
        yield now, alert.tier >= Tier.ORANGE


def count(board: Board, starts: Sequence[Begin]) -> Found:
    """Leads and false episodes of begins that are of the board's brands."""
    leads: dict[str, float] = {}
    false = 0
    for brand, start in sorted((at for at in starts if at[0] in board.heat), key=lambda at: at[1]):
        hits = [c for c in board.crises if c.brand == brand and c.first <= start <= c.peak + DAY]
        false += not hits
        for crisis in hits:
            leads.setdefault(crisis.event, (crisis.peak - start) / HOUR)
    return Found(leads, false / (len(board.heat) * board.months))
