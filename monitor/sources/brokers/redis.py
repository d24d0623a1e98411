"""Redis Streams: a consumer group. `redis(s)://`. An entry of one field is its value, of several an object of them."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from monitor.sources.brokers.line import PATIENCE, Address, Line, Message, answered
from monitor.sources.source import SourceFault

Entry = tuple[bytes, Mapping[bytes, bytes] | None]


async def open_line(to: Address) -> Line:
    """Connects, and makes the group where there is none. Raises SourceFault."""
    parts = urlsplit(to.url)
    client = Redis(
        host=parts.hostname or "",
        port=parts.port or 6379,
        db=int(parts.path[1:] or 0),
        username=to.user or None,
        password=to.password or None,
        ssl=parts.scheme == "rediss",
        ssl_ca_certs=to.ca or None,
        socket_connect_timeout=PATIENCE,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )
    line = _Redis(client, to)
    try:
        await line.join()
    except BaseException:
        await client.aclose()
        raise
    return line


class _Redis:
    """What this member was given and never acknowledged comes first; then what others left lying; then what is new."""

    def __init__(self, client: Redis, to: Address) -> None:
        self._client, self._to = client, to
        self.keeps = True
        self._own: bytes | None = b"0"
        self._claimed = 0.0

    async def join(self) -> None:
        """Makes the group."""
        start = "0" if self._to.from_start else "$"
        try:
            await self._asked(self._client.xgroup_create(self._to.queue, self._to.group, id=start, mkstream=True))
            self.keeps = False
        except SourceFault as fault:
            if "BUSYGROUP" not in fault.text:
                raise

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        while self._own is not None:
            if found := await self._left_by_me(most, self._own):
                return found
        if found := await self._left_by_others(most):
            return found
        return await self._read(await self._next(b">", most, wait))

    async def _left_by_me(self, most: int, after: bytes) -> Sequence[Message]:
        entries = await self._next(after, most, 0)
        self._own = entries[-1][0] if entries else None
        return await self._read(entries)

    async def _left_by_others(self, most: int) -> Sequence[Message]:
        if time.monotonic() < self._claimed:
            return []
        self._claimed = time.monotonic() + self._to.ack_wait / 2
        idle = int(self._to.ack_wait * 1000)
        answer = await self._asked(
            self._client.xautoclaim(self._to.queue, self._to.group, self._to.member, idle, "0-0", count=most)
        )
        return await self._read(answer[1])

    async def _next(self, after: bytes, most: int, wait: float) -> Sequence[Entry]:
        block = int(wait * 1000) if after == b">" else None
        answer = await self._asked(
            self._client.xreadgroup(self._to.group, self._to.member, {self._to.queue: after}, most, block), wait
        )
        return answer[0][1] if answer else []

    async def _read(self, entries: Sequence[Entry]) -> Sequence[Message]:
        """Messages; entries that were trimmed meanwhile are nobody's any more."""
        gone = [id for id, fields in entries if not fields]
        if gone:
            await self._asked(self._client.xack(self._to.queue, self._to.group, *gone))
        return [_message(id, fields) for id, fields in entries if fields]

    async def done(self, messages: Sequence[Message]) -> None:
        if messages:
            await self._asked(self._client.xack(self._to.queue, self._to.group, *(m.mark for m in messages)))

    async def refuse(self, message: Message) -> None:
        await self.done([message])

    async def _asked(self, doing: Awaitable[Any], wait: float = 0.0) -> Any:
        return await answered(doing, (RedisError,), wait)

    async def close(self) -> None:
        await self._asked(self._client.aclose())


def _message(id: bytes, fields: Mapping[bytes, bytes]) -> Message:
    body = next(iter(fields.values())) if len(fields) == 1 else json.dumps(_text(fields), ensure_ascii=False).encode()
    return Message(body, id.decode(), int(id.partition(b"-")[0]) / 1000, id)


def _text(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in fields.items()}
