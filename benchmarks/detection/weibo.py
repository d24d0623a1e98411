"""Real crises: hours of Weibo's hot search by brand, judged by one rule for all brands, beside products' own rules.

    python benchmarks/detection/weibo.py FOLDER [--leave-one-out]   (the folder with weibo_hot_*.csv.gz and events.csv)

Signal: the heat of a brand's titles summed per hour, paid places dropped; hours that the crawler missed are no data.
found = an episode at orange or above begins from the event's first hour on the board to a day after its peak;
lead = peak − begin; an episode that finds nothing is false; a month is 30.4 days of hours that are there.
`--leave-one-out`: of some settings of `seasonal` the one is taken that does best on all other brands, and judged on the
brand left out; summed over brands.
Products' rules: those that their documentation gives, each with the floor of heat at which it finds most at no more
than one false episode a brand-month; their episodes merge within 6 hours.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from monitor.config.load import load
from monitor.detectors import Seasonal, Threshold
from monitor.mentions import mood, severity
from monitor.mentions.reading import Reader
from monitor.mentions.topic import Topic
from monitor.model import Mention, Sample, Tier
from monitor.rules.episodes import Episode, Episodes
from monitor.rules.replay import replay
from monitor.rules.rule import Leave, Rule, Rung
from monitor.times import DAY, HOUR, Bound, Duration

SIX_HOURS = 6 * HOUR
SETTING: dict[str, Any] = {
    "window": Duration(HOUR),
    "every": Duration(HOUR),
    "measure": "sum",
    "by": ("brand",),
    "detector": Seasonal(),
    "orange": Rung(rarer_than=Duration(2 * DAY), above=Bound(1e6)),
    "leave": Leave(below=0.5, dwell=Duration(DAY)),
}
"""The one setting: an hour rarer than any in two days of all brands together, of more than a million of heat."""
PLAIN: dict[str, Any] = {
    **SETTING,
    "window": Duration(3 * HOUR),
    "detector": Threshold(),
    "orange": Rung(above=Bound(2e6)),
    "leave": Leave(below=0.5, dwell=Duration(SIX_HOURS)),
}
"""Without a detector: two million of heat within three hours."""
TRIED = [(floor, days) for floor in (0.7e6, 1e6, 1.5e6, 2e6) for days in (0.5, 2.0)]
"""Bounds and rarities that leave-one-out may choose from."""


SHIPPED = ("danger", "injury", "recall", "data-leak", "outage", "legal-threat", "anger")
TROUBLE = """
道歉 OR 致歉 OR 下架 OR 停售 OR 禁用 OR 禁止 OR 停产 OR 被曝 OR 曝光 OR 质疑 OR 争议 OR 投诉 OR 维权 OR 调查
OR 处罚 OR 立案 OR 通报 OR 吐槽 OR 事故 OR 碰撞 OR 爆燃 OR 乱象 OR 造假 OR 虚假
OR 欠薪 OR 解散 OR 倒闭 OR 裁员 OR 退款 OR 退货 OR 回应
"""
"""What any brand in trouble is said to do or to suffer."""


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


def read(folder: Path, speaks: Callable[[str], bool] = lambda title: True) -> Board:
    """The board of a folder; `speaks`: which titles count."""
    heat: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for row in _rows(next(folder.glob("weibo_hot_hourly_brands_*.csv.gz"))):
        heat[row["brand"]]  # also one that is never spoken of
        if row["ad"] != "1" and speaks(row["title"]):
            heat[row["brand"]][_hour(row["hour_utc"])] += float(row["hot"] or 0)
    hours = sorted({_hour(row["hour_utc"]) for row in _rows(folder / "weibo_hot_hours_present.csv.gz")})
    with (folder / "events.csv").open(encoding="utf-8") as file:
        crises = [
            Crisis(row["event"], row["brand"], _hour(row["first_on_board_utc"]), _hour(row["peak_utc"]))
            for row in csv.DictReader(file)
        ]
    return Board(hours, {brand: dict(of) for brand, of in heat.items()}, crises)


def of_trouble() -> Callable[[str], bool]:
    """Whether a title speaks of trouble: by the shipped mood and danger words, the shipped topics, or a general one.

    No word of any brand or event is in it.
    """
    config = load(Path(__file__).resolve().parents[2] / "rules.toml").config
    topics = [topic for topic in config.topic if topic.name in SHIPPED]
    reader = Reader([*topics, Topic(name="trouble", query=TROUBLE)], moods=mood.shipped(), dangers=severity.shipped())

    @cache
    def speaks(title: str) -> bool:
        said = reader.read(Mention(id="", text=title, seen_at=0.0)).said
        return any(each == "mood:negative" or each.startswith("danger:") or ":" not in each for each in said)

    return speaks


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


def begins(board: Board, rule: Rule) -> list[tuple[str, float]]:
    """Where a rule over the whole board begins an episode at orange or above: (brand, begin)."""
    followed = Episodes()
    for judged in replay([rule], samples(board), families={"weibo": "social"}):
        followed.see(judged)
    return [(_brand(e), e.start) for e in followed.all() if e.tier >= Tier.ORANGE]


def leave_one_out(board: Board) -> Found:
    """Each brand judged by the setting that does best on all the others."""
    every = {}
    for floor, days in TRIED:
        setting = {**SETTING, "orange": Rung(rarer_than=Duration(days * DAY), above=Bound(floor))}
        every[floor, days] = begins(board, Rule(name="heat", risk="publicity", of="heat", **setting))
    leads: dict[str, float] = {}
    false = 0.0
    for brand in board.heat:
        others = {b: of for b, of in board.heat.items() if b != brand}
        rest = Board(board.hours, others, [c for c in board.crises if c.brand != brand])
        best = max(every, key=lambda s: _best(count(rest, [b for b in every[s] if b[0] != brand])))
        alone = Board(board.hours, {brand: board.heat[brand]}, [c for c in board.crises if c.brand == brand])
        found = count(alone, [b for b in every[best] if b[0] == brand])
        leads |= found.leads
        false += found.false / len(board.heat)
    return Found(leads, false)


def _best(found: Found) -> tuple[bool, int, float]:
    """What is asked: few false episodes first, then crises found, then hours of lead."""
    return found.false <= 0.25, len(found.leads), sum(found.leads.values())


def _brand(episode: Episode) -> str:
    return dict(episode.key)["brand"]


def count(board: Board, starts: Sequence[tuple[str, float]]) -> Found:
    """Leads and false episodes of (brand, begin), in order of time."""
    leads: dict[str, float] = {}
    false = 0
    for brand, start in sorted(starts, key=lambda at: at[1]):
        hits = [c for c in board.crises if c.brand == brand and c.first <= start <= c.peak + DAY]
        false += not hits
        for crisis in hits:
            leads.setdefault(crisis.event, (crisis.peak - start) / HOUR)
    return Found(leads, false / (len(board.heat) * board.months))


def products(x: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Published rules over the hours of one brand (NaN: missing): name, when it is on, what its floor is asked of."""
    m12, _ = rolling(shift(x, 1), 12, 6)
    yesterday, last_week = shift(x, 24), shift(x, 168)
    yield "1 h > 3x past 12 h, > prev day, week", (x > 3 * m12) & ~(x <= yesterday) & ~(x <= last_week), x
    day, _ = rolling(x, 24, 12)
    week, spread = rolling(x, 168, 84)
    yield "24 h mean > 7 d mean + 3 sd", day > week + 3 * spread, day * 24
    yield "24 h mean > 7 d mean + 1.5 sd", day > week + 1.5 * spread, day * 24
    yield "spike: 1 h >= 3x hour before", x >= 3 * np.nan_to_num(shift(x, 1)), x
    mean, sd = rolling(shift(x, 1), 24, 12)
    yield "z > 3 against 1 d", x > mean + 3 * sd, x
    three = rolling(x, 3, 1)[0] * rolling_n(x, 3)
    yield "3 h > 3x same 3 h yesterday", three > 3 * np.nan_to_num(shift(three, 24)), three
    yield "plain threshold (3 h)", three > 0, three


