"""Who asks, and whether they may: bearer tokens with scopes, the peer of the admin socket, or plain loopback.

A scope that no configured token bears is open to this machine itself: loopback, by its own name, not through a proxy.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from hashlib import sha256
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from monitor.config.schema import Server, Token

Scope = Literal["ingest", "read", "act", "metrics"]
ANY: Literal["any"] = "any"
FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Caller(Struct, frozen=True):
    """Who asks; `actor` goes into the timeline."""

    actor: str


class Denied(Struct, frozen=True):
    """Why not: `reason` names a message under `web.denied.`."""

    status: int
    reason: str


def admit(connection: HTTPConnection, server: Server, scope: Scope | Literal["any"]) -> Caller | Denied:
    """The caller, if they may use a scope; `any` = whoever may use anything here."""
    peer = connection.scope.get("state", {}).get("peer")
    if peer:
        return Caller(f"user:{peer}")
    secret = _presented(connection.headers)
    if secret is not None:
        return _by_token(secret, server.token, scope)
    if any(_bears(token, scope) for token in server.token):
        return Denied(401, "token-needed")
    return _by_place(connection)


def same_origin(connection: HTTPConnection, public_url: str) -> bool:
    """Whether a changing request comes from a page of ours, or from no browser at all."""
    if connection.headers.get("authorization", "")[:7].lower() == "bearer ":
        return True
    fetch_site = connection.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in {connection.headers.get("host", ""), urlsplit(public_url).netloc} - {""}


def _presented(headers: Headers) -> str | None:
    kind, _, rest = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        return _password(rest)
    return None


def _password(basic: str) -> str:
    try:
        return b64decode(basic, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _by_token(secret: str, tokens: tuple[Token, ...], scope: str) -> Caller | Denied:
    digest = sha256(secret.encode()).hexdigest()
    found = [token for token in tokens if hmac.compare_digest(token.hash.lower().encode(), digest.encode())]
    if not found:
        return Denied(401, "token-unknown")
    if not _bears(found[0], scope):
        return Denied(403, "scope")
    return Caller(f"token:{found[0].name}")


def _bears(token: Token, scope: str) -> bool:
    return scope == ANY or scope in token.scopes


def _by_place(connection: HTTPConnection) -> Caller | Denied:
    if any(name in connection.headers for name in FORWARDING):
        return Denied(403, "forwarded")
    if not (connection.client and _is_loopback(connection.client.host)):
        return Denied(403, "not-local")
    if not _names_this_machine(connection.headers.get("host", "")):
        return Denied(403, "host")
    return Caller("local")


def _names_this_machine(host: str) -> bool:
    """A page elsewhere may point its own name at 127.0.0.1; its requests then still bear that name."""
    name = urlsplit(f"//{host}").hostname or ""
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
