"""Where a mailbox is and how one gets in: apart from the client, which only a service with a mailbox loads."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Security = Literal["tls", "starttls", "none"]
PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}


class Door(Struct, frozen=True, kw_only=True):
    """Where a mailbox is and how one gets in. `addresses`: those that were judged; empty = whatever the host has."""

    host: str
    port: int
    security: Security
    user: str
    password: str
    ca: str = ""
    timeout: float = 60.0
    addresses: tuple[str, ...] = ()
