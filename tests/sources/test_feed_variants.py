"""Feeds that feedparser's own tests do not hold: entities, charsets by their names, markup in other places."""

from __future__ import annotations

import calendar
import re
import time
import warnings
from collections.abc import Iterator
from html.entities import name2codepoint
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.sources.feed import FeedEntry, parse_feed
from monitor.sources.markup import one_line, text_of
from monitor.sources.source import SourceFault
from tests.sources.test_feed_corpus import cases

UTC = ZoneInfo("UTC")
RSS = '<?xml version="1.0"{}?><rss><channel><item><title>{}</title></item></channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>{}</title></entry></feed>'
ZH, TW, JA = (
    "充电宝爆炸起火，消费者受伤，厂家召回",
    "行動電源爆炸起火，消費者受傷，廠商召回",
    "モバイルバッテリーが爆発した",
)
KO, RU, FR = "보조배터리 폭발 사고 발생, 소비자 부상, 제조사 리콜", "Взрыв аккумулятора", "Éclat d’été à Noël — 100 €"


def title(body: bytes, content_type: str = "") -> str:
    return parse_feed(body, zone=UTC, content_type=content_type).entries[0].title


def test_every_entity_of_html_is_its_character() -> None:
    for name, code in name2codepoint.items():
        for frame in (RSS.format("", f"a &{name}; b"), ATOM.format(f"a &{name}; b")):
            assert title(frame.encode()) == one_line(f"a {chr(code)} b"), name


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        *((name, ZH) for name in ("utf-8", "gbk", "gb2312", "gb18030", "hz", "utf-16", "utf-16-be", "utf-32-le")),
        *((name, TW) for name in ("big5", "big5hkscs")),
        *((name, JA) for name in ("euc_jp", "shift_jis", "iso2022_jp")),
        *((name, KO) for name in ("euc_kr", "iso2022_kr")),
        *((name, RU) for name in ("koi8-r", "windows-1251", "iso-8859-5", "cp866")),
        ("windows-1252", FR), ("mac_roman", "Éclat"), ("tis-620", "แบตเตอรี่"), ("windows-1255", "סוללה"),
        ("cp037", "Eclat"),
    ],
)  # fmt: skip
def test_a_charset_that_is_named_is_read_so(charset: str, text: str) -> None:
    assert title(RSS.format(f' encoding="{charset}"', text).encode(charset)) == text
    assert title(RSS.format("", text).encode(charset), f"application/xml; charset={charset}") == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [("gbk", ZH), ("gb18030", ZH), ("big5", TW), ("euc_jp", JA), ("shift_jis", JA), ("euc_kr", KO), ("utf-16-le", ZH)],
)
def test_a_charset_that_nobody_names_or_all_name_wrongly_is_found(charset: str, text: str) -> None:
    body = RSS.format("", text).encode(charset)
    assert title(body) == title(body, "text/xml; charset=iso-8859-1") == text
    assert title(RSS.format(' encoding="utf-8"', text).encode(charset)) == text


@pytest.mark.parametrize(
    ("name", "charset", "text"),
    [
        ("x-gbk", "gbk", ZH), ("windows-936", "gbk", ZH), ("gb_2312-80", "gb2312", ZH), ("x-sjis", "shift_jis", JA),
        ("x-euc-jp", "euc_jp", JA), ("x-x-big5", "big5", TW), ("ks_c_5601-1987", "euc_kr", KO),
        ("csucs4", "utf-32-be", ZH), ("x-windows-949", "euc_kr", KO),
        ("x-mac-roman", "mac_roman", "Éclat"), ("bogus", "utf-8", ZH),
    ],
)  # fmt: skip
def test_a_charset_goes_by_many_names(name: str, charset: str, text: str) -> None:
    assert title(RSS.format(f' encoding="{name}"', text).encode(charset)) == text


