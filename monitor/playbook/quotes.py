"""Other people's words made fit to be quoted: one line, short, without links, hidden characters or personal data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from monitor.model import Example, Quoted

EXCERPT = 40
"""Characters of an example that a notice shows."""

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
_DIGITS = re.compile(r"(?<!\d)(\d{3})[\d -]{3,}(\d{1})[\dXx]?(?!\d)")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
LONGEST_URL = 500


def clean(text: str) -> str:
    """One line without control, format or private characters; widths and compatible forms made plain (NFKC)."""
    plain = unicodedata.normalize("NFKC", text)
    spaced = re.sub(r"[\s\u2028\u2029]+", " ", plain)
    return "".join(c for c in spaced if unicodedata.category(c)[0] != "C").strip()


def excerpt(text: str, most: int = EXCERPT) -> str:
    """What a notice shows of a mention. Masks long numbers and addresses again, should a source have missed them."""
    plain = _DIGITS.sub(r"\1****", _EMAIL.sub("***", _URL.sub("", clean(text))))
    return cut(" ".join(plain.split()), most)


def cut(text: str, most: int) -> str:
    """At most so many characters, the last an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def quoted(text: str, most: int = EXCERPT) -> Quoted:
    """A value from data, such as the name of a product."""
    return Quoted(cut(clean(text), most) or "?")


def checked_url(url: str) -> tuple[str, str] | None:
    """(host, address) of a link that may be shown: http(s), a plain host, no credentials, nothing that ends markup."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    path = quote(parts.path, safe="/%:+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:+,;=~-._&')}" if parts.query else ""
    address = f"{parts.scheme}://{host}{port}{path}{query}"
    return (host, address) if len(address) <= LONGEST_URL else None


def diverse(examples: Sequence[Example], most: int = 3) -> list[Example]:
    """The most telling few: other families first, then other sources, never the same words twice."""
    left, chosen = list(examples), list[Example]()
    while left and len(chosen) < most:
        families, sources = {e.family for e in chosen}, {e.source for e in chosen}
        best = min(left, key=lambda e: (e.family in families, e.source in sources))
        chosen.append(best)
        left = [e for e in left if excerpt(e.text) != excerpt(best.text)]
    return chosen
