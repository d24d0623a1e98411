"""One form for all writings of a text: NFKC, casefold, half width, simplified, nothing invisible, single spaces.

`normalize` is the fast way; `align` gives the same text with the place in the original of every character.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from unicodedata import combining
from unicodedata import normalize as unicode_form

from monitor.mentions.traditional import SIMPLIFIED

VERSION = "1"
"""Part of every topic's revision: raise it whenever the same text would normalise otherwise."""

# Controls that are no white space, format characters, variation selectors, fillers, lone surrogates, tags.
INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_WIDE = {"，": ",", "！": "!", "？": "?", "：": ":", "；": ";", "（": "(", "）": ")", "…": "..."}


def _stretches(codes: range, without: Container[int]) -> Iterator[tuple[int, int]]:
    """The codes as stretches from first to last, without some."""
    start = codes.start
    for code in (*(c for c in codes if c in without), codes.stop):
        if start < code:
            yield start, code - 1
        start = code + 1


_TRADITIONAL = re.compile(f"[{''.join(map(chr, SIMPLIFIED))}]")
# What composes with the character before it although it is no combining mark: Hangul vowels and finals, Indic signs.
_JOINING = re.compile(
    "[\u1161-\u1175\u11a8-\u11c2\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf"
    "\u102e\u1b35\U000110ba\U00011127\U0001133e\U00011357\U000113b8-\U000113c9\U000114b0\U000114ba\U000114bd\U000115af"
    "\U00011930\U0001611e-\U00016129\U00016d67]"
)


# Most Chinese texts are no more than this: simplified characters, ASCII, and punctuation that is easily replaced.
_USUAL = re.compile(
    "[\t\n\r -~·°×—‘’“”•←-↓、。《》「-】\U0001f300-\U0001f64f\U0001f680-\U0001f6d2\U0001f910-\U0001f9ff"
    + "".join(_WIDE)
    + "".join(f"{chr(a)}-{chr(b)}" for a, b in _stretches(range(0x4E00, 0x9FA6), SIMPLIFIED))
    + "]*"
)
_UPPER = re.compile("[A-Z]")


def normalize(text: str) -> str:
    """The normal form, in which queries and texts are compared. Idempotent; white space becomes one space."""
    if not text.isascii():
        return " ".join((_fold_usual(text) if _USUAL.fullmatch(text) else _fold_unusual(text)).split())
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.lower().split())


def _fold_usual(text: str) -> str:
    for wide, narrow in _WIDE.items():
        text = text.replace(wide, narrow)
    return text.lower() if _UPPER.search(text) else text


def _fold_unusual(text: str) -> str:
    """Often no more than an invisible character or a wide wave makes a text unusual."""
    text = _INVISIBLE.sub("", text).replace("～", "~")
    return _fold_usual(text) if _USUAL.fullmatch(text) else _fold(text)


def light(text: str) -> str:
    """A form in which words without white space and punctuation are found as in the normal one, at a third of the cost.

    White space and punctuation of usual texts stay as they are, so places in it are not those of the normal form.
    """
    return text.lower() if _USUAL.fullmatch(text) else _fold_unusual(text)


def _fold(text: str) -> str:
    folded = unicode_form("NFKC", unicode_form("NFKC", text).casefold())
    return folded.translate(SIMPLIFIED) if _TRADITIONAL.search(folded) else folded


def align(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The normal form, and for each of its characters the span of code points it comes from in `text`."""
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    for start, end, cluster in _clusters(text):
        for char in _fold(cluster):
            if not char.isspace():
                out.append(char)
                spans.append((start, end))
            elif out and out[-1] != " ":
                out.append(" ")
                spans.append((start, end))
    if out and out[-1] == " ":
        out.pop()
        spans.pop()
    return "".join(out), spans


def _clusters(text: str) -> list[tuple[int, int, str]]:
    """The text cut where nothing composes across the cut: (start, end, visible characters)."""
    out: list[tuple[int, int, str]] = []
    for i, char in enumerate(text):
        if _INVISIBLE.match(char):
            continue
        if out and _joins(char):
            start, _, before = out[-1]
            out[-1] = (start, i + 1, before + char)
        else:
            out.append((i, i + 1, char))
    return out


def _joins(char: str) -> bool:
    if char < "\u0300":
        return False
    first = unicode_form("NFKD", char)[0]
    return combining(first) != 0 or _JOINING.match(first) is not None
