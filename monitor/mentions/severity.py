"""Danger words: a fire, an injury, a lawsuit that a text tells as having happened. By a lexicon anyone may edit.

A danger word counts when it stands in no idiom, is not meant figuratively, not denied, feared, supposed, asked for or
played, and is told at first hand. One mention says so only of itself; whether it may raise a tier is `credible`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
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
from monitor.model import CREDIBLE, Tier

Standing = Literal["told", "figurative", "negated", "hypothetical", "denied", "elsewhere", "hearsay"]
LONGEST, MOST = 5000, 50
"""Characters and danger words of a text that are looked at."""
BESIDE = 5
"""Characters between a danger word and what makes it figurative; Latin text: three times as many."""
_REACH_OF_NEGATION = {1: 2, 2: 5}
"""Characters between a negation of so many characters and what it denies; longer ones reach 8, Latin ones 14."""
_CLAUSE = re.compile(r"[,.;:!?~。、…\n]")
_SENTENCE = re.compile(r"[.;!?。…\n]")
_JOINED = re.compile(r"\b(?:and|but|then|it|so|when|until|before)\b|[就却又还]|反而|结果|然后|导致|突然|自己")


class Danger(NamedTuple):
    """A danger word of a text: what it is, as it stands in the normal form, how it is meant, and if a child is near."""

    kind: str
    tier: Tier
    text: str
    standing: Standing
    child: bool = False


class _Group(Struct, forbid_unknown_fields=True):
    kind: str
    tier: Literal["blue", "yellow", "orange", "red"]
    words: str
    patterns: list[str] = []
    needs: str = ""
    figurative_after: str = ""
    figurative_before: str = ""
    intended: bool = False


class _Cues(Struct, forbid_unknown_fields=True):
    idiom: str
    figurative: list[str]
    negated: str
    hypothetical: str
    may: str
    intent: str
    plain: str
    asked: str
    denied: str
    elsewhere: str
    hearsay: str
    child: str


class _File(Struct, forbid_unknown_fields=True):
    version: str
    cue: _Cues
    danger: list[_Group]


class _Kind:
    """A group of danger words, ready to be asked: `before`, `after`: what beside it makes it figurative."""

    def __init__(self, group: _Group) -> None:
        self.name, self.tier, self.intended = group.kind, Tier.of(group.tier), group.intended
        self.before, self.after = _any_of(group.figurative_before), _any_of(group.figurative_after)
        self.needs = _any_of(group.needs) if group.needs else None


class _Hit(NamedTuple):
    start: int
    end: int
    cues: frozenset[str]
    danger: _Kind | None


class Dangers:
    """Finds danger words by a lexicon; that of the package unless another text of its form is given."""

    def __init__(self, lexicon: str | None = None) -> None:
        written = lexicon or (files(__package__) / "severity.toml").read_text(encoding="utf-8")
        read = msgspec.convert(tomli.loads(written), _File)
        self.version = read.version
        self.revision = blake2b(f"{normal_form.VERSION}\0{written}".encode(), digest_size=8).hexdigest()
        self.tiers = {group.kind: Tier.of(group.tier) for group in read.danger}
        self._cues: dict[str, set[str]] = {}
        self._dangers: dict[str, _Kind] = {}
        self._open: set[str] = set()
        self._figurative = [re.compile(pattern) for pattern in read.cue.figurative]
        for cue in _Cues.__struct_fields__:
            for word in self._read(getattr(read.cue, cue) if cue != "figurative" else ""):
                self._cues.setdefault(word, set()).add(cue)
        self._patterns: list[tuple[re.Pattern[str], _Kind]] = []
        for group in read.danger:
            kind = _Kind(group)
            self._dangers.update(dict.fromkeys(self._read(group.words), kind))
            self._patterns += [(re.compile(pattern), kind) for pattern in group.patterns]
        self._words = list(self._cues | self._dangers)
        self._automaton = AhoCorasick(self._words, matchkind=MatchKind.LeftmostLongest)

    def find(self, title: str, text: str) -> list[Danger]:
        """The danger words of a mention, each with how it is meant. No kind twice with the same meaning."""
        return self.find_normal(normalize(f"{title}. {text}"[:LONGEST] if title else text[:LONGEST]))

    def find_normal(self, normal: str) -> list[Danger]:
        """The same for a text in normal form."""
        whole = normal[:LONGEST].replace("’", "'")
        hits = self._hits(whole)
        dangers = [hit for hit in hits if hit.danger][:MOST]
        if not dangers:
            return []
        about = frozenset(cue for hit in hits for cue in hit.cues)
        found: dict[tuple[str, Standing], Danger] = {}
        for hit in dangers:
            kind = hit.danger
            if kind and (kind.needs is None or kind.needs.search(whole)):
                standing = self._standing(whole, hit, kind, hits, about)
                child = "child" in about
                tier = Tier(min(Tier.RED, kind.tier + child))
                word = whole[hit.start : hit.end]
                found.setdefault((kind.name, standing), Danger(kind.name, tier, word, standing, child))
        return list(found.values())

    def _read(self, words: str) -> Iterable[str]:
        for written in words.split():
            word = normalize(written.rstrip("*").replace("_", " "))
            if written.endswith("*"):
                self._open.add(word)
            yield word

    def _hits(self, text: str) -> list[_Hit]:
        hits = []
        for index, start, end in self._automaton.find_matches_as_indexes(text):
            word = self._words[index]
            if is_letter(word[0]) and start and is_letter(text[start - 1]):
                continue
            if is_letter(word[-1]) and word not in self._open and end < len(text) and is_letter(text[end]):
                continue
            hits.append(_Hit(start, end, frozenset(self._cues.get(word, ())), self._dangers.get(word)))
        for pattern, danger in self._patterns:
            for found in pattern.finditer(text):
                hits.append(_Hit(found.start(), found.end(), frozenset(), danger))
        return hits

    def _standing(self, text: str, hit: _Hit, danger: _Kind, hits: list[_Hit], about: frozenset[str]) -> Standing:
        clause, sentence = _begin(text, hit.start, _CLAUSE), _begin(text, hit.start, _SENTENCE)
        if "idiom" in hit.cues or self._is_figurative(text, hit, danger, clause):
            return "figurative"
        if "denied" in about:
            return "denied"
        if "elsewhere" in about:
            return "elsewhere"
        before = [h for h in hits if sentence <= h.start and h.end <= hit.start]
        here = [h for h in before if h.start >= clause]
        if any("negated" in h.cues and _reaches(text[h.end : hit.start], h) for h in here):
            return "negated"
        if _is_asked(text, hit, sentence, hits):
            return "hypothetical"
        if not danger.intended and (
            any(h.cues & {"may", "intent"} for h in here) or any("hypothetical" in h.cues for h in before)
        ):
            return "hypothetical"
        return "hearsay" if "hearsay" in about else "told"

    def _is_figurative(self, text: str, hit: _Hit, danger: _Kind, clause: int) -> bool:
        reach = BESIDE * 3 if text[hit.start : hit.end].isascii() else BESIDE
        left = text[max(clause, hit.start - 40) : hit.start]
        right = _CLAUSE.split(text[hit.end : hit.end + 40], 1)[0]
        return (
            any(len(left) - found.end() <= reach for found in danger.before.finditer(left))
            or any(found.start() <= 2 for found in danger.after.finditer(right))
            or any(pattern.search(left) for pattern in self._figurative)
        )


@cache
def shipped() -> Dangers:
    """The finder with the lexicon of the package."""
    return Dangers()


def credible(danger: Danger, family: str, authors: Collection[str] = ()) -> bool:
    """Whether one danger may raise a tier by itself: told as a fact, by a believed family or by two authors or more."""
    return danger.standing == "told" and (family in CREDIBLE or len(set(authors)) >= 2)


def _any_of(words: str) -> re.Pattern[str]:
    parts = [normalize(word.replace("_", " ")) for word in words.split()]
    bounded = (rf"(?<![a-z]){re.escape(p)}(?![a-z])" if p[0].isascii() else re.escape(p) for p in parts)
    return re.compile("|".join(sorted(bounded, key=len, reverse=True)) or r"(?!)")


def _begin(text: str, at: int, breaks: re.Pattern[str]) -> int:
    """Where the clause or sentence around a place begins."""
    last = 0
    for found in breaks.finditer(text, max(0, at - 120), at):
        last = found.end()
    return last


def _is_asked(text: str, hit: _Hit, sentence: int, hits: list[_Hit]) -> bool:
    """Whether the sentence is a question about it, not one that takes it for granted."""
    stop = _SENTENCE.search(text, hit.end)
    end = stop.end() if stop else len(text)
    if not text[:end].endswith("?") and not text[hit.end : end].rstrip("。. ").endswith(
        ("吗", "么", "呢", "没有", "不")
    ):
        return False
    return any("asked" in h.cues for h in hits if sentence <= h.start and h.end <= end)


def _reaches(between: str, cue: _Hit) -> bool:
    """A negation holds for the word it stands before: short ones right before it, longer ones a little further."""
    if _JOINED.search(between):
        return False
    if between.isascii() and cue.end - cue.start > 1 and between.strip():
        return len(between) <= 14
    return len(between.strip()) <= _REACH_OF_NEGATION.get(cue.end - cue.start, 8)
