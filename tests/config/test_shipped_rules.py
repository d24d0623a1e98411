"""The shipped rules are sound, and tell a promotion from a crisis."""

from __future__ import annotations

import random
from functools import cache
from math import exp, pi, sin
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.config.dump import dump
from monitor.config.load import Loaded, load
from monitor.config.reading import reader_of
from monitor.mentions.reading import Reading
from monitor.mentions.topics import Topics
from monitor.model import Mention, Tier
from monitor.rules.replay import replay

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86400.0
MONDAY = 1767542400.0
"""2026-01-05 00:00 in Shanghai."""
PRODUCTS = ("X1", "X2", "Y1", "Z9")
PLAIN = (
    "物流太慢，等了一周",
    "尺寸不对，想换货",
    "客服态度一般",
    "发票还没有收到",
    "the parcel is late",
    "颜色与图片不符",
)
ANGRY = ("太差了，再也不买", "无语，没人管", "避雷，质量垃圾")
DANGER = ("充电宝充电时冒烟了", "用了两次就起火，桌子烧焦", "my power bank caught fire", "充电宝鼓包漏液，太危险")


@cache
def shipped() -> Loaded:
    return load(ROOT / "rules.toml")


def test_the_shipped_file_has_no_fault_and_only_expected_warnings() -> None:
    assert {fault.id for fault in shipped().warnings} <= {"nothing_rings", "general_plan", "unfilled_roles"}


def test_the_examples_in_comments_are_sound_too(tmp_path: Path) -> None:
    text = (ROOT / "rules.toml").read_text(encoding="utf-8")
    path = tmp_path / "rules.toml"
    path.write_text(text.replace("#: ", ""), encoding="utf-8")
    loaded = load(path)
    assert {fault.id for fault in loaded.warnings} <= {"unresolved", "nothing_rings", "general_plan", "unfilled_roles"}
    assert len(loaded.config.channel) > len(shipped().config.channel)


def test_what_is_dumped_loads_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(dump(shipped().config), encoding="utf-8")
    assert load(path).config == shipped().config


def test_every_tier_of_the_law_is_used_and_policy_never_wakes_anybody() -> None:
    rungs = {rule.name: [tier for tier, _ in rule.rungs()] for rule in shipped().config.rule}
    assert {tier for tiers in rungs.values() for tier in tiers} == {Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED}
    assert max(rungs["policy-watch"] + rungs["competitor-watch"]) == Tier.YELLOW


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("充电时突然起火，桌子烧焦了", "danger"),
        ("It exploded in my bag", "danger"),
        ("孩子的手被烫伤，已经送医", "injury"),
        ("你们什么时候召回？", "recall"),
        ("我的个人信息被泄露了", "data-leak"),
        ("App 打不开，支付失败", "outage"),
        ("再不处理就打12315", "legal-threat"),
        ("垃圾客服，踢皮球", "anger"),
        ("你们的客服让人太失望了", "anger"),
        ("Rude staff and three hours wasted, I'm so frustrated", "anger"),
        ("孩子在泳池溺亡", "injury"),
        ("Two people were killed in the blast", "injury"),
        ("市场监管总局发布充电宝强制性标准征求意见稿", "policy"),
        ("竞品甲的产品起火道歉", "competitor"),
        ("示例公司新品发布", "brand"),
    ],
)
def test_a_topic_finds_what_it_is_for(text: str, topic: str) -> None:
    assert topic in Topics(shipped().config.topic).match("", text)


@pytest.mark.parametrize(
    "text", ["信息爆炸的时代", "我心态炸了", "物流太慢", "the parcel is late", "no smoking in the office"]
)
def test_danger_is_not_found_where_there_is_none(text: str) -> None:
    assert "danger" not in Topics(shipped().config.topic).match("", text)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("好吃到爆炸", "danger"),
        ("and to add insult to injury, they lost my bag", "injury"),
        ("40 minutes on hold until my phone died", "injury"),
        ("看得我泪崩了", "outage"),
        ("环卫工在路边清理垃圾", "anger"),
        ("骗子冒充客服打来电话", "anger"),
        ("我会努力，不让大家失望", "anger"),
        ("吃完后头晕、恶心", "anger"),
        ("I need a fare for a death in the family", "injury"),
        ("该国召回驻美大使", "recall"),
    ],
)
def test_an_idiom_is_not_taken_at_its_word(text: str, topic: str) -> None:
    assert topic not in Topics(shipped().config.topic).match("", text)


