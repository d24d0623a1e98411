"""The brokers on this machine, each with a queue of the test's own, and a wire to them that can be cut."""

from __future__ import annotations

import asyncio
import socket
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from monitor.sources import Stream
from monitor.sources.brokers.line import Line, Message

HOST = "127.0.0.1"


class Broker(ABC):
    """One broker and a queue in it that nobody else uses."""

    kind: str
    port: int
    scheme: str
    redelivers_after: float = 0.0
    """Seconds of `ack_wait` after which what a dead listener held comes again; 0: at once."""

    def __init__(self) -> None:
        self.queue = f"crisis-monitor-test-{uuid.uuid4().hex[:12]}"

    def options(self, port: int = 0, **more: Any) -> dict[str, Any]:
        """The options of a source that reads the queue."""
        url = f"{self.scheme}://{HOST}:{port or self.port}"
        own = {"name": "bus", "url": url, "queue": self.queue, "begin": "all", "ack_wait": 1.0}
        return {**own, "allow_private": True, **more}

    def source(self, port: int = 0, **more: Any) -> Stream:
        """Such a source."""
        return Stream(**self.options(port, **more))

    @abstractmethod
    async def make(self) -> None:
        """Connects and makes the queue."""

    @abstractmethod
    async def publish(self, bodies: Sequence[bytes]) -> None:
        """Returns when the broker has them."""

    @abstractmethod
    async def end(self) -> None:
        """Takes the queue away and hangs up."""


class Nats(Broker):
    kind, port, scheme, redelivers_after = "nats", 4222, "nats", 1.0

    async def make(self) -> None:
        import nats

        self._client = await nats.connect(f"nats://{HOST}:{self.port}")
        self._context = self._client.jetstream()
        await self._context.add_stream(name=self.queue, subjects=[self.queue])

    async def publish(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            await self._context.publish(self.queue, body)

    async def end(self) -> None:
        await self._context.delete_stream(self.queue)
        await self._client.close()


class RabbitMq(Broker):
    kind, port, scheme = "rabbitmq", 5672, "amqp"
    queue_type = "quorum"

    async def make(self) -> None:
        import aio_pika

        self._connection = await aio_pika.connect(f"amqp://guest:guest@{HOST}:{self.port}/")
        self.channel = await self._connection.channel()
        self.dead = await self.channel.declare_queue(f"{self.queue}-dead", durable=True)
        arguments = {
            "x-queue-type": self.queue_type,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.dead.name,
        }
        await self.channel.declare_queue(self.queue, durable=True, arguments=arguments)

    async def publish(self, bodies: Sequence[bytes]) -> None:
        import aio_pika

        await asyncio.gather(
            *(
                self.channel.default_exchange.publish(
                    aio_pika.Message(body, message_id=uuid.uuid4().hex, delivery_mode=2), self.queue
                )
                for body in bodies
            )
        )

    async def end(self) -> None:
        await self.channel.queue_delete(self.queue)
        await self.channel.queue_delete(self.dead.name)
        await self._connection.close()


class ClassicRabbitMq(RabbitMq):
    kind, queue_type = "rabbitmq-classic", "classic"


class Redis(Broker):
    kind, port, scheme, redelivers_after = "redis", 6379, "redis", 1.0

    async def make(self) -> None:
        from redis.asyncio import Redis as Client

        self._client = Client(host=HOST, port=self.port)

    async def publish(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            await self._client.xadd(self.queue, {"body": body})

    async def end(self) -> None:
        await self._client.delete(self.queue)
        await self._client.aclose()


class Kafka(Broker):
    """The cluster that librdkafka plays for tests: the wire protocol, not the server."""

    kind, port, scheme = "kafka", 0, "kafka"

    async def make(self) -> None:
        confluent_kafka = pytest.importorskip("confluent_kafka")
        self._producer = confluent_kafka.Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1})
        told = await asyncio.to_thread(self._producer.list_topics, self.queue, 10)
        self.port = next(iter(told.brokers.values())).port

    async def publish(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._producer.produce(self.queue, body)
        await asyncio.to_thread(self._producer.flush, 10)

    async def end(self) -> None:
        del self._producer


BROKERS: tuple[type[Broker], ...] = (Nats, RabbitMq, ClassicRabbitMq, Redis, Kafka)


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@asynccontextmanager
async def broker(kind: type[Broker]) -> AsyncIterator[Broker]:
    """A broker with an empty queue; the test is skipped where it does not answer."""
    if kind.port and not answers(kind.port):
        pytest.skip(f"no {kind.kind} answers on {HOST}:{kind.port}")
    made = kind()
    await made.make()
    try:
        yield made
    finally:
        await made.end()


@asynccontextmanager
async def line_to(source: Stream) -> AsyncIterator[Line]:
    """An open line, hung up at the end."""
    line = await source.open()
    try:
        yield line
    finally:
        with suppress(Exception):
            await line.close()


async def drain(line: Line, count: int, most: int = 500, within: float = 10.0) -> list[Message]:
    """Takes until there are so many messages, or the time is over."""
    out: list[Message] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            while len(out) < count:
                out += await line.take(most, 0.3)
    return out


class Wire:
    """A wire to a port of this machine: it can be cut, and mended."""

    def __init__(self, to: int) -> None:
        self._to, self._open = to, True
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._join, HOST, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        """Breaks what is connected; whoever calls is hung up on."""
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Lets calls through again."""
        self._open = True

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if not self._open:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(HOST, self._to)
        self._writers.add(far_writer)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
