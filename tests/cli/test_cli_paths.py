"""who and rota tell from the config what would happen; the API's answer is shown alike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from click.testing import CliRunner

from monitor.cli.client import refusal
from monitor.cli.drill import scorecard
from monitor.cli.main import main
from monitor.cli.who import lines
from monitor.times import coming

ZONE = ZoneInfo("Asia/Shanghai")
CONFIG = """
[settings]
timezone = "Asia/Shanghai"
[server]
public_url = "https://warn.example.com"
[[person]]
name = "li"
display = "李娜"
email = "li@example.com"
quiet = "22:00-07:00"
quiet_up_to = "orange"
[[person]]
name = "wang"
email = "wang@example.com"
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
from = "warn@example.com"
[[rota]]
name = "duty"
people = ["li", "wang"]
starts = "2026-01-05"
[[escalation]]
name = "duty"
repeat = 1
[[escalation.step]]
to = ["rota:duty"]
[[escalation.step]]
to = ["wang"]
not_hours = "Mon-Fri 09:00-18:00"
[[route]]
escalation = "duty"
[[contact]]
name = "Law & Co"
kind = "law"
phone = "+49 30 1"
risk = ["data-*"]
"""


def run(folder: Path, *args: str) -> str:
    path = folder / "rules.toml"
    path.write_text(CONFIG, encoding="utf-8")
    done = CliRunner().invoke(main, [*args, "--config", str(path), "--lang", "en"])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sat 03:00", "2026-11-28 03:00"),
        ("Saturday 3:00", "2026-11-28 03:00"),
        ("23:30", "2026-11-22 23:30"),
        ("07:00", "2026-11-23 07:00"),
        ("2026-12-01T08:00", "2026-12-01 08:00"),
        ("", "2026-11-22 07:30"),
    ],
)
def test_a_time_is_meant_as_the_next_one(text: str, wanted: str) -> None:
    now = datetime(2026, 11, 22, 7, 30, tzinfo=ZONE).timestamp()
    assert coming(text, now, ZONE) == datetime.fromisoformat(wanted).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize("text", ["Xyz 03:00", "25:00", "03:61", "tomorrow"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        coming(text, 0.0, ZONE)


def test_who_shows_every_level_with_its_time_quiet_hours_and_the_end(tmp_path: Path) -> None:
    told = run(tmp_path, "who", "--tier", "orange", "--at", "2026-11-21T03:00").splitlines()
    assert "orange at Sat 2026-11-21 03:00" in told[0]
    assert [line.strip() for line in told[1:5]] == [
        "Sat 2026-11-21 03:00  level 0",
        "wang (wang): mail [never reached yet]",
        "Sat 2026-11-21 03:05  level 1",
        "wang (wang): mail [never reached yet]",
    ]
    assert "nobody is left to ask" in told[-1]
    red = run(tmp_path, "who", "--tier", "red", "--at", "2026-11-28T03:00")
    orange = run(tmp_path, "who", "--tier", "orange", "--at", "2026-11-28T03:00")
    assert "李娜" in red and "quiet hours" not in red and "quiet hours until Sat 2026-11-28 07:00" in orange


def test_by_day_the_step_of_the_night_is_passed_over(tmp_path: Path) -> None:
    told = run(tmp_path, "who", "--tier", "red", "--at", "2026-11-23T10:00")
    assert "passed over level 1" in told


def test_when_somebody_was_last_reached_is_shown() -> None:
    found = {
        "at": "2026-11-28T03:00:00+08:00", "tier": "red", "playbook": "general", "acks": 1, "muted_by": None,
        "levels": [{"at": "2026-11-28T03:00:00+08:00", "level": 0, "skipped": [],
                    "to": [{"person": "li", "channels": ["mail"], "after": None},
                           {"person": "wang", "channels": ["mail", "sms"], "after": None},
                           {"person": "", "channels": ["ops"], "after": None}]}],
        "gives_up_at": None, "displays": {"li": "李娜"},
        "reached": [{"person": "li", "channel": "mail", "at": "2026-11-20T09:00:00+08:00"}],
        "proved": [{"person": "", "channel": "mail", "at": "2026-11-27T09:00:00+08:00"}],
    }  # fmt: skip
    told = "\n".join(lines(found, "en"))
    assert "李娜 (li): mail [last reached Fri 2026-11-20 09:00]" in told and "group: ops [never reached yet]" in told
    assert "mail [never reached yet; the channel worked Fri 2026-11-27 09:00] → sms [never reached yet]" in told


def test_a_shift_bears_the_same_uid_whenever_it_is_written(tmp_path: Path) -> None:
    first = run(tmp_path, "rota", "ical", "duty", "--from", "2026-11-22T08:00", "--days", "9")
    later = run(tmp_path, "rota", "ical", "duty", "--from", "2026-11-25T08:00", "--days", "9")
    uids = [{line for line in text.splitlines() if line.startswith("UID")} for text in (first, later)]
    assert len(uids[0]) == 3 and uids[0] & uids[1] == set(sorted(uids[0])[1:])
    assert "SUMMARY:duty: 李娜" in first


def test_a_rota_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(CONFIG, encoding="utf-8")
    done = CliRunner().invoke(main, ["rota", "show", "night", "--config", str(path), "--lang", "en"])
    assert done.exit_code == 2 and "there are: duty" in done.output


def wanted(kind: str, within: float, name: str = "") -> dict[str, object]:
    return {"kind": kind, "tier": "red", "within": within, "name": name}


def test_a_scorecard_tells_what_was_met_in_what_time() -> None:
    run_ = {"id": "D-0001", "scenario": "fire", "started_at": "a", "started_by": "li", "stopped_at": "b"}
    card = {
        "run": run_, "met": 1, "notices": 3, "reached": ["li"], "not_reached": ["chen"],
        "marks": [
            {"objective": wanted("detected", 600.0), "seconds": 240.0, "met": True},
            {"objective": wanted("step", 900.0, "facts"), "seconds": None, "met": False},
        ],
    }  # fmt: skip
    told = scorecard(card, "en")
    assert told[1] == "  ✓ warned at 🔴 red: 4m (wanted within 10m)"
    assert told[2] == "  ✗ step done: facts: not reached (wanted within 15m)"
    assert told[3:] == ["  1 of 2 objectives met, 3 notices", "  reached: li", "  not reached: chen"]


def test_a_refusal_is_told_in_the_services_words() -> None:
    answer = httpx.Response(409, json={"error": "drill_running", "message": "Drill D-0001 is running; stop it first."})
    assert refusal(answer) == "Drill D-0001 is running; stop it first."
    assert refusal(httpx.Response(502, text="bad gateway")) == "502 bad gateway"


def test_whom_outside_the_house_one_may_ring_is_shown_for_their_risks(tmp_path: Path) -> None:
    assert "  outside: Law & Co (law) +49 30 1" in run(tmp_path, "who", "--risk", "data-leak").splitlines()
    assert "outside" not in run(tmp_path, "who", "--risk", "publicity")
