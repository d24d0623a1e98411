"""Which addresses a guarded request may reach: none of one's own house, whatever name or redirect leads there.

The name is resolved once, judged, and the very address that was judged is dialled: rebinding finds no gap.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpcore
import httpx

Address = IPv4Address | IPv6Address


class RefusedAddress(Exception):
    """The other side lives at an address that a guarded request must not reach."""


def is_inner(address: Address) -> bool:
    """True for private, loopback, link-local (cloud metadata), multicast, reserved and unspecified addresses."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if within is not None:
            return is_inner(within)
    return not address.is_global or address.is_multicast


def _nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if int(address) >> 32 == 0x64FF9B << 64 else None


def refuse_literal(host: str) -> None:
    """Raises RefusedAddress for a host that is itself an inner address, or the name of this machine."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        raise _refusal(host, "127.0.0.1")
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return
    if is_inner(address):
        raise _refusal(host, str(address))


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, all of them outer ones. Raises RefusedAddress if one is not, OSError if none is."""
    refuse_literal(host)
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    for text in found:
        if is_inner(ip_address(text.partition("%")[0])):
            raise _refusal(host, text)
    return found


def _refusal(host: str, address: str) -> RefusedAddress:
    shown = host if host == address else f"{host} ({address})"
    return RefusedAddress(f"{shown} is a private or local address; set allow_private = true if it is meant")


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials outer addresses only."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolves, judges, then dials the judged addresses in turn."""
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        fault: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket of this machine is an inner address."""
        raise RefusedAddress(f"{path} is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """As the backend beneath."""
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool that dials through the guard."""

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        super().__init__(verify=context, limits=limits)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=GuardedBackend(),
        )
