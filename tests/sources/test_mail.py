"""Mails into what they say: charsets, encodings, HTML, forwarded ones, garbage."""

from __future__ import annotations

import base64
import contextlib
import quopri
from email.header import Header
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.mail import inner_of, read_mail
from monitor.times import instant

ZONE = ZoneInfo("Asia/Shanghai")
TEXT = "充电宝在地铁上冒烟起火，客服说不归他们管，要求退款并道歉"
TRADITIONAL = "行動電源在捷運上冒煙起火，客服說不歸他們管，要求退款並道歉"


def raw(body: bytes, *headers: str) -> bytes:
    return "\r\n".join([*headers, "", ""]).encode("utf-8", "surrogateescape") + body


@pytest.mark.parametrize(
    ("charset", "text"),
    [("gbk", TEXT), ("gb2312", TEXT), ("gb18030", TEXT), ("big5", TRADITIONAL), ("utf-8", TEXT), ("", TEXT)],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_bodies_are_read_in_their_charset_and_encoding(charset: str, text: str, encoding: str) -> None:
    body = text.encode(charset or "gb18030")
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    kind = f"Content-Type: text/plain; charset={charset}" if charset else "Content-Type: text/plain"
    mail = read_mail(raw(body, "Subject: x", kind, f"Content-Transfer-Encoding: {encoding}"), ZONE)
    assert mail.text == text


@pytest.mark.parametrize("charset", ["gb2312", "big5", "utf-8"])
def test_subjects_are_read_also_where_a_character_is_torn_between_two_words(charset: str) -> None:
    text = TRADITIONAL if charset == "big5" else TEXT
    encoded = text.encode(charset)
    words = [encoded[:11], encoded[11:]]
    torn = " ".join(f"=?{charset}?B?{base64.b64encode(word).decode()}?=" for word in words)
    assert read_mail(raw(b"", f"Subject: {torn}"), ZONE).subject == text
    folded = Header(text, charset, maxlinelen=40).encode()
    assert read_mail(raw(b"", f"Subject: {folded}"), ZONE).subject == text


def test_raw_bytes_in_a_subject_and_in_a_name_are_read_too() -> None:
    bytes_ = f"Subject: {TEXT}\r\nFrom: 王小明 <w@example.com>\r\n\r\nx".encode("gbk")
    mail = read_mail(bytes_, ZONE)
    assert (mail.subject, mail.author) == (TEXT, "w@example.com")
    assert read_mail(raw(b"", "Subject: =?gbk?B?!!!?= x", "From: =?utf-8?Q?=E7=8E=8B?="), ZONE).author == "王"


def test_html_counts_where_there_is_no_text_or_the_text_only_says_so() -> None:
    made = EmailMessage()
    made.set_content("请使用支持 HTML 的客户端查看")
    page = "<html><style>p{color:red}</style><p>充电宝&nbsp;起火</p><p>要求退款</p>" + "<p>详情见附件照片</p>" * 9
    made.add_alternative(page, subtype="html", charset="gb18030")
    assert read_mail(bytes(made), ZONE).text.startswith("充电宝 起火 要求退款")
    only = EmailMessage()
    only.set_content("<div>充电宝<br>起火</div>", subtype="html")
    assert read_mail(bytes(only), ZONE).lines == ("充电宝", "起火")
    both = EmailMessage()
    both.set_content(TEXT)
    both.add_alternative("<p>kurz</p>", subtype="html")
    assert read_mail(bytes(both), ZONE).text == TEXT


def test_attachments_are_passed_over_whatever_they_are() -> None:
    made = EmailMessage()
    made.set_content("见附件")
    made.add_attachment("起火 起火".encode(), maintype="text", subtype="plain", filename="说明.txt")
    made.add_attachment(b"PK", maintype="application", subtype="zip", filename="a.zip")
    mail = read_mail(bytes(made), ZONE)
    assert mail.text == "见附件"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mon, 9 Mar 2026 12:00:00 +0800 (CST)", "2026-03-09T12:00:00+08:00"),
        ("Mon, 9 Mar 2026 04:00:00 GMT", "2026-03-09T12:00:00+08:00"),
        ("9 Mar 2026 12:00", "2026-03-09T12:00:00+08:00"),
        ("yesterday", ""),
    ],
)
def test_dates(written: str, meant: str) -> None:
    found = read_mail(raw(b"", f"Date: {written}"), ZoneInfo("Asia/Shanghai")).published_at
    assert found == (instant(meant, ZONE) if meant else None)


