"""Cuts a notice to what a channel takes: lines by priority, then excerpts; a vital line never goes. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, structs

from monitor.channels.channel import Refused
from monitor.channels.dialect import Dialect, write_all
from monitor.messages import say
from monitor.model import Line, Link, Notice, Part, Quoted, Text

ELLIPSIS = "…"
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
    smallest = whole(notice)
    for candidate in _dropping(notice):
        if weigh(candidate) <= limit:
            return candidate
        smallest = candidate
    return _shorten(smallest, limit, weigh)


def whole(notice: Notice) -> Fitted:
    """All of a notice."""
    return Fitted(title=notice.title, lines=notice.lines, language=notice.language)


def _dropping(notice: Notice) -> Iterator[Fitted]:
    """The notice with 0, 1, 2 … lines less, the least important first; of equals the last."""
    yield whole(notice)
    order = sorted(
        (i for i, line in enumerate(notice.lines) if not line.vital),
        key=lambda i: (notice.lines[i].priority, i),
        reverse=True,
    )
    for count in range(1, len(order) + 1):
        yield _without(notice, set(order[:count]))


def _without(notice: Notice, gone: set[int]) -> Fitted:
    """The word that there is more stands where the first line is missing."""
    text = say(notice.language, "channels.more", n=len(gone))
    more = Line(id="more", parts=(Text(text),))
    lines = [more if i == min(gone) else line for i, line in enumerate(notice.lines) if i not in gone or i == min(gone)]
    return Fitted(title=notice.title, lines=tuple(lines), language=notice.language, dropped=len(gone))


def _shorten(fitted: Fitted, limit: int, weigh: Weigh) -> Fitted:
    """Excerpts first; our own words only where nothing else is left."""
    for kinds in ((Quoted,), (Quoted, Text)):
        found = _longest_fitting(fitted, kinds, limit, weigh)
        if found is not None:
            return found
    raise Refused(f"the vital lines alone are longer than the {limit} this channel takes")


def _longest_fitting(fitted: Fitted, kinds: tuple[type, ...], limit: int, weigh: Weigh) -> Fitted | None:
    low, high, best = 0, max(_lengths(fitted, kinds), default=0), None
    while low <= high:
        cap = (low + high) // 2
        candidate = _capped(fitted, kinds, cap)
        if weigh(candidate) <= limit:
            low, best = cap + 1, candidate
        else:
            high = cap - 1
    return best


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
