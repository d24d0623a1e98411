"""Kind `feishu`: a custom robot of a Feishu or Lark group, as a card with a coloured head."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, ClassVar

import msgspec

from monitor.channels import robot
from monitor.channels.channel import Channel
from monitor.channels.dialect import MARKDOWN, PLAIN
from monitor.channels.exchange import Exchange
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import buttons, url_faults
from monitor.channels.mention import everybody, owner
from monitor.http import Http
from monitor.model import Notice, Receipt, Target, Tier
from monitor.secret import Secret

LIMIT = 20_000
_OPEN_ID = r"ou_[A-Za-z0-9_\-]{1,64}"
_COLOURS = {Tier.CALM: "green", Tier.BLUE: "blue", Tier.YELLOW: "yellow", Tier.ORANGE: "orange", Tier.RED: "red"}
_THROTTLED = {11232: 60.0, 99991400: 60.0}
_CLOSED = {"CLEARED", "CANCELLED", "RESOLVED"}


class Feishu(Channel, frozen=True, kw_only=True, tag="feishu", tag_field="kind"):
    """`url`: the robot's hook address. `secret`: of its signature. `keyword`: where the robot asks for one."""

    address_of: ClassVar[str] = "feishu_open_id"
    rate: ClassVar[tuple[int, float] | None] = (100, 60.0)
    reserve: ClassVar[int] = 10

    url: str
    secret: Secret | None = None
    keyword: str = ""

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers to the group, calling the owner by their open id."""
        way = Exchange(http, self.timeout, now)
        sign = signed(way.reveal(self.secret), now) if self.secret is not None else {}
        body = self.body(notice, target, way.reveal(target.address), sign)
        answer = await way.post(way.url(self.url), body)
        field = "code" if b'"code"' in answer.body else "StatusCode"  # an older answer, still given beside it
        return robot.read(way, answer, code=field, message="msg", throttled=_THROTTLED)

    def body(self, notice: Notice, target: Target, open_id: str = "", sign: dict[str, str] | None = None) -> bytes:
        """The request's body, signature included, within the robot's limit."""
        calls = self._calls(owner(notice, target, open_id, _OPEN_ID), everybody(notice, target))

        def encode(fitted: Fitted) -> bytes:
            card = self._card(notice, fitted, calls)
            return msgspec.json.encode({**(sign or {}), "msg_type": "interactive", "card": card})

        return encode(fit(notice, LIMIT, lambda fitted: len(encode(fitted))))

    def _calls(self, called: str, all_: bool) -> list[str]:
        return [*([f"<at id={called}></at>"] if called else []), *(["<at id=all></at>"] if all_ else [])]

    def _card(self, notice: Notice, fitted: Fitted, calls: list[str]) -> dict[str, Any]:
        content = "\n".join([*fitted.written(MARKDOWN), *calls])
        if self.keyword not in content + fitted.heading(PLAIN):
            content += f"\n{self.keyword}"
        colour = "green" if notice.transition in _CLOSED else _COLOURS[notice.tier]
        return {
            "config": {"wide_screen_mode": True},
            "header": {"template": colour, "title": {"tag": "plain_text", "content": fitted.heading(PLAIN)}},
            "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": content}}, *_actions(notice)],
        }

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def _actions(notice: Notice) -> list[dict[str, Any]]:
    found = [
        {"tag": "button", "text": {"tag": "plain_text", "content": label}, "url": url, "type": kind}
        for (label, url), kind in zip(buttons(notice), ("primary", *["default"] * 9), strict=False)
    ]
    return [{"tag": "action", "actions": found}] if found else []


def signed(secret: str, now: float) -> dict[str, str]:
    """What the body carries: seconds and the signature."""
    seconds = str(int(now))
    return {"timestamp": seconds, "sign": signature(secret, seconds)}


def signature(secret: str, seconds: str) -> str:
    """HMAC-SHA256 of nothing, keyed with "{s}\\n{secret}", base64."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()
