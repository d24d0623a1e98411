"""What must not stand in a text for the outside: blanks, denials out of place, blame, promises, personal data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Why = Literal["blank", "denial", "blame", "absolute", "personal", "banned"]

WORDS: dict[Why, tuple[str, ...]] = {
    "denial": (
        *("纯属谣言", "绝无此事", "子虚乌有", "恶意抹黑", "与我司无关", "与我们无关", "不存在任何问题"),
        *("completely false", "nothing to do with us", "there is no problem", "fake news", "malicious"),
    ),
    "blame": (
        *("用户自身原因", "操作不当", "使用不当", "个别用户", "客户自己"),
        *("user error", "misuse by", "customer's own fault", "a few customers", "isolated case"),
    ),
    "absolute": (
        *("绝对安全", "百分之百", "100%", "绝不会再", "万无一失"),
        *("absolutely safe", "completely safe", "will never happen again", "guarantee that"),
    ),
}
"""Words that experience warns of, after NFKC and casefold. A person may overrule one by name, with a reason."""

PERSONAL = (
    re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    re.compile(r"(?<!\d)\d{16,19}(?!\d)"),
)
"""Mobile numbers, identity numbers, card numbers."""
BLANK = re.compile(r"\{[a-z_]+\}|〔[^〕\n]{1,40}〕|\[(?!演练|DRILL)[^\]\n]{1,40}\]|_{3,}|TODO|XXX")


class Fault(Struct, frozen=True):
    """A place in a text and what is wrong with it."""

    why: Why
    start: int
    end: int
    words: str


def faults(text: str, *, preventable: bool, banned: Sequence[str] = ()) -> list[Fault]:
    """All of them, in order. Denials count only where a denial is out of place (`preventable`, or not yet verified)."""
    found = [Fault("blank", m.start(), m.end(), m.group()) for m in BLANK.finditer(text)]
    found += [Fault("personal", m.start(), m.end(), m.group()) for p in PERSONAL for m in p.finditer(text)]
    for why, words in WORDS.items():
        if why != "denial" or preventable:
            found += [fault for word in words for fault in _find(text, word, why)]
    found += [fault for word in banned for fault in _find(text, word, "banned")]
    return sorted(found, key=lambda f: (f.start, f.why))


def _find(text: str, word: str, why: Why) -> list[Fault]:
    """Where a word stands, whatever its width and case; spans are those of the text as given."""
    folded, places = _fold(text)
    wanted, _ = _fold(word)
    out: list[Fault] = []
    start = folded.find(wanted) if wanted else -1
    while start >= 0:
        first, last = places[start], places[start + len(wanted) - 1] + 1
        out.append(Fault(why, first, last, text[first:last]))
        start = folded.find(wanted, start + len(wanted))
    return out


def _fold(text: str) -> tuple[str, list[int]]:
    """NFKC and casefold character by character, with each one's place in the original."""
    out: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for part in unicodedata.normalize("NFKC", char).casefold():
            out.append(part)
            places.append(place)
    return "".join(out), places
