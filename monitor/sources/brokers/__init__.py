"""The register of brokers: the scheme of a URL names the client, which is imported only where one is configured."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from monitor.sources.brokers.line import Address, Line
from monitor.sources.source import SourceFault
from monitor.sources.told import Told

BROKERS = {
    "nats": "nats",
    "tls": "nats",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq",
    "kafka": "kafka",
    "kafkas": "kafka",
    "redis": "redis",
    "rediss": "redis",
    "wss": "websocket",
    "ws": "websocket",
}
"""Scheme -> the module here that opens a line."""


async def open_line(to: Address) -> Line:
    """Calls the broker. Raises SourceFault, also where its client is not installed."""
    try:
        module = import_module(f"monitor.sources.brokers.{BROKERS[to.url.partition(':')[0]]}")
    except ModuleNotFoundError as error:
        raise SourceFault(Told("no_client", package=error.name or "")) from None
    return cast(Line, await module.open_line(to))
