from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents.rota import Override, Rota, faults, ical, on_duty, shifts

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = Rota(name="night", people=("a", "b", "c"), starts="2026-03-02", handover="00:00", timezone="Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def test_each_has_a_week_in_turn_and_the_others_are_backups() -> None:
    assert on_duty(WEEKLY, at("2026-03-02 00:00"), "UTC") == ("a", "b", "c")
    assert on_duty(WEEKLY, at("2026-03-08 23:59"), "UTC") == ("a", "b", "c")
    assert on_duty(WEEKLY, at("2026-03-09 00:00"), "UTC") == ("b", "c", "a")
    assert on_duty(WEEKLY, at("2026-03-23 12:00"), "UTC") == ("a", "b", "c")


def test_nobody_before_it_starts() -> None:
    assert on_duty(WEEKLY, at("2026-03-01 23:59"), "UTC") == ()


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_hand_over_at_midnight_on_a_dst_day_loses_no_hour(day: str, hours: int) -> None:
    daily = Rota(name="d", people=("a", "b"), starts="2026-03-01", handover="00:00", days=1, timezone="Europe/Berlin")
    mine = [s for s in shifts(daily, at(f"{day} 00:00"), at(f"{day} 00:00") + 30 * 3600, "UTC")]
    assert (mine[0].end - mine[0].start) / 3600 == hours
    assert mine[0].end == mine[1].start


def test_an_override_wins_and_the_replaced_becomes_the_first_backup() -> None:
    rota = Rota(
        name="n", people=("a", "b"), starts="2026-11-02", timezone="Asia/Shanghai",
        override=(Override(person="z", start="2026-11-03T12:00", until="2026-11-03T18:00"),),
    )  # fmt: skip
    zone = ZoneInfo("Asia/Shanghai")
    assert on_duty(rota, at("2026-11-03 11:59", zone), "UTC")[0] == "a"
    assert on_duty(rota, at("2026-11-03 12:00", zone), "UTC") == ("z", "a", "b")
    assert on_duty(rota, at("2026-11-03 18:00", zone), "UTC")[0] == "a"


def test_outside_its_hours_and_past_its_end_nobody_is_on_duty() -> None:
    rota = Rota(name="n", people=("a",), starts="2026-11-02", hours="18:00-09:00", until="2026-11-08", timezone="UTC")
    utc = ZoneInfo("UTC")
    assert on_duty(rota, at("2026-11-03 03:00", utc), "UTC") == ("a",)
    assert on_duty(rota, at("2026-11-03 12:00", utc), "UTC") == ()
    assert on_duty(rota, at("2026-11-08 23:00", utc), "UTC") == ("a",)
    assert on_duty(rota, at("2026-11-09 03:00", utc), "UTC") == ()


@given(
    days=st.integers(1, 10),
    people=st.integers(1, 4),
    start=st.integers(0, 400),
    overrides=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=3),
)
def test_at_every_instant_exactly_one_is_on_duty(
    days: int, people: int, start: int, overrides: list[tuple[int, int]]
) -> None:
    base = at("2026-03-02 00:00")
    rota = Rota(
        name="n", people=tuple("abcd"[:people]), starts="2026-03-02", handover="00:00", days=days,
        timezone="Europe/Berlin",
        override=tuple(
            Override(person="z", start=str(base + a * 3600), until=str(base + (a + b) * 3600)) for a, b in overrides
        ),
    )  # fmt: skip
    first, last = base + start * 3600, base + (start + 400) * 3600
    found = shifts(rota, first, last, "UTC")
    assert found[0].start == first and found[-1].end == last
    assert all(a.end == b.start for a, b in pairwise(found))


FAULTY = {
    "unknown_person": Rota(name="n", people=("x",), starts="2026-11-02"),
    "rota_empty": Rota(name="n", people=(), starts="2026-11-02"),
    "rota_days": Rota(name="n", people=("a",), starts="2026-11-02", days=0),
    "rota_time": Rota(name="n", people=("a",), starts="next week"),
    "rota_backwards": Rota(name="n", people=("a",), starts="2026-11-02", until="2026-10-01"),
}


@pytest.mark.parametrize("wanted", FAULTY)
def test_what_is_wrong_with_a_rota_is_named(wanted: str) -> None:
    assert [id for id, _ in faults(FAULTY[wanted], ["a"], "UTC")] == [f"incident.fault.{wanted}"]
    assert faults(WEEKLY, ["a", "b", "c"], "UTC") == []


def test_the_calendar_file_has_a_turn_each_in_utc_and_folds_long_lines() -> None:
    rota = Rota(name="夜班；值守" * 8, people=("a", "b"), starts="2026-11-02", timezone="Asia/Shanghai")
    start = at("2026-11-02 09:00", ZoneInfo("Asia/Shanghai"))
    text = ical(rota, start, start + 14 * 86400, "UTC", {"a": "张伟, 组长"}, start)
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2] == "END:VCALENDAR" and lines[-1] == ""
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = text.replace("\r\n ", "")
    assert "DTSTART:20261102T010000Z\r\nDTEND:20261109T010000Z" in unfolded
    assert "张伟\\, 组长" in unfolded
    assert len({line for line in unfolded.split("\r\n") if line.startswith("UID:")}) == 2
