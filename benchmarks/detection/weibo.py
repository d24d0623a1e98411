"""Real crises: hours of Weibo's hot search by brand, judged by one rule for all brands, beside products' own rules.

    python -m benchmarks.detection.weibo FOLDER [--leave-one-out] [--rules]

FOLDER holds weibo_hot_*.csv.gz and events.csv. Signal: the heat of a brand's titles summed per hour, paid places
dropped; hours that the crawler missed are no data.
found = an episode at orange or above begins from the event's first hour on the board to a day after its peak;
lead = peak − begin; an episode that finds nothing is false; a month is 30.4 days of hours that are there.
`--leave-one-out`: of the settings tried the one is taken that does best on all other brands, and judged on the brand
left out; summed over brands.
Products' rules: see products.py; `--rules` judges them once more, written as rules of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path

from benchmarks.detection.board import Begin, Board, Found, Setting, begins, count, read, scored
from benchmarks.detection.products import published, written
from monitor.config.load import load
from monitor.detectors import Highest, Seasonal, Threshold
from monitor.mentions import mood, severity
from monitor.mentions.reading import Reader
from monitor.mentions.topic import Topic
from monitor.model import Mention
from monitor.rules.rule import Leave, Rung
from monitor.times import DAY, HOUR, Bound, Duration

MOST_FALSE = 0.25
"""False episodes a brand-month that are borne."""
HIGHEST: Setting = {
    "window": Duration(HOUR),
    "every": Duration(HOUR),
    "measure": "sum",
    "by": ("brand",),
    "detector": Highest(days=90),
    "orange": Rung(above=Bound(1.0), floor=5e5),
    "leave": Leave(below=0.5, dwell=Duration(DAY)),
}
"""The one setting: an hour higher than any of the 90 days before, of half a million of heat."""
RARE = Rung(rarer_than=Duration(10 * HOUR), above=Bound(1e6))
SEASONAL: Setting = {**HIGHEST, "detector": Seasonal(), "orange": RARE}
"""An hour rarer than what comes every ten hours in all brands together, of more than a million of heat."""
PLAIN: Setting = {
    **HIGHEST,
    "window": Duration(3 * HOUR),
    "detector": Threshold(),
    "orange": Rung(above=Bound(2e6)),
    "leave": Leave(below=0.5, dwell=Duration(6 * HOUR)),
}
"""Without a detector: two million of heat within three hours."""
FLOORS = (3e5, 5e5, 7e5, 1e6, 1.5e6, 2e6)
DAYS = (30, 60, 90, 180)
RARITIES = (0.125 * DAY, 0.25 * DAY, 0.5 * DAY, DAY)
"""What leave-one-out may choose from."""


SHIPPED = ("danger", "injury", "recall", "data-leak", "outage", "legal-threat", "anger")
TROUBLE = """
道歉 OR 致歉 OR 下架 OR 停售 OR 禁用 OR 禁止 OR 停产 OR 被曝 OR 曝光 OR 质疑 OR 争议 OR 投诉 OR 维权 OR 调查
OR 处罚 OR 立案 OR 通报 OR 吐槽 OR 事故 OR 碰撞 OR 爆燃 OR 乱象 OR 造假 OR 虚假
OR 欠薪 OR 解散 OR 倒闭 OR 裁员 OR 退款 OR 退货 OR 回应
"""
"""What any brand in trouble is said to do or to suffer."""


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


def tried(board: Board) -> dict[str, list[list[Begin]]]:
    """Begins under every setting that leave-one-out may choose from, by the detector."""
    rarities = dict(
        zip(("blue", "yellow", "orange", "red"), (Rung(rarer_than=Duration(r)) for r in RARITIES), strict=True)
    )
    by_days = [{**HIGHEST, "detector": Highest(days=days)} for days in DAYS]
    *highs, rare = scored(board, [*by_days, {**SEASONAL, **rarities}])
    return {
        "highest": [
            begins(said, {**setting, "orange": Rung(above=Bound(1.0), floor=floor)})
            for setting, said in zip(by_days, highs, strict=True)
            for floor in FLOORS
        ],
        "seasonal": [
            begins(rare, {**SEASONAL, "orange": Rung(rarer_than=Duration(rarity), above=Bound(floor))})
            for rarity in RARITIES
            for floor in FLOORS
        ],
    }


def leave_one_out(board: Board, every: Sequence[Sequence[Begin]]) -> Found:
    """Each brand judged by the setting that does best on all the others."""
    leads: dict[str, float] = {}
    false = 0.0
    for brand in board.heat:
        others, alone = board.of(set(board.heat) - {brand}), board.of({brand})
        found = count(alone, max(every, key=lambda starts, others=others: _worth(count(others, starts))))  # type: ignore[misc]
        leads |= found.leads
        false += found.false / len(board.heat)
    return Found(leads, false)


def _worth(found: Found) -> tuple[float, int, float, float]:
    """What is asked: few false episodes first, then crises found, then hours of lead."""
    return min(0.0, MOST_FALSE - found.false), len(found.leads), sum(found.leads.values()), -found.false


def report(board: Board, rows: dict[str, Found]) -> str:
    """A table, with lead by class."""
    kinds = sorted({c.kind for c in board.crises})
    lines = [f"| rule | found | lead, h | {' | '.join(f'{k}, h' for k in kinds)} | false a brand-month |"]
    lines.append("|---" * (4 + len(kinds)) + "|")
    for name, found in rows.items():
        by_kind = [sum(found.leads.get(c.event, 0.0) for c in board.crises if c.kind == kind) for kind in kinds]
        cells = " | ".join(f"{hours:.0f}" for hours in [sum(found.leads.values()), *by_kind])
        lines.append(f"| {name} | {len(found.leads)}/{len(board.crises)} | {cells} | {found.false:.2f} |")
    return "\n".join(lines)


def judged(board: Board, settings: dict[str, Setting]) -> dict[str, Found]:
    """Settings over the whole board."""
    said = scored(board, list(settings.values()))
    return {
        name: count(board, begins(one, setting)) for one, (name, setting) in zip(said, settings.items(), strict=True)
    }


def main(folder: Path, asked: Collection[str]) -> None:
    """Prints the table."""
    board, spoken = read(folder), read(folder, of_trouble())
    rows = judged(board, {"crisis-monitor, highest": HIGHEST, "seasonal": SEASONAL, "plain": PLAIN})
    rows |= judged(spoken, {"highest, titles of trouble": HIGHEST, "plain, titles of trouble": PLAIN})
    rows["always on"] = Found({c.event: (c.peak - c.first) / HOUR for c in board.crises}, float("nan"))
    if "--leave-one-out" in asked:
        rows |= {f"{kind}, leave one out": leave_one_out(board, every) for kind, every in tried(board).items()}
    rows |= published(board)
    if "--rules" in asked:
        rows |= written(board)
    print(report(board, rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
