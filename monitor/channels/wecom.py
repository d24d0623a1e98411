"""Kind `wecom`: a message robot of a WeCom (企业微信) group. It answers 200 to everything; `errcode` tells."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from monitor.channels import robot
from monitor.channels.channel import Channel
from monitor.channels.dialect import MARKDOWN, PLAIN
from monitor.channels.exchange import Exchange
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import url_faults
from monitor.channels.mention import everybody, owner
from monitor.http import Http
from monitor.model import Notice, Receipt, Target

LIMITS = {"text": 2048, "markdown": 4096}
_USER = r"[A-Za-z0-9._\-@]{1,64}"
_THROTTLED = {45009: 60.0, 45033: 5.0}
_BUSY = {-1}


class WeCom(Channel, frozen=True, kw_only=True, tag="wecom", tag_field="kind"):
    """`url`: the robot's address with its key. `format`: text shows on WeChat too, markdown only within WeCom.

    The second markdown of WeCom can call nobody by name and is not used.
    """

    address_of: ClassVar[str] = "wecom_userid"
    rate: ClassVar[tuple[int, float] | None] = (20, 60.0)
    reserve: ClassVar[int] = 4

    url: str
    format: Literal["markdown", "text"] = "markdown"

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers to the group, calling the owner by their user id."""
        way = Exchange(http, self.timeout, now)
        answer = await way.post(way.url(self.url), self.body(notice, target, way.reveal(target.address)))
        return robot.read(way, answer, code="errcode", message="errmsg", throttled=_THROTTLED, busy=_BUSY)

    def body(self, notice: Notice, target: Target, user: str = "") -> bytes:
        """The request's body; its content within the limit of the format, in bytes."""
        called, all_ = owner(notice, target, user, _USER), everybody(notice, target)
        content = self._text if self.format == "text" else self._markdown
        tail = self._calls(called, all_)

        def written(fitted: Fitted) -> str:
            return "\n".join([content(fitted), *tail])

        fitted = fit(notice, LIMITS[self.format], lambda f: len(written(f).encode()))
        return msgspec.json.encode(self._message(written(fitted), all_))

    def _calls(self, called: str, all_: bool) -> list[str]:
        everyone = all_ and self.format == "markdown"
        return [*([f"<@{called}>"] if called else []), *(["<@all>"] if everyone else [])]

    def _text(self, fitted: Fitted) -> str:
        return fitted.text(PLAIN)

    def _markdown(self, fitted: Fitted) -> str:
        return "\n".join([f"### {fitted.heading(MARKDOWN)}", *fitted.written(MARKDOWN)])

    def _message(self, content: str, all_: bool) -> dict[str, Any]:
        if self.format == "markdown":
            return {"msgtype": "markdown", "markdown": {"content": content}}
        calls = {"mentioned_list": ["@all"]} if all_ else {}
        return {"msgtype": "text", "text": {"content": content, **calls}}

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)
