"""A mail's bytes into what it says: headers and bodies in whatever charset and encoding, attachments passed over. Pure.

A forwarded mail stands in it as a part of its own, or as text under a block of headers as mail programs write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from monitor.sources.charset import decode
from monitor.sources.dates import read_date
from monitor.sources.feed import hashed
from monitor.sources.markup import lines_of, one_line
from monitor.sources.told import Told

_HTML_ONLY = 200
"""Characters; a plain part shorter than this, beside a page of HTML, only says that there is HTML."""
_NAMES = {
    "from": ("from", "发件人", "寄件者", "寄件人", "發件人", "发信人"),
    "date": ("date", "sent", "发送时间", "发送日期", "日期", "时间", "傳送時間", "寄件日期", "發送時間", "日期時間"),
    "subject": ("subject", "主题", "主旨", "主題", "标题"),
    "other": ("to", "cc", "reply-to", "收件人", "收件者", "抄送", "副本", "抄送人", "importance", "重要性"),
}
_KNOWN = {word: name for name, words in _NAMES.items() for word in words}
_HEADER = re.compile(r"[>*\s]{0,8}([\w-]{2,12}?)\s?\*{0,2}\s?[:：]\*{0,2}\s*(.*?)\s*\*{0,2}")
_COMMENT = re.compile(r"[(（][^()（）]{0,40}[)）]")
_SEPARATOR = re.compile(
    r"[->\s]*(?:-{2,}|_{4,})[^-]{0,40}(?:-{2,})?|begin forwarded message:?|开始转发的邮件[：:]?|_{8,}", re.IGNORECASE
)


class Mail(Struct, frozen=True, kw_only=True):
    """A mail as read. `id`: its Message-ID, else made of what it says. `lines`: its text; `html`: its page, "" if none.

    `published_at` None = no date that can be read. `inner`: the mail it forwards as a part, if it does.
    """

    id: str
    subject: str = ""
    author: str = ""
    published_at: float | None = None
    lines: tuple[str, ...] = ()
    html: str = ""
    headers: dict[str, str] = {}
    inner: Mail | None = None

    @property
    def text(self) -> str:
        """The text in one line, as all mentions have theirs."""
        return one_line(" ".join(self.lines))


def read_mail(raw: bytes, zone: ZoneInfo) -> Mail:
    """The mail; what can't be read of it is left out. ValueError when nothing can."""
    try:
        return _mail(message_from_bytes(raw), zone, inner=True)
    except RecursionError:
        raise ValueError(Told("too_deep")) from None
    except MessageError as error:
        raise ValueError(Told("bad_mail", text=str(error))) from None


def _mail(message: Message, zone: ZoneInfo, *, inner: bool) -> Mail:
    headers = {name.lower(): header(value) for name, value in reversed(list(message.raw_items()))}
    plain, html = _bodies(message)
    lines = [one_line(line) for line in plain.splitlines() if line.strip()]
    shown = lines_of(html) if html else []
    if shown and _is_stub(" ".join(lines), " ".join(shown)):
        lines = shown
    name, address = parseaddr(headers.get("from", ""))
    author, subject = address or name, headers.get("subject", "")
    own = headers.get("message-id", "").strip("<> ")
    within = next(_forwarded(message), None) if inner else None
    return Mail(
        id=own or hashed(subject, author, headers.get("date", ""), *lines),
        subject=subject,
        author=author,
        published_at=_date(headers.get("date", ""), zone),
        lines=tuple(lines),
        html=html,
        headers=headers,
        inner=_mail(within, zone, inner=False) if within is not None else None,
    )


def header(value: object) -> str:
    """A header's text: encoded words resolved, raw bytes read in the charset they are likely in."""
    text = " ".join(str(value).split())
    if "=?" not in text:
        return decode(text.encode("utf-8", "surrogateescape")) if not text.isascii() else text
    try:
        return one_line("".join(_word(part, charset) for part, charset in decode_header(text)))
    except (MessageError, ValueError):
        return text.encode("utf-8", "replace").decode()


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return header(part) if "=?" not in part else part
    return decode(part, charset or "")


def _date(text: str, zone: ZoneInfo) -> float | None:
    """A date without its comments: (CST), (星期一)."""
    try:
        return read_date(_COMMENT.sub(" ", text), zone)
    except ValueError:
        return None


def _is_stub(plain: str, page: str) -> bool:
    return not plain or (len(plain) < _HTML_ONLY and len(page) > 3 * len(plain))


def _bodies(message: Message) -> tuple[str, str]:
    """All plain text and all HTML of a mail, without its attachments and without the mails within it."""
    plain: list[str] = []
    html: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset() or ""
        (html if kind == "text/html" else plain).append(decode(payload if isinstance(payload, bytes) else b"", charset))
    return "\n".join(plain), "\n".join(html)


def _parts(message: Message) -> Iterator[Message]:
    """The leaves of a mail that are its own."""
    if message.get_content_maintype() == "message":
        return
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _parts(part)


def _forwarded(message: Message) -> Iterator[Message]:
    """The mails within a mail."""
    for part in message.walk():
        payload = part.get_payload()
        if part is not message and part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            yield from (inner for inner in payload if isinstance(inner, Message))


def inner_of(mail: Mail, zone: ZoneInfo) -> Mail:
    """The mail that a mail forwards, as a part or as text; the mail itself where it forwards none."""
    if mail.inner is not None:
        return mail.inner
    for at, line in enumerate(mail.lines):
        if _key(line) == "from" and (at == 0 or _key(mail.lines[at - 1]) is None):
            found = _block(mail, at, zone)
            if found is not None:
                return found
    return mail


def _block(mail: Mail, at: int, zone: ZoneInfo) -> Mail | None:
    """The mail under a block of headers that begins at a line; None when it is no such block."""
    values: dict[str, str] = {}
    end = at
    while end < len(mail.lines) and (key := _key(mail.lines[end])) is not None:
        match = _HEADER.fullmatch(mail.lines[end])
        values.setdefault(key, match[2] if match else "")
        end += 1
    if not {"from", "date"} <= values.keys():
        return None
    name, address = parseaddr(re.sub(r"\s*[<\[]mailto:.*?[>\]]|[;\s]+$", "", values["from"]))
    author = address if "@" in address else values["from"].strip("<> ") or name
    lines = tuple(line.lstrip("> ") for line in mail.lines[end:] if not _SEPARATOR.fullmatch(line))
    return replace(
        mail,
        id=hashed(author, values["date"], values.get("subject", ""), *lines),
        subject=values.get("subject", "") or mail.subject,
        author=author,
        published_at=_date(values["date"], zone),
        lines=lines,
    )


def _key(line: str) -> str | None:
    """Which header a line of text is, None when it is none."""
    found = _HEADER.fullmatch(line) if len(line) < 400 else None
    return _KNOWN.get(found[1].lower()) if found else None
