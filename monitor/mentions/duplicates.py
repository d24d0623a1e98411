"""Stories: which texts are copies of one another, however they were reposted, framed or slightly reworded.

A text is reduced to what it says: links, @names, repost marks, short 【…】 frames and punctuation go; what is left is
read as units, characters in Chinese, words elsewhere, and cut at `LONGEST` characters. A text in the very words of a
known one is its copy at once. Other candidates share some of their neighbouring pairs and triples (an inverted index,
rarest first). Two texts are one story when their longest common subsequence covers `ALIKE` of the longer one, or nearly
all of a shorter one that is long enough to be no accident.

A story is known by its first text and up to `VARIANTS` rewordings of that very text, so copies of copies do not drift
away. Memory is bounded: a story nobody repeated for `window` seconds is forgotten, and beyond `most` stories the one
that rested longest; a later copy begins anew.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from zlib import crc32

from monitor.mentions.normalize import normalize

WINDOW = 3 * 86400.0
MOST = 100_000

ALIKE = 0.78
CONTAINED, CONTAINED_FROM = 0.88, 12
"""A text of 12 units or more is told again by one up to twice as long that holds this share of it."""
SHORTEST, LONGEST = 5, 256
"""Fewer units claim nothing: each such text is a story of its own."""
KEYS = 24
"""Pairs and triples by which a text is found; of longer texts those with the smallest hashes."""
COMMON, STEPS, TRIALS = 1024, 300, 6
"""Texts listed under one key; entries read and candidates compared for one text."""
SIXTH = 6
"""A copy shares at least this part of its keys, also when it is twice as long."""
SWEEP = 32
"""Stories forgotten at one time."""
VARIANTS, REWORDED = 3, 0.92
"""Rewordings kept of a story's first text: those that have less than this share in common with it."""

_NOISE = re.compile(
    r"https?://[^\s\u3041-\U0003ffff]+|\bwww\.[^\s\u3041-\U0003ffff]+|\b(?:t\.cn|t\.co|url\.cn|bit\.ly)/[a-z0-9]+"
    r"|//@[\w\-·]{1,20}:|@[\w\-·]{1,20}"
    r"|(?:快转|转发)微博|转发理由|网页链接|查看(?:图片|全文)|[展收][开起]全文"
    r"|^\W*(?:rt|repost|转发)\b"
)
_SOMEONES = re.compile(r"[\w\-]{1,20}的(?:微博|秒拍)视频")
_FRAME = re.compile(r"^[\s:,]*(?:\[[^\]]{1,6}\]|【[^】]{1,6}】|#[^#]{1,20}#)(?=.*\w)")
_UNIT = re.compile(r"[^\W\u0e01-\u1dff\u2c00-\U0003ffff_]+|[\u0e01-\u1dff\u2c00-\u2dff\u3041-\U0003ffff]")


@dataclass(slots=True)
class _Text:
    story: str
    said: str
    first: bool


@dataclass(slots=True)
class _Story:
    last: float
    texts: list[int] = field(default_factory=list)


