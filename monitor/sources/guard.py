"""Where a host lives that is not asked over HTTP: mail servers and databases are held to the same guard as the web."""

from __future__ import annotations

import asyncio

from monitor.addresses import RefusedAddress, resolve
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short

PATIENCE = 10.0
"""Seconds for a name to be resolved."""


async def outer_addresses(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, all of them outer ones, to be dialled as they are. SourceFault otherwise."""
    try:
        async with asyncio.timeout(PATIENCE):
            return tuple(await resolve(host, port))
    except RefusedAddress as error:
        raise SourceFault(Told("http.refused_address", text=short(str(error), 200))) from None
    except TimeoutError:
        raise SourceFault(Told("http.timeout", text=Told("no_answer", seconds=f"{PATIENCE:g}"))) from None
    except OSError as error:
        raise SourceFault(Told("http.connect", text=short(str(error), 200))) from None
