"""What stands in labels, told in Chinese: queries stay as they are, series and cells bear another name."""

from __future__ import annotations

from typing import Any

from generator.words import TIER_NAMES, catalogue
from monitor.metrics import TRANSITIONS

NAMES: dict[str, dict[str, str]] = {
    "tier": {tier: word.zh for tier, word in TIER_NAMES.items()},
    "transition": {name: catalogue(f"incident.transition.{name}").zh for name in TRANSITIONS},
    "severity": {"critical": "紧急", "warning": "警告", "info": "提示"},
    "loop": {
        "poll": "轮询", "judge": "判定", "deliver": "发送", "timers": "定时", "tend": "巡查", "streams": "流式接入",
        "terms": "热词",
    },
    "result": {
        "ok": "成功", "unchanged": "无变化", "failed": "失败", "accepted": "已接收", "duplicate": "重复",
        "corrected": "更正", "rejected": "拒收", "sent": "已送达", "retried": "重试", "refused": "被拒绝",
        "superseded": "已被取代", "dead": "未能送达",
    },
    "quality": {
        "duplicates": "重复", "undated": "无日期", "unreadable": "无法读取", "unmatched": "未命中话题", "gaps": "缺口",
    },
    "kind": {
        "source-failing": "数据源读取失败", "source-silent": "数据源没有新数据", "source-saturated": "数据源满页",
        "source-paused": "数据源已暂停", "source-late": "数据源迟到", "source-gaps": "数据源有缺口",
        "source-duplicates": "数据源重复推送", "source-unreadable": "记录无法读取",
        "source-unmatched": "数据源几乎不命中话题", "source-few": "数据源骤减", "undated": "记录没有日期",
        "series-limit": "规则序列过多", "rule-failing": "规则无法判定", "channel-failing": "渠道发送失败",
        "undeliverable": "通知未能送达",
        "unanswered": "逾时无人确认", "unreachable": "有人联系不上", "unrouted": "没有可通知的对象",
        "unwell": "监测系统自身异常", "clock-jump": "系统时钟跳变", "rota-ended": "值班表到期",
        "review-overdue": "复盘逾期", "action-overdue": "改进措施逾期", "action-relapsed": "改进措施效果反复",
        "effect-unchecked": "改进效果未核对", "clock-overdue": "法定时限到期", "drill-overdue": "演练逾期",
        "coordinated": "疑似集中发帖", "customer-angry": "客户愤怒", "customer-third": "客户第三次投诉",
        "customer-threat": "客户扬言曝光", "other": "其他",
    },
}  # fmt: skip
"""Label -> its values in Chinese, where a fixed list has them; in English boards they stand as they are."""


def in_chinese(panel: dict[str, Any]) -> None:
    """A built panel whose series are named after values of such a label, or whose table has a column of them."""
    overrides = panel["fieldConfig"]["overrides"]
    for label in dict.fromkeys(target["legendFormat"].strip("{}") for target in panel["targets"]):
        for value, name in NAMES.get(label, {}).items():
            overrides.append(_override(value, "displayName", name))
    for change in panel.get("transformations", ()):
        for label, heading in change["options"].get("renameByName", {}).items():
            if label in NAMES:
                told = {value: {"text": name} for value, name in NAMES[label].items()}
                overrides.append(_override(heading, "mappings", [{"type": "value", "options": told}]))


def _override(name: str, id: str, value: Any) -> dict[str, Any]:
    return {"matcher": {"id": "byName", "options": name}, "properties": [{"id": id, "value": value}]}
