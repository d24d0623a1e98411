"""Kind `slack`: an incoming webhook of Slack, as rich text, whose text elements are literal."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from monitor.channels.channel import Channel, Refused, Retry
from monitor.channels.dialect import PLAIN, SLACK, live, one_line, write
from monitor.channels.exchange import Exchange, reading
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import url_faults
from monitor.channels.mention import everybody, owner
from monitor.http import Answer, Http
from monitor.model import Link, Notice, Part, Receipt, Target

SECTION = 3000
"""Characters of one section; a notice is one section a line, and all of them together must stay below `TOTAL`."""
TOTAL = 12_000
_MEMBER = r"[UW][A-Z0-9]{2,20}"


class Slack(Channel, frozen=True, kw_only=True, tag="slack", tag_field="kind"):
    """`url`: the webhook's address."""

    address_of: ClassVar[str] = "slack_id"
    rate: ClassVar[tuple[int, float] | None] = (1, 1.0)

    url: str

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers to the channel of the webhook, calling the owner by their member id."""
        way = Exchange(http, self.timeout, now)
        answer = await way.post(way.url(self.url), self.body(notice, target, way.reveal(target.address)))
        return _read(way, answer)

    def body(self, notice: Notice, target: Target, member: str = "") -> bytes:
        """The request's body: rich text, and one line for notifications."""
        called, all_ = owner(notice, target, member, _MEMBER), everybody(notice, target)
        fitted = fit(notice, TOTAL, _weigh)
        calls = [
            *([{"type": "user", "user_id": called}] if called else []),
            *([{"type": "broadcast", "range": "channel"}] if all_ else []),
        ]
        sections = [_section(fitted.title, fitted, bold=True), *(_section(x.parts, fitted) for x in fitted.lines)]
        sections += [{"type": "rich_text_section", "elements": calls}] if calls else []
        text = fitted.heading(SLACK) + "".join(_in_text(call) for call in calls)
        return msgspec.json.encode({"text": text, "blocks": [{"type": "rich_text", "elements": sections}]})

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def _weigh(fitted: Fitted) -> int:
    """All characters; a section past its own limit counts as too much."""
    lengths = [len(line) for line in (fitted.heading(PLAIN), *fitted.written(PLAIN))]
    return sum(lengths) if max(lengths) < SECTION else TOTAL + max(lengths)


def _section(parts: tuple[Part, ...], fitted: Fitted, bold: bool = False) -> dict[str, Any]:
    elements = [e for part in parts if (e := _element(part, fitted.language, bold))]
    end = {"type": "text", "text": "\n"}
    return {"type": "rich_text_section", "elements": [*elements, end]}


def _element(part: Part, language: str, bold: bool) -> dict[str, Any] | None:
    style = {"style": {"bold": True}} if bold else {}
    if isinstance(part, Link) and live(part.url):
        return {"type": "link", "url": live(part.url), "text": one_line(part.label) or live(part.url), **style}
    text = write(part, PLAIN, language)
    return {"type": "text", "text": text, **style} if text else None


def _in_text(call: dict[str, str]) -> str:
    return f" <@{call['user_id']}>" if call["type"] == "user" else " <!channel>"


def _read(way: Exchange, answer: Answer) -> Receipt:
    """`ok` is the yes; a workflow answers {"ok": true}."""
    way.accept(answer)
    found = reading(answer)
    if answer.body.strip() == b"ok" or found.get("ok") is True:
        return Receipt(answer=way.said(answer))
    if found.get("ok") is False:
        raise Refused(way.said(answer), code=way.show(str(found.get("error", ""))))
    raise Retry(f"neither ok nor an error: {way.said(answer)}", sent=True)
