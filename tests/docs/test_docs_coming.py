"""Rules that people bring along from other tools, as docs/rules.md writes them, held to what the originals do."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from monitor.config.load import read
from monitor.model import Mention, Sample, Tier
from monitor.rules.records import Record
from monitor.rules.replay import replay
from monitor.rules.rule import Rule
from monitor.times import DAY, HOUR, MINUTE
from tests.docs.test_docs import BASE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
START = 1_750_032_000.0 - 1_750_032_000.0 % DAY
FAMILIES = {"tickets": "tickets", "social": "social", "press": "press"}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rule]:
    """All rules of the section, by name."""
    section = PAGE.read_text(encoding="utf-8").split("## Coming from another tool")[1].split("\n## ")[0]
    path = tmp_path_factory.mktemp("coming") / "rules.toml"
    path.write_text(BASE + "".join(block.split("```")[0] for block in section.split("```toml")[1:]), encoding="utf-8")
    loaded, faults = read(path)
    assert loaded, "\n".join(fault.write("en") for fault in faults)
    return {rule.name: rule for rule in loaded.rule}


def mentions(source: str, counts: list[int]) -> list[Record]:
    """So many an hour from START on, early in the hour."""
    out: list[Record] = [
        Mention(
            id=f"{hour}-{i}", text="", source=source, seen_at=START + hour * HOUR + 60 + i, labels={"product": "x1"}
        )
        for hour, n in enumerate(counts)
        for i in range(n)
    ]
    return sorted(out, key=lambda m: m.at)


def at_end(rules: dict[str, Rule], name: str, source: str, counts: list[int], parts: tuple[str, ...] = ()) -> bool:
    """Whether the rule stands at orange, judged once: when the last hour is over."""
    asked = [rules[each] for each in (*parts, name)]
    end = START + len(counts) * HOUR
    beyond = Mention(id="beyond", text="", source=source, seen_at=end + DAY)
    records = [*mentions(source, counts), beyond]
    told = {j.rule.name: j.alerts for j in replay(asked, records, families=FAMILIES, start=end - 1, end=end)}
    return any(alert.tier >= Tier.ORANGE for alert in told.get(name, []))


@pytest.mark.parametrize(
    ("reference", "current"), [(4, 12), (4, 11), (2, 10), (2, 9), (1, 30), (0, 30), (10, 30), (10, 29)]
)
def test_elastalert_spike(rules: dict[str, Rule], reference: int, current: int) -> None:
    original = current >= 3 * reference and current >= 10 and reference >= 2
    assert at_end(rules, "elastalert-spike", "tickets", [3, reference, current]) == original


@pytest.mark.parametrize("events", [49, 50])
def test_elastalert_frequency(rules: dict[str, Rule], events: int) -> None:
    assert at_end(rules, "plain-threshold", "tickets", [1, events]) == (events >= 50)


@pytest.mark.parametrize(
    ("before", "yesterday", "last_week", "now"),
    [(10, 20, 20, 31), (10, 20, 20, 30), (11, 20, 20, 33), (5, 40, 20, 40), (5, 40, 20, 41), (5, 20, 50, 45)],
)
def test_an_hour_against_twelve_a_day_and_a_week(
    rules: dict[str, Rule], before: int, yesterday: int, last_week: int, now: int
) -> None:
    counts = [2] * (8 * 24)
    counts[-1], counts[-1 - 24], counts[-1 - 168] = now, yesterday, last_week
    counts[-13:-1] = [before] * 12
    original = now > 3 * before and now >= 30 and now > yesterday and now > last_week
    parts = ("hour-over-12-hours", "hour-over-yesterday", "hour-over-last-week")
    assert at_end(rules, "social-spike", "social", counts, parts) == original


@pytest.mark.parametrize("today", [36, 37])
def test_a_day_against_fourteen(rules: dict[str, Rule], today: int) -> None:
    counts = [n for day in [*[10, 14] * 7, today] for n in (day, *[0] * 23)]
    assert at_end(rules, "news-spike", "press", counts) == (today > 3 * 12)


@pytest.mark.parametrize("loud", [2, 6, 9, 12, 16, 20])
def test_a_day_over_a_week_and_its_deviation(rules: dict[str, Rule], loud: int) -> None:
    counts = [*[1, 2, 3] * 48, *[loud] * 24]
    mean, sd = statistics.fmean(counts), statistics.pstdev(counts)
    original = loud > mean + 1.5 * sd and loud * 24 >= 30
    assert at_end(rules, "mean-and-deviation", "tickets", counts) == original


@pytest.mark.parametrize("jump", [30.0, 40.0, 60.0, 120.0])
def test_a_zscore_of_prometheus(rules: dict[str, Rule], jump: float) -> None:
    """A scrape each minute; it fires once the expression has held for ten minutes."""
    minutes, rise = 26 * 60, 25 * 60
    x = [20 + (i * i) % 13 + (jump if i >= rise else 0.0) for i in range(minutes)]
    records: list[Record] = [
        Sample(series="queue", at=START + i * MINUTE + 30, seen_at=START + i * MINUTE + 30, value=v, source="tickets")
        for i, v in enumerate(x)
    ]
    held = 0
    for end in range(rise - 5, rise + 26):
        day = x[end - 1440 : end]
        z = (statistics.fmean(x[end - 5 : end]) - statistics.fmean(day)) / statistics.pstdev(day)
        held = held + 1 if z > 3 else 0
    tier = Tier.CALM
    now = START + (rise + 25) * MINUTE
    for judged in replay(
        [rules["prometheus-zscore"]], records, families=FAMILIES, start=START + (rise - 5) * MINUTE, end=now
    ):
        tier = judged.alerts[-1].tier
    assert (tier >= Tier.ORANGE) == (held > 10)
