"""The mood of a text: a complaint or not, how sure, and the words that say so. By a lexicon written by hand.

Words are found longest first and weighed in order: a booster strengthens the next word of its clause, a softener
weakens it, a negator turns praise into complaint and complaint into half a praise, and denies what is due ("不退款",
"no answer"). What follows a "but" outweighs what stood before. A word said again counts half, then nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec
import tomli
from ahocorasick_rs import AhoCorasick, MatchKind
from msgspec import Struct

from monitor.mentions import normalize as normal_form
from monitor.mentions.normalize import normalize
from monitor.mentions.topics import is_letter

Kind = Literal[
    "complaint",
    "safety",
    "legal",
    "escalation",
    "praise",
    "negator",
    "lesser",
    "booster",
    "softener",
    "contrast",
    "due",
    "plain",
]
AGAINST = ("complaint", "safety", "legal", "escalation")
BOOST, SOFTEN = 1.4, 0.6
TURNED, EASED = 1.0, 0.5
"""Praise denied counts as so much complaint; complaint denied as so much praise."""
BUT_AFTER, BUT_BEFORE = 1.3, 0.7
_BREAK = re.compile(r"[,.;:!?~。、…\n()]|\s-\s")
_STOP = re.compile(r"[.!?。\n]")
_LINK = re.compile(r"https?://[!-~]+")
LONGEST = 5000
"""Characters of a text that are looked at."""
_REACH = 7
"""Characters between a word and what changes it; Latin text: three times as many."""
DENIED_WITHIN = 3
"""Characters between a negator and what is due; Latin text: four times as many."""


class Word(NamedTuple):
    """An entry of the lexicon: `left`, `right`: its ends are ends of words."""

    text: str
    kind: Kind
    weight: float
    left: bool
    right: bool


class Heard(NamedTuple):
    """A word that counted: what stands there, which kind it was, and how much it said (above 0: against us)."""

    text: str
    kind: Kind
    weight: float


class Mood(NamedTuple):
    """`negative`: a complaint or other bad word of us; `score`: 0 praise … 0.5 nothing said … 1 complaint; and why."""

    negative: bool
    score: float
    why: tuple[Heard, ...]


class _Group(Struct, forbid_unknown_fields=True):
    kind: Kind
    weight: float
    words: str


class _File(Struct, forbid_unknown_fields=True):
    version: str
    group: list[_Group]


class Moods:
    """Reads moods by a lexicon; that of the package unless another text of its form is given."""

    def __init__(self, lexicon: str | None = None) -> None:
        written = lexicon or (files(__package__) / "mood.toml").read_text(encoding="utf-8")
        read = msgspec.convert(tomli.loads(written), _File)
        self.version = read.version
        self.revision = blake2b(f"{normal_form.VERSION}\0{written}".encode(), digest_size=8).hexdigest()
        self._words = list({word.text: word for group in read.group for word in _words(group)}.values())
        self._automaton = AhoCorasick([w.text for w in self._words], matchkind=MatchKind.LeftmostLongest)

    def read(self, title: str, text: str) -> Mood:
        """The mood of a mention."""
        return self.read_normal(normalize(f"{title}. {text}"[:LONGEST] if title else text[:LONGEST]))

    def read_normal(self, normal: str) -> Mood:
        """The same for a text in normal form."""
        whole = _LINK.sub(" ", normal[:LONGEST]).replace("’", "'")
        weighing = _Weighing(whole)
        for word, start, end in self._found(whole):
            weighing.take(word, start, end)
        margin = weighing.margin()
        return Mood(margin > 0, 1 / (1 + math.exp(-margin / 2)) if margin > -60 else 0.0, tuple(weighing.heard))

    def _found(self, text: str) -> Iterator[tuple[Word, int, int]]:
        for index, start, end in self._automaton.find_matches_as_indexes(text):
            word = self._words[index]
            if word.left and start and is_letter(text[start - 1]):
                continue
            if word.right and end < len(text) and is_letter(text[end]):
                continue
            yield word, start, end


@cache
def shipped() -> Moods:
    """The reader with the lexicon of the package."""
    return Moods()


class _Weighing:
    """The words of one text on the scales, in order; `against` and `praise` are those of the present sentence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.heard: list[Heard] = []
        self._before = self._against = self._praise = 0.0
        self._said: dict[str, int] = {}
        self._negated = False
        self._strength = self._after = 1.0
        self._end = 0

    def margin(self) -> float:
        """How much more is said against us than for us."""
        return self._before + self._against - self._praise

    def take(self, word: Word, start: int, end: int) -> None:
        """One word, in the order of the text."""
        between = self.text[self._end : start]
        self._leave_clause(between)
        self._end = end
        kind = word.kind
        if kind == "negator":
            self._negated = not self._negated
        elif kind == "booster":
            self._strength *= BOOST
        elif kind == "softener":
            self._strength *= SOFTEN
        elif kind == "contrast":
            self._turn()
        elif kind == "due":
            self._deny(word, between)
        elif kind != "plain":
            self._weigh(word)

    def _leave_clause(self, between: str) -> None:
        if _STOP.search(between):
            self._before, self._against, self._praise, self._after = self.margin(), 0.0, 0.0, 1.0
        reach = _REACH * 3 if between.isascii() else _REACH
        if len(between) > reach or _BREAK.search(between):
            self._negated, self._strength = False, 1.0

    def _turn(self) -> None:
        self._against *= BUT_BEFORE
        self._praise *= BUT_BEFORE
        self._after = BUT_AFTER
        self._negated, self._strength = False, 1.0

    def _deny(self, word: Word, between: str) -> None:
        if self._negated and len(between) <= (DENIED_WITHIN * 4 if between.isascii() else DENIED_WITHIN):
            self._weigh(word)
        self._negated = False

    def _weigh(self, word: Word) -> None:
        times = self._said.get(word.text, 0)
        self._said[word.text] = times + 1
        weight = word.weight * self._strength * self._after * (1.0, 0.5, 0.0)[min(times, 2)]
        signed = _signed(word.kind, weight, self._negated)
        self._negated, self._strength = word.kind == "lesser", 1.0
        if signed > 0:
            self._against += signed
        else:
            self._praise -= signed
        if signed:
            self.heard.append(Heard(word.text, word.kind, round(signed, 2)))


def _signed(kind: Kind, weight: float, negated: bool) -> float:
    """How much a word says against us; below 0 for us."""
    if kind == "praise":
        return weight * TURNED if negated else -weight
    if negated and kind in ("complaint", "safety"):
        return -weight * EASED
    return weight


def _words(group: _Group) -> Iterator[Word]:
    for written in group.words.split():
        bare = written.strip("*") if len(written) > 1 else written
        text = normalize(bare.replace("_", " "))
        left = not written.startswith("*") and is_letter(text[0])
        yield Word(text, group.kind, group.weight, left, not written.endswith("*") and is_letter(text[-1]))
