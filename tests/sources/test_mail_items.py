"""Digest mails: items by a pattern of lines or by links, each once, in linear time."""

from __future__ import annotations

import time
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from monitor.sources.mail import Mail, read_mail
from monitor.sources.mail_items import ITEMS_CAP, Digest, items_of
from monitor.sources.markup import lines_of, links_of, text_of

ZONE = ZoneInfo("Asia/Shanghai")
PLAIN = """舆情日报 共 3 条

1. 充电宝起火 【微博】 负面
2026-03-09 11:20  来源：@路人甲
https://v.example.com/p/1

2. 退款难 【黑猫】 负面
2026-03-09 11:40  来源：@路人乙
https://v.example.com/p/2

退订请访问 https://v.example.com/quit
"""
PATTERN = "{}. {title} 【{labels.site}】 {labels.mood}\n{published_at} 来源：{author}\n{url}"


def plain(text: str) -> Mail:
    made = EmailMessage()
    made.set_content(text, charset="utf-8")
    return read_mail(bytes(made), ZONE)


def page(html: str) -> Mail:
    made = EmailMessage()
    made.set_content(html, subtype="html", charset="utf-8")
    return read_mail(bytes(made), ZONE)


def test_a_pattern_finds_its_lines_and_passes_over_the_rest() -> None:
    items = items_of(plain(PLAIN), Digest(pattern=PATTERN))
    assert items == [
        {"title": "充电宝起火", "labels.site": "微博", "labels.mood": "负面", "published_at": "2026-03-09 11:20",
         "author": "@路人甲", "url": "https://v.example.com/p/1"},
        {"title": "退款难", "labels.site": "黑猫", "labels.mood": "负面", "published_at": "2026-03-09 11:40",
         "author": "@路人乙", "url": "https://v.example.com/p/2"},
    ]  # fmt: skip


def test_links_of_a_page_are_items_with_the_text_behind_them_each_once() -> None:
    mail = page(
        '<a href="https://v.example.com/p/1"><img src=x></a><a href="https://v.example.com/p/1">充电宝起火</a>'
        "<div>地铁上冒烟</div><a href='https://v.example.com/share?u=1'>分享</a><p>"
        '<a href=https://v.example.com/p/2>退款难 &amp; 慢</a> 三周了</p><a href="https://v.example.com/quit">退订</a>'
    )
    items = items_of(mail, Digest(links=("https://v.example.com/p/*",)))
    assert items == [
        {"url": "https://v.example.com/p/1", "title": "充电宝起火", "text": "地铁上冒烟"},
        {"url": "https://v.example.com/p/2", "title": "退款难 & 慢", "text": "三周了"},
    ]


def test_links_of_a_plain_mail_are_items_too() -> None:
    items = items_of(plain(PLAIN), Digest(links=("https://v.example.com/p/*",)))
    assert [(i["url"][-1], i["title"].split(" 来源")[1]) for i in items] == [("1", "：@路人甲"), ("2", "：@路人乙")]
    named = items_of(plain("充电宝起火 <https://v.example.com/p/1>\n地铁上冒烟\n"), Digest(links=("https://v.*",)))
    assert named == [{"url": "https://v.example.com/p/1", "title": "充电宝起火", "text": "地铁上冒烟"}]


def test_items_are_capped() -> None:
    text = "\n".join(f"{n}. 起火 https://v.example.com/p/{n}" for n in range(2 * ITEMS_CAP))
    assert len(items_of(plain(text), Digest(links=("https://v.example.com/p/*",)))) == ITEMS_CAP


@pytest.mark.parametrize(
    "digest", [Digest(pattern="{title} <{url}> {} {} {text}\n{author}"), Digest(links=("*a*b*c*",))]
)
def test_hostile_mails_take_no_longer(digest: Digest) -> None:
    mails = [plain(("<" * 900 + "\n") * 100), page("<a href='" * 20_000), page("<a href='aab'>" * 20_000)]
    began = time.perf_counter()
    for mail in mails:
        items_of(mail, digest)
    assert time.perf_counter() - began < 3


def test_lines_and_links_of_markup() -> None:
    html = "<p>a <b>b</b></p><ul><li><a href='/x'>c</a><li>d</ul><a>e</a><script>f</script>"
    assert lines_of(html) == ["a b", "c </x>", "d", "e"] and text_of(html) == "a b c d e"
    assert links_of("<a href=u>t</a> x <a href=v>w</a> y") == [("u", "t", "x"), ("v", "w", "y")]
