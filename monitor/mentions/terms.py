"""The words of texts: what may be told as a term, which terms many texts share, and which stand for one story.

English words are what stands between spaces. Chinese has none: every stretch of two characters or more may be a word,
so those are looked at that many texts share, longer ones only where both their shorter parts are shared (Agrawal, R.
and Srikant, R. (1994), Fast algorithms for mining association rules, VLDB 487-499).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from monitor.mentions.mask import mask
from monitor.mentions.normalize import normalize

READ = 400
"""Characters of a mention that are read: what it is about stands there."""
LONGEST = 12
"""Characters of the longest stretch of Chinese."""
AS_OFTEN = 0.8
"""Two terms of a story are told about as often: the longer one says more."""
TOGETHER = 0.5
"""At least this part of the texts with a term hold another: they tell one story."""

_LETTERS = "a-z\u00df-\u024f"
_WORD = re.compile(rf"(?<![0-9{_LETTERS}])[{_LETTERS}]{{3,24}}(?![0-9{_LETTERS}])")
_SPLITS = "的了吗呢吧啊呀嘛么们我你他她它您这那哪很太"
"""Characters that are no part of a word that names anything."""
_HAN = re.compile(f"(?:(?![{_SPLITS}])[\u3400-\u9fff]){{2,}}")
_EDGES = frozenset("是在和就都也还又与及或被把给让向从对于不没有说个一上下来去着过等将为以年月日")
"""Characters that a word may hold, but seldom begin or end with: what does is mostly cut out of a sentence."""
_NO_WORDS = re.compile(r"(?i:(?:https?://|www\.)[^\s\u3000-\U0003ffff]+)|[@＠][\w\-·]+|\[[^\]\s]{1,6}\]|&[a-z]{2,6};")
_STOP_WORDS = (
    "the and for are was were has have had not but you your our their his her its this that these those with from "
    "they them she who what when where why how which will would can could should may might must shall been being "
    "did does don doesn didn isn wasn aren won about into over after before than then there here just also very "
    "only out off all any some such too more most other own same both each few now one two get got amp via per "
    "because while during between again once under until above below"
)
_STOP = frozenset(_STOP_WORDS.split())


class Runs(NamedTuple):
    """What a text is cut into: its English words, and its stretches of Chinese."""

    words: frozenset[str]
    han: tuple[str, ...]


def runs(title: str, text: str) -> Runs:
    """The words of a mention without links, names behind @, and personal data, in normal form."""
    whole = f"{title}\n{text}" if title else text
    plain = normalize(_NO_WORDS.sub(" ", mask(whole[:READ])))
    return Runs(frozenset(_WORD.findall(plain)) - _STOP, tuple(_HAN.findall(plain)))


def frequent(texts: Sequence[Runs], least: float) -> dict[str, int]:
    """The terms that at least so many of the texts hold, each counted once a text."""
    found = _kept(Counter(word for text in texts for word in text.words), least)
    grams = _kept(_count(texts, 2, None), least)
    n = 2
    while grams:
        found |= {gram: times for gram, times in grams.items() if gram[0] not in _EDGES and gram[-1] not in _EDGES}
        n += 1
        grams = _kept(_count(texts, n, grams), least) if n <= LONGEST else {}
    return _whole(found)


def _kept(counted: Counter[str], least: float) -> dict[str, int]:
    return {term: times for term, times in counted.items() if times >= least}


def _count(texts: Sequence[Runs], n: int, shorter: Collection[str] | None) -> Counter[str]:
    """How many texts hold each stretch of n characters both of whose shorter parts are among those given."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update({gram for run in text.han for gram in _grams(run, n, shorter)})
    return counted


def _grams(run: str, n: int, shorter: Collection[str] | None) -> list[str]:
    cut = [run[i : i + n] for i in range(len(run) - n + 1)]
    return cut if shorter is None else [g for g in cut if g[:-1] in shorter and g[1:] in shorter]


def _whole(found: dict[str, int]) -> dict[str, int]:
    """Without the pieces of longer terms that are told about as often."""
    pieces = set()
    for term, times in found.items():
        if not term[0].isascii():
            shorter = (term[i:j] for i in range(len(term)) for j in range(i + 2, len(term) + 1) if j - i < len(term))
            pieces |= {piece for piece in shorter if piece in found and times >= AS_OFTEN * found[piece]}
    return {term: times for term, times in found.items() if term not in pieces}


def holding(term: str, texts: Sequence[Runs]) -> frozenset[int]:
    """Which of the texts hold a term."""
    return frozenset(i for i, text in enumerate(texts) if holds(term, text))


def holds(term: str, text: Runs) -> bool:
    """Whether a text holds a term."""
    return term in text.words or any(term in run for run in text.han)


def stories(where: Mapping[str, frozenset[int]], standing: Collection[str] = ()) -> list[str]:
    """One term for each story, the most told first: of terms that mostly stand in the same texts the longest.

    `where`: in which texts each term stands. A term that is `standing` speaks for its story as long as it is told.
    """
    left = sorted(where, key=lambda term: (-len(where[term]), -len(term), term))
    out = []
    while left:
        first = where[left[0]]
        group = [term for term in left if len(where[term] & first) >= TOGETHER * len(where[term])]
        left = [term for term in left if term not in group]
        named = [term for term in group if len(where[term]) >= AS_OFTEN * len(first)]
        out.append(next((term for term in group if term in standing), max(named, key=lambda t: (len(t), t))))
    return out
