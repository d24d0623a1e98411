"""Kind `telegram`: a bot's message to a chat, in Telegram's HTML."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from monitor.channels.channel import Channel, Refused, Retry, Throttled
from monitor.channels.dialect import TELEGRAM
from monitor.channels.exchange import Exchange, reading
from monitor.channels.fit import Fitted, fit
from monitor.channels.links import buttons, url_faults
from monitor.http import Answer, Http
from monitor.model import Notice, Receipt, Target, Tier
from monitor.secret import Secret

LIMIT = 4096
"""UTF-16 units after the markup is taken out; it is counted in, so that the limit is kept with room."""
_CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z0-9_]{4,64}")


class Telegram(Channel, frozen=True, kw_only=True, tag="telegram", tag_field="kind"):
    """`token`: the bot's. `chat`: of the channel itself (a number or @name); people have their own."""

    address_of: ClassVar[str] = "telegram_chat"
    rate: ClassVar[tuple[int, float] | None] = (20, 60.0)
    reserve: ClassVar[int] = 4

    token: Secret
    chat: str = ""
    url: str = "https://api.telegram.org"

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Sends; `ok` with a message id is the yes."""
        way = Exchange(http, self.timeout, now)
        chat = way.reveal(target.address or self.chat)
        if not _CHAT.fullmatch(chat):
            raise Refused("no chat: the person has no telegram_chat, the channel no `chat`, or it is none")
        url = way.url(self.url).rstrip("/") + f"/bot{way.reveal(self.token)}/sendMessage"
        return _read(way, await way.post(way.url(url), self.body(notice, chat)))

    def body(self, notice: Notice, chat: str) -> bytes:
        """The request's body, within the limit; blue comes without a sound."""
        fitted = fit(notice, LIMIT, lambda f: len(_text(f).encode("utf-16-le")) // 2)
        keys = [[{"text": label, "url": url}] for label, url in buttons(notice)]
        message: dict[str, Any] = {
            "chat_id": chat,
            "text": _text(fitted),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": notice.tier <= Tier.BLUE,
        }
        return msgspec.json.encode({**message, **({"reply_markup": {"inline_keyboard": keys}} if keys else {})})

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def _text(fitted: Fitted) -> str:
    return "\n".join([f"<b>{fitted.heading(TELEGRAM)}</b>", *fitted.written(TELEGRAM)])


def _read(way: Exchange, answer: Answer) -> Receipt:
    found = reading(answer)
    if found.get("ok") is True:
        way.accept(answer)
        result = found.get("result")
        id = result.get("message_id", "") if isinstance(result, dict) else ""
        return Receipt(provider_id=str(id), answer="ok")  # the whole answer repeats the message
    parameters = found.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(after, int | float):
        raise Throttled(f"HTTP {answer.status}: {way.said(answer)}", code="429", after=float(after))
    way.accept(answer)
    if found.get("ok") is False:
        raise Refused(way.said(answer), code=str(found.get("error_code", "")))
    raise Retry(f"no ok in the answer: {way.said(answer)}", sent=True)
