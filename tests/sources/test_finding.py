"""What finds a value in an item: paths, the first of several, texts around values; reach as shown; moving times."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.sources.mapping import read_reach
from monitor.sources.paths import items_at, read_find
from monitor.sources.rss import Rss
from monitor.sources.web_source import moving
from monitor.times import instant

ITEM: dict[str, Any] = {"id": 7, "title": None, "subject": "S", "empty": "", "list": [], "a": {"b": "c d/e"}, "zero": 0}


@pytest.mark.parametrize(
    ("find", "value"),
    [
        ("subject", "S"),
        ("title | subject", "S"),
        ("empty | list | a.b", "c d/e"),
        ("zero | subject", 0),
        ("title | nothing", None),
        ("https://x.example/{id}?q={a.b}", "https://x.example/7?q=c%20d%2Fe"),
        ("#{id}: {a.b}", "#7: c d/e"),
        ("{title} {subject} | subject", "S"),
        ("{list}", None),
        ("{$key}-{id}", "k-7"),
        ("$key", "k"),
    ],
)
def test_a_value_is_found(find: str, value: Any) -> None:
    assert read_find(find)(ITEM, "k") == value


@pytest.mark.parametrize("find", ["a | b.", "{a..}", "x | {a[}"])
def test_what_is_no_path_is_said_when_the_config_is_read(find: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        read_find(find)
    assert [option for option, _ in Rss(name="x", url="https://x.example", fields={"author": find}).wrong()] == [
        "fields.author"
    ]


def test_an_empty_object_holds_no_items_and_another_one_is_looked_into() -> None:
    assert items_at({}, "$.articles") == []
    with pytest.raises(ValueError, match="the answer has error"):
        items_at({"error": 1}, "$.articles")


@pytest.mark.parametrize(
    ("shown", "reach"),
    [
        (None, 0), ("", 0), ("热", 0), (True, 0), ([1], 0), (12, 12), (12.0, 12), ("12,345", 12345),
        ("3.4万热度", 34000),
        ("综艺 85万", 850000), ("1.2亿", 120_000_000), ("56k views", 56000), ("2M", 2_000_000), ("３万", 30000),
        ("5 minutes", 5), ("5 km", 5),
    ],
)  # fmt: skip
def test_reach_is_read_as_pages_show_it(shown: Any, reach: int) -> None:
    assert read_reach(shown) == reach


@pytest.mark.parametrize("shown", [-1, "-5", 10**13, "99999999999万", float("nan")])
def test_an_absurd_reach_is_refused(shown: Any) -> None:
    with pytest.raises(ValueError, match="reach"):
        read_reach(shown)


def test_instants_in_parameters_move_with_the_clock() -> None:
    now = instant("2026-03-01T00:30:00Z", ZoneInfo("UTC"))
    assert moving("{now}", now) == str(int(now)) and moving("{now-1h}", now) == str(int(now) - 3600)
    assert moving("since:{date-1d}", now) == "since:2026-02-28"
    assert moving("{time-90m}", now) == "2026-02-28T23:00:00Z"
    assert moving("{nowhere} {date-}", now) == "{nowhere} {date-}"
    assert next(iter(Rss(name="x", url="https://x.example", params={"a": "{now-1x}"}).wrong()))[0] == "params.a"
