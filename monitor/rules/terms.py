"""Rules `by = ["term"]`: which words are new, found from the texts themselves at the instants of the rule's grid.

Nothing is counted where mentions come in. At an instant the terms that enough mentions of the window share are looked
for in the texts of the detector's memory, newest first; what was there before is soon found and looked for no more.
What is left is put together to one term a story, and counted as any series is. Live and replay differ only in where
they read the older texts. Words are other people's: they stand in keys of series, never in metrics.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Mapping, Sequence

from ahocorasick_rs import AhoCorasick
from msgspec import Struct
from msgspec.structs import replace

from monitor.detectors import NewTerm
from monitor.mentions.normalize import light
from monitor.mentions.reading import Reading
from monitor.mentions.terms import Runs, frequent, holding, holds, runs, stories
from monitor.mentions.topics import is_letter
from monitor.model import Key, Mention
from monitor.rules.buckets import Compiled, Counted, Tally
from monitor.rules.rule import Rule
from monitor.rules.select import TERM, Selection, fits, marked, selections
from monitor.series import Bucket
from monitor.times import DAY, MINUTE

LEAST = 3.0
"""Fewer mentions than this share a word by chance."""
READ_IN_WINDOW = 20_000
"""Mentions of a window that are read, the newest."""
READ_BEFORE = 1_000_000
"""Texts of the memory that one look goes back over; beyond them nothing is looked for."""
REMEMBERED = 200_000
"""Terms of which it is remembered when they were told before."""


def text_of(mention: Mention) -> str:
    """A mention's text as older ones are searched."""
    return light(f"{mention.title}\n{mention.text}" if mention.title else mention.text)


def tells(key: Key, mention: Mention) -> dict[str, str]:
    """The label that a mention bears for a key by term: none where it does not hold the term."""
    term = dict(key).get(TERM, "")
    return {TERM: term} if term and holds(term, runs(mention.title, mention.text)) else {}


class Said(Struct, frozen=True):
    """One mention of the window that a rule counts: read, and cut into its words."""

    read: Reading
    family: str
    story_is_new: bool
    runs: Runs


Fitting = Callable[[Mention], Reading | None]
"""The reading of a mention that a rule counts, None of any other."""
Seen = dict[str, tuple[float, list[float]]]
"""term -> (up to when it was looked for, its newest mentions before that)."""