def shift(x: np.ndarray, n: int) -> np.ndarray:
    """The values n hours earlier."""
    return np.concatenate([np.full(n, np.nan), x[:-n]])


def rolling_n(x: np.ndarray, n: int) -> np.ndarray:
    """How many of the last n hours are there."""
    return _window_sum(np.isfinite(x).astype(float), n)


def rolling(x: np.ndarray, n: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the last n hours, where at least `least` of them are there."""
    seen = rolling_n(x, n)
    filled = np.nan_to_num(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen >= least, _window_sum(filled, n) / seen, np.nan)
        var = (_window_sum(filled**2, n) - seen * mean**2) / (seen - 1)
    return mean, np.sqrt(np.maximum(var, 0))


def _window_sum(x: np.ndarray, n: int) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(x)])
    ends = np.arange(1, len(x) + 1)
    return total[ends] - total[np.maximum(ends - n, 0)]


def peers(board: Board) -> dict[str, Found]:
    """Each product's rule at its best floor."""
    start, end = board.hours[0], board.hours[-1]
    grid = np.arange(start, end + 1, HOUR)
    present = np.isin(grid, board.hours)
    series = {b: np.where(present, [of.get(t, 0.0) for t in grid], np.nan) for b, of in board.heat.items()}
    best: dict[str, Found] = {}
    for floor in (1e5, 3e5, 1e6, 2e6, 3e6, 5e6, 1e7, 2e7):
        on_at: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for brand, x in series.items():
            for name, on, current in products(x):
                on_at[name] += [(brand, t) for t in _merged(grid[on & (np.nan_to_num(current) >= floor)])]
        for name, found in ((name, count(board, of)) for name, of in on_at.items()):
            if found.false <= 1 and (name not in best or _rank(found) > _rank(best[name])):
                best[name] = found
    return best


def _rank(found: Found) -> tuple[int, float]:
    return len(found.leads), sum(found.leads.values())


def _merged(times: np.ndarray) -> list[float]:
    """The begins of stretches that lie more than six hours apart."""
    return [float(t) for i, t in enumerate(times) if i == 0 or t - times[i - 1] > SIX_HOURS]


def report(board: Board, ours: dict[str, Found]) -> str:
    """A table of ours, always-on, and the products, with lead by class."""
    always = Found({c.event: (c.peak - c.first) / HOUR for c in board.crises}, float("nan"))
    kinds = sorted({c.kind for c in board.crises})
    lines = [f"| rule | found | lead, h | {' | '.join(f'{k}, h' for k in kinds)} | false a brand-month |"]
    lines.append("|---" * (4 + len(kinds)) + "|")
    for name, found in {**ours, "always on": always, **peers(board)}.items():
        by_kind = [sum(found.leads.get(c.event, 0.0) for c in board.crises if c.kind == kind) for kind in kinds]
        cells = " | ".join(f"{hours:.0f}" for hours in [sum(found.leads.values()), *by_kind])
        lines.append(f"| {name} | {len(found.leads)}/{len(board.crises)} | {cells} | {found.false:.2f} |")
    return "\n".join(lines)


def judge(board: Board, setting: dict[str, Any]) -> Found:
    """One setting over the whole board."""
    return count(board, begins(board, Rule(name="heat", risk="publicity", of="heat", **setting)))


if __name__ == "__main__":
    found_board = read(Path(sys.argv[1]))
    spoken = read(Path(sys.argv[1]), of_trouble())
    ours = {
        "crisis-monitor, seasonal": judge(found_board, SETTING),
        "crisis-monitor, plain": judge(found_board, PLAIN),
        "plain, titles of trouble": judge(spoken, PLAIN),
        "seasonal, titles of trouble": judge(spoken, SETTING),
    }
    if "--leave-one-out" in sys.argv:
        ours["crisis-monitor, seasonal, leave one out"] = leave_one_out(found_board)
    print(report(found_board, ours))