@pytest.mark.parametrize(
    "name", ["unicode_escape", "raw_unicode_escape", "utf-7", "idna", "punycode", "rot13", "base64"]
)
def test_a_codec_that_is_no_charset_is_not_used(name: str) -> None:
    assert title(RSS.format(f' encoding="{name}"', ZH).encode("gbk")) == ZH


def test_a_few_chinese_words_are_not_taken_for_korean() -> None:
    assert title(RSS.format("", "不可能发货后还改地址").encode("gbk")) == "不可能发货后还改地址"


def test_what_is_swollen_with_references_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(SourceFault, match="too many"):
        title(RSS.format("", "&lt;" * 2_000_000).encode())
    assert time.perf_counter() - began < 5


MOVED = (
    "summary>title content>title tagline>title subtitle>title description>title title>summary title>description "
    "rights>title copyright>title info>title issued>created modified>issued published>updated updated>published "
    "pubDate>dc:date dc:date>pubDate created>modified dcterms:issued>dcterms:modified dcterms:modified>dcterms:created "
    "guid>link author>contributor contributor>author description>content:encoded itunes:summary>title "
    "itunes:subtitle>title itunes:title>title description>dc:title title>dc:title summary>description "
    "content:encoded>description content:encoded>title xhtml:body>title"
)
"""Elements of the corpus put in another's place: what is said of one holds for the other."""
CRAZY = re.compile(r"_crazy\.xml$")
"""A page of scripts as a title: feedparser leaves their text standing, we show none of it."""


def variants(text: str) -> Iterator[tuple[str, str]]:
    """A feed of the corpus with its own values as an entry's, and with elements renamed."""
    body = re.sub(r"<!--.*?-->", "", text, count=1, flags=re.DOTALL)
    for outer, inner in (("feed", "entry"), ("channel", "item")):
        found = re.search(rf"<{outer}\b[^>]*>(.*)</{outer}>", body, re.DOTALL)
        if found and f"<{inner}" not in found[1] and "rdf" not in body.lower() and "<textInput" not in body:
            yield outer, body[: found.start(1)] + f"<{inner}>{found[1]}</{inner}>" + body[found.end(1) :]
    for pair in MOVED.split():
        old, new = pair.split(">")
        if re.search(rf"<{old}[\s>/]", body):
            yield pair, re.sub(rf"(</?){old}(?=[\s>/])", rf"\1{new}", body)


def unlike(theirs: Any, ours: FeedEntry) -> list[str]:
    """What an entry of ours says otherwise than feedparser."""
    out = []
    if "title" in theirs and ours.title not in (text_of(theirs.title), one_line(theirs.title)):
        out.append("title")
    if theirs.get("link") and theirs.link.strip() != ours.url:
        out.append("link")
    if theirs.get("id") and one_line(theirs.id) != ours.id:
        out.append("id")
    stamp = next((s for n in ("published", "updated", "created") if (s := dict.get(theirs, f"{n}_parsed"))), None)
    if stamp and calendar.timegm(stamp) != ours.published_at and not ours.refused:
        out.append("date")
    return out


@pytest.mark.slow
def test_the_corpus_with_its_markup_in_other_places_is_read_as_feedparser_reads_it(shared: Path) -> None:
    import feedparser

    warnings.simplefilter("ignore")
    tried, other, slowest = 0, [], 0.0
    for name, body in cases(shared):
        for how, text in variants(body.decode("utf-8", "ignore")):
            theirs = feedparser.parse(text.encode(), response_headers={"content-type": "application/xml"})
            began = time.perf_counter()
            ours = parse_feed(text.encode(), zone=UTC, content_type="application/xml").entries
            slowest, tried = max(slowest, time.perf_counter() - began), tried + 1
            assert len(theirs.entries) == len(ours), (name, how)
            wrong = [what for a, b in zip(theirs.entries, ours, strict=True) for what in unlike(a, b)]
            other += [(name, how, wrong)] if wrong and not CRAZY.search(name) else []
    assert tried > 2000 and slowest < 2
    assert other == []
