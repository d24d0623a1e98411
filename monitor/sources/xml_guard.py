"""Refuses XML that is made to hurt, before anything parses it: entity tricks, depth, bodies that are no feed."""

from __future__ import annotations

import re
from html.entities import html5, name2codepoint
from xml.parsers import expat

from monitor.sources.markup import text_of
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short

MAX_DEPTH = 250
MAX_LOOSE_DEPTH = 2000
"""Of ill-formed documents, where unclosed paragraphs pile up."""
MAX_ELEMENTS = 200_000
MAX_REFERENCES = 800_000
"""Each is a call of the parser: two million of them took it ten seconds."""
MAX_ATTRIBUTES = 1000
_TAG_CAP = 100_000
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^>\[]{0,1000}(\[)?", re.IGNORECASE)
_ENTITY = re.compile(r"""<!ENTITY\s+(%\s+)?[^\s>]{1,100}\s+(?:(SYSTEM|PUBLIC)\b|"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_NESTED = re.compile(r"&(?!#|(?:amp|lt|gt|quot|apos);)\w|%\w")
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li".split())  # noqa: SIM905
_OPENING = re.compile(r"<!\[CDATA\[|<!--")
_AMPERSAND = re.compile(r"&(#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});|\w{1,32};)?")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BITE = 1 << 17
"""Characters worked on at a time, so that other threads get their turn."""
_HEAD = 4096
_SUBSET_CAP = 65536


class _Hurtful(Exception):
    """Carries the fault out of the parser."""


def guarded(text: str) -> str:
    """The document without characters XML does not know, and with its ampersands mended where it was ill-formed.

    SourceFault when it is no feed, or made to hurt.
    """
    bites = (text[at : at + _BITE] for at in range(0, len(text), _BITE))
    text = "".join(_ILLEGAL.sub("", bite) for bite in bites).lstrip("\ufeff \t\r\n")
    if not text:
        raise SourceFault(Told("empty"))
    _refuse_html(text)
    _refuse_entities(text)
    if text.count("&") > MAX_REFERENCES:
        raise SourceFault(Told("swollen", most=MAX_ELEMENTS))
    if _well_formed(text):
        return text
    if text.count("<") > 2 * MAX_ELEMENTS:
        raise SourceFault(Told("swollen", most=MAX_ELEMENTS))
    mended = mend(text)
    if not _well_formed(mended):
        _refuse_loose_shape(mended)
    return mended


def mend(text: str) -> str:
    """Bare ampersands and HTML's own entities as XML knows them, outside CDATA and comments."""
    out: list[str] = []
    at = 0
    while found := _OPENING.search(text, at):
        close = "]]>" if found[0].startswith("<![") else "-->"
        end = text.find(close, found.end())
        out.append(_AMPERSAND.sub(_mended, text[at : found.start()]))
        if end < 0:
            out.append(text[found.start() :])
            return "".join(out)
        out.append(text[found.start() : end + 3])
        at = end + 3
    out.append(_AMPERSAND.sub(_mended, text[at:]))
    return "".join(out)


def _mended(found: re.Match[str]) -> str:
    name = found[1] or ""
    if name.startswith("#"):
        return "&" + name.lower()
    if name in ("amp;", "lt;", "gt;", "quot;", "apos;"):
        return found[0]
    old = name2codepoint.get(name.removesuffix(";"))  # what HTML 4 meant: two of its names mean others today
    char = chr(old) if old else html5.get(name, "")
    return char if char and not set(char) & set("<>&\"'") else "&amp;" + name


def _refuse_html(text: str) -> None:
    head = re.sub(r"<!--.*?(?:-->|$)|<\?.*?\?>", "", text[:_HEAD], flags=re.DOTALL).lstrip().lower()
    if head.startswith(("<!doctype html", "<html", "<head", "<body")):
        title = re.search(r"<title[^>]*>([^<]{0,200})", text[:65536], re.IGNORECASE)
        raise SourceFault(Told("html", title=short(text_of(title[1]) if title else "")))


def _refuse_entities(text: str) -> None:
    """Entities that name files or hosts, or unfold into others; plain ones (nbsp and friends) are harmless."""
    for found in _DOCTYPE.finditer(text, 0, _HEAD):
        if not found[1]:
            continue
        subset = text[found.end() : found.end() + _SUBSET_CAP + 1]
        end = subset.find("]>")
        if end < 0 and len(subset) > _SUBSET_CAP:
            raise SourceFault(Told("entities"))
        for entity in _ENTITY.finditer(subset, 0, end if end >= 0 else len(subset)):
            value = entity[3] or entity[4] or ""
            if (entity[2] and not entity[1]) or _NESTED.search(value) or len(value) > 100:
                raise SourceFault(Told("entities"))


def _well_formed(text: str) -> bool:
    """Asks a parser that builds nothing. SourceFault for too much depth, too many elements or attributes on the way."""
    depth = elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MAX_DEPTH:
            raise _Hurtful(Told("deep", most=MAX_DEPTH))
        if elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise _Hurtful(Told("swollen", most=MAX_ELEMENTS))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        for at in range(0, len(text), _BITE):
            parser.Parse(text[at : at + _BITE].encode("utf-8", "replace"), False)
        parser.Parse(b"", True)
    except _Hurtful as error:
        raise SourceFault(error.args[0]) from None
    except expat.ExpatError:
        return False
    return True


def _refuse_loose_shape(text: str) -> None:
    """The same of an ill-formed document, by what looks like a tag."""
    depth = 0
    for found in _TAG.finditer(text):
        if len(found[3]) > _TAG_CAP:
            raise SourceFault(Told("swollen", most=MAX_ELEMENTS))
        if found[3].endswith("/") or found[2].lower() in _VOID:
            continue
        depth = max(depth - 1, 0) if found[1] else depth + 1
        if depth > MAX_LOOSE_DEPTH:
            raise SourceFault(Told("deep", most=MAX_DEPTH))
