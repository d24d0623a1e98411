"""Which topics a text speaks of: all queries on one automaton, the text read once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from ahocorasick_rs import AhoCorasick

from monitor.mentions import normalize as normal_form
from monitor.mentions.normalize import align, light, normalize
from monitor.mentions.query import Both, Either, Near, Negated, Node, Term, parse, terms
from monitor.mentions.topic import Topic

Span = tuple[int, int]
Hits = dict[Term, list[Span]]
_NONE: frozenset[str] = frozenset()
_Settled = tuple[bool, bool, list[str], list[str]]
"""Whether its ends must be ends of words; topics that hold then; topics that hold although its word goes on."""
REMEMBERED = 20_000
"""Sets of terms whose topics are kept at hand."""


class Topics:
    """The compiled topics. QueryFault for the first query that is wrong (`query.parse` finds each)."""

    def __init__(self, topics: Sequence[Topic], lexicon: str = "") -> None:
        self._queries = {topic.name: parse(topic.query) for topic in topics}
        self._lexicon = lexicon
        asking: dict[Term, list[str]] = {}
        for name, query in self._queries.items():
            for term in terms(query):
                asking.setdefault(term, []).append(name)
        self._patterns = [_Pattern(text, group) for text, group in _by_text(asking)]
        self._plain = [pattern.plain for pattern in self._patterns]
        self._sure = {
            term: [name for name in names if _is_enough(self._queries[name])] for term, names in asking.items()
        }
        self._open = {term: frozenset(names) - set(self._sure[term]) for term, names in asking.items()}
        self._simple = [self._settled(pattern) for pattern in self._patterns]
        self._alone = [
            frozenset((*s[2], *s[3])) if s is not None and not (s[0] or s[1]) else None for s in self._simple
        ]
        self._automaton = AhoCorasick([p.text for p in self._patterns])
        self._near = frozenset(name for name, query in self._queries.items() if _asks_where(query))
        self._form = light if not self._near and all(p.text.isalnum() for p in self._patterns) else normalize
        self._alike: dict[frozenset[Term], frozenset[str]] = {}

    @property
    def words(self) -> frozenset[str]:
        """All that the queries look for, in normal form."""
        return frozenset(pattern.text for pattern in self._patterns)

    def match(self, title: str, text: str) -> frozenset[str]:
        """The names of the topics that hold."""
        return self.match_normal(self._form(title) if title else "", self._form(text))

    def match_normal(self, head: str, body: str) -> frozenset[str]:
        """The same for a title and a text that are in normal form already."""
        whole = f"{head}\n{body}" if head else body
        found = self._automaton.find_matches_as_indexes(whole, overlapping=True)
        if not found:
            return _NONE
        if len(found) == 1 and (alone := self._alone[found[0][0]]) is not None:
            return alone
        names: list[str] = []
        for index, start, end in found:
            settled = self._simple[index]
            if settled is None:
                return self._holding(self._hits(found, whole, len(head)))
            left, right, closed, prefixed = settled
            if left and start and is_letter(whole[start - 1]):
                continue
            if prefixed:
                names += prefixed
            if not (right and end < len(whole) and is_letter(whole[end])):
                names += closed
        return frozenset(names)

    def _settled(self, pattern: _Pattern) -> _Settled | None:
        """What a hit of the pattern comes to whatever else the text says; None where that matters."""
        if any(self._open[term] or term.title for term in pattern.terms):
            return None
        closed, prefixed = (
            [name for term in pattern.terms if term.prefix == prefix for name in self._sure[term]]
            for prefix in (False, True)
        )
        return pattern.left, pattern.right, closed, prefixed

    def why(self, title: str, text: str) -> dict[str, list[Span]]:
        """For each topic that holds, where its terms stand: code points of title + newline + text (no title: text)."""
        whole, spans, head = _aligned(title, text)
        hits = self._hits(self._automaton.find_matches_as_indexes(whole, overlapping=True), whole, head)
        return {name: _original(_places(self._queries[name], hits), spans) for name in sorted(self._holding(hits))}

    def revision(self, name: str) -> str:
        """A stable mark of what the topic counts: it changes with the query, the lexicon or the way texts are read."""
        written = f"{normal_form.VERSION}\0{self._lexicon}\0{self._queries[name]}"
        return blake2b(written.encode(), digest_size=8).hexdigest()

    def _hits(self, found: list[tuple[int, int, int]], text: str, head: int) -> Hits:
        hits: Hits = {}
        for index, start, end in found:
            plain = self._plain[index]
            if plain is None:
                self._bounded(hits, self._patterns[index], text, start, end, head)
            elif plain in hits:
                hits[plain].append((start, end))
            else:
                hits[plain] = [(start, end)]
        return hits

    def _bounded(self, hits: Hits, pattern: _Pattern, text: str, start: int, end: int, head: int) -> None:
        """A hit that must be a word of its own, or stand in the title."""
        if pattern.left and start and is_letter(text[start - 1]):
            return
        open_end = pattern.right and end < len(text) and is_letter(text[end])
        for term in pattern.terms:
            if not (open_end and not term.prefix) and not (term.title and end > head):
                hits.setdefault(term, []).append((start, end))

    def _holding(self, hits: Hits) -> frozenset[str]:
        """What holds depends on which terms stand there, save for NEAR; texts with the same terms are many."""
        there = frozenset(hits)
        holding = self._alike.get(there)
        if holding is None:
            if len(self._alike) >= REMEMBERED:
                self._alike.clear()
            holding = self._alike[there] = self._true_of(hits, near=False)
        return holding | self._true_of(hits, near=True) if self._near else holding

    def _true_of(self, hits: Hits, *, near: bool) -> frozenset[str]:
        holding: set[str] = set()
        asked: set[str] = set()
        for term in hits:
            holding.update(self._sure[term])
            asked |= self._open[term]
        asked = asked & self._near if near else asked - self._near
        holding.update(name for name in asked - holding if _holds(self._queries[name], hits))
        return frozenset(holding)


class _Pattern:
    """One text of the automaton, the terms that look for it, and whether its ends are ends of words.

    `plain`: the one term that it is wherever it stands.
    """

    __slots__ = ("left", "plain", "right", "terms", "text")

    def __init__(self, text: str, group: tuple[Term, ...]) -> None:
        self.text, self.terms = text, group
        self.left, self.right = is_letter(text[0]), is_letter(text[-1])
        bounded = self.left or self.right or len(group) > 1 or group[0].title
        self.plain = None if bounded else group[0]


def is_letter(char: str) -> bool:
    """A letter or digit of a script that puts spaces between words: `iPhone` ends where 充 begins."""
    return (char < "\u0e00" or "\u1e00" <= char < "\u2000") and char.isalnum()


def _by_text(all_terms: Iterable[Term]) -> list[tuple[str, tuple[Term, ...]]]:
    groups: dict[str, list[Term]] = {}
    for term in all_terms:
        groups.setdefault(term.text, []).append(term)
    return [(text, tuple(group)) for text, group in groups.items()]


def _is_enough(node: Node) -> bool:
    """Whether any one term of the query makes it hold."""
    return isinstance(node, Term) or (isinstance(node, Either) and all(_is_enough(part) for part in node.parts))


def _holds(node: Node, hits: Hits) -> bool:
    match node:
        case Term():
            return node in hits
        case Both(parts):
            return all(_holds(part, hits) for part in parts)
        case Either(parts):
            return any(_holds(part, hits) for part in parts)
        case Negated(part):
            return not _holds(part, hits)
        case Near():
            return bool(_places(node, hits))


def _asks_where(node: Node) -> bool:
    """Whether it matters where terms stand, not only that they do."""
    match node:
        case Near():
            return True
        case Both(parts) | Either(parts):
            return any(_asks_where(part) for part in parts)
        case Negated(part):
            return _asks_where(part)
        case Term():
            return False


def _places(node: Node, hits: Hits) -> list[Span]:
    """Where what makes the node hold stands; nothing where it does not hold. In order."""
    match node:
        case Term():
            return hits.get(node, [])
        case Near(left, right, distance):
            return _close(_places(left, hits), _places(right, hits), distance)
        case Negated():
            return []
        case Both(parts) | Either(parts):
            return sorted({span for part in parts if _holds(part, hits) for span in _places(part, hits)})


def _close(left: list[Span], right: list[Span], distance: int) -> list[Span]:
    """The spans of both sides that have one of the other side within reach. Overlapping ones are not near."""
    return sorted(set(_beside(left, right, distance)) | set(_beside(right, left, distance)))


def _beside(some: list[Span], others: list[Span], distance: int) -> list[Span]:
    starts, ends = [s for s, _ in others], sorted(e for _, e in others)
    near = []
    for start, end in some:
        after, before = bisect_left(starts, end), bisect_right(ends, start) - 1
        follows = after < len(starts) and starts[after] - end <= distance
        if follows or (before >= 0 and start - ends[before] <= distance):
            near.append((start, end))
    return near


def _aligned(title: str, text: str) -> tuple[str, list[Span], int]:
    """Title and text in normal form, the original span of each character, and where the title ends."""
    body, body_spans = align(text)
    if not title:
        return body, body_spans, 0
    head, head_spans = align(title)
    offset = len(title) + 1
    moved = [(start + offset, end + offset) for start, end in body_spans]
    if not head:
        return body, moved, 0
    return f"{head}\n{body}", [*head_spans, (offset - 1, offset), *moved], len(head)


def _original(places: list[Span], spans: list[Span]) -> list[Span]:
    return sorted({(spans[start][0], spans[end - 1][1]) for start, end in places})
