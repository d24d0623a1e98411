"""The KPI feeds of the docs, played: bad figures raise the rule on their page, the same shares of few do not."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from monitor.detectors.ratio import wilson
from tests.channels.fakes import Fake, Received, Reply
from tests.daemon.house import START, House, house
from tests.docs.test_docs import ROOT, blocks

HOUR = 3600
SECTION = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8").split("\n## KPI feeds\n")[1].split("\n## ")[0]
TABLES = """
CREATE TABLE conversations (ended_at integer, queue text, solved_at_first_contact integer,
  first_response_seconds integer, transferred integer, solved integer, handle_seconds integer);
CREATE TABLE surveys (answered_at integer, score integer);
"""
ROUTE = """
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
to = ["channel:hook"]
"""
WORST = {
    "first-contact-resolution": "yellow",
    "first-response": "yellow",
    "transfer-rate": "blue",
    "resolution-rate": "blue",
    "handling-time": "blue",
    "average-handling-time": "blue",
    "nps": "blue",
    "csat": "yellow",
    "detractors": "blue",
    "complaints-in-time": "yellow",
    "return-rate": "orange",
}
"""What each rule of the page comes to when half of everything is bad."""


class Shop(Fake):
    """The shop's API: a week of days, and the one that runs."""

    path = "/api/days"

    def __init__(self, per_day: int, bad: float) -> None:
        super().__init__()
        self._day = {"orders": per_day, "returns": round(per_day * bad), "product": "X1"}

    def judge(self, request: Received) -> Reply:
        days = [{"day": f"2026-03-0{n}", **self._day} for n in range(1, 10)]
        return Reply(body={"days": days}, headers={"content-type": "application/json"})


def desk(path: Path, per_hour: int, bad: float) -> None:
    """Twelve hours of conversations and answers, of which a share went badly."""
    worst = round(per_hour * bad)
    conversations, surveys = [], []
    for hour in range(1, 13):
        for n in range(per_hour):
            well = n >= worst
            at = START - hour * HOUR + n * HOUR // per_hour
            seconds = (30, 120) if well else (900, 600)
            conversations.append((at, "phone", well, seconds[0], not well, well, seconds[1]))
            surveys.append((at, 10 if well else 1))
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?)", conversations)
        connection.executemany("INSERT INTO surveys VALUES (?, ?)", surveys)


def exports(folder: Path, per_day: int, bad: float) -> None:
    """A week of exports."""
    worst, days = round(per_day * bad), [f"2026/03/0{n}" for n in range(1, 9)]
    surveys = ["日期,渠道,评价数,满意,贬损者", *(f"{day},app,{per_day},{per_day - worst},{worst}" for day in days)]
    due = ["到期日,应办结,按时办结", *(f"{day},{per_day},{per_day - worst}" for day in days)]
    (folder / "surveys-03.csv").write_text("\n".join(surveys) + "\n", encoding="gb18030")
    (folder / "complaints.csv").write_text("\n".join(due) + "\n", encoding="utf-8")


def config(folder: Path, shop: Shop) -> str:
    """The examples of the page, on this machine's doubles."""
    text = "\n".join(block for block in blocks(ROOT / "docs" / "sources.md", "toml") if block in SECTION)
    text = text.replace("postgresql://warn_reader@db.example.com/contact_centre", f"sqlite:///{folder / 'desk.db'}")
    text = re.sub(r'password = "credential:.*"\n', "", text).replace("/srv/exports", str(folder))
    return (
        text.replace('url = "https://shop.example.com/api/days"', f'url = "{shop.url}"\nallow_private = true') + ROUTE
    )


async def lines(folder: Path, *, per_hour: int, per_day: int, bad: float) -> dict[str, str]:
    """The highest tier of each rule that has a figure, a quarter of an hour on."""
    desk(folder / "desk.db", per_hour, bad)
    exports(folder, per_day, bad)
    with Shop(per_day, bad) as shop:
        async with house(folder, config(folder, shop)) as here:
            await here.to("15m")
            return {rule: highest(here, rule) for rule in here.tiers if has_figure(here, rule)}


def has_figure(here: House, rule: str) -> bool:
    seen = [alert.verdict for alert in here.service.trails.alerts[rule]]
    return any(verdict is not None and verdict.score.value is not None for verdict in seen)


def highest(here: House, rule: str) -> str:
    tiers = ["calm", "blue", "yellow", "orange", "red"]
    return max(here.line(rule), key=tiers.index)


@pytest.mark.anyio
async def test_bad_figures_raise_each_rule_of_the_page(tmp_path: Path) -> None:
    assert await lines(tmp_path, per_hour=80, per_day=400, bad=0.6) == WORST


@pytest.mark.slow
@pytest.mark.anyio
async def test_the_same_shares_of_few_raise_none(tmp_path: Path) -> None:
    shares = WORST.keys() - {"average-handling-time", "nps"}
    assert await lines(tmp_path, per_hour=4, per_day=4, bad=0.6) == dict.fromkeys(shares, "calm")


@pytest.mark.slow
@pytest.mark.anyio
async def test_good_figures_raise_none(tmp_path: Path) -> None:
    assert await lines(tmp_path, per_hour=80, per_day=400, bad=0.02) == dict.fromkeys(WORST, "calm")


def test_every_figure_of_the_table_has_a_rule() -> None:
    figures = re.findall(r"^\| (?!figure|---)([^|]+?) \|", SECTION, re.M)
    assert len(figures) == 9 and len(WORST) == len(figures) + 2, "each its share; AHT and NPS their averages too"


def test_what_the_page_says_of_proof_holds() -> None:
    assert "12 of 60 transferred (20 %) is no proof of “above 15 %”; 120 of 600 is." in " ".join(SECTION.split())
    assert wilson(12, 60)[0] < 0.15 < wilson(120, 600)[0]
