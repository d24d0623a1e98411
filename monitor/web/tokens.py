"""Ack links: a short signed text that names one incident and one recipient, until it expires. Pure."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Literal

from msgspec import Struct

_MAC = 16
_PURPOSE = b"crisis-monitor ack 1\0"


class Claim(Struct, frozen=True):
    """What a genuine token says. `person`: a person's name, or "channel:NAME" for a group that shares the link."""

    incident: str
    person: str
    expires: float


class Rejected(Struct, frozen=True):
    """Why a token is not followed: not made with our key, or its time is over."""

    reason: Literal["forged", "expired"]


def sign(key: bytes, incident: str, person: str, expires: float) -> str:
    """A url-safe token; `expires` in Unix seconds, kept to the minute (rounded up)."""
    minutes = -int(-expires // 60)
    said = minutes.to_bytes(4) + incident.encode() + b"\0" + person.encode()
    return _text(_mac(key, said) + said)


def read(key: bytes, token: str, now: float) -> Claim | Rejected:
    """The claim of a token, or why it does not count. Any text may be given."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (Base64Error, UnicodeError, ValueError):
        return Rejected("forged")
    mac, said = raw[:_MAC], raw[_MAC:]
    if len(said) < 6 or _text(raw) != token or not hmac.compare_digest(mac, _mac(key, said)):
        return Rejected("forged")
    incident, _, person = said[4:].partition(b"\0")
    expires = int.from_bytes(said[:4]) * 60.0
    if now > expires:
        return Rejected("expired")
    return Claim(incident.decode(), person.decode(), expires)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + said, sha256)[:_MAC]
