"""Kind `dingtalk`: a custom robot of a DingTalk group. It answers 200 to everything; `errcode` tells."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, ClassVar, Literal
from urllib.parse import quote

import msgspec

from monitor.channels import robot
from monitor.channels.channel import Channel
from monitor.channels.dialect import MARKDOWN, PLAIN
from monitor.channels.exchange import Exchange
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import buttons, url_faults
from monitor.channels.mention import everybody, owner
from monitor.http import Http
from monitor.model import Notice, Receipt, Target
from monitor.secret import Secret

LIMIT = 20_000
BLOCKED = 600.0
_MOBILE = r"\+?[0-9\-]{5,20}"
_THROTTLED = {130101: BLOCKED, 90018: 60.0}
_BUSY = {-1}


class DingTalk(Channel, frozen=True, kw_only=True, tag="dingtalk", tag_field="kind"):
    """`url`: the robot's address with its access_token. `secret`: of its signature, `SEC…`.

    `keyword`: where the robot asks for one; put below the notice if it is not in it. `format`: actionCard has buttons,
    but can call nobody by name, so a notice that must call somebody goes as markdown.
    """

    address_of: ClassVar[str] = "dingtalk_mobile"
    rate: ClassVar[tuple[int, float] | None] = (20, 60.0)
    reserve: ClassVar[int] = 4

    url: str
    secret: Secret | None = None
    keyword: str = ""
    format: Literal["markdown", "actionCard"] = "markdown"

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers to the group, calling the owner by their mobile."""
        way = Exchange(http, self.timeout, now)
        url = way.url(self.url)
        if self.secret is not None:
            url += ("&" if "?" in url else "?") + signed(way.reveal(self.secret), now)
        answer = await way.post(url, self.body(notice, target, way.reveal(target.address)))
        return robot.read(way, answer, code="errcode", message="errmsg", throttled=_THROTTLED, busy=_BUSY)

    def body(self, notice: Notice, target: Target, mobile: str = "") -> bytes:
        """The request's body, within the robot's limit."""
        called, all_ = owner(notice, target, mobile, _MOBILE), everybody(notice, target)

        def encode(fitted: Fitted) -> bytes:
            return msgspec.json.encode(self._message(notice, fitted, called, all_))

        return encode(fit(notice, LIMIT, lambda fitted: len(encode(fitted))))

    def _message(self, notice: Notice, fitted: Fitted, called: str, all_: bool) -> dict[str, Any]:
        title = fitted.heading(PLAIN)
        text = "\n\n".join([f"### {fitted.heading(MARKDOWN)}", *fitted.written(MARKDOWN)])
        text = "\n\n".join([text, *self._extra(text, called)])
        links = buttons(notice)
        if self.format == "actionCard" and links and not called and not all_:
            card = {
                "title": title,
                "text": text,
                "btnOrientation": "0",
                "btns": [{"title": label, "actionURL": url} for label, url in links],
            }
            return {"msgtype": "actionCard", "actionCard": card}
        at = {"atMobiles": [called] if called else [], "isAtAll": all_}
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}

    def _extra(self, text: str, called: str) -> list[str]:
        """The call must stand in the text too, and so must the keyword."""
        return [*([f"@{called}"] if called else []), *([self.keyword] if self.keyword not in text else [])]

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def signed(secret: str, now: float) -> str:
    """`timestamp=…&sign=…`: HMAC-SHA256 over "{ms}\\n{secret}", base64, URL-encoded once."""
    ms = str(round(now * 1000))
    return f"timestamp={ms}&sign={quote(signature(secret, ms), safe='')}"


def signature(secret: str, ms: str) -> str:
    """The signature before it is URL-encoded."""
    digest = hmac.new(secret.encode(), f"{ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
