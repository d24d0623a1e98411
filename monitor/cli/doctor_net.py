"""Which hosts a config needs, and whether they can be reached: name, connection, certificate."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from monitor.config.schema import Config
from monitor.secret import SecretFault, reveal

SECONDS = 5.0


Place = tuple[str, int, bool]
"""Host, port, and whether it is https."""


def hosts(config: Config) -> list[Place]:
    """Where every channel, source and heartbeat leads that names a web address, each once."""
    return list(dict.fromkeys(_hosts(config)))


def _hosts(config: Config) -> Iterator[Place]:
    named = [*config.channel, *(s for s in config.source if s.enabled), config.heartbeat]
    for url in (url for table in named for url in (getattr(table, "url", ""), *getattr(table, "urls", ()))):
        try:
            parts = urlsplit(reveal(url)) if isinstance(url, str) and url else None
            if parts is not None and parts.scheme in ("http", "https") and parts.hostname:
                secure = parts.scheme == "https"
                yield parts.hostname, parts.port or (443 if secure else 80), secure
        except (SecretFault, ValueError):
            continue


def reach(host: str, port: int, secure: bool) -> tuple[int | None, str]:
    """(days its certificate still holds, what is wrong); None = there is no certificate to look at."""
    try:
        with socket.create_connection((host, port), SECONDS) as plain:
            if not secure:
                return None, ""
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as wrapped:
                ends = (wrapped.getpeercert() or {}).get("notAfter", "")
                return int((ssl.cert_time_to_seconds(str(ends)) - time.time()) // 86400), ""
    except (OSError, ValueError) as error:
        return None, str(error.strerror or error) if isinstance(error, OSError) else str(error)
