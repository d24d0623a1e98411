"""One customer over time: the turn is told when it comes, once, and to those who have heard nothing before."""

from __future__ import annotations

from monitor.mentions import mood, severity
from monitor.mentions.customers import Customer, Turn, hear

DAY = 86400.0


def told(*messages: tuple[float, str]) -> list[tuple[Turn, ...]]:
    customer, out = Customer(), []
    for at, text in messages:
        read = mood.shipped().read("", text), severity.shipped().find("", text)
        customer, turns = hear(customer, at, *read)
        out.append(turns)
    return out


def test_the_third_complaint_within_a_month_is_told_once() -> None:
    slow = "送餐太慢"
    assert told((0, slow), (DAY, slow), (2 * DAY, slow), (3 * DAY, slow)) == [(), (), ("third_complaint",), ()]


def test_complaints_far_apart_do_not_add_up() -> None:
    slow = "送餐太慢"
    assert told((0, slow), (40 * DAY, slow), (80 * DAY, slow)) == [(), (), ()]


def test_praise_in_between_is_no_complaint() -> None:
    assert told((0, "送餐太慢"), (DAY, "很好吃"), (2 * DAY, "送餐太慢")) == [(), (), ()]


def test_somebody_calm_who_turns_angry_is_told_and_somebody_always_angry_is_not() -> None:
    angry = "垃圾客服，太差劲了，气死我了"
    assert told((0, "请问几点送到"), (60, angry)) == [(), ("turned_angry",)]
    assert told((0, angry), (60, angry)) == [(), ()]


def test_a_threat_to_go_public_is_told_at_the_first_message() -> None:
    assert told((0, "再不退款我就发微博曝光")) == [("threatens",)]
    assert told((0, "我要打12315投诉你们")) == [("threatens",)]
    assert told((0, "我不想曝光你们，好好处理就行")) == [()]
    assert told((0, "新机海报曝光，好看")) == [()]