class Search:
    """Looks for terms in older texts, from `until` back to `since`; one is done with once it was told too often.

    `seen`: what earlier searches found is not looked for again; brought up to date.
    """

    def __init__(self, terms: Collection[str], since: float, until: float, most: float, seen: Seen) -> None:
        self.since, self.until, self.at, self.read = since, until, until, 0
        self._most, self._seen = int(most), seen
        if len(seen) > REMEMBERED:
            seen.clear()
        self._times: dict[str, list[float]] = {}
        self._open = {term: [] for term in terms if not self._is_known(term)}  # type: dict[str, list[float]]
        self._automaton: tuple[list[str], AhoCorasick] | None = None
        self._close(lambda term: self.done_at(term) >= until)

    def _is_known(self, term: str) -> bool:
        upto, times = self._seen.get(term, (0.0, []))
        return upto <= self.until and len(times) > self._most and times[self._most] >= self.since

    def done_at(self, term: str) -> float:
        """Back to where a term is to be looked for."""
        upto, _ = self._seen.get(term, (0.0, []))
        return max(self.since, upto) if upto <= self.until else self.since

    @property
    def done(self) -> bool:
        """Whether nothing is left to look for."""
        return not self._open or self.at <= self.since or self.read >= READ_BEFORE

    def take(self, texts: Sequence[tuple[float, str, Mention]], start: float, fit: Callable[[Mention], bool]) -> None:
        """The texts of `[start, at)` in any order: when each was said, in the form of `text_of`, and its mention."""
        if self._automaton is None or len(self._automaton[0]) > 2 * len(self._open):
            self._automaton = (list(self._open), AhoCorasick(list(self._open)))
        terms, automaton = self._automaton
        for at, text, mention in sorted(texts, key=lambda each: -each[0]):
            found = automaton.find_matches_as_indexes(text, overlapping=True)
            there = {terms[i] for i, a, b in found if terms[i] in self._open and _is_word(text, a, b)}
            if there and fit(mention):
                for term in there:
                    if at >= self.done_at(term) and len(self._open[term]) <= self._most:
                        self._open[term].append(at)
        self.read, self.at = self.read + len(texts), start
        self._close(lambda term: len(self._open[term]) > self._most or self.done_at(term) >= start)

    def before(self, term: str) -> list[float]:
        """The newest mentions of a term, one more than make it known at the most."""
        _, times = self._seen.get(term, (0.0, []))
        return [at for at in times if at >= self.since]

    def new(self) -> dict[str, list[float]]:
        """The terms that were told at most so often, and when; the rest is known."""
        self._close(lambda term: True)
        return {term: times for term, times in self._times.items() if len(times) <= self._most}

    def _close(self, ended: Callable[[str], bool]) -> None:
        for term in [term for term in self._open if ended(term)]:
            upto, before = self._seen.get(term, (0.0, []))
            times = self._open.pop(term) + (before if upto <= self.until else [])
            self._seen[term] = (self.until, times[: self._most + 1])
            self._times[term] = [at for at in self._seen[term][1] if at >= self.since]


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether a place is a word of its own: of a script with spaces, no letter stands beside it."""
    left, right = start and is_letter(text[start - 1]), end < len(text) and is_letter(text[end])
    return not (is_letter(text[start]) and (left or right))


class Look:
    """What one rule sees at one instant: first the terms of the window, then `search` over older texts, then `found`.

    `own`: words of the topics, of which nobody needs to be told. `standing`: keys that stand above calm.
    """

    def __init__(
        self,
        rule: Rule,
        now: float,
        said: Sequence[Said],
        *,
        own: Collection[str],
        standing: Collection[Key],
        seen: Seen,
    ) -> None:
        assert isinstance(rule.detector, NewTerm)
        self.rule, self.now, self.said = rule, now, said
        self.standing = [term for key in standing for label, term in key if label == TERM]
        start, until = spans(rule, now)
        terms = frequent([each.runs for each in said], least(rule))
        asked = {term for term in terms if term not in own} | set(self.standing)
        self.search = Search(asked, start - rule.detector.memory, until, rule.detector.seldom, seen)

    def found(self) -> Counted:
        """The series of the new terms, one for each story, the most told first and at most `max_series`."""
        before = self.search.new()
        texts = [each.runs for each in self.said]
        where = {term: there for term in before if len(there := holding(term, texts)) >= least(self.rule)}
        told = list(dict.fromkeys([*self.standing, *stories(where, self.standing)]))[: self.rule.max_series]
        part, _ = selections(self.rule)
        tally = Tally(Compiled(mentions=(part,), samples={}, marks={part.id: marked(self.rule)}))
        for term in told:
            for i in where.get(term) or holding(term, texts):
                _count(tally, self.said[i], term)
        counted = tally.drain()
        for term in told:
            for at in self.search.before(term):
                _put(counted, part, term, at)
        return counted


def spans(rule: Rule, now: float) -> tuple[float, float]:
    """Where the window begins, and until when what was there before is known."""
    assert isinstance(rule.detector, NewTerm)
    start = now - now % MINUTE - rule.window
    return start, min(start, now - rule.detector.fresh)


def least(rule: Rule) -> float:
    """In so many mentions a term must stand for any tier to be reached."""
    return max(LEAST, min((max(rung.floor or 0.0, rung.above or 0.0) for _, rung in rule.rungs()), default=LEAST))


def own_words(words: Collection[str]) -> frozenset[str]:
    """The words of queries, and all that is a piece of one."""
    out = set()
    for word in words:
        out.update(word.split())
        out.update(word[i:j] for i in range(len(word)) for j in range(i + 2, len(word) + 1) if not word.isascii())
    return frozenset(out)


def fitting(part: Selection, read: Callable[[Mention], Reading], families: Callable[[str], str]) -> Fitting:
    """The reading of a mention that a rule counts; what `where` asks of the source is asked before it is read."""

    def reading(mention: Mention) -> Reading | None:
        where, family = part.where, families(mention.source)
        if (where.source and mention.source not in where.source) or (where.family and family not in where.family):
            return None
        said = read(mention)
        return said if fits(part, said.said, mention.source, family, said.mention.labels) else None

    return reading


def _count(tally: Tally, said: Said, term: str) -> None:
    mention = said.read.mention
    mention = replace(mention, labels={**mention.labels, TERM: term})
    tally.add(mention, said.read.said, family=said.family, story_is_new=said.story_is_new)


def _put(counted: Counted, part: Selection, term: str, at: float) -> None:
    """A mention from before the window: that it was is all that is asked of it."""
    minute = at - at % MINUTE
    place = (part.id, ((TERM, term),), "", minute, MINUTE)
    before = counted.buckets.get(place)
    n = before.n + 1 if before else 1.0
    counted.buckets[place] = Bucket(minute, MINUTE, n, n, last_at=at)


class Heard:
    """All mentions of a replay until now, for rules by term, and what they remember of terms."""

    def __init__(
        self, read: Callable[[Mention], Reading], families: Mapping[str, str], own: Collection[str] = ()
    ) -> None:
        self._read, self._families, self._own = read, families, own_words(own)
        self._order: list[tuple[float, int]] = []
        self._mentions: dict[int, tuple[Mention, bool]] = {}
        self._texts: dict[int, str] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._seen: dict[str, Seen] = {}

    def put(self, mention: Mention, *, story_is_new: bool) -> None:
        """A mention came; one of the same identity gives way to it."""
        identity = (mention.source, mention.id)
        number = self._numbers.setdefault(identity, len(self._numbers))
        if number in self._mentions:
            self._order.remove((self._mentions[number][0].at, number))
        insort(self._order, (mention.at, number))
        self._mentions[number] = (mention, story_is_new)
        self._texts[number] = text_of(mention)

    def look(self, rule: Rule, now: float, standing: Collection[Key]) -> Counted:
        """The series of a rule by term at an instant."""
        fit = fitting(selections(rule)[0], self._read, lambda source: self._families.get(source, ""))
        said = [each for number in self._between(spans(rule, now)[0], now) if (each := self._said(fit, number))]
        seen = self._seen.setdefault(rule.name, {})
        look = Look(rule, now, said[-READ_IN_WINDOW:], own=self._own, standing=standing, seen=seen)
        search = look.search
        while not search.done:
            start = max(search.since, search.at - DAY)
            numbers = self._between(start, search.at)
            texts = [(self._mentions[n][0].at, self._texts[n], self._mentions[n][0]) for n in numbers]
            search.take(texts, start, lambda mention: fit(mention) is not None)
        return look.found()

    def _said(self, fit: Fitting, number: int) -> Said | None:
        mention, new = self._mentions[number]
        read = fit(mention)
        family = self._families.get(mention.source, "")
        return Said(read, family, new, runs(mention.title, mention.text)) if read is not None else None

    def _between(self, start: float, end: float) -> list[int]:
        first, last = (bisect_left(self._order, (edge, -1)) for edge in (start, end))
        return [number for _, number in self._order[first:last]]
