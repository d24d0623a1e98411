"""Personal data never reaches an excerpt; what is nobody's stays readable."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions.mask import excerpt, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请联系13812345678张", "请联系***张"),
        ("电话：138-1234-5678。", "电话：***。"),
        ("138 1234 5678", "***"),
        ("１３８１２３４５６７８", "***"),
        ("1 3 8 1 2 3 4 5 6 7 8", "***"),
        ("138\u200b12345678", "***"),
        ("+86 13812345678", "***"),
        ("手机一三八一二三四五六七八", "手机***"),
        ("座机010-87654321转8012", "座机***"),
        ("(0755)26543210", "***"),
        ("call +1 415-555-2671 now", "call *** now"),
        ("call (415) 555-2671", "call ***"),
        ("身份证11010519491231002X", "身份证***"),
        ("身份证 110105 19491231 0021", "身份证 ***"),
        ("卡号6222021234567890123", "卡号***"),
        ("卡号 6222 0212 3456 7890 123", "卡号 ***"),
        ("邮箱zhang.san@example.com.cn谢谢", "邮箱***谢谢"),
        ("me＠example.com", "***"),
        ("护照E12345678", "护照***"),
        ("车牌京A12345违停", "车牌***违停"),
        ("粤B·D12345", "***"),
        ("我住在建国路88号3号楼2单元501室", "我住在***"),
        ("朝阳区建国路88号", "朝阳区***"),
        ("12栋3单元402室漏水", "***漏水"),
        ("联系人：张三丰，急", "联系人：***，急"),
        ("我叫张伟，要投诉", "我叫***，要投诉"),
        ("加微信 zhang_1990", "加微信 ***"),
        ("QQ:123456789", "QQ:***"),
        ("订单号：JD2025091012345", "订单号：***"),
        ("I live at 221 Baker Street", "I live at ***"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "客服热线400-820-8820打不通",
        "拨打12315和95588投诉",
        "2025-09-10 12:30:45 发布",
        "赔了1380000元，涨幅3.1415926",
        "20250910期，第100000号",
        "iPhone15 Pro Max 256GB 7999元",
        "3号下午5点，2个人",
        "我是老用户，我是不会再买的",
        "条条大道通罗马，走了10公里",
        "微信支付失败，qq登录不上",
        "小区停电",
        "在路上看见3个人",
        "CVE-2024-12345 和 GB/T 36961-2018",
        "The order was late. 100 people waited",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert mask(text) == text


@settings(deadline=None)
@given(st.text(max_size=120))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@settings(deadline=None)
@given(st.text(max_size=120), st.integers(5, 60))
def test_an_excerpt_is_one_short_clean_line(text: str, limit: int) -> None:
    line = excerpt(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in line)
    assert line == line.strip()


def test_an_excerpt_drops_links_and_shows_that_it_was_cut() -> None:
    assert excerpt("充电宝起火了\n见 https://t.cn/A6x 视频") == "充电宝起火了 见 视频"
    assert excerpt("充" * 50) == "充" * 39 + "…"
    assert excerpt("充" * 40) == "充" * 40


def test_a_number_is_masked_before_the_cut_not_after() -> None:
    assert excerpt("充" * 33 + "13812345678") == "充" * 33 + "***"
    assert "138" not in excerpt("充" * 36 + "13812345678")


def test_the_cut_splits_no_character() -> None:
    assert excerpt("ab\u0323\u0301c" * 3, limit=4) in ("ab\u0323…", "a…", "aḅ́…", "aḅ…")
    assert excerpt("🇨🇳🇨🇳🇨🇳", limit=4) == "🇨🇳…"
    assert excerpt("好👍🏽👍🏽👍🏽", limit=3) == "好…"


@pytest.mark.parametrize(
    "char", ["1", "1 ", "路1号", "1-", "@a", "a.", "京A", "(", "+1", "张", "1234 ", "2栋", "一", "A b ", "0"]
)
def test_no_text_holds_the_masking_up(char: str) -> None:
    start = time.perf_counter()
    mask(char * (20_000 // len(char)))
    assert time.perf_counter() - start < 1.0
