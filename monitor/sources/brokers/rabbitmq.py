"""RabbitMQ, and what else speaks AMQP 0-9-1: a queue that is there, prefetch, manual acknowledgement. `amqp(s)://`."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError

from monitor.sources.brokers.line import PATIENCE, Address, Inbox, Line, Message, answered
from monitor.sources.source import SourceFault
from monitor.sources.told import Told

_FAULTS = (AMQPError, RuntimeError)
"""The client says RuntimeError of a channel that is closed."""


async def open_line(to: Address) -> Line:
    """Connects and begins to consume. Raises SourceFault."""
    parts = urlsplit(to.url)
    calling = aio_pika.connect(
        host=parts.hostname or "",
        port=parts.port or (5671 if parts.scheme == "amqps" else 5672),
        login=to.user or "guest",
        password=to.password or "guest",
        virtualhost=parts.path[1:] or "/",
        ssl=parts.scheme == "amqps",
        ssl_context=to.tls() if parts.scheme == "amqps" else None,
        timeout=PATIENCE,
        client_properties={"connection_name": f"crisis-monitor {to.member}"},
    )
    connection = await answered(calling, _FAULTS)
    try:
        return await answered(_consume(connection, to), _FAULTS)
    except BaseException:
        await connection.close()
        raise


async def _consume(connection: AbstractConnection, to: Address) -> Line:
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=2 * to.most)
    inbox = Inbox()
    try:
        queue = await channel.get_queue(to.queue)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        raise SourceFault(Told("no_queue", queue=to.queue)) from None

    async def took(message: AbstractIncomingMessage) -> None:
        at = message.timestamp.timestamp() if message.timestamp else None
        await inbox.put(Message(message.body, message.message_id or "", at, message))

    def ended(_: Any, error: BaseException | None) -> None:
        inbox.end(error or "closed")

    channel.close_callbacks.add(ended)
    connection.close_callbacks.add(ended)
    await queue.consume(took)
    return _RabbitMq(connection, channel, inbox, to.queue)


class _RabbitMq:
    """A queue keeps what comes while nobody listens."""

    keeps = True

    def __init__(self, connection: AbstractConnection, channel: AbstractChannel, inbox: Inbox, queue: str) -> None:
        self._connection, self._channel, self._inbox, self._queue = connection, channel, inbox, queue

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        found = await self._inbox.take(most, wait)
        if not found:
            await self._asked(self._channel.get_queue(self._queue))
        return found

    async def done(self, messages: Sequence[Message]) -> None:
        if messages:
            await self._asked(messages[-1].mark.ack(multiple=True))

    async def refuse(self, message: Message) -> None:
        await self._asked(message.mark.reject(requeue=False))

    async def _asked(self, doing: Awaitable[Any]) -> None:
        """One exchange with the broker; on an idle line it shows that the queue is still there."""
        await answered(doing, _FAULTS)

    async def close(self) -> None:
        await self._asked(self._connection.close())
