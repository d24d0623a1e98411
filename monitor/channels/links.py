"""Links of a notice as buttons, and what is wrong with the address of a channel."""

from __future__ import annotations

from monitor.channels.dialect import live, one_line
from monitor.messages import say
from monitor.model import Link, Notice
from monitor.secret import KINDS


def buttons(notice: Notice) -> list[tuple[str, str]]:
    """(label, url) of the notice's own links (`urls`), in the order of its lines; links to examples are none."""
    own = set(notice.urls.values())
    found = [p for line in notice.lines for p in line.parts if isinstance(p, Link) and p.url in own]
    return list(dict.fromkeys((one_line(p.label) or live(p.url), live(p.url)) for p in found if live(p.url)))


def url_faults(url: str, language: str, option: str = "url") -> tuple[tuple[str, str], ...]:
    """An address is http(s), or a reference to a secret that holds one."""
    if url.partition(":")[0] in KINDS or url.startswith(("https://", "http://")):
        return ()
    return ((option, say(language, "channels.fault.url")),)
