"""How each kind of text writes the parts of a notice: strangers' words without effect, our own links live. Pure.

The chat robots have no dependable escape, so that characters which mean something there are swapped for look-alikes.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from monitor.messages import say
from monitor.model import Link, Part, Text

_KEPT = re.compile("([，：；？！（）～、。…])")
"""Chinese punctuation that NFKC would make ASCII; it is without effect in every dialect, and reads better."""
_UNSEEN = {"Cc", "Cf", "Cs", "Co"}
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.\-]*:/{2}|www\.|(?:javascript|vbscript|mailto|tel|sms|data|file):)[!-~]*", re.I
)
_HOST_DOT = re.compile(r"\.(?=[^\W\d])")
_IPV4 = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_PILE = re.compile(f"([{_MARKS}]{{2}})[{_MARKS}]+")
_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class Dialect(Struct, frozen=True, kw_only=True):
    """`own` writes our words, `swap` holds the look-alikes for strangers' words, `link` writes (label, url).

    `blocks`: a digit, dash, plus or equals sign at a line's begin means something.
    """

    own: Callable[[str], str]
    swap: dict[int, str]
    link: Callable[[str, str], str]
    blocks: bool = False


@lru_cache(maxsize=512)
def clean(text: str, language: str) -> str:
    """Strangers' words in one line: NFKC, nothing invisible, no address that a client would make live."""
    text = "".join(p if _KEPT.fullmatch(p) else unicodedata.normalize("NFKC", p) for p in _KEPT.split(text))
    text = _BLANK.sub(" ", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _UNSEEN)
    text = _PILE.sub(r"\1", text)
    text = _ADDRESS.sub(say(language, "channels.address"), text).replace("://", "：//")
    text = _IPV4.sub(r"\1·\2·\3·\4", _HOST_DOT.sub("·", text))
    return " ".join(text.split())


def one_line(text: str) -> str:
    """Our own words without line ends, control characters and half characters; blanks at the ends stay."""
    return _BLANK.sub(" ", text).encode("utf-8", "replace").decode()


def live(url: str) -> str:
    """A link as it may stand in any dialect: http(s), a host, no user, whatever could end it percent-encoded; or ""."""
    try:
        parts = urlsplit(url.strip())
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return ""
    path, query, fragment = (quote(p, safe="/%:?&=+,;-._~$", errors="replace") for p in parts[2:])
    return SplitResult(parts.scheme, host, path, query, fragment).geturl()


def write(part: Part, dialect: Dialect, language: str) -> str:
    """A part in a dialect. A link that may not be live is its label, as strangers' words."""
    if isinstance(part, Text):
        return dialect.own(one_line(part.text))
    if isinstance(part, Link) and (url := live(part.url)):
        return dialect.link(one_line(part.label).translate(dialect.swap), url)
    return quoted(part.label if isinstance(part, Link) else part.text, dialect, language)


def write_all(parts: Iterable[Part], dialect: Dialect, language: str) -> str:
    """The parts of one line, joined."""
    return "".join(write(p, dialect, language) for p in parts)


def quoted(text: str, dialect: Dialect, language: str) -> str:
    """Strangers' words as they may stand in a dialect."""
    text = clean(text, language).translate(dialect.swap)
    return dialect.own(_opening(text) if dialect.blocks else text)


def _opening(text: str) -> str:
    """Where the line may begin here: no list, no rule, no heading."""
    if text[:1] in _BEGINS:
        return _BEGINS[text[0]] + text[1:]
    return re.sub(r"^(\d+)\.", r"\1·", text)


_BEGINS = {"-": "‐", "+": "＋", "=": "＝"}
_AT = {"@": "＠", "<": "‹", ">": "›"}
_MARKUP = {
    **_AT,
    **{"[": "〔", "]": "〕", "(": "（", ")": "）", "*": "∗", "_": "＿", "`": "ˋ", "#": "＃", "|": "｜", "\\": "＼"},
    **{"!": "！", "~": "～", "&": "＆", "$": "＄", "{": "｛", "}": "｝"},
}
_OWN_MARKUP = str.maketrans({"<": "‹", ">": "›", "*": "∗", "`": "ˋ", "~": "～"})


def _own_markdown(text: str) -> str:
    return text.translate(_OWN_MARKUP).replace("](", "] (")


def _beside(label: str, url: str) -> str:
    return url if label in ("", url) else f"{label}: {url}"


def _anchor(label: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{html.escape(label or url)}</a>'


def _slack_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


PLAIN = Dialect(own=str, swap=str.maketrans(_AT), link=_beside)
"""Text without markup: SMS, text mail, WeCom text (which knows <@user>), the lines of a webhook."""

MARKDOWN = Dialect(
    own=_own_markdown, swap=str.maketrans(_MARKUP), link=lambda label, url: f"[{label or url}]({url})", blocks=True
)
"""The markdowns of DingTalk, WeCom, Feishu and Teams."""

HTML = Dialect(own=html.escape, swap=str.maketrans(_AT), link=_anchor)
"""HTML mail."""

TELEGRAM = Dialect(own=html.escape, swap=str.maketrans({**_AT, "/": "∕", "#": "＃", "$": "＄"}), link=_anchor)
"""Telegram's HTML, where /commands, #tags and $tags are live in plain words too."""

SLACK = Dialect(own=_slack_escape, swap=str.maketrans(_MARKUP), link=lambda label, url: f"<{url}|{label or url}>")
"""Slack's mrkdwn: only for the line in notifications; the message itself is rich text, which has no markup."""
