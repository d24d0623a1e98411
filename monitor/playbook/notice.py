"""Facts -> the lines of a notice, phone first: what every line may say, which are vital, and what is cut first.

The wording of most lines is a template's (or the plain catalogue's); what must never depend on a template is made
here: the drill mark, "internal alert", the incident's number, examples, and our links.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.model import Example, Facts, Line, Link, Notice, Part, Quoted, Text, Transition
from monitor.playbook.quotes import checked_url, cut, diverse, excerpt, quoted
from monitor.playbook.voice import Voice

Group = Literal["alarm", "relief", "data", "test"]
GROUPS: dict[Transition, Group] = {
    "NEW": "alarm",
    "RAISED": "alarm",
    "UPDATE": "alarm",
    "ESCALATED": "alarm",
    "LOWERED": "relief",
    "CLEARED": "relief",
    "CANCELLED": "relief",
    "RESOLVED": "relief",
    "NO DATA": "data",
    "DATA BACK": "data",
    "TEST": "test",
}

PRIORITY = {
    "next": 2,
    "clock": 3,
    "public": 4,
    "evidence": 6,
    "driver": 7,
    "more": 7,
    "example.1": 8,
    "example.2": 9,
    "example.3": 10,
}
"""Of the lines that may be cut the highest number goes first: examples, then evidence, then the rest."""

ORDER = (
    "head", "note", "extent", "since", "evidence", "driver", "more", "example", "lead", "ack", "next", "clock",
    "public",
)  # fmt: skip
VITAL = frozenset({"head", "note", "extent", "since", "lead", "ack", "links"})
REQUIRED: dict[Group, frozenset[str]] = {
    "alarm": frozenset({"head", "extent", "since", "lead", "ack"}),
    "relief": frozenset({"head", "since"}),
    "data": frozenset({"head", "since", "lead"}),
    "test": frozenset({"head"}),
}
"""Lines without which a notice of a group is not whole."""

TITLE_WIDTH = 60
"""Columns of a title: 30 Chinese or 60 Latin characters, what a lock screen shows."""

Written = Mapping[str, tuple[Part, ...]]
"""Line id -> its parts, as a template or the catalogue wrote them; "title" among them."""


def voice_of(facts: Facts, language: str, names: object) -> Voice:
    """The voice for one recipient; an unknown zone becomes UTC, for a notice must go out."""
    try:
        zone = ZoneInfo(facts.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return Voice(language, zone, names or {}, facts.at)  # type: ignore[arg-type]


def assemble(facts: Facts, voice: Voice, written: Written, urls: Mapping[str, str], key: str) -> Notice:
    """The notice: written lines in their order, between what is always ours."""
    lines = [line for id in ORDER for line in _lines(id, facts, voice, written)]
    if facts.also:
        lines.append(Line(id="also", parts=_also(facts, voice), vital=True))
    links = _links(facts, voice, urls)
    if links:
        lines.append(Line(id="links", parts=links, vital=True))
    return Notice(
        key=key,
        incident=facts.incident,
        number=facts.notice,
        transition=facts.transition,
        tier=facts.tier,
        previous_tier=facts.previous_tier,
        language=voice.language,
        title=title(facts, voice, written.get("title", ())),
        lines=tuple(lines),
        at=facts.at,
        labels=facts.labels,
        urls={k: v for k, v in urls.items() if v},
        drill=facts.drill,
    )


def _lines(id: str, facts: Facts, voice: Voice, written: Written) -> list[Line]:
    if id == "driver":
        pairs: list[tuple[str, tuple[Part, ...]]] = [(id, _drivers(facts, voice))] if facts.drivers else []
    elif id == "example":
        shown = diverse(facts.examples) if GROUPS[facts.transition] == "alarm" else []
        pairs = [(f"example.{n}", _example(example, voice)) for n, example in enumerate(shown, 1)]
    else:
        parts = written.get(id, ())
        pairs = [(id, (_internal(voice), *parts) if id == "head" else parts)] if parts else []
    return [Line(id=i, parts=parts, vital=i in VITAL, priority=PRIORITY.get(i, 1)) for i, parts in pairs]


def _internal(voice: Voice) -> Text:
    return Text(voice.say("internal") + voice.say("dot"))


def _example(example: Example, voice: Voice) -> tuple[Part, ...]:
    """One quoted mention: words, platform, time, and the host it can be read at. All but the time is from outside."""
    where: Part = quoted(example.source) if example.source else Text(voice.label(f"family.{example.family}"))
    said: list[Part] = [
        *_identity(example, voice),
        Text(voice.say("example.open")),
        Quoted(excerpt(example.text)),
        Text(voice.say("example.close")),
    ]
    said += [where, Text(voice.say("comma") + voice.moment(example.at))]
    if found := checked_url(example.url):
        host, address = found
        said += [Text(voice.say("comma")), Link(cut(host, 40), address)]
    return (*said, *_words(example, voice))


def _drivers(facts: Facts, voice: Voice) -> tuple[Part, ...]:
    """In which slices the rise lies: values are words from outside."""
    out: list[Part] = [Text(voice.say("driver"))]
    for i, d in enumerate(facts.drivers):
        out += [Text(voice.say("comma"))] if i else []
        out += [Text(voice.label(f"label.{d.label}") + " "), quoted(d.value, 24)]
        out.append(Text(voice.say("driver.share", n=d.n, total=d.total, before=d.before)))
    return tuple(out)


def _identity(example: Example, voice: Voice) -> tuple[Part, ...]:
    if not example.identity:
        return ()
    return Text(voice.say("example.identity")), quoted(example.identity), Text(voice.say("colon"))


def _words(example: Example, voice: Voice) -> tuple[Part, ...]:
    """For which words it counts: they are the mention's own."""
    if not example.why:
        return ()
    words = voice.say("list").join(excerpt(word, 16) for word in example.why)
    return Text(voice.say("example.why")), Quoted(words), Text(voice.say("example.why.end"))


