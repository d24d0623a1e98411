"""What `sms` and `voice` share: a gateway's HTTP interface, written down as templates in the config.

Gateways send approved texts only: the message is a template's id and a few short variables, never our own words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar, Literal

from msgspec import field

from monitor.channels.channel import Channel, Refused, Retry, Throttled
from monitor.channels.exchange import JSON, Exchange, reading
from monitor.channels.fit import cut
from monitor.channels.links import url_faults
from monitor.channels.payload import data
from monitor.channels.template import render, template_fault
from monitor.http import Answer, Http
from monitor.messages import say
from monitor.model import Notice, Receipt, Target
from monitor.secret import Secret
from monitor.times import Duration, rfc3339

_PHONE = re.compile(r"\+?[0-9][0-9 \-]{3,22}")
_PLAIN = "text/plain"
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")


class HttpTemplate(Channel, frozen=True, kw_only=True):
    """`url`, `headers`, `body`: Jinja2 templates over phone, template, variables, secrets, timestamp (s), key and the
    values of the notice; filters tojson, md5, sha256, hmac_sha256, base64. `variables`: name -> template over the
    values of the notice, tier_word, token (of the ack link) and time; each is cut to `longest`.

    `success`: the values at `success_path` ("Response.Set.0.Code"; "" = any 2xx) that mean yes; `throttled` and
    `busy`: those that mean later. `quota` messages in `quota_per`, a fifth of them kept for red.
    """

    address_of: ClassVar[str] = "phone"
    group: ClassVar[bool] = False
    rings: ClassVar[bool] = True

    url: str
    template: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    body: str
    content_type: str = JSON
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    success_path: str = ""
    success: tuple[str, ...] = ()
    throttled: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    message_path: str = ""
    id_path: str = ""
    longest: int = 20
    to: str = ""
    quota: int = 0
    quota_per: Duration = Duration(86400)

    @property
    def rate(self) -> tuple[int, float] | None:  # type: ignore[override]
        """The quota of the config as a limit."""
        return (self.quota, self.quota_per) if self.quota else None

    @property
    def reserve(self) -> int:  # type: ignore[override]
        """What is kept for red."""
        return self.quota // 5

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers to a phone; what the config names as success is the yes."""
        way = Exchange(http, self.timeout, now)
        values = self._values(way, notice, target)
        headers = {name.lower(): self._line(way.reveal(value), values) for name, value in self.headers.items()}
        url = way.url(self._line(way.url(self.url), values))
        body = render(self.body, self.content_type, values)
        answer = await way.post(url, body, headers=headers, method=self.method, content_type=self.content_type)
        return self._read(way, answer)

    def _values(self, way: Exchange, notice: Notice, target: Target) -> dict[str, Any]:
        phone = way.reveal(target.address or self.to)
        if not _PHONE.fullmatch(phone):
            raise Refused("no phone number: the person has no phone, the channel no `to`, or it is none")
        told = {
            **data(notice),
            "tier_word": say(notice.language, f"tier.{notice.tier.word}"),
            "token": notice.urls.get("ack", "").rpartition("/")[2],
            "time": rfc3339(notice.at),
        }
        filled = {name: self._variable(source, told) for name, source in self.variables.items()}
        return {
            **told,
            "phone": re.sub(r"[ \-]", "", phone),
            "template": self.template,
            "variables": filled,
            "secrets": {name: way.reveal(secret) for name, secret in self.secrets.items()},
            "timestamp": int(way.now),
            "key": notice.key,
        }

    def _variable(self, source: str, values: dict[str, Any]) -> str:
        return cut(without_emoji(render(source, _PLAIN, values).decode()), self.longest - 1)

    def _line(self, source: str, values: dict[str, Any]) -> str:
        """A header or an address: one line."""
        text = render(source, _PLAIN, values).decode()
        if _BREAKS.search(text):
            raise Refused("a header or the url has a line end in it")
        return text

    def _read(self, way: Exchange, answer: Answer) -> Receipt:
        found = reading(answer)
        code = at_path(found, self.success_path) if self.success_path else ""
        text = f"{code}: {at_path(found, self.message_path) if self.message_path else way.said(answer)}"
        if code and code in self.throttled:
            raise Throttled(way.show(text), code=code)
        if code and code in self.busy:
            raise Retry(way.show(text), code=code)
        if self.success_path and code and code not in self.success:
            raise Refused(way.show(text), code=code)
        way.accept(answer)
        if self.success_path and not code:
            raise Retry(f"nothing at {self.success_path} in the answer: {way.said(answer)}", sent=True)
        id = at_path(found, self.id_path) if self.id_path else ""
        return Receipt(provider_id=way.show(id), answer=way.said(answer))

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """Every template must be readable, the address must be one, and a success needs its values."""
        sources = {"body": self.body, **{f"headers.{n}": v for n, v in self.headers.items()}}
        sources |= {"url": self.url, **{f"variables.{n}": v for n, v in self.variables.items()}}
        wrong = [(option, template_fault(source)) for option, source in sources.items()]
        out = [(option, say(language, "channels.fault.template", error=text)) for option, text in wrong if text]
        if self.success_path and not self.success:
            out.append(("success", say(language, "channels.fault.success")))
        return url_faults(self.url, language) + tuple(out)


def at_path(found: Any, path: str) -> str:
    """The value at "a.b.0.c" as text; "" where there is none."""
    for step in path.removeprefix("$.").split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else ""


def without_emoji(text: str) -> str:
    """Pictures double the price of a text message, and gateways refuse them."""
    kept = (
        c for c in text if unicodedata.category(c) not in ("So", "Sk", "Cs", "Co") and c not in "\ufe0e\ufe0f\u200d"
    )
    return " ".join("".join(kept).split())