class Stories:
    """The stories of the last days. The same mentions in the same order give the same stories."""

    def __init__(self, window: float = WINDOW, most: int = MOST) -> None:
        self.window, self.most = window, most
        self._clock = float("-inf")
        self._stories: OrderedDict[str, _Story] = OrderedDict()
        self._texts: dict[int, _Text] = {}
        self._worded: dict[str, int] = {}
        self._listed: dict[int, int | list[int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._stories)

    def assign(self, source: str, id: str, title: str, text: str, at: float) -> tuple[str, bool]:
        """The story a mention tells, and whether it is the first to tell it.

        A story bears the mark of its first mention's identity. Reposts without a word of their own are one story a
        source; a text of fewer than `SHORTEST` units stands for itself.
        """
        self._forget(at)
        said = what_is_said(f"{title}\n{text}" if title else text)
        if not said and text:
            return self._tell(_mark(source, ""), at)
        if len(units_of(said)) < SHORTEST:
            return _mark(source, id), True
        if (same := self._worded.get(said)) is not None:
            return self._tell(self._texts[same].story, at)
        keys = _keys(said)
        found = self._find(said, keys)
        if found is None:
            story, new = self._tell(_mark(source, id), at)
            if new:
                self._list(story, said, keys, first=True)
            return story, new
        known, share = found
        story, _ = self._tell(known.story, at)
        if known.first and share < REWORDED and len(self._stories[story].texts) <= VARIANTS:
            self._list(story, said, keys, first=False)
        return story, False

    def load(self, rows: Iterable[tuple[str, str, float]]) -> None:
        """What was told before, oldest first: (story, title + newline + text, at); the first row is its first text."""
        _keys("first")  # numpy comes in here, before anybody waits for it
        for story, text, at in rows:
            self._forget(at)
            _, new = self._tell(story, at)
            said = what_is_said(text)
            if said in self._worded or len(units_of(said)) < SHORTEST:
                continue
            if new or self._is_rewording(story, said):
                self._list(story, said, _keys(said), first=new)

    def forget(self, told: Iterable[tuple[str, str]]) -> None:
        """Lets go of texts, as (title, text); their stories live on by their other texts, if they have any."""
        gone = {what_is_said(f"{title}\n{text}" if title else text) for title, text in told}
        for number in [n for n, text in self._texts.items() if text.said in gone]:
            story = self._stories.get(self._texts[number].story)
            if story is not None and number in story.texts:
                story.texts.remove(number)
            self._unlist(number)

    def _is_rewording(self, story: str, said: str) -> bool:
        texts = self._stories[story].texts
        return 0 < len(texts) <= VARIANTS and 0 < likeness(self._texts[texts[0]].said, said) < REWORDED

    def _tell(self, story: str, at: float) -> tuple[str, bool]:
        known = self._stories.get(story)
        if known is None:
            self._stories[story] = _Story(at)
            return story, True
        known.last = max(known.last, at)
        self._stories.move_to_end(story)
        return story, False

    def _find(self, said: str, keys: list[int]) -> tuple[_Text, float] | None:
        """The known text that shares most keys and is a copy, and how much they have in common."""
        shared, lists = self._shared(keys)
        least = max(lists / 5, len(keys) / SIXTH)
        likeliest = sorted((-n, number) for number, n in shared.items() if n >= least)
        for _, number in likeliest[:TRIALS]:
            share = likeness(self._texts[number].said, said)
            if share:
                return self._texts[number], share
        return None

    def _shared(self, keys: list[int]) -> tuple[Counter[int], int]:
        """How many keys each known text shares, and under how many keys any stands; of many entries the rarest."""
        lists = [listed for key in keys if (listed := self._listed.get(key)) is not None]
        met = [one for one in lists if type(one) is int]
        read = len(met)
        for numbers in sorted((one for one in lists if type(one) is list), key=len):
            if met and len(met) + len(numbers) > STEPS:
                break
            met += numbers
            read += 1
        return Counter(met), read

    def _list(self, story: str, said: str, keys: list[int], first: bool) -> None:
        number, self._next = self._next, self._next + 1
        self._texts[number] = _Text(story, said, first)
        self._worded.setdefault(said, number)
        self._stories[story].texts.append(number)
        for key in keys:
            listed = self._listed.setdefault(key, number)
            if listed is number:
                continue
            if isinstance(listed, int):
                self._listed[key] = [listed, number]
            elif len(listed) < COMMON:
                listed.append(number)

    def _forget(self, at: float) -> None:
        """At most a few at a time, so that nobody waits for a sweep."""
        self._clock = max(self._clock, at)
        for _ in range(SWEEP):
            story = next(iter(self._stories), None)
            if story is None or not self._outlived(self._stories[story]):
                return
            for number in self._stories.pop(story).texts:
                self._unlist(number)

    def _outlived(self, story: _Story) -> bool:
        return len(self._stories) > self.most or story.last < self._clock - self.window

    def _unlist(self, number: int) -> None:
        said = self._texts.pop(number).said
        if self._worded.get(said) == number:
            del self._worded[said]
        for key in _keys(said):
            listed = self._listed.get(key)
            if listed == number:
                del self._listed[key]
            elif isinstance(listed, list) and number in listed:
                listed.remove(number)
                if not listed:
                    del self._listed[key]


def what_is_said(text: str) -> str:
    """A text without what reposting adds: characters where it is mostly Chinese, else a space and words."""
    normal = normalize(text[: 8 * LONGEST])
    if "视频" in normal:
        normal = _SOMEONES.sub(" ", normal)
    plain = _FRAME.sub(" ", _NOISE.sub(" ", normal))
    units = _UNIT.findall(plain)
    chinese = sum(map("\u2bff".__lt__, units))
    if 2 * chinese >= len(units):
        return "".join(units)[:LONGEST]
    return f" {' '.join(units)}"[:LONGEST]


def units_of(said: str) -> list[str]:
    """The characters or words of what is said."""
    return said.split() if said.startswith(" ") else list(said)


def likeness(first: str, second: str) -> float:
    """What two copies have in common: a share of the longer, or of the one the other holds; 0 where they are none."""
    short, long = sorted((first, second), key=len)
    if len(short) >= len(long) * ALIKE:
        share = common(first, second) / len(long)
        return share if share >= ALIKE else 0.0
    if len(long) > 2 * len(short) or len(units_of(short)) < CONTAINED_FROM:
        return 0.0
    share = common(first, second) / len(short)
    return share if share >= CONTAINED else 0.0


def common(first: str, second: str) -> int:
    """Length of the longest common subsequence, by bits (Hyyrö 2004, Bit-parallel LCS-length computation revisited)."""
    places: dict[str, int] = {}
    bit = 1
    for char in first:
        places[char] = places.get(char, 0) | bit
        bit <<= 1
    full = row = bit - 1
    for char in second:
        if char in places:
            met = row & places[char]
            row = (row + met) | (row - met)  # what is carried beyond the first text never comes back into it
    return len(first) - (row & full).bit_count()


def _keys(said: str) -> list[int]:
    """Hashes of neighbouring pairs, triples and long words, each once; of many the smallest."""
    import numpy as np

    words = said.split() if said.startswith(" ") else []
    if words:
        units = np.array([crc32(word.encode()) for word in words], np.uint32)
        long = units[[len(word) > 5 for word in words]]
    else:
        units = np.frombuffer(said.encode("utf-32-le"), np.uint32)
        long = units[:0]
    pairs = units[:-1] * 0x9E3779B1 ^ units[1:] * 0x85EBCA6B
    triples = pairs[:-1] * 0x27D4EB2F ^ pairs[1:]
    keys = np.concatenate((pairs, triples, long)) >> 2
    keys.sort()
    return list(dict.fromkeys(keys.tolist()))[:KEYS]


def _mark(source: str, id: str) -> str:
    return blake2b(f"{source}\0{id}".encode(errors="surrogatepass"), digest_size=8).hexdigest()
