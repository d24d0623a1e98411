"""A notice as playbooks make them, with strangers' words where they stand."""

from __future__ import annotations

from typing import Any

from monitor.model import Line, Link, Notice, Part, Quoted, Target, Text, Tier

NOW = 1_700_000_000.0
ACK = "https://warn.example.com/a/tok3n-of-zhang-wei"
DETAIL = "https://warn.example.com/i/INC-2026-0042"
EXAMPLE = "https://weibo.com/1234/AbCd?from=page"
TARGET = Target(channel="ops")


def notice(quote: str = "充电宝在包里冒烟了", link: str = EXAMPLE, **changes: Any) -> Notice:
    """A red notice; `quote` stands in the title, as a product, as a source and as an excerpt."""
    fields: dict[str, Any] = {
        "key": "d-0042-3-zhang-wei",
        "incident": "INC-2026-0042",
        "number": 3,
        "transition": "RAISED",
        "tier": Tier.RED,
        "previous_tier": Tier.ORANGE,
        "language": "zh",
        "title": (Text("🔴 红色预警 · 产品安全 · "), Quoted(quote)),
        "lines": lines(quote, link),
        "at": NOW,
        "since": NOW - 7200,
        "labels": {"rule": "battery-fire", "risk": "product-safety", "product": quote, "event_id": "e7"},
        "urls": {"ack": ACK, "detail": DETAIL},
    }
    return Notice(**{**fields, **changes})


def lines(quote: str, link: str) -> tuple[Line, ...]:
    return (
        line("head", Text("内部预警 · INC-2026-0042 第 3 条 · 06:13 CST · 由橙升红"), vital=True),
        line("extent", Text("产品 "), Quoted(quote), Text("：1 小时内 186 条投诉"), vital=True),
        line("since", Text("自 04:13 起，已 2 小时"), vital=True),
        line("evidence", Text("186/小时，平时 21（p99 38），×8.9；3 类来源"), priority=3),
        line(
            "example.1",
            Text("「"),
            Quoted(quote),
            Text("」 "),
            Quoted(quote),
            Text("，05:58，"),
            Link("weibo.com", link),
            priority=7,
        ),
        line("example.2", Quoted(quote), priority=8),
        line("who", Text("负责：张伟；候补：李娜"), vital=True),
        line("ack", Text("请在 06:18 前确认，否则通知李娜"), vital=True),
        line("links", Link("确认", ACK), Text(" · "), Link("详情", DETAIL), vital=True),
    )


def line(id: str, *parts: Part, vital: bool = False, priority: int = 5) -> Line:
    return Line(id=id, parts=parts, vital=vital, priority=priority)


def person(address: str) -> Target:
    return Target(channel="ops", person="zhang-wei", display="张伟", address=address)
