"""Reads a request's body: capped, within a time, gzip or not.

BodyRefused          the body is not taken; `status` 400, 408, 413 or 415, `reason` names a message under `web.denied.`
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

CAP = 10 * 1024 * 1024
DEADLINE = 30.0
"""Seconds a body may take to come."""


class BodyRefused(Exception):
    """Not taken."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_body(request: Request, cap: int = CAP, deadline: float = DEADLINE) -> bytes:
    """The whole body, unpacked; neither its packed nor its unpacked form may be larger than `cap` bytes."""
    return unpacked(request, await read_raw(request, cap, deadline), cap)


async def read_raw(request: Request, cap: int = CAP, deadline: float = DEADLINE) -> bytes:
    """The whole body as it was sent: what a signature is made over."""
    if _announced(request) > cap:
        raise BodyRefused(413, "too-large")
    try:
        async with asyncio.timeout(deadline):
            return await _gather(request.stream(), cap)
    except TimeoutError:
        raise BodyRefused(408, "slow") from None
    except ClientDisconnect:
        raise BodyRefused(400, "gone") from None


def unpacked(request: Request, raw: bytes, cap: int = CAP) -> bytes:
    """The body behind its packing, at most `cap` bytes of it."""
    packing = request.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise BodyRefused(415, "packing")
    return _unpack(raw, cap) if raw[:2] == b"\x1f\x8b" or packing.endswith("gzip") else raw


def _announced(request: Request) -> int:
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        raise BodyRefused(400, "length") from None


async def _gather(stream: AsyncIterator[bytes], cap: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > cap:
            raise BodyRefused(413, "too-large")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _unpack(raw: bytes, cap: int) -> bytes:
    """Never makes more than `cap` + 1 bytes of however small a bomb. Several gzip members are read as one."""
    out = bytearray()
    while raw:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            out += unpacker.decompress(raw, cap + 1 - len(out))
        except zlib.error:
            raise BodyRefused(400, "gzip") from None
        if len(out) > cap or unpacker.unconsumed_tail:
            raise BodyRefused(413, "too-large")
        if not unpacker.eof:
            raise BodyRefused(400, "gzip")
        raw = unpacker.unused_data.lstrip(b"\0")
    return bytes(out)
