"""Stories: copies belong together, different news do not, and memory stays bounded."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from monitor.mentions.duplicates import Stories, common

NEWS = "罗马仕充电宝在北京多所高校宿舍内起火，校方已通知学生停止使用并封存"
OTHER = "北京多所高校食堂推出免费绿豆汤，学生称校方终于听到了大家的声音"
POOL = "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自"


def same(first: str, second: str) -> bool:
    stories = Stories()
    story, new = stories.assign("weibo", "1", "", first, 0.0)
    assert new
    return stories.assign("weibo", "2", "", second, 1.0) == (story, False)


@pytest.mark.parametrize(
    "copy",
    [
        NEWS,
        f"转发微博 {NEWS}",
        f"【快讯】{NEWS}",
        f"#热点# {NEWS}",
        f"{NEWS} http://t.cn/A6abcdEF",
        f"{NEWS} @人民日报 @央视新闻",
        f"太可怕了//@张三:转发微博//@李四:{NEWS}",
        NEWS.replace("，", " ").replace("校方", "学校"),
        NEWS.replace("充电宝", "充電寶"),
        f"{NEWS}！！！🔥🔥",
        NEWS[:20] + "的" + NEWS[20:],
        f"大家看看这个，我都不敢用了：{NEWS}",
    ],
)
def test_a_repost_is_the_same_story(copy: str) -> None:
    assert same(NEWS, copy)


@pytest.mark.parametrize(
    "other", [OTHER, NEWS[:12], "罗马仕充电宝今日降价促销", "某品牌手机在上海一家商场内爆炸，警方已介入调查此事"]
)
def test_other_news_is_another_story(other: str) -> None:
    assert not same(NEWS, other)


def test_english_reposts_and_other_english_news() -> None:
    news = "Power bank catches fire aboard flight to Boston, two passengers treated for burns"
    assert same(news, f"RT @newsdesk: {news} https://t.co/abc via @app")
    assert same(news, news.replace("two passengers", "2 passengers"))
    assert not same(news, "Power outage delays flights to Boston, passengers treated to free coffee")


def test_the_story_bears_the_mark_of_its_first_mention_whatever_comes_between() -> None:
    one, two = Stories(), Stories()
    two.assign("x", "9", "", OTHER, 0.0)
    assert one.assign("weibo", "1", "", NEWS, 0.0) == two.assign("weibo", "1", "", NEWS, 5.0)


def test_a_storm_of_reposts_is_one_story() -> None:
    stories = Stories()
    told = {stories.assign("weibo", str(i), "", f"【{i % 7}】{NEWS} @user{i}", float(i))[0] for i in range(500)}
    assert len(told) == 1 and len(stories) == 1


def test_reposts_without_a_word_are_one_story_a_source() -> None:
    stories = Stories()
    first, new = stories.assign("weibo", "1", "", "转发微博", 0.0)
    assert new and stories.assign("weibo", "2", "", "转发微博 @张三", 0.0) == (first, False)
    assert stories.assign("forum", "1", "", "转发微博", 0.0)[0] != first


def test_texts_too_short_to_be_copies_stand_for_themselves() -> None:
    stories = Stories()
    assert stories.assign("t", "1", "", "差评！", 0.0)[0] != stories.assign("t", "2", "", "差评！", 0.0)[0]


def test_a_mention_that_comes_again_keeps_its_story() -> None:
    stories = Stories()
    story, _ = stories.assign("t", "1", "", NEWS, 0.0)
    assert stories.assign("t", "1", "", NEWS, 1.0) == (story, False)
    assert stories.assign("t", "1", "", OTHER, 2.0) == (story, False)


def test_a_story_is_forgotten_when_nobody_repeats_it() -> None:
    stories = Stories(window=100.0)
    stories.assign("t", "1", "", NEWS, 0.0)
    assert stories.assign("t", "2", "", NEWS, 90.0)[1] is False
    assert stories.assign("t", "3", "", NEWS, 180.0)[1] is False
    assert stories.assign("t", "4", "", NEWS, 300.0)[1] is True


def test_memory_is_bounded() -> None:
    stories, dice = Stories(most=50), random.Random(1)
    for i in range(300):
        stories.assign("t", str(i), "", "".join(dice.choices(POOL, k=30)), 0.0)
    assert len(stories) <= 51
    assert sum(1 if isinstance(e, int) else len(e) for e in stories._listed.values()) <= 51 * 24


def test_stories_go_on_after_a_restart() -> None:
    before = Stories()
    told = [("a", NEWS), ("b", OTHER), ("c", f"【转】{NEWS}"), ("d", "转发微博")]
    rows = [(before.assign("t", id, "", text, float(i))[0], text, float(i)) for i, (id, text) in enumerate(told)]
    after = Stories()
    after.load(rows)
    for text in (NEWS, OTHER, f"{OTHER} http://t.cn/x", "转发微博"):
        assert after.assign("t", "z", "", text, 9.0) == before.assign("t", "z", "", text, 9.0)


def test_a_text_that_was_let_go_of_is_not_known_by_its_words() -> None:
    stories = Stories()
    story, _ = stories.assign("t", "1", "", NEWS, 0.0)
    stories.forget([("", NEWS)])
    again, new = stories.assign("t", "2", "", NEWS, 1.0)
    assert new and again != story
    assert stories.assign("t", "3", "", f"【快讯】{NEWS}", 2.0) == (again, False)


def test_a_copy_word_for_word_is_found_however_common_its_words_are() -> None:
    stories, dice = Stories(), random.Random(4)
    pieces = ["".join(dice.choices(POOL, k=6)) for _ in range(12)]
    told = {}
    for i in range(3000):
        text = "".join(dice.sample(pieces, 6))
        told.setdefault(stories.assign("t", str(i), "", text, 0.0)[0], text)
    for story, text in told.items():
        assert stories.assign("u", story, "", text, 1.0) == (story, False)


def test_the_title_counts_as_text() -> None:
    stories = Stories()
    story, _ = stories.assign("rss", "1", NEWS, "", 0.0)
    assert stories.assign("rss", "2", "", NEWS, 0.0) == (story, False)


@pytest.mark.parametrize(
    "text", ["", " ", "\ud800\ud800", "。，！", "a" * 100_000, "充" * 100_000, "@" * 50_000, "//@a:" * 20_000]
)
def test_odd_texts_cost_nothing_and_break_nothing(text: str) -> None:
    Stories().assign("s", "1", "", text, 0.0)


def test_the_common_subsequence_is_the_textbook_one() -> None:
    def slow(a: str, b: str) -> int:
        row = [0] * (len(b) + 1)
        for x in a:
            last = 0
            for j, y in enumerate(b, 1):
                last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
        return row[-1]

    dice = random.Random(2)
    for _ in range(200):
        a, b = ("".join(dice.choices("abcd", k=dice.randrange(1, 30))) for _ in "ab")
        assert common(a, b) == slow(a, b)


def mutated(text: str, dice: random.Random) -> str:
    chars = list(text)
    for i in dice.sample(range(len(chars)), max(1, round(len(chars) * dice.choice((0.05, 0.1))))):
        chars[i] = dice.choice((dice.choice(POOL), dice.choice(POOL), "", chars[i] + dice.choice(POOL)))
    frame = dice.choice(("", "转发微博 ", "【快讯】", "#热点# "))
    return frame + "".join(chars) + dice.choice(("", " http://t.cn/A6abcd", " @人民日报", "//@张三:转发微博"))


def test_mutated_reposts_of_real_texts_are_found_and_distinct_ones_kept_apart(shared: Path) -> None:
    with gzip.open(shared / "data/mentions/weibo_titles_2025Q3.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = [json.loads(line)["title"] for line in lines]
    titles = list(dict.fromkeys(t for t in titles if len(t) >= 10))[:5000]
    stories, dice = Stories(), random.Random(3)
    told = [stories.assign("board", str(i), "", title, 0.0) for i, title in enumerate(titles)]
    assert sum(not new for _, new in told) <= 0.015 * len(titles)
    picked = dice.sample(range(len(titles)), 1500)
    found = sum(stories.assign("copy", str(i), "", mutated(titles[i], dice), 0.0)[0] == told[i][0] for i in picked)
    assert found >= 0.99 * len(picked)
