"""HTML as the text a reader would see: tags stripped, entities resolved, blocks apart. One pass, in linear time."""

from __future__ import annotations

import re
from html import unescape

_BLOCKS = re.compile(
    r"address|article|aside|blockquote|br|caption|d[dlt]|div|fig(caption|ure)|footer|form|h[1-6r]|header|li|main|nav"
    r"|[ou]l|option|p|pre|section|t(able|body|d|h|head|itle|r)"
)
_HIDDEN = ("script", "style")
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]*)")
_SPACE = re.compile(r"\s+")
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_OPEN, _TO, _CLOSE = "\ue000", "\ue001", "\ue002"
"""Around a link while text is made: open, its text, to, its address, close. Nobody's text has them."""
_LINK = re.compile(f"{_OPEN}([^{_OPEN}{_TO}{_CLOSE}]*){_TO}([^{_OPEN}{_TO}{_CLOSE}]*){_CLOSE}")
_MOST = 400_000
"""Characters of markup looked at."""


def text_of(markup: str) -> str:
    """The visible text of a piece of HTML, white space folded."""
    markup = markup[:_MOST]
    if "<" in markup:
        markup = "".join(_visible(markup))
    if "&" in markup:
        markup = unescape(markup)
    return one_line(markup)


def lines_of(markup: str) -> list[str]:
    """The visible text of a piece of HTML, a line for each block; a link is written `text <address>`."""
    return [one_line(_LINK.sub(r"\1 <\2>", line)) for line in _lines(markup)]


def links_of(markup: str) -> list[tuple[str, str, str]]:
    """The links of a piece of HTML in their order: address, text, and the text from there to the next link."""
    text = "\n".join(_lines(markup))
    found = list(_LINK.finditer(text))
    ends = [*(link.start() for link in found[1:]), len(text)]
    return [
        (link[2].strip(), one_line(link[1]), one_line(text[link.end() : end]))
        for link, end in zip(found, ends, strict=False)
    ]


def _lines(markup: str) -> list[str]:
    bare = markup[:_MOST].translate(dict.fromkeys(map(ord, (_OPEN, _TO, _CLOSE))))
    text = unescape("".join(_visible(_SPACE.sub(" ", bare), block="\n", links=True)))
    return [line for line in text.split("\n") if line.strip()]


def one_line(text: str) -> str:
    """White space folded to single blanks."""
    return _SPACE.sub(" ", text).strip()


def _visible(markup: str, block: str = " ", *, links: bool = False) -> list[str]:
    out: list[str] = []
    at, address, last = 0, "", markup.rfind(">")
    while (start := markup.find("<", at)) >= 0:
        out.append(markup[at:start])
        found = _NAME.match(markup, start + 1)
        if found:
            at = _after_tag(markup, start, found[1].lower(), found[0][0] == "/")
            if _BLOCKS.fullmatch(found[1].lower()):
                out.append(block)
            elif links and found[1].lower() == "a":
                out.append(f"{_TO}{address}{_CLOSE}" if address else "")
                address = _address(markup[start:at]) if found[0][0] != "/" else ""
                out.append(_OPEN if address else "")
        elif markup.startswith("<!--", start):
            at = _after(markup, "-->", start + 4)
        elif markup.startswith("<![CDATA[", start):
            end = _after(markup, "]]>", start + 9)
            out.append(markup[start + 9 : end - 3 if markup.endswith("]]>", 0, end) else end])
            at = end
        elif markup.startswith(("<!", "<?"), start) and start < last:
            at = _after(markup, ">", start + 2)
        else:
            out.append("<")
            at = start + 1
    out.append(markup[at:])
    return out


def _address(tag: str) -> str:
    found = _HREF.search(tag)
    return next(filter(None, found.groups()), "") if found else ""


def _after_tag(markup: str, start: int, name: str, closing: bool) -> int:
    """Where the text goes on behind a tag; behind the whole element where it shows nothing."""
    end = _after(markup, ">", start)
    if name not in _HIDDEN or closing or markup[end - 2 : end] == "/>":
        return end
    close = re.compile(f"</{name}", re.IGNORECASE).search(markup, end)
    return _after(markup, ">", close.start()) if close else len(markup)


def _after(markup: str, mark: str, start: int) -> int:
    end = markup.find(mark, start)
    return end + len(mark) if end >= 0 else len(markup)