def test_a_mail_without_an_id_is_told_by_what_it_says() -> None:
    one, same, other = (read_mail(raw(body, "Subject: a"), ZONE).id for body in (b"x", b"x", b"y"))
    assert one == same != other
    assert read_mail(raw(b"", "Message-ID: <a@b>"), ZONE).id == "a@b"


def test_a_mail_forwarded_as_a_part_is_the_one_that_counts_if_asked() -> None:
    inner = EmailMessage()
    inner["Subject"], inner["From"], inner["Message-ID"] = "充电宝起火", "客户 <c@example.com>", "<in@example.com>"
    inner["Date"] = "Sun, 8 Mar 2026 09:30:00 +0800"
    inner.set_content(TEXT)
    outer = EmailMessage()
    outer["Subject"], outer["From"], outer["Date"] = "转发", "s@shop.example", "Mon, 9 Mar 2026 12:00:00 +0800"
    outer.set_content("请处理")
    outer.add_attachment(inner)
    mail = read_mail(bytes(outer), ZONE)
    assert mail.text == "请处理"
    found = inner_of(mail, ZONE)
    assert (found.id, found.author, found.text) == ("in@example.com", "c@example.com", TEXT)
    assert found.published_at == instant("2026-03-08T09:30:00+08:00", ZONE)


FORWARDS = sorted((Path(__file__).parent / "forwarded").glob("*.txt"))
"""Forwards as mail programs write them: all of the same mail, by c@example.com, on 8 March 2026 at 9:30."""


@pytest.mark.parametrize("path", FORWARDS, ids=lambda path: path.stem)
def test_a_mail_forwarded_as_text_is_found_as_mail_programs_write_it(path: Path) -> None:
    made = EmailMessage()
    made["Subject"], made["From"], made["Date"] = "Fwd", "s@shop.example", "Mon, 9 Mar 2026 12:00:00 +0800"
    made.set_content(path.read_text(encoding="utf-8"), charset="utf-8")
    found = inner_of(read_mail(bytes(made), ZONE), ZONE)
    assert (found.author, found.text) == ("c@example.com", "The power bank burns")
    assert found.published_at == instant("2026-03-08T09:30:00+08:00", ZONE)
    assert found.subject in ("fire", "起火")


def test_the_same_complaint_forwarded_by_two_is_one() -> None:
    ids = set()
    for who in ("a@shop.example", "b@shop.example"):
        made = EmailMessage()
        made["From"], made["Message-ID"] = who, f"<{who}>"
        made.set_content(FORWARDS[-1].read_text(encoding="utf-8"), charset="utf-8")
        ids.add(inner_of(read_mail(bytes(made), ZONE), ZONE).id)
    assert len(ids) == 1


def test_a_mail_that_only_speaks_of_senders_is_no_forward() -> None:
    made = EmailMessage()
    made["Message-ID"] = "<x@y>"
    made.set_content("发件人: 这一栏请填写\n其余照旧")
    assert inner_of(read_mail(bytes(made), ZONE), ZONE).id == "x@y"


@given(st.binary(max_size=600))
def test_garbage_never_raises_but_what_is_said(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        inner_of(read_mail(body, ZONE), ZONE)


@given(st.text(alphabet=st.sampled_from('=?utf-8BQ_ \r\n:;<>"@\\()abc中\x00'), max_size=200))
def test_garbled_headers_never_raise(text: str) -> None:
    line = " ".join(text.split())
    for name in ("Subject", "From", "Date", "Content-Type", "Content-Transfer-Encoding", "Message-ID"):
        inner_of(read_mail(f"{name}: {line}\r\n\r\nx".encode(), ZONE), ZONE)


def test_a_mail_nested_a_thousandfold_is_refused() -> None:
    parts = [f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(1200)]
    with pytest.raises(ValueError, match="nested"):
        read_mail("".join(parts).encode(), ZONE)
