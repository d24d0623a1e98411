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


def one_line(text: str) -> str:
    """White space folded to single blanks."""
    return _SPACE.sub(" ", text).strip()


def _visible(markup: str) -> list[str]:
    out: list[str] = []
    at = 0
    while (start := markup.find("<", at)) >= 0:
        out.append(markup[at:start])
        found = _NAME.match(markup, start + 1)
        if found:
            at = _after_tag(markup, start, found[1].lower(), found[0][0] == "/")
            if _BLOCKS.fullmatch(found[1].lower()):
                out.append(" ")
        elif markup.startswith("<!--", start):
            at = _after(markup, "-->", start + 4)
        elif markup.startswith("<![CDATA[", start):
            end = _after(markup, "]]>", start + 9)
            out.append(markup[start + 9 : end - 3 if markup.endswith("]]>", 0, end) else end])
            at = end
        elif markup.startswith(("<!", "<?"), start):
            at = _after(markup, ">", start + 2)
        else:
            out.append("<")
            at = start + 1
    out.append(markup[at:])
    return out


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
