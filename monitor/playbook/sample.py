"""Sample facts: what templates are tried on when playbooks are read, and what a preview shows."""

from __future__ import annotations

from msgspec.structs import replace

from monitor.model import Evidence, Example, Facts, Reason, Score, Tier, Transition
from monitor.times import HOUR, MINUTE

AT = 1795270500.0
"""2026-11-21 22:15 on the clock of Shanghai."""

URLS = {"ack": "https://monitor.example.com/a/sample", "detail": "https://monitor.example.com/incidents/INC-2026-0042"}

SLOTS = {
    "zh": {
        "organisation": "星河电器",
        "fact": "收到用户反映,部分产品使用中出现异常",
        "time": "11月21日21时",
        "scope": "9月出厂的X1型,约1200件",
        "remedy": "免费退换,运费由我们承担",
        "next_update": "11月22日10时",
        "contact": "400-000-0000",
    },
    "en": {
        "organisation": "Xinghe Appliances",
        "fact": "some customers report a fault while in use",
        "time": "21:00 on 21 Nov",
        "scope": "X1 units made in September, about 1,200",
        "remedy": "A free refund or exchange, postage paid by us",
        "next_update": "10:00 on 22 Nov",
        "contact": "+86 400 000 0000",
    },
}


_QUIET = ("CLEARED", "CANCELLED", "RESOLVED")


def sample_facts(
    transition: Transition = "NEW", tier: Tier = Tier.RED, playbook: str = "general", *, timezone: str = "Asia/Shanghai"
) -> Facts:
    """A full set of facts for one transition."""
    if transition in _QUIET:
        tier = Tier.CALM
    if transition == "LOWERED":
        tier = min(tier, Tier.ORANGE)
    facts = Facts(
        incident="INC-2026-0042",
        notice=1 if transition == "NEW" else 3,
        transition=transition,
        tier=tier,
        previous_tier=Tier.CALM if transition == "NEW" else _previous(transition, tier),
        risk=playbook,
        scope={"product": "X1"},
        at=AT,
        since=AT - 70 * MINUTE,
        playbook=playbook,
        playbook_revision="",
        labels={"risk": playbook, "product": "X1"},
        evidence=(sample_evidence(tier, value=24 if transition in _QUIET else 186),),
        examples=sample_examples(),
        data_at=AT - 4 * MINUTE,
        lead="zhang-wei",
        backup="li-na",
        ack_by=AT + 15 * MINUTE,
        peak=max(tier, _previous(transition, tier)),
        timezone=timezone,
    )
    owed = transition not in (*_QUIET, "LOWERED", "TEST")
    return facts if owed else replace(facts, ack_by=None)


def _previous(transition: Transition, tier: Tier) -> Tier:
    match transition:
        case "RAISED":
            return Tier(max(tier - 1, Tier.BLUE))
        case "LOWERED":
            return Tier(min(tier + 1, Tier.RED))
        case "CLEARED" | "CANCELLED" | "RESOLVED":
            return Tier.RED
        case _:
            return tier


def sample_evidence(tier: Tier, value: float = 186) -> Evidence:
    """So many complaints in an hour where 21 are normal."""
    return Evidence(
        rule="complaint-surge",
        key=(("product", "X1"),),
        tier=tier,
        since=AT - 70 * MINUTE,
        measure="count",
        window=HOUR,
        detector="change",
        unit="factor",
        score=Score(value=value, level=value / 21, expected=21, added=value - 21),
        reasons=(Reason("above", 4.0, value / 21, value > 84), Reason("families", 2, 3, True)),
        families=("tickets", "social", "press"),
        families_known=5,
        against="last_week",
    )


def sample_examples() -> tuple[Example, ...]:
    """Three voices from three families."""
    return (
        Example(
            text="刚充上电就冒烟,吓得我赶紧拔了,这还敢用?", source="helpdesk", family="tickets", at=AT - 55 * MINUTE
        ),
        Example(
            text="同款也烫手,@你们出来给个说法",
            source="weibo",
            family="social",
            at=AT - 30 * MINUTE,
            url="https://weibo.com/1234567890/Nabcdefgh",
        ),
        Example(
            text="多名消费者称某款产品使用中冒烟",
            source="city-news",
            family="press",
            at=AT - 12 * MINUTE,
            url="https://news.example.com/2026/11/21/8841.html",
        ),
    )
