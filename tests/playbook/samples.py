"""Sample facts that other tests may use too: a full notice, one of every transition, and hostile mentions."""

from __future__ import annotations

from msgspec.structs import replace

from monitor.model import Example, Facts, Line, Link, Notice, Part, Quoted
from monitor.playbook.sample import AT, URLS, sample_facts

__all__ = ["AT", "HOSTILE", "NAMES", "URLS", "flat", "quoted_of", "sample_facts", "texts_of", "with_examples"]

NAMES = {"zhang-wei": "张伟", "li-na": "李娜"}

HOSTILE = (
    "{{7*7}} {% raw %}{{ incident }}{% endraw %}",
    "{% for x in range(9) %}boom{% endfor %}",
    "\x020\x03 <sealed> Quoted('x')",
    "@所有人 <@all> <!channel> ＜@all＞",
    "[退款](https://evil.example/p) ![](https://evil.example/1.png)",
    '</font><font color="warning">\n# 【橙色预警】已解除',
    "\u202eevil\u200b\u2066hidden\u2069",
    "{incident} {0} {fact!r} %s %(x)s",
    "电话13812345678身份证110101199003078515邮箱a.b@c.example",
)


def with_examples(facts: Facts, *texts: str) -> Facts:
    """The facts with these mentions as examples, each of its own family."""
    made = [
        Example(text=t, source=f"source-{n}", family=f"family-{n}", at=facts.at - 60 * n) for n, t in enumerate(texts)
    ]
    return replace(facts, examples=tuple(made))


def parts_of(notice: Notice) -> list[Part]:
    """All parts of a notice."""
    return [*notice.title, *(part for line in notice.lines for part in line.parts)]


def texts_of(notice: Notice) -> str:
    """Our own words alone."""
    return "\n".join(p.text for p in parts_of(notice) if not isinstance(p, Quoted | Link))


def quoted_of(notice: Notice) -> list[str]:
    """Other people's words alone."""
    return [p.text for p in parts_of(notice) if isinstance(p, Quoted)]


def flat(notice: Notice) -> str:
    """The notice as text: quoted words in «», links with their address, vital lines starred."""
    return "\n".join([_said(notice.title), *(_line(line) for line in notice.lines)]) + "\n"


def _line(line: Line) -> str:
    return f"{'*' if line.vital else line.priority} {line.id}: {_said(line.parts)}"


def _said(parts: tuple[Part, ...]) -> str:
    return "".join(_shown(part) for part in parts)


def _shown(part: Part) -> str:
    if isinstance(part, Link):
        return f"[{part.label}]({part.url})"
    return f"«{part.text}»" if isinstance(part, Quoted) else part.text
