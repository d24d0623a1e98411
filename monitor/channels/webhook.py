"""Kind `webhook`: a notice as an HTTP request: Standard Webhooks, Alertmanager's form, or a body of one's own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import field

from monitor.channels.channel import Channel, Refused
from monitor.channels.exchange import JSON, Exchange
from monitor.channels.links import url_faults
from monitor.channels.payload import alertmanager, data, standard
from monitor.channels.template import render, template_fault
from monitor.http import Http
from monitor.messages import say
from monitor.model import Notice, Receipt, Target
from monitor.secret import Secret
from monitor.times import rfc3339

PREFIX = "whsec_"


class Webhook(Channel, frozen=True, kw_only=True, tag="webhook", tag_field="kind"):
    """`secret`: `whsec_…`, signs; `rotating`: further ones that sign beside it. `headers` may hold references.

    `body`: a Jinja2 template in the place of `format`; its values: incident, notice, transition, tier, previous_tier,
    labels, title, lines, urls, drill, key, timestamp, at.
    """

    url: str
    format: Literal["standard", "alertmanager"] = "standard"
    secret: Secret | None = None
    rotating: tuple[Secret, ...] = ()
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    content_type: str = JSON

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers; any 2xx is a yes."""
        way = Exchange(http, self.timeout, now)
        body = self.written(notice)
        keys = [way.reveal(s) for s in (self.secret, *self.rotating) if s is not None]
        id = header_id(notice.key)
        headers = {
            **{name.lower(): way.reveal(value) for name, value in self.headers.items()},
            "idempotency-key": id,
            "webhook-id": id,
            "webhook-timestamp": str(int(now)),
            **({"webhook-signature": signatures(keys, id, int(now), body)} if keys else {}),
        }
        answer = await way.post(
            way.url(self.url), body, headers=headers, method=self.method, content_type=self.content_type
        )
        way.accept(answer)
        return Receipt(provider_id=answer.headers.get("x-request-id", "")[:100], answer=way.said(answer))

    def written(self, notice: Notice) -> bytes:
        """The request's body."""
        if self.body:
            values = {**data(notice), "key": notice.key, "timestamp": rfc3339(notice.at), "at": notice.at}
            return render(self.body, self.content_type, values)
        if self.format == "alertmanager":
            return msgspec.json.encode(alertmanager(notice, self.name))
        return msgspec.json.encode(standard(notice))

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one, the template must be readable."""
        wrong = template_fault(self.body)
        template = (("body", say(language, "channels.fault.template", error=wrong)),) if wrong else ()
        return url_faults(self.url, language) + template


def header_id(key: str) -> str:
    """A notice's key as a header takes it: ASCII, and without the dot that parts what is signed."""
    return quote(key, safe="/:~").replace(".", "%2E")


def signatures(secrets: list[str], id: str, seconds: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret, the newest first."""
    return " ".join(signature(_key(secret), id, seconds, body) for secret in secrets)


def signature(key: bytes, id: str, seconds: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over "id.timestamp.body"."""
    digest = hmac.new(key, f"{id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Refused("the webhook's secret is no base64 after whsec_") from None
