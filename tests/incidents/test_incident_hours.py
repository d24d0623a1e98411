from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.incidents import hours
from monitor.incidents.workdays import CalendarDays, calendar_of, is_country, known_until

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
OFFICE = "Mon-Fri 09:00-18:00"


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


# hours, calendar, local time -> open?
CASES = [
    (OFFICE, "", "2026-11-20 09:00", True),
    (OFFICE, "", "2026-11-20 08:59", False),
    (OFFICE, "", "2026-11-20 18:00", False),
    (OFFICE, "", "2026-11-21 12:00", False),
    (OFFICE, "CN", "2026-10-02 12:00", False),
    (OFFICE, "CN", "2026-10-10 12:00", True),
    (OFFICE, "CN", "2026-02-14 12:00", True),
    (OFFICE, "", "2026-10-10 12:00", False),
    ("Mon-Sun 09:00-18:00", "CN", "2026-10-17 12:00", True),
    ("Mon-Sun 09:00-18:00", "CN", "2026-10-03 12:00", False),
    ("22:00-06:00", "", "2026-11-21 03:00", True),
    ("22:00-06:00", "", "2026-11-21 23:00", True),
    ("22:00-06:00", "", "2026-11-21 12:00", False),
    ("Fri 22:00-06:00", "", "2026-11-21 05:59", True),
    ("Sat-Mon 00:00-24:00", "", "2026-11-23 23:59", True),
    ("Sat-Mon 00:00-24:00", "", "2026-11-24 00:00", False),
    ("", "", "2026-10-01 03:00", True),
    (OFFICE, "CN", "2031-11-21 12:00", True),
]


@pytest.mark.parametrize(("written", "calendar", "when", "wanted"), CASES)
def test_hours_on_a_calendar(written: str, calendar: str, when: str, wanted: bool) -> None:
    days = calendar_of(calendar) if calendar else None
    assert hours.is_open(hours.parse(written), at(when), SHANGHAI, days) is wanted


@pytest.mark.parametrize("text", ["9-18", "Mon-Fri", "Mon-Fry 09:00-18:00", "25:00-26:00", "09:60-10:00", "Mon 09:00"])
def test_what_are_no_hours_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|day of the week"):
        hours.parse(text)


def test_a_day_of_summer_time_has_23_hours_and_one_of_winter_time_25() -> None:
    for day, long in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)):
        start = at(f"{day} 00:00", BERLIN)
        (stretch,) = hours.open_within(hours.ALWAYS, start, hours.moment(date.fromisoformat(day), 1440, BERLIN), BERLIN)
        assert (stretch[1] - stretch[0]) / 3600 == long


def test_open_seconds_run_on_over_the_weekend() -> None:
    due = hours.after_open(hours.parse(OFFICE), at("2026-11-20 17:00"), 4 * 3600, SHANGHAI)
    assert due == at("2026-11-23 12:00")
    assert hours.next_open(hours.parse(OFFICE), at("2026-11-20 18:00"), SHANGHAI) == at("2026-11-23 09:00")


def test_own_days_win_over_the_countrys() -> None:
    own = {"CN": CalendarDays(work=("2026-10-01",), off=("2026-11-20",)), "plant": CalendarDays(off=("2026-11-23",))}
    assert calendar_of("CN", own).is_workday(date(2026, 10, 1))
    assert not calendar_of("CN", own).is_workday(date(2026, 11, 20))
    plant = calendar_of("plant", own)
    assert not plant.is_workday(date(2026, 11, 23)) and plant.is_workday(date(2026, 10, 1))


def test_other_countries_have_their_own_holidays_and_weekends() -> None:
    assert not calendar_of("DE").is_workday(date(2026, 12, 25))
    assert calendar_of("CN").is_workday(date(2026, 12, 25))
    assert not calendar_of("IL").is_workday(date(2026, 11, 20)), "a Friday"
    assert is_country("US") and not is_country("Narnia")


def test_working_days_are_counted_over_holidays_and_make_up_days() -> None:
    china = calendar_of("CN")
    assert china.plus_workdays(date(2026, 9, 30), 2) == date(2026, 10, 9)
    assert china.plus_workdays(date(2026, 10, 9), 1) == date(2026, 10, 10)
    assert china.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)


def test_past_its_last_year_the_weekend_rule_holds_and_the_end_is_known() -> None:
    end = known_until("CN")
    assert end is not None and calendar_of("CN").is_workday(date(end.year + 2, 10, 1)) is (
        date(end.year + 2, 10, 1).weekday() < 5
    )
    assert known_until("DE") is None
