"""Kind `teams`: an Adaptive Card to a Teams channel through a Workflow (the older connectors are going)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from monitor.channels.channel import Channel, Retry, Throttled
from monitor.channels.dialect import MARKDOWN, quoted
from monitor.channels.exchange import Exchange
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import buttons, url_faults
from monitor.channels.mention import owner
from monitor.channels.payload import over
from monitor.http import Answer, Http
from monitor.model import Notice, Receipt, Target, Tier

LIMIT = 20_000
"""28 KB by the book; clients saw less pass."""
_USER = r"[^\s<>\"']{3,128}"
_COLOURS = {
    Tier.CALM: "good",
    Tier.BLUE: "accent",
    Tier.YELLOW: "warning",
    Tier.ORANGE: "warning",
    Tier.RED: "attention",
}


class Teams(Channel, frozen=True, kw_only=True, tag="teams", tag_field="kind"):
    """`url`: the Workflow's address. The flow belongs to a person: give it a co-owner."""

    address_of: ClassVar[str] = "teams_id"
    rate: ClassVar[tuple[int, float] | None] = (4, 1.0)

    url: str

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Hands the card to the flow; 202 is its yes."""
        way = Exchange(http, self.timeout, now)
        answer = await way.post(way.url(self.url), self.body(notice, target, way.reveal(target.address)))
        return _read(way, answer)

    def body(self, notice: Notice, target: Target, user: str = "") -> bytes:
        """The request's body, within what passes."""
        called = owner(notice, target, user, _USER)
        name = quoted(target.display or target.person, MARKDOWN, notice.language) if called else ""

        def encode(fitted: Fitted) -> bytes:
            card = _card(notice, fitted, called, name)
            kind = "application/vnd.microsoft.card.adaptive"
            attachment = {"contentType": kind, "contentUrl": None, "content": card}
            return msgspec.json.encode({"type": "message", "attachments": [attachment]})

        return encode(fit(notice, LIMIT, lambda fitted: len(encode(fitted))))

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def _card(notice: Notice, fitted: Fitted, called: str, name: str) -> dict[str, Any]:
    tag = f"<at>{name}</at>"
    lines = [*fitted.written(MARKDOWN), *([tag] if called else [])]
    entity = {"type": "mention", "text": tag, "mentioned": {"id": called, "name": name}}
    colour = "good" if over(notice) else _COLOURS[notice.tier]
    head = {"type": "TextBlock", "text": fitted.heading(MARKDOWN), "color": colour, "size": "Large", "weight": "Bolder"}
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [{**block, "wrap": True} for block in (head, *({"type": "TextBlock", "text": text} for text in lines))],
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in buttons(notice)],
        "msteams": {"width": "Full", "entities": [entity] if called else []},
    }


def _read(way: Exchange, answer: Answer) -> Receipt:
    """A 200 may tell of a failure in words, and so of the status that Teams itself gave."""
    way.accept(answer)
    said = way.said(answer)
    if "failed" in said.lower():
        status = re.search(r"HTTP error (\d{3})", said)
        if status and status[1] == "429":
            raise Throttled(said, code="429", after=60.0)
        raise Retry(said, code=status[1] if status else "")
    return Receipt(provider_id=answer.headers.get("x-ms-workflow-run-id", "")[:100], answer=said or str(answer.status))