ALSO_SHOWN = 5


def _also(facts: Facts, voice: Voice) -> tuple[Part, ...]:
    """What was put off: how many, and the gravest of them by number."""
    ranked = sorted(facts.also, key=lambda other: (-other.tier, other.incident))
    shown = [f"{other.incident} {voice.tier(other.tier)}" for other in ranked[:ALSO_SHOWN]]
    more = voice.say("also.more") if len(ranked) > len(shown) else ""
    return (Text(voice.say("also", n=len(ranked), shown=voice.say("list").join(shown)) + more),)


def _links(facts: Facts, voice: Voice, urls: Mapping[str, str]) -> tuple[Part, ...]:
    """Our links; the one to acknowledge only where there is something to acknowledge."""
    owed = GROUPS[facts.transition] in ("alarm", "data") or facts.ack_by is not None
    out: list[Part] = []
    for name in ("ack", "detail") if owed else ("detail",):
        if urls.get(name):
            out += [Text(voice.say("link.between"))] if out else []
            out.append(Link(voice.say(f"link.{name}"), urls[name]))
    return tuple(out)


def title(facts: Facts, voice: Voice, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The title within its width, the drill mark first. The last words are cut first, never sign and tier."""
    mark = [Text(voice.say("drill") + " ")] if facts.drill else []
    out: list[Part] = []
    left = TITLE_WIDTH - sum(width(p.text) for p in mark)
    for part in parts:
        if isinstance(part, Link) or left <= 1:
            continue
        fitted = _fit(part.text, left)
        left -= width(fitted)
        out.append(type(part)(fitted))
    return (*mark, *out)


def width(text: str) -> int:
    """Columns: wide characters (Chinese, emoji) count two, marks that add nothing count none."""
    return sum(0 if unicodedata.combining(c) or c == "\ufe0f" else _columns(c) for c in text)


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" or ord(char) > 0x2190 else 1


def _fit(text: str, most: int) -> str:
    if width(text) <= most:
        return text
    while text and width(text) > most - 2:
        text = text[:-1]
    return text.rstrip() + "…"
