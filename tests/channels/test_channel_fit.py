from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.channel import Refused
from monitor.channels.dialect import PLAIN
from monitor.channels.fit import Fitted, cut, fit
from monitor.model import Quoted, Text
from tests.channels.samples import line, notice


def size(fitted: Fitted) -> int:
    return len(fitted.text(PLAIN).encode())


def ids(fitted: Fitted) -> list[str]:
    return [x.id for x in fitted.lines]


def test_what_fits_goes_whole() -> None:
    whole = fit(notice(), 10_000, size)
    assert whole.lines == notice().lines
    assert whole.dropped == 0


def test_the_highest_priority_number_goes_first_and_the_notice_says_so() -> None:
    all_ = size(fit(notice(), 10_000, size))
    less = fit(notice(quote="冒烟" * 20), all_, size)
    assert "example.2" not in ids(less)
    assert "more" in ids(less)
    assert f"还有 {less.dropped} 行" in less.text(PLAIN)


def test_lines_go_in_the_order_of_their_priority() -> None:
    seen = [ids(fit(notice(), limit, size)) for limit in range(1200, 400, -10)]
    gone = [next(i for i, s in enumerate(seen) if id not in s) for id in ("example.2", "example.1", "evidence")]
    assert gone == sorted(gone)


def test_excerpts_are_cut_when_only_vital_lines_are_left() -> None:
    long = notice(quote="充电宝" * 300)
    fitted = fit(long, 700, size)
    assert size(fitted) <= 700
    assert {x.id for x in long.lines if x.vital} <= set(ids(fitted))
    assert "充电宝充" in fitted.text(PLAIN)
    assert "…" in fitted.text(PLAIN)


def test_our_own_words_are_cut_last_and_no_vital_line_ever_goes() -> None:
    long = notice(lines=(line("a", Text("甲" * 500), vital=True), line("b", Text("请确认"), vital=True)))
    fitted = fit(long, 300, size)
    assert ids(fitted) == ["a", "b"]
    assert "请确认" in fitted.text(PLAIN)


def test_what_cannot_fit_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="vital"):
        fit(notice(), 20, size)


@given(st.text(max_size=400), st.integers(min_value=420, max_value=1500))
def test_never_a_byte_too_many_and_never_a_vital_line_less(quote: str, limit: int) -> None:
    whole = notice(quote=quote)
    fitted = fit(whole, limit, size)
    assert size(fitted) <= limit
    assert {x.id for x in whole.lines if x.vital} <= set(ids(fitted))


def test_a_cut_never_parts_a_letter_from_its_accent() -> None:
    assert cut("abe\u0301cd", 3) == "ab…"
    assert cut("❤\ufe0f❤\ufe0f", 1) == "…"
    assert cut("充电宝", 3) == "充电宝"


def test_an_excerpt_of_a_book_costs_nothing() -> None:
    fitted = fit(notice(lines=(line("a", Quoted("退" * 5_000_000), vital=True),)), 4096, size)
    assert size(fitted) <= 4096
