"""Kind `ntfy`: a push to a phone that breaks through at night; its button acknowledges with one tap."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from monitor.channels.channel import Channel, Refused, Retry
from monitor.channels.dialect import PLAIN, live
from monitor.channels.exchange import Exchange, reading
from monitor.channels.fit import fit
from monitor.channels.links import url_faults
from monitor.channels.payload import over
from monitor.http import Http
from monitor.messages import say
from monitor.model import Notice, Receipt, Target, Tier
from monitor.secret import Secret

LIMIT = 4096
_TOPIC = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_PRIORITIES = {Tier.CALM: 3, Tier.BLUE: 2, Tier.YELLOW: 4, Tier.ORANGE: 5, Tier.RED: 5}


class Ntfy(Channel, frozen=True, kw_only=True, tag="ntfy", tag_field="kind"):
    """`url`: the server. `topic`: of the channel itself, as good as a password; people have their own. `token`."""

    address_of: ClassVar[str] = "ntfy_topic"
    group: ClassVar[bool] = False
    rings: ClassVar[bool] = True
    rate: ClassVar[tuple[int, float] | None] = (60, 300.0)
    reserve: ClassVar[int] = 12

    url: str = "https://ntfy.sh"
    topic: str = ""
    token: Secret | None = None

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Publishes; the server's message id is the yes."""
        way = Exchange(http, self.timeout, now)
        topic = way.reveal(target.address or self.topic)
        if not _TOPIC.fullmatch(topic):
            raise Refused("no topic: the person has no ntfy_topic, the channel no `topic`, or it is none")
        headers = {"authorization": f"Bearer {way.reveal(self.token)}"} if self.token is not None else {}
        answer = await way.post(way.url(self.url), self.body(notice, target, topic), headers=headers)
        way.accept(answer)
        found = reading(answer)
        if found.get("event") != "message":
            raise Retry(f"no message in the answer: {way.said(answer)}", sent=True)
        return Receipt(provider_id=way.show(str(found.get("id", ""))), answer=way.said(answer))

    def body(self, notice: Notice, target: Target, topic: str) -> bytes:
        """The request's body, its message within the limit (more would become an attachment)."""
        fitted = fit(notice, LIMIT, lambda f: len("\n".join(f.written(PLAIN)).encode()))
        message: dict[str, Any] = {
            "topic": topic,
            "title": fitted.heading(PLAIN),
            "message": "\n".join(fitted.written(PLAIN)),
            "priority": 3 if over(notice) else _PRIORITIES[notice.tier],
            "actions": _actions(notice, target),
        }
        detail = live(notice.urls.get("detail", ""))
        return msgspec.json.encode({**message, **({"click": detail} if detail else {})})

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def _actions(notice: Notice, target: Target) -> list[dict[str, Any]]:
    """One tap acknowledges for a person; a group's link must first ask who it is."""
    ack, detail = (live(notice.urls.get(name, "")) for name in ("ack", "detail"))
    tap = {
        "action": "http",
        "label": say(notice.language, "channels.take"),
        "url": ack,
        "method": "POST",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "body": "do=ack",
        "clear": True,
    }
    look = {"action": "view", "label": say(notice.language, "channels.look"), "url": ack or detail}
    return [*([tap] if ack and target.person and not over(notice) else []), *([look] if ack or detail else [])]
