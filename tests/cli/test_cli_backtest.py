"""`crisis-monitor backtest`: episodes, events found, leads and false alarms, as the contract counts them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.model import Tier
from monitor.rules.episodes import Episode, Event, finding, is_false
from monitor.times import DAY, HOUR

CONFIG = """
[settings]
timezone = "Asia/Shanghai"

[[source]]
name = "weibo"
kind = "push"
family = "social"
labels = { board = "hot" }

[[source]]
name = "calls"
kind = "push"

[[topic]]
name = "fire"
query = "起火 OR fire"

[[rule]]
name = "heat"
risk = "publicity"
of = "heat"
measure = "sum"
window = "3h"
every = "1h"
by = ["brand"]
blue = { above = 50 }
orange = { above = 100 }
leave = { below = 1, dwell = "1h" }

[[rule]]
name = "fires"
risk = "product-safety"
where = { topic = ["fire"], labels = { board = ["hot"] } }
window = "1h"
mode = "shadow"
red = { above = 2 }
"""
START = 1_735_660_800  # 2025-01-01 00:00 in Shanghai
EVENTS = """event,start,public,labels
recall,2025-01-02T00:00:00+08:00,2025-01-02T08:00:00+08:00,brand=A
quiet,2025-01-03T00:00:00+08:00,2025-01-03T08:00:00+08:00,brand=B
"""


def heat(brand: str, hour: int, value: float) -> dict[str, Any]:
    at = START + hour * 3600
    return {"series": "heat", "at": at, "value": value, "kind": "delta", "span": "1h", "labels": {"brand": brand}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A config, hours of two brands as heat, and some mentions packed by gzip."""
    (tmp_path / "rules.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8-sig")
    big = {("A", 26): 60.0, ("A", 27): 60.0, ("B", 100): 500.0}
    rows = [heat(b, h, big.get((b, h), 1.0)) for h in range(1, 240) for b in "AB"]
    (tmp_path / "weibo.jsonl").write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    said = [{"id": str(i), "text": "充电宝起火", "published_at": START + 7200 + i} for i in range(4)]
    packed = gzip.compress("\n".join(json.dumps(r) for r in said).encode())
    (tmp_path / "said.jsonl.gz").write_bytes(packed)
    return tmp_path


def backtest(folder: Path, *args: str) -> Result:
    given = ["backtest", "--config", str(folder / "rules.toml"), *args, "--lang", "en"]
    return CliRunner().invoke(main, given, catch_exceptions=False)


def test_a_planned_promotion_is_expected(folder: Path) -> None:
    """Three times as much on a day that the config announces for one brand of the two."""
    rising = {"A", "B"}
    config = CONFIG.replace("[[rule]]", PROMOTION + "[[rule]]", 1)
    (folder / "rules.toml").write_text(config, encoding="utf-8")
    rows = [heat(b, h, (40 + h * 7 % 11) * (3 if h > 720 else 1)) for h in range(1, 745) for b in rising]
    (folder / "weibo.jsonl").write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    result = backtest(folder, "--data", str(folder / "weibo.jsonl"), "--json", str(folder / "out.json"))
    assert result.exit_code == 0, result.output
    told = json.loads((folder / "out.json").read_text(encoding="utf-8"))["rules"]["unusual"]["episodes"]
    assert [episode["by"] for episode in told] == [{"brand": "B"}]


PROMOTION = """
[[promotion]]
name = "618"
from = "2025-01-31"
to = "2025-01-31"
expect = 3.0
where = { rule = ["unusual"], labels = { brand = ["A"] } }

[[rule]]
name = "unusual"
risk = "publicity"
of = "heat"
measure = "sum"
window = "3h"
every = "1h"
by = ["brand"]
detector = { kind = "seasonal" }
yellow = { rarer_than = "1mo" }

"""


