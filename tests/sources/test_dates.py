"""Dates as they are written in the wild, each read in its source's zone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.dates import day_of, not_ahead, read_date
from monitor.times import instant

SHANGHAI, CHICAGO = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Chicago")


def at(text: str) -> float:
    return instant(text, SHANGHAI)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("2025/09/01 10:00", "2025-09-01T10:00:00+08:00"),
        ("2025-9-1 9:05", "2025-09-01T09:05:00+08:00"),
        ("2025年9月1日", "2025-09-01T00:00:00+08:00"),
        ("2025年09月01日 10时30分", "2025-09-01T10:30:00+08:00"),
        ("2025年9月1日 星期一 下午3点20分", "2025-09-01T15:20:00+08:00"),
        ("2025.09.01", "2025-09-01T00:00:00+08:00"),
        ("20250901", "2025-09-01T00:00:00+08:00"),
        ("202509011000", "2025-09-01T10:00:00+08:00"),
        ("2025-09-01T10:00:00", "2025-09-01T10:00:00+08:00"),
        ("2025-09-01T10:00:00.123Z", "2025-09-01T18:00:00.123+08:00"),
        ("2025-09-01 10:00:00 UTC", "2025-09-01T18:00:00+08:00"),
        ("2025-09-01 10:00:00 +0900", "2025-09-01T09:00:00+08:00"),
        ("Mon, 01 Sep 2025 10:00:00 CST", "2025-09-01T10:00:00+08:00"),
        ("Mon, 01 Sep 2025 10:00:00 GMT", "2025-09-01T18:00:00+08:00"),
        ("Mon, 01 Sep 2025 10:00:00 EDT", "2025-09-01T22:00:00+08:00"),
        ("Mon, 01 Sep 2025 10:00:00", "2025-09-01T10:00:00+08:00"),
        ("Mon Sep  1 10:00:00 2025", "2025-09-01T10:00:00+08:00"),
        ("Mon Sep 01 10:00:00 +0800 2025", "2025-09-01T10:00:00+08:00"),
        ("1 Sep 2025", "2025-09-01T00:00:00+08:00"),
        ("Sep 1, 2025", "2025-09-01T00:00:00+08:00"),
        ("September 1st, 2025, 3:20 pm", "2025-09-01T15:20:00+08:00"),
        ("1756692000", "2025-09-01T10:00:00+08:00"),
        (1756692000, "2025-09-01T10:00:00+08:00"),
        (1756692000000, "2025-09-01T10:00:00+08:00"),
        ("1756692000000", "2025-09-01T10:00:00+08:00"),
        (datetime(2025, 9, 1, 10), "2025-09-01T10:00:00+08:00"),
        (date(2025, 9, 1), "2025-09-01T00:00:00+08:00"),
    ],
)
def test_a_date_is_read_in_the_zone_of_its_source(value: Any, want: str) -> None:
    assert read_date(value, SHANGHAI) == pytest.approx(at(want))


def test_cst_is_china_for_a_chinese_feed_and_chicago_elsewhere() -> None:
    text = "Mon, 01 Sep 2025 10:00:00 CST"
    assert read_date(text, ZoneInfo("UTC"), chinese=True) == at("2025-09-01T10:00:00+08:00")
    assert read_date(text, ZoneInfo("UTC")) == read_date(text, CHICAGO) == at("2025-09-02T00:00:00+08:00")
    assert read_date("2025-09-01 10:00 CST", SHANGHAI) == at("2025-09-01T10:00:00+08:00")


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        ("+0800 (CST)", "+08:00"),
        ("+0800 CST", "+08:00"),
        ("(CST) +0800", "+08:00"),
        ("GMT+0800 (China Standard Time)", "+08:00"),
        ("GMT+0800 (中国标准时间)", "+08:00"),
        ("+0200 (IST)", "+02:00"),
        ("-0500 (CDT)", "-05:00"),
        ("-0330 (UTC-03:30)", "-03:30"),
        ("GMT", "+00:00"),
        ("(CST)", "-06:00"),
    ],
)
def test_the_digits_of_an_offset_outweigh_the_name_beside_them(written: str, offset: str) -> None:
    assert read_date(f"Mon, 01 Sep 2025 10:00:00 {written}", CHICAGO) == at(f"2025-09-01T10:00:00{offset}")


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("刚刚", "2025-01-02T12:00:00+08:00"),
        ("5分钟前", "2025-01-02T11:55:00+08:00"),
        ("2 hours ago", "2025-01-02T10:00:00+08:00"),
        ("今天 10:05", "2025-01-02T10:05:00+08:00"),
        ("昨天 23:10", "2025-01-01T23:10:00+08:00"),
        ("前天", "2024-12-31T00:00:00+08:00"),
        ("01-02 09:00", "2025-01-02T09:00:00+08:00"),
        ("12月30日 08:00", "2024-12-30T08:00:00+08:00"),
        ("11:59", "2025-01-02T11:59:00+08:00"),
    ],
)
def test_dates_seen_from_now_need_to_know_it(value: str, want: str) -> None:
    assert read_date(value, SHANGHAI, now=at("2025-01-02T12:00:00+08:00")) == at(want)
    with pytest.raises(ValueError, match="no date"):
        read_date(value, SHANGHAI)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_date_is_none(value: Any) -> None:
    assert read_date(value, SHANGHAI) is None


@pytest.mark.parametrize(
    "value", ["1970-01-01", "Thu, 01 Jan 1970 00:00:00 GMT", 0, 1, "0001-01-01", "2525-01-01", 9e15, -5]
)
def test_an_absurd_date_is_refused_as_such(value: Any) -> None:
    with pytest.raises(ValueError, match=r"outside the years|no date"):
        read_date(value, SHANGHAI)


@pytest.mark.parametrize(
    "value", ["yesterday", "2025-13-01", "2025-02-30", True, float("nan"), float("inf"), "x" * 999, {}, []]
)
def test_what_is_no_date_says_what_would_be(value: Any) -> None:
    with pytest.raises(ValueError, match="2026-01-31T08:00:00"):
        read_date(value, SHANGHAI)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2025/9/1", "2025-09-01"),
        ("2025年9月1日", "2025-09-01"),
        ("20250901", "2025-09-01"),
        (date(2025, 9, 1), "2025-09-01"),
        (datetime(2025, 9, 1), None),
        ("2025/9/1 00:00", None),
        ("2025-02-30", None),
        ("1756692000", None),
        (5, None),
    ],
)
def test_a_day_is_told_from_an_instant(value: Any, day: str | None) -> None:
    assert day_of(value) == day


def test_five_minutes_ahead_count_as_now_and_more_is_refused() -> None:
    assert not_ahead(1000.0, 800.0) == 800.0 and not_ahead(None, 800.0) is None
    with pytest.raises(ValueError, match="ahead"):
        not_ahead(1200.0, 800.0)


@given(
    st.text(max_size=40)
    | st.floats()
    | st.integers()
    | st.from_regex(r"[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}.{0,12}")
)
def test_anything_is_a_date_or_a_value_error(value: Any) -> None:
    try:
        found = read_date(value, SHANGHAI)
        assert found is None or 631152000 <= found < 4133980800
        day_of(value)
    except ValueError:
        pass
