"""Numbers, times and names as people read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from web_fakes import NOW, config

from monitor.web.people import display, language_for
from monitor.web.words import Words

ZONE = ZoneInfo("Asia/Shanghai")
EN, ZH = Words("en", ZONE, NOW), Words("zh", ZONE, NOW)


@pytest.mark.parametrize(
    ("at", "shown"),
    [(NOW, "11:01"), (NOW - 11.5 * 3600, "02-28 23:31"), (NOW - 90 * 86400, "2025-12-01 11:01"), (None, "–")],
)
def test_a_time_bears_its_day_and_year_where_they_are_not_todays(at: float | None, shown: str) -> None:
    assert EN.clock(at) == shown


def test_times_ago_and_to_come() -> None:
    assert (EN.ago(NOW - 90), EN.ago(NOW + 3600), EN.ago(None)) == ("1 min 30 s ago", "in 1 h", "never")
    assert ZH.ago(NOW - 7800) == "2 小时 10 分钟前"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (186.0, "", "186"),
        (1240.0, "", "1,240"),
        (0.063, "ratio", "6.3%"),
        (340.0, "seconds", "5 min 40 s"),
        (None, "", "–"),
    ],
)
def test_a_measure_is_written_in_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert EN.number(value, unit) == shown


@pytest.mark.parametrize(
    ("actor", "zh", "en"),
    [
        ("zhang-wei", "张伟", "张伟"),
        ("token:helpdesk", "接口 helpdesk", "API helpdesk"),
        ("user:root", "命令行 root", "command line root"),
        ("local", "本机", "this machine"),
        ("monitor", "系统", "monitor"),
        ("gone-person", "gone-person", "gone-person"),
        (None, "", ""),
    ],
)
def test_every_actor_has_a_name(actor: str | None, zh: str, en: str) -> None:
    assert (display(config(), actor, "zh"), display(config(), actor, "en")) == (zh, en)


def test_a_link_speaks_the_language_of_whom_it_was_sent_to() -> None:
    settings = config(channel=[{"name": "ops", "kind": "file", "path": "/x", "language": "en"}])
    assert [language_for(settings, who) for who in ("mary", "li-na", "channel:ops", "channel:none", "gone")] == [
        "en", "zh", "en", "zh", "zh",
    ]  # fmt: skip
