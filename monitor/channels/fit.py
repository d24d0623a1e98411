"""Cuts a notice to what a channel takes: lines by priority, then excerpts; a vital line never goes. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator

from msgspec import Struct, structs

from monitor.channels.channel import Refused
from monitor.channels.dialect import Dialect, write_all
from monitor.messages import say
from monitor.model import Line, Link, Notice, Part, Quoted, Text

ELLIPSIS = "…"
LONGEST = 1000
Weigh = Callable[["Fitted"], int]
"""The size of what would go out, in the unit of the limit."""


class Fitted(Struct, frozen=True, kw_only=True):
    """What of a notice goes out. `dropped` lines were left out; a line `more` says so."""

    title: tuple[Part, ...]
    lines: tuple[Line, ...]
    language: str
    dropped: int = 0

    def heading(self, dialect: Dialect) -> str:
        """The title in a dialect."""
        return write_all(self.title, dialect, self.language)

    def written(self, dialect: Dialect) -> list[str]:
        """The lines in a dialect."""
        return [write_all(line.parts, dialect, self.language) for line in self.lines]

    def text(self, dialect: Dialect, newline: str = "\n") -> str:
        """Title and lines in a dialect, one below the other."""
        return newline.join([self.heading(dialect), *self.written(dialect)])


def fit(notice: Notice, limit: int, weigh: Weigh) -> Fitted:
    """The most of a notice that `weigh` finds within `limit`. Refused where even its bare vital lines are too long."""
    all_ = whole(notice)
    if weigh(all_) <= limit:
        return all_
    order = _cutting_order(all_)
    found = _smallest(len(order), lambda count: _without(all_, order[:count]), limit, weigh)
    return found or _shorten(_without(all_, order), limit, weigh)


def whole(notice: Notice) -> Fitted:
    """All of a notice; only an excerpt of more than `LONGEST` characters is cut."""
    return _capped(Fitted(title=notice.title, lines=notice.lines, language=notice.language), (Quoted,), LONGEST)


def _cutting_order(all_: Fitted) -> list[int]:
    """The lines that may go, the least important first; of equals the last."""
    may_go = [i for i, line in enumerate(all_.lines) if not line.vital]
    return sorted(may_go, key=lambda i: (all_.lines[i].priority, i), reverse=True)


def _smallest(most: int, made: Callable[[int], Fitted], limit: int, weigh: Weigh) -> Fitted | None:
    """What the smallest of the counts 1 … most makes that is within the limit; the larger a count, the lighter."""
    low, high, best = 1, most, None
    while low <= high:
        count = (low + high) // 2
        candidate = made(count)
        if weigh(candidate) <= limit:
            high, best = count - 1, candidate
        else:
            low = count + 1
    return best


def _without(all_: Fitted, gone: Collection[int]) -> Fitted:
    """The word that there is more stands where the first line is missing."""
    if not gone:
        return all_
    more = Line(id="more", parts=(Text(say(all_.language, "channels.more", n=len(gone))),))
    left, first = set(range(len(all_.lines))) - set(gone), min(gone)
    lines = tuple(more if i == first else line for i, line in enumerate(all_.lines) if i in left or i == first)
    return structs.replace(all_, lines=lines, dropped=len(gone))


def _shorten(fitted: Fitted, limit: int, weigh: Weigh) -> Fitted:
    """Excerpts first; our own words only where nothing else is left."""
    for kinds in ((Quoted,), (Quoted, Text)):
        found = _longest_fitting(fitted, kinds, limit, weigh)
        if found is not None:
            return found
    raise Refused(f"the vital lines alone are longer than the {limit} this channel takes")


def _longest_fitting(fitted: Fitted, kinds: tuple[type, ...], limit: int, weigh: Weigh) -> Fitted | None:
    longest = max(_lengths(fitted, kinds), default=0)
    return _smallest(longest + 1, lambda less: _capped(fitted, kinds, longest + 1 - less), limit, weigh)


def _lengths(fitted: Fitted, kinds: tuple[type, ...]) -> Iterator[int]:
    for parts in (fitted.title, *(line.parts for line in fitted.lines)):
        yield from (len(p.text) for p in parts if isinstance(p, kinds) and not isinstance(p, Link))


def _capped(fitted: Fitted, kinds: tuple[type, ...], cap: int) -> Fitted:
    lines = tuple(structs.replace(line, parts=_cut_all(line.parts, kinds, cap)) for line in fitted.lines)
    return structs.replace(fitted, title=_cut_all(fitted.title, kinds, cap), lines=lines)


def _cut_all(parts: Iterable[Part], kinds: tuple[type, ...], cap: int) -> tuple[Part, ...]:
    return tuple(
        structs.replace(p, text=cut(p.text, cap)) if isinstance(p, kinds) and not isinstance(p, Link) else p
        for p in parts
    )


def cut(text: str, length: int) -> str:
    """At most `length` characters, then …; never between a character and its accents."""
    if len(text) <= length:
        return text
    while length and unicodedata.category(text[length]).startswith("M"):
        length -= 1
    return text[:length].rstrip() + ELLIPSIS
