"""Digest mails: the items of a mail by a pattern of lines, or by its links. Pure, declarative, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from monitor.sources.mail import Mail
from monitor.sources.mapping import MENTION_TARGETS
from monitor.sources.markup import lines_of, links_of, one_line
from monitor.sources.records import URL_CAP
from monitor.sources.told import Told, short

ITEMS_CAP = 500
_TEXT = 1000
"""Characters kept of the text behind a link."""
_PLACE = re.compile(r"\{([\w.-]*)\}")
_URL = re.compile(r"<?(https?://[^\s<>\"“”，。）]+)>?")
Item = dict[str, str]
Line = tuple[str, tuple[tuple[str, str], ...]]
"""What a line begins with, then each place with what follows it."""


class Digest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`pattern`: lines with places such as {title}; `links`: which addresses are items, with * for anything."""

    pattern: str = ""
    links: tuple[str, ...] = ()


def wrong_digest(digest: Digest) -> Iterator[tuple[str, str]]:
    """What is wrong with a digest's options: (option, text)."""
    if not digest.pattern.strip() and not digest.links:
        yield "digest", Told("empty_digest")
    for name in _PLACE.findall(digest.pattern):
        if name and name not in MENTION_TARGETS and not name.startswith("labels."):
            names = ", ".join(MENTION_TARGETS)
            yield "digest.pattern", Told("bad_target", target=short(name), names=names)
    if re.search(r"\}\{", digest.pattern):
        yield "digest.pattern", Told("places_touch")
    if digest.pattern.strip() and not any(_PLACE.findall(digest.pattern)):
        yield "digest.pattern", Told("no_places")


def items_of(mail: Mail, digest: Digest) -> list[Item]:
    """The items of a mail, each once by its address, in their order."""
    found = _by_pattern(mail, digest) if digest.pattern.strip() else _by_links(mail, digest)
    once: dict[str, Item] = {}
    for item in found:
        url = item.get("url", "")
        if digest.links and not wanted(url, digest.links):
            continue
        key = url or "\0".join(item.values())
        old = once.get(key)
        if old is None or len(old.get("title", "")) < len(item.get("title", "")):
            once[key] = item if old is None else {**item, "text": item.get("text") or old.get("text", "")}
        elif item.get("text") and not old.get("text"):
            old["text"] = item["text"]
    return list(once.values())[:ITEMS_CAP]


def wanted(url: str, globs: Sequence[str]) -> bool:
    """Whether an address is one of those meant."""
    return len(url) <= URL_CAP and any(fnmatchcase(url, glob) for glob in globs)


def _by_links(mail: Mail, digest: Digest) -> Iterator[Item]:
    if mail.html:
        links = [link for link in links_of(mail.html) if wanted(link[0], digest.links)]
        yield from ({"url": url, "title": title, "text": text[:_TEXT]} for url, title, text in links)
        return
    before: list[str] = []
    item: Item | None = None
    for line in mail.lines:
        found = next((m for m in _URL.finditer(line) if wanted(m[1], digest.links)), None)
        if found is None:
            before.append(line)
            continue
        title = line[: found.start()].strip() or (before.pop() if before else "")
        if item is not None:
            yield {**item, "text": one_line(" ".join([item["text"], *before]))[:_TEXT]}
        item, before = {"url": found[1], "title": title, "text": line[found.end() :].strip()}, []
    if item is not None:
        yield {**item, "text": one_line(" ".join([item["text"], *before]))[:_TEXT]}


def _by_pattern(mail: Mail, digest: Digest) -> Iterator[Item]:
    pattern = [_line(line) for line in map(one_line, digest.pattern.splitlines()) if line]
    lines = lines_of(mail.html) if mail.html else list(map(one_line, mail.lines))
    at = 0
    while at + len(pattern) <= len(lines):
        item = _fit(pattern, lines[at : at + len(pattern)])
        if item is None:
            at += 1
            continue
        yield item
        at += len(pattern)


def _line(text: str) -> Line:
    head, *rest = _PLACE.split(text)
    return head, tuple(zip(rest[::2], rest[1::2], strict=True))


def _fit(pattern: list[Line], lines: list[str]) -> Item | None:
    out: Item = {}
    for form, line in zip(pattern, lines, strict=True):
        found = _fit_line(form, line)
        if found is None:
            return None
        out |= found
    return out


def _fit_line(form: Line, line: str) -> Item | None:
    """The places of a line, each up to the next fixed text; the last fixed text is at the line's end."""
    head, places = form
    if not line.startswith(head) or (not places and line != head):
        return None
    at = len(head)
    out: Item = {}
    for n, (name, after) in enumerate(places, 1):
        last = n == len(places)
        if last and after and not line.endswith(after):
            return None
        end = (len(line) - len(after) if last else line.find(after, at)) if after else len(line)
        value = line[at:end].strip() if end >= at else ""
        if not value:
            return None
        out |= {name: value} if name else {}
        at = end + len(after)
    return out
