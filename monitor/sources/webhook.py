"""Kind `webhook`: others call us, and sign what they say: POST /api/v1/webhook/NAME."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.model import Sample, SampleKind
from monitor.secret import Secret, SecretFault
from monitor.sources.bodies import Bodies
from monitor.sources.items import wrong_items
from monitor.sources.json_api import read_json
from monitor.sources.paths import look, read_path
from monitor.sources.push import Push
from monitor.sources.records import Records
from monitor.sources.source import SourceFault
from monitor.sources.told import Told
from monitor.times import Duration, instant

Refusal = Literal["signature-missing", "signature-wrong", "signature-old"]
LONGEST_CHALLENGE = 1000
_PLACES = re.compile(r"\{(body|timestamp|id)\}")
_STANDARD = "webhook-"


class Handshake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the other side asks whether this address is ours: it sends a text and wants it back.

    `challenge`: the path of the text in a POST, or its name in the query of a GET. `token`: likewise where it says a
    word that only we two know, which is `expect`; a POST that is signed needs none.
    """

    challenge: str
    token: str = ""
    expect: Secret | None = None


class Webhook(Push, frozen=True, kw_only=True, tag="webhook", tag_field="kind"):
    """`scheme`: `standard` (Standard Webhooks), `hmac` (a signature in `header`), `token` (the secret itself in
    `header`). What is signed stands in `over`: {body}, {timestamp} and {id} are the body and the values of
    `timestamp_header` and `id_header`.

    Without `fields` a body is a record, or a list of them, as push takes them.
    """

    scheme: Literal["standard", "hmac", "token"]
    secret: Secret
    header: str = ""
    prefix: str = ""
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    over: str = "{body}"
    timestamp_header: str = ""
    tolerance: Duration = Duration(300)
    id_header: str = ""
    handshake: Handshake | None = None
    items: str = "$"
    fields: dict[str, str] = field(default_factory=dict)
    only: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    max_body: int = 1 << 20

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A scheme without what it needs: nothing is ever taken from outside unverified."""
        yield from wrong_items(self)
        if not self.fields:
            yield from ((o, Told("needs_fields")) for o in ("only", "series", "span") if getattr(self, o))
        if self.scheme != "standard" and not self.header:
            yield "header", Told("webhook_header", scheme=self.scheme)
        if self.scheme == "hmac":
            yield from self._wrong_over()
        if self.max_body < 1024:
            yield "max_body", Told("bad_max_body")
        if self.tolerance <= 0:
            yield "tolerance", Told("bad_tolerance")
        if self.handshake is not None:
            yield from _wrong_handshake(self.handshake)

    def _wrong_over(self) -> Iterator[tuple[str, str]]:
        places = _PLACES.findall(self.over)
        if "body" not in places:
            yield "over", Told("over_nothing")
        if ("timestamp" in places) != bool(self.timestamp_header):
            yield "timestamp_header", Told("unsigned_timestamp")
        if "id" in places and not self.id_header:
            yield "id_header", Told("webhook_header", scheme="{id}")

    def refusal(self, headers: Mapping[str, str], now: float) -> Refusal | None:
        """What the headers alone say against a delivery, before its body is read. Names in them are lower case."""
        if not headers.get(self._signature_header()) or (self.scheme == "standard" and not self.delivery(headers)):
            return "signature-missing"
        name = self._timestamp_header()
        if not name:
            return None
        try:
            sent = instant(headers.get(name, ""), ZoneInfo("UTC"))
        except (ValueError, OverflowError):
            return "signature-missing"
        return "signature-old" if abs(now - sent) > self.tolerance else None

    def verified(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the other side knows the secret; compared in constant time. Raises SecretFault."""
        given = headers.get(self._signature_header(), "")
        if self.scheme == "token":
            return hmac.compare_digest(given.encode(), (self.prefix + self.secret.reveal()).encode())
        key, over = self._key(), self._signed(headers, body)
        expected = hmac.digest(key, over, "sha256" if self.scheme == "standard" else self.algorithm)
        if self.scheme == "standard":
            signatures = [part.removeprefix("v1,") for part in given.split()[:16] if part.startswith("v1,")]
            return any([_same(signature, expected, "base64") for signature in signatures])
        return given.startswith(self.prefix) and _same(given.removeprefix(self.prefix), expected, self.encoding)

    def delivery(self, headers: Mapping[str, str]) -> str:
        """What the other side calls this delivery, "" where it does not say: the same when it sends it again."""
        return headers.get(f"{_STANDARD}id" if self.scheme == "standard" else self.id_header.lower(), "")[:256]

    def _signature_header(self) -> str:
        return f"{_STANDARD}signature" if self.scheme == "standard" else self.header.lower()

    def _timestamp_header(self) -> str:
        return f"{_STANDARD}timestamp" if self.scheme == "standard" else self.timestamp_header.lower()

    def _key(self) -> bytes:
        secret = self.secret.reveal()
        if self.scheme != "standard":
            return secret.encode()
        try:
            return b64decode(secret.removeprefix("whsec_"), validate=True)
        except (Base64Error, ValueError):
            raise SecretFault(f"{self.secret.reference} is no secret of Standard Webhooks: whsec_ and base64") from None

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bytes:
        over = "{id}.{timestamp}.{body}" if self.scheme == "standard" else self.over
        timestamp = headers.get(self._timestamp_header(), "")
        values = {"body": body, "timestamp": timestamp.encode(), "id": self.delivery(headers).encode()}
        parts = _PLACES.split(over)
        return b"".join(values[part] if n % 2 else part.encode() for n, part in enumerate(parts))

    def read(self, body: bytes, content_type: str, delivery: str, zone: ZoneInfo, now: float) -> Records:
        """The records of a verified body. Raises SourceFault or ValueError when it can't be read at all."""
        records = Records()
        for n, record in enumerate(Bodies(self, zone, now).read(body, content_type, delivery)):
            if isinstance(record, str):
                records.faults.append((n, record))
            elif isinstance(record, Sample):
                records.samples.append(record)
            else:
                records.mentions.append(record)
        return records

    def challenge(self, body: bytes, *, signed: bool) -> dict[str, str] | None:
        """What a POST that is a handshake wants back; None where it is none. Raises SecretFault."""
        if self.handshake is None:
            return None
        try:
            thing = read_json(body)
        except SourceFault:
            return None
        path = read_path(self.handshake.challenge)
        challenge = look(thing, path)
        if not path or not isinstance(challenge, str) or len(challenge) > LONGEST_CHALLENGE:
            return None
        return (
            {str(path[-1]): challenge} if signed or self._knows(look(thing, read_path(self.handshake.token))) else None
        )

    def asked(self, query: Mapping[str, str]) -> str | None:
        """What a GET wants back; None where it does not know the word. Raises SecretFault."""
        if self.handshake is None or not self._knows(query.get(self.handshake.token)):
            return None
        challenge = query.get(self.handshake.challenge, "")
        return challenge if 0 < len(challenge) <= LONGEST_CHALLENGE else None

    def _knows(self, said: Any) -> bool:
        expect = self.handshake.expect if self.handshake else None
        return (
            expect is not None
            and isinstance(said, str)
            and hmac.compare_digest(said.encode("utf-8", "replace"), expect.reveal().encode())
        )


def _wrong_handshake(handshake: Handshake) -> Iterator[tuple[str, str]]:
    if bool(handshake.token) != bool(handshake.expect):
        yield "handshake", Told("half_handshake")
    for option in ("challenge", "token"):
        try:
            read_path(getattr(handshake, option))
        except ValueError as error:
            yield f"handshake.{option}", error.args[0]


def _same(given: str, expected: bytes, encoding: str) -> bool:
    written = expected.hex() if encoding == "hex" else b64encode(expected).decode().rstrip("=")
    bare = given.strip().lower() if encoding == "hex" else given.strip().rstrip("=")
    return hmac.compare_digest(bare.encode("utf-8", "replace"), written.encode())
