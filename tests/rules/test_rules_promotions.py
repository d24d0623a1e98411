"""Which rules' series a promotion lifts, and from when to when."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.detectors import Seasonal
from monitor.rules.promotions import Promoted, Promotion, occasion
from monitor.rules.rule import Rule, Where
from monitor.times import DAY, instant

CHINA = ZoneInfo("Asia/Shanghai")
RULE = Rule(name="volume", risk="r", by=("product",), where=Where(family=("tickets",)), detector=Seasonal())


def promotion(first: str = "2026-06-16", last: str = "2026-06-18", **where: Any) -> Promotion:
    return Promotion(name="618", from_=first, to=last, where=Promoted(**where))


def test_a_date_is_the_whole_day_on_the_wall_and_a_time_an_instant() -> None:
    start, end = promotion().span(CHINA)
    assert (start, end - start) == (instant("2026-06-16T00:00:00+08:00", CHINA), 3 * DAY)
    assert promotion("2026-06-16T20:00", "2026-06-16T16:00:00Z").span(CHINA) == (start + 20 * 3600, start + DAY)
    with pytest.raises(ValueError, match="no time"):
        promotion("soon").span(CHINA)


@pytest.mark.parametrize(
    ("where", "touched"),
    [
        ({}, True),
        ({"rule": ("volume", "else")}, True),
        ({"rule": ("else",)}, False),
        ({"family": ("tickets",)}, True),
        ({"family": ("press",)}, False),
        ({"labels": {"product": ("lamp",)}}, True),
        ({"labels": {"channel": ("app",)}}, False),
    ],
)
def test_it_touches_the_rules_that_fit(where: dict[str, Any], touched: bool) -> None:
    found = occasion(promotion(**where), RULE, CHINA)
    assert (found is not None) == touched
    assert found is None or found.labels == tuple(where.get("labels", {}).items())


def test_a_rule_of_one_value_of_the_label_is_touched_as_a_whole() -> None:
    lamps = Rule(name="lamps", risk="r", where=Where(labels={"product": ("lamp",)}))
    drills = Rule(name="drills", risk="r", where=Where(labels={"product": ("drill",)}))
    found = [occasion(promotion(labels={"product": ("lamp",)}), rule, CHINA) for rule in (lamps, drills)]
    assert found[0] is not None and found[0].labels == () and found[1] is None


@pytest.mark.parametrize(("measure", "touched"), [("count", True), ("sum", True), ("avg", False), ("share", False)])
def test_what_does_not_add_up_is_not_lifted(measure: Any, touched: bool) -> None:
    found = occasion(promotion(), Rule(name="x", risk="r", measure=measure), CHINA)
    assert (found is not None) == touched