def test_it_tells_episodes_events_and_false_alarms(folder: Path) -> None:
    out = folder / "out.json"
    data = ["--data", str(folder / "weibo.jsonl"), f"weibo={folder / 'said.jsonl.gz'}"]
    result = backtest(folder, *data, "--events", str(folder / "events.csv"), "--json", str(out))
    assert result.exit_code == 0, result.output
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["rules"]["heat"]["episodes"] == [
        {
            "tier": "orange",
            "start": "2025-01-02T02:00:00+08:00",
            "end": "2025-01-02T07:00:00+08:00",
            "by": {"brand": "A"},
        },
        {
            "tier": "orange",
            "start": "2025-01-05T04:00:00+08:00",
            "end": "2025-01-05T08:00:00+08:00",
            "by": {"brand": "B"},
        },
    ]
    assert [(e["event"], e["found"], e["tier"], e["lead_hours"]) for e in told["events"]] == [
        ("recall", True, "orange", 6.0),
        ("quiet", False, None, None),
    ]
    assert told["rules"]["fires"]["episodes"][0]["tier"] == "red"
    assert told["false_per_month"] == {"blue": 0, "yellow": 0, "orange": 0, "red": 0}


def test_without_events_every_episode_is_false(folder: Path) -> None:
    told = json.loads(backtest(folder, "--data", str(folder / "weibo.jsonl"), "--json", "-").stdout)
    months = told["rules"]["heat"]["series_months"] + told["rules"]["fires"]["series_months"]
    assert told["false_per_month"]["orange"] == pytest.approx(2 / months, abs=1e-3)


def test_people_get_a_table(folder: Path) -> None:
    result = backtest(folder, "--data", str(folder / "weibo.jsonl"), "--events", str(folder / "events.csv"))
    assert "found recall: orange at 2025-01-02T02:00:00+08:00, 6.0 h before it was public (heat)" in result.output
    assert "missed quiet" in result.output
    assert "1 of 2 events found, 6 h of lead in all" in result.output


def test_a_file_that_names_no_source_is_asked_for_one(folder: Path) -> None:
    (folder / "stray.jsonl").write_text((folder / "weibo.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    result = backtest(folder, "--data", str(folder / "stray.jsonl"))
    assert result.exit_code == 2 and "write name=file" in result.output.lower()
    assert backtest(folder, "--data", f"weibo={folder / 'stray.jsonl'}").exit_code == 0


@pytest.mark.parametrize("data", ["nobody={}/weibo.jsonl", "{}/absent.jsonl"])
def test_what_is_not_there_is_wrong_use(folder: Path, data: str) -> None:
    assert backtest(folder, "--data", data.format(folder)).exit_code == 2


def test_a_bad_line_costs_only_itself(folder: Path) -> None:
    with (folder / "weibo.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"series": "heat", "at": "no time", "value": 1}\n')
    result = backtest(folder, "--data", str(folder / "weibo.jsonl"), "--json", "-")
    assert result.exit_code == 1 and "weibo.jsonl:479" in result.stderr
    assert json.loads(result.stdout)["rules"]["heat"]["series"] == 2


EVENT = Event(event="e", start=10 * DAY, public=11 * DAY, labels={"brand": "A"})


def episode(start: float, tier: Tier = Tier.ORANGE, end: float | None = None, brand: str = "A") -> Episode:
    return Episode(rule="r", key=(("brand", brand),), tier=tier, start=start, end=end)


@pytest.mark.parametrize(
    ("start", "found", "false"),
    [
        (10 * DAY - 1, False, True),
        (10 * DAY, True, False),
        (12 * DAY, True, False),
        (12 * DAY + 1, False, False),
        (18 * DAY, False, False),
        (18 * DAY + 1, False, True),
    ],
)
def test_when_an_episode_finds_an_event_and_when_it_is_false(start: float, found: bool, false: bool) -> None:
    one = episode(start, end=start + 0.5)
    assert (finding(EVENT, [one]).by is not None) == found
    assert is_false(one, [EVENT]) == false


def test_an_episode_open_at_the_start_neither_finds_nor_is_false() -> None:
    standing = episode(9 * DAY, end=10 * DAY + HOUR)
    assert finding(EVENT, [standing]).by is None
    assert not is_false(standing, [EVENT])


def test_lead_counts_from_the_first_episode_at_orange_of_that_series() -> None:
    episodes = [
        episode(10 * DAY, Tier.YELLOW),
        episode(10.1 * DAY, brand="B"),
        episode(10.5 * DAY, Tier.RED),
        episode(10.6 * DAY),
    ]
    assert finding(EVENT, episodes).lead == pytest.approx(0.5 * DAY)


def test_a_rule_by_nothing_is_over_all() -> None:
    assert finding(EVENT, [Episode(rule="r", key=(), tier=Tier.RED, start=10 * DAY)]).by is not None