class World:
    """Four weeks of a customer-service team, an hour at a time, with a fixed seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.records: list[Mention] = []

    def poisson(self, mean: float) -> int:
        left, n = exp(-mean), 0
        p = self.random.random()
        while p > left:
            p *= self.random.random()
            n += 1
        return n

    def say(self, source: str, at: float, texts: tuple[str, ...], **labels: str) -> None:
        at += self.random.uniform(0, 3600)
        n = len(self.records)
        author = f"a{self.random.randrange(5000)}"
        self.records.append(
            Mention(
                id=str(n),
                source=source,
                text=self.random.choice(texts),
                seen_at=at + 1,
                published_at=at,
                author=author,
                labels=labels,
                reach=int(10 ** self.random.uniform(1, 4)),
            )
        )

    def hour(self, at: float, times: float = 1.0) -> None:
        """An ordinary hour: about 180 complaints and 250 posts a day, and a little talk of danger in all of it."""
        local = (at - MONDAY) % DAY / 3600
        rhythm = max(0.1, 1 + sin((local - 8) / 24 * 2 * pi)) * (0.7 if (at - MONDAY) // DAY % 7 >= 5 else 1.0)
        for product in PRODUCTS:
            for _ in range(self.poisson(2.0 * rhythm * times)):
                self.say("tickets", at, PLAIN * 5 + ANGRY, product=product)
        for _ in range(self.poisson(10 * rhythm * times)):
            self.say("social", at, PLAIN * 5 + ANGRY)
        for _ in range(self.poisson(0.3 * rhythm * times)):
            self.say("press", at, ("示例公司发布新品", "行业观察"))
        for source, mean in (("tickets", 0.03), ("social", 0.03)):
            for _ in range(self.poisson(mean * rhythm)):
                self.say(source, at, DANGER, product="X1")

    def danger(self, at: float, **means: float) -> None:
        """Means per hour by source."""
        for source, mean in means.items():
            for _ in range(self.poisson(mean)):
                self.say(source, at, DANGER, product="X1")


def played(world: World, start: float) -> dict[Tier, float]:
    """First time of each tier from `start` on, over all rules, as the rules alone would give it."""
    config = shipped().config
    rules = [rule for rule in config.rule if rule.of == "mentions" and rule.detector.unit != "seconds"]
    reader = reader_of(config.reading, config.topic, config.label, rules, Path())
    known: dict[str, frozenset[str]] = {}

    def read(mention: Mention) -> Reading:
        said = known.get(mention.text)
        if said is None:
            said = known[mention.text] = reader.read(mention).said
        return Reading(mention, said)

    families = {source.name: source.family for source in config.source}
    first: dict[Tier, float] = {}
    for judged in replay(rules, world.records, families=families, read=read, start=start, zone=ZONE):
        for alert in judged.alerts:
            for tier in Tier:
                if alert.tier >= tier:
                    first.setdefault(tier, judged.now)
    return first


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_ordinary_weeks_and_a_promotion_stay_under_orange(seed: int) -> None:
    world = World(seed)
    for hour in range(18 * 24):
        world.hour(MONDAY + hour * 3600, times=3.0 if hour // 24 == 13 else 1.0)
    assert Tier.ORANGE not in played(world, MONDAY + 8 * DAY)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_slow_burn_is_orange_two_days_and_red_a_day_before_the_recall(seed: int) -> None:
    world = World(seed)
    recall = MONDAY + 17 * DAY
    for hour in range(17 * 24):
        at = MONDAY + hour * 3600
        world.hour(at)
        left = (recall - at) / DAY
        if left <= 6:
            growth = 0.08 * 1.8 ** (6 - left)
            world.danger(at, tickets=growth, social=growth, press=0.25 if left <= 2 else 0.0)
    first = played(world, MONDAY + 9 * DAY)
    assert recall - 6 * DAY < first[Tier.ORANGE] < recall - 2 * DAY
    assert first[Tier.ORANGE] < first[Tier.RED] < recall - DAY
