"""What people read on the boards, in both languages: each text, and the names of what stands in labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from monitor.messages import say
from monitor.metrics import TRANSITIONS

LANGUAGES = ("en", "zh")
NO_DATA, CALM, BLUE, YELLOW, ORANGE, RED = "#8e8e8e", "#56a64b", "#3274d9", "#f2cc0c", "#ff780a", "#c4162a"
COLOURS = {"calm": CALM, "blue": BLUE, "yellow": YELLOW, "orange": ORANGE, "red": RED}
"""The same everywhere, so that red is red on every wall."""


class Text(NamedTuple):
    """One text in English and in Chinese."""

    en: str
    zh: str


def told(given: Any, lang: str) -> Any:
    """The same with each Text in it in one language, and each panel or query made in it."""
    if isinstance(given, Text):
        return getattr(given, lang)
    if callable(given):
        return given(lang)
    if isinstance(given, dict):
        return {key: told(value, lang) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(told(value, lang) for value in given)
    return given


def in_both(make: Callable[..., Any]) -> Callable[..., Callable[[str], Any]]:
    """What is made once for each language: `make` is given the language, then all else as told in it."""

    @wraps(make)
    def given(*args: Any, **more: Any) -> Callable[[str], Any]:
        return lambda lang: make(lang, *told(args, lang), **told(more, lang))

    return given


def _catalogue(id: str) -> Text:
    return Text(*(say(lang, id) for lang in LANGUAGES))


_TIERS = {tier: _catalogue(f"incident.tier.{tier}") for tier in COLOURS}
TIERS = {
    -1: (Text("no data", "无数据"), NO_DATA),
    **{level: (word, COLOURS[tier]) for level, (tier, word) in enumerate(_TIERS.items())},
}
"""Level -> word and colour."""
UP_DOWN = {0: (Text("down", "中断"), RED), 1: (Text("up", "正常"), CALM)}
YES_NO = {0: (Text("no", "否"), RED), 1: (Text("yes", "是"), CALM)}
NAMES: dict[str, dict[str, str]] = {
    "tier": {tier: word.zh for tier, word in _TIERS.items()},
    "transition": {name: _catalogue(f"incident.transition.{name}").zh for name in TRANSITIONS},
    "severity": {"critical": "紧急", "warning": "警告", "info": "提示"},
    "loop": {
        "poll": "轮询", "judge": "判定", "deliver": "发送", "timers": "定时", "tend": "巡查", "streams": "流式接入",
        "terms": "热词",
    },
    "result": {
        "ok": "成功", "unchanged": "无变化", "failed": "失败", "accepted": "已接收", "duplicate": "重复",
        "corrected": "更正",
        "rejected": "拒收", "sent": "已送达", "retried": "重试", "refused": "被拒绝", "superseded": "已被取代",
        "dead": "未能送达",
    },
    "quality": {
        "duplicates": "重复", "undated": "无日期", "unreadable": "无法读取", "unmatched": "未命中话题", "gaps": "缺口",
    },
    "kind": {
        "source-failing": "数据源读取失败", "source-silent": "数据源没有新数据", "source-saturated": "数据源满页",
        "source-paused": "数据源已暂停", "source-late": "数据源迟到", "source-gaps": "数据源有缺口",
        "source-duplicates": "数据源重复推送", "source-unreadable": "记录无法读取",
        "source-unmatched": "数据源几乎不命中话题", "source-few": "数据源骤减",
        "undated": "记录没有日期", "series-limit": "规则序列过多",
        "rule-failing": "规则无法判定", "channel-failing": "渠道发送失败", "undeliverable": "通知未能送达",
        "unanswered": "逾时无人确认", "unreachable": "有人联系不上", "unrouted": "没有可通知的对象",
        "unwell": "监测系统自身异常", "clock-jump": "系统时钟跳变", "rota-ended": "值班表到期",
        "review-overdue": "复盘逾期", "action-overdue": "改进措施逾期", "action-relapsed": "改进措施效果反复",
        "effect-unchecked": "改进效果未核对", "clock-overdue": "法定时限到期", "drill-overdue": "演练逾期",
        "coordinated": "疑似集中发帖", "customer-angry": "客户愤怒", "customer-third": "客户第三次投诉",
        "customer-threat": "客户扬言曝光", "other": "其他",
    },
}  # fmt: skip
"""Label -> its values in Chinese, where a fixed list has them; in English they stand as they are."""
