"""Bytes into text: byte order mark, the charset the other side names, the declaration inside, then detection."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SHAPES = (
    (b"\x3c\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00\x3c", "utf-32-be"),
    (b"\x3c\x00\x3f\x00", "utf-16-le"),
    (b"\x00\x3c\x00\x3f", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']|<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252"}
_WIDER |= {"big5": "big5hkscs", "shift_jis": "cp932", "euc_kr": "cp949", "iso8859-9": "cp1254", "tis-620": "cp874"}
_UNSAFE = ("utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined")
_WESTERN = "cp1252"
_SAMPLE = 65536


def decode(body: bytes, charset: str = "") -> str:
    """The text of a body; `charset` is what HTTP says of it. Never raises: what can't be read becomes U+FFFD.

    Valid UTF-8 beyond ASCII is UTF-8, whatever is claimed: no other charset yields it by chance.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    for shape, name in _SHAPES:
        if body.startswith(shape):
            return body.decode(name, "replace")
    claims = _claims(charset, body)
    stateful = next((c for c in claims if c.startswith(("iso2022", "hz", "utf-16", "utf-32", "utf_16", "utf_32"))), "")
    if claims == [_WESTERN] and _is_eastern(body[:_SAMPLE]):
        claims = []
    for name in ([stateful] if stateful else []) + ["utf-8", *claims]:
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    best = detect(body[:_SAMPLE])
    if best == "utf-8" or (claims and best == _WESTERN):
        best = claims[0] if claims else "utf-8"
    return body.decode(best, "replace")


def charset_of(content_type: str) -> str:
    """The charset of a Content-Type header, "" when it names none."""
    found = re.search(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", content_type, re.IGNORECASE)
    return found[1] if found else ""


def detect(body: bytes) -> str:
    """The likeliest codec of an undeclared body: utf-8, gb18030, big5hkscs, euc_jp, cp932, cp949 or cp1252."""
    if _nearly_utf8(body):
        return "utf-8"
    other = _japanese_or_korean(body)
    if other:
        return other
    best, score = _fit_best(body)
    return best if score > 0.5 else _WESTERN


def _is_eastern(body: bytes) -> bool:
    """Whether a body that is said to be Western is sure not to be."""
    return bool(_japanese_or_korean(body)) or _fit_best(body)[1] > 0.8


def _japanese_or_korean(body: bytes) -> str:
    for name in ("euc_jp", "cp932"):
        if _kana(body, name) > 0.15:
            return name
    return "cp949" if _is_korean(body) else ""


def _is_korean(body: bytes) -> bool:
    """Hangul and hardly anything else. Six of ten Chinese characters look like it, so that a few words tell nothing."""
    beyond = [c for c in body.decode("cp949", "replace") if c > "\x7f"]
    hangul = sum("가" <= c <= "힣" for c in beyond)
    return hangul >= 20 and hangul >= 0.95 * len(beyond)


def _kana(body: bytes, name: str) -> float:
    """The share of hiragana and full-width katakana, of which no Chinese text has any; 0 when it reads badly."""
    text = body.decode(name, "replace")
    beyond = sum(c > "\x7f" for c in text)
    if not beyond or text.count("\ufffd") * 20 > beyond:
        return 0.0
    return sum("ぁ" <= c <= "ん" or "ァ" <= c <= "ヶ" for c in text) / beyond


def _claims(charset: str, body: bytes) -> list[str]:
    """What HTTP and the body say of it; HTTP's Latin-1 comes last, since servers send it unasked."""
    told, declared = _known(charset), _known(_declared(body))
    both = [declared, told] if told == _WESTERN else [told, declared]
    return list(dict.fromkeys(name for name in both if name))


def _fit_best(body: bytes) -> tuple[str, float]:
    scores = {name: _fit(body, name) for name in ("gb18030", "big5hkscs")}
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]


def _declared(body: bytes) -> str:
    found = _DECLARED.search(body, 0, 1024)
    return (found[1] or found[2]).decode("ascii", "replace") if found else ""


def _known(name: str) -> str:
    """The codec a charset's name stands for, in its widest form; "" when Python has none that is safe."""
    info = _codec(name.strip()) or _codec(name.strip().lower().removeprefix("x-").replace("windows-", "cp"))
    if info is None or not info._is_text_encoding or info.name.replace("_", "-") in _UNSAFE:
        return ""
    return _WIDER.get(info.name, info.name)


def _codec(name: str) -> codecs.CodecInfo | None:
    try:
        return codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return None


def _nearly_utf8(body: bytes) -> bool:
    """True when all but a broken byte here and there (or a cut end) is UTF-8."""
    text = body.decode("utf-8", "replace")
    wrong, right = text.count("\ufffd"), sum(c > "\x7f" for c in text)
    return wrong * 20 <= right or right == 0


def _fit(body: bytes, name: str) -> float:
    """How much of the non-ASCII text is everyday Chinese when read this way; broken sequences weigh against it."""
    text = body.decode(name, "replace")
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return 0.0
    common = sum(_everyday(c, name) for c in beyond)
    return (common - 5 * text.count("\ufffd")) / len(beyond)


def _everyday(char: str, name: str) -> bool:
    """Level 1 of the national sets, where the characters of daily use stand, and Chinese punctuation."""
    try:
        raw = char.encode(name)
    except UnicodeEncodeError:
        return False
    if len(raw) != 2:
        return False
    if name == "gb18030":
        return raw[1] >= 0xA1 and (0xB0 <= raw[0] <= 0xD7 or raw[0] in (0xA1, 0xA3))
    return 0xA4 <= raw[0] <= 0xC6 or raw[0] in (0xA1, 0xA2)
