"""`crisis-monitor detect`: the same rows in the same order, judged by what was known at each."""

from __future__ import annotations

import csv
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main

HEADER = ["timestamp", "value", "expected", "upper", "p_value", "return_period_s", "anomaly_score", "alarm"]


def stamped(values: list[str], every: float = 3600) -> list[tuple[str, str]]:
    start = datetime(2025, 1, 1)
    return [((start + timedelta(seconds=i * every)).strftime("%Y-%m-%d %H:%M:%S"), v) for i, v in enumerate(values)]


def rhythm(n: int) -> list[str]:
    """Hours of a day's rhythm with a small, fixed unrest."""
    return [str(round(50 + 30 * math.sin(i / 24 * 2 * math.pi) + (i * 7919 % 17))) for i in range(n)]


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("timestamp,value\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
    return path


def detect(source: Path, out: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["detect", str(source), "--out", str(out), *args], catch_exceptions=False)


def told(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_come_back_as_they_were_given_with_one_alarm(tmp_path: Path) -> None:
    values = rhythm(900)
    values[700:704] = ["400", "420", "410", "400"]
    values[300] = ""
    rows = stamped(values)
    result = detect(written(tmp_path / "in.csv", rows), tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    out = told(tmp_path / "out.csv")
    assert list(out[0]) == HEADER
    assert [(r["timestamp"], r["value"]) for r in out] == rows
    assert [i for i, r in enumerate(out) if r["alarm"] == "1"] == [700, 701, 702, 703]
    scores = [float(r["anomaly_score"]) for r in out]
    assert scores.index(max(scores)) == 700 and not any(scores[701:718])
    assert out[10]["expected"] == "" and out[300]["expected"] == "" and out[301]["expected"] != ""
    assert float(out[700]["upper"]) < 400 and float(out[700]["return_period_s"]) >= 30 * 86400


def test_a_row_knows_nothing_of_later_rows(tmp_path: Path) -> None:
    rows = stamped(rhythm(400))
    detect(written(tmp_path / "whole.csv", rows), tmp_path / "a.csv", "--bucket", "1h")
    detect(written(tmp_path / "part.csv", rows[:250]), tmp_path / "b.csv", "--bucket", "1h")
    assert told(tmp_path / "a.csv")[:250] == told(tmp_path / "b.csv")


def test_a_missing_row_is_a_gap_and_of_the_same_stamp_the_last_wins(tmp_path: Path) -> None:
    rows = stamped(rhythm(400))
    holed = [*rows[:200], *rows[212:300], (rows[300][0], "99999"), *rows[300:]]
    result = detect(written(tmp_path / "in.csv", holed), tmp_path / "out.csv")
    assert result.exit_code == 0
    out = told(tmp_path / "out.csv")
    assert len(out) == len(holed)
    assert not any(r["alarm"] == "1" for r in out)


def test_holidays_and_promotions_are_known_of(tmp_path: Path) -> None:
    """Days of two months: the National Day of 2025 and a promotion before it bring what they are expected to."""
    days = [date(2025, 8, 11) + timedelta(days=i) for i in range(65)]
    free, sale = date(2025, 9, 28), date(2025, 9, 20)
    values = [(100 if d.weekday() < 5 or d == free else 20) * (3 if d == sale else 1) + d.day % 7 for d in days]
    source = written(tmp_path / "in.csv", [(d.isoformat(), str(v)) for d, v in zip(days, values, strict=True)])
    config = tmp_path / "rules.toml"
    config.write_text(
        '[settings]\ntimezone = "Asia/Shanghai"\n[incident]\ncalendar = "CN"\n[[promotion]]\nname = "sale"\n'
        'from = "2025-09-20"\nto = "2025-09-20"\nexpect = 3\n[[promotion]]\nname = "lamps"\nfrom = "2025-09-24"\n'
        'to = "2025-09-24"\nexpect = 9\nwhere = { family = ["tickets"] }\n',
        encoding="utf-8",
    )
    found = {}
    for name, args in {"none": (), "CN": ("--options", '{"calendar": "CN"}'), "all": ("--config", str(config))}.items():
        assert detect(source, tmp_path / f"{name}.csv", *args).exit_code == 0
        rows = {row["timestamp"]: float(row["expected"] or 0) for row in told(tmp_path / f"{name}.csv")}
        found[name] = [rows[day] for day in ("2025-09-20", "2025-09-24", "2025-09-28", "2025-10-01")]
    sale, lamps, made_up, holiday = zip(*found.values(), strict=True)
    assert sale[2] == pytest.approx(3 * sale[1], abs=0.002) and sale[1] == pytest.approx(sale[0])
    assert lamps[2] == pytest.approx(lamps[1], rel=0.2)
    assert min(made_up[1:]) > 1.2 * made_up[0] and max(holiday[1:]) < 0.85 * holiday[0]


def test_a_folder_is_judged_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv"):
        written(tmp_path / "in" / name, stamped(rhythm(100)))
    assert detect(tmp_path / "in", tmp_path / "out").exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv"]


@pytest.mark.parametrize("kind", ["ears", "farrington", "threshold", "change", "absence"])
def test_other_detectors_answer_too(tmp_path: Path, kind: str) -> None:
    values = rhythm(160)
    values[150] = "900"
    weeks = stamped(values, 7 * 86400)
    result = detect(written(tmp_path / "in.csv", weeks), tmp_path / "out.csv", "--detector", kind)
    assert result.exit_code == 0, result.output
    alarms = [i for i, r in enumerate(told(tmp_path / "out.csv")) if r["alarm"] == "1"]
    assert (150 in alarms) == (kind != "absence")


@pytest.mark.parametrize("kind", ["change", "ears", "threshold"])
def test_seconds_beyond_the_minute_bring_nothing_of_the_row_before(tmp_path: Path, kind: str) -> None:
    whole = stamped(rhythm(400), every=300)
    beyond = [(at[:-2] + "53", value) for at, value in whole]
    answers = []
    for name, rows in (("whole", whole), ("beyond", beyond)):
        source, out = written(tmp_path / f"{name}.csv", rows), tmp_path / f"{name}.out.csv"
        assert detect(source, out, "--detector", kind).exit_code == 0
        answers.append([{**row, "timestamp": ""} for row in told(out)])
    assert answers[0] == answers[1]


def test_a_detector_without_rarity_alarms_above_what_is_asked(tmp_path: Path) -> None:
    values = rhythm(160)
    values[150] = "900"
    source = written(tmp_path / "in.csv", stamped(values))
    args = ("--detector", "threshold", "--options", '{"above": 500}')
    assert detect(source, tmp_path / "out.csv", *args).exit_code == 0
    assert [i for i, r in enumerate(told(tmp_path / "out.csv")) if r["alarm"] == "1"] == [150]


def test_options_are_those_of_the_detector(tmp_path: Path) -> None:
    values = rhythm(900)
    values[700] = "170"
    source = written(tmp_path / "in.csv", stamped(values))
    options = '{"rarer_than": "1d", "learn": "7d", "days": 60}'
    assert detect(source, tmp_path / "out.csv", "--options", options).exit_code == 0
    out = told(tmp_path / "out.csv")
    assert out[160]["expected"] == "" and out[170]["expected"] != "" and out[700]["alarm"] == "1"


@pytest.mark.parametrize(
    ("content", "args"),
    [
        ("timestamp,value\nyesterday,3\n", ()),
        ("timestamp,value\n2025-01-01,many\n", ()),
        ("time,count\n2025-01-01,3\n", ()),
        ("timestamp,value\n2025-01-01T00:00:00,3\n", ("--detector", "oracle")),
        ("timestamp,value\n2025-01-01T00:00:00,3\n", ("--options", '{"rarer_then": 3}')),
        ("timestamp,value\n2025-01-01T00:00:00,3\n", ("--options", "[")),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_raised(tmp_path: Path, content: str, args: tuple[str, ...]) -> None:
    (tmp_path / "in.csv").write_text(content, encoding="utf-8")
    result = detect(tmp_path / "in.csv", tmp_path / "out.csv", *args)
    assert result.exit_code == 2 and result.stderr


@pytest.mark.parametrize(
    ("args", "right"),
    [
        (("--detector", "higest"), "highest"),
        (("--detector", "oracle"), "seasonal"),
        (("--detector", "highest", "--options", '{"dayz": 30}'), "days"),
        (("--detector", "highest", "--options", '{"days": "many"}'), "many"),
        (("--options", '{"learn": "2x"}'), "1h30m"),
        (("--options", "[1]"), "{"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_misspelt_option_is_told_with_what_would_be_right(
    tmp_path: Path, args: tuple[str, ...], right: str, lang: str
) -> None:
    source = written(tmp_path / "in.csv", stamped(rhythm(3)))
    result = detect(source, tmp_path / "out.csv", *args, "--lang", lang)
    assert result.exit_code == 2 and right in result.stderr and "$" not in result.stderr


def test_an_empty_file_gives_an_empty_one(tmp_path: Path) -> None:
    assert detect(written(tmp_path / "in.csv", []), tmp_path / "out.csv").exit_code == 0
    assert told(tmp_path / "out.csv") == []


def test_a_new_high_is_held_against_the_days_before(tmp_path: Path) -> None:
    """Each row goes on from what was found before it: the bound is the highest of the days before that day."""
    counts = [*rhythm(20 * 24), "300", *rhythm(23), *rhythm(30), "250", *rhythm(17)]
    source = written(tmp_path / "in.csv", stamped(counts))
    assert detect(source, tmp_path / "out.csv", "--detector", "highest").exit_code == 0
    rows = told(tmp_path / "out.csv")
    days: dict[str, float] = {}
    for at, value in stamped(counts):  # a row bears the end of its hour
        begun = (datetime.fromisoformat(at) - timedelta(hours=1)).date().isoformat()
        days[begun] = max(days.get(begun, 0.0), float(value))
    for row in rows[8 * 24 + 1 :: 5]:
        begun = (datetime.fromisoformat(row["timestamp"]) - timedelta(hours=1)).date().isoformat()
        assert float(row["expected"]) == max(high for day, high in days.items() if day < begun), row
    assert [i for i, row in enumerate(rows) if row["alarm"] == "1" and i > 24 * 10] == [20 * 24]
    assert float(rows[20 * 24]["return_period_s"]) > 30 * 86_400
