"""Kafka: a consumer group whose offsets are committed by us. `kafka://`, `kafkas://` (TLS; a user logs in by PLAIN)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from monitor.sources.brokers.line import Address, Line, Message, answered
from monitor.sources.source import SourceFault
from monitor.sources.told import Told


async def open_line(to: Address) -> Line:
    """Connects and joins the group. Raises SourceFault."""
    places = [urlsplit(url) for url in to.url.split(",")]
    tls = places[0].scheme == "kafkas"
    login = {"sasl_mechanism": "PLAIN", "sasl_plain_username": to.user, "sasl_plain_password": to.password}
    consumer = AIOKafkaConsumer(
        to.queue,
        bootstrap_servers=[f"{place.hostname}:{place.port or 9092}" for place in places],
        client_id=to.member,
        group_id=to.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest" if to.from_start else "latest",
        max_partition_fetch_bytes=to.largest,
        security_protocol=("SASL_" if to.user else "") + ("SSL" if tls else "PLAINTEXT"),
        ssl_context=to.tls() if tls else None,
        **(login if to.user else {}),
    )
    line = _Kafka(consumer, to.queue)
    try:
        await line.asked(consumer.start())
        if to.queue not in await line.asked(consumer.topics()):
            raise SourceFault(Told("no_queue", queue=to.queue))
    except BaseException:
        with suppress(SourceFault):
            await line.close()
        raise
    return line


class _Kafka:
    """Kafka keeps for a group what comes behind its offsets; one without any begins anew."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer, self._topic = consumer, topic
        self._known: bool | None = None

    @property
    def keeps(self) -> bool:
        return self._known is not False

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        found = await self.asked(self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=most), wait)
        if self._known is None and (mine := self._consumer.assignment()):
            offsets = [await self.asked(self._consumer.committed(partition)) for partition in mine]
            self._known = any(offset is not None for offset in offsets)
        if not found:
            await self.asked(self._consumer.topics())
        return [_message(record) for records in found.values() for record in records]

    async def done(self, messages: Sequence[Message]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for message in messages:
            partition, offset = message.mark
            offsets[partition] = max(offset + 1, offsets.get(partition, 0))
        if offsets:
            await self.asked(self._consumer.commit(offsets))

    async def refuse(self, message: Message) -> None:
        await self.done([message])

    async def asked(self, doing: Awaitable[Any], wait: float = 0.0) -> Any:
        """One exchange with the cluster."""
        return await answered(doing, (KafkaError,), wait)

    async def close(self) -> None:
        await self.asked(self._consumer.stop())


def _message(record: Any) -> Message:
    key = f"{record.topic}/{record.partition}/{record.offset}"
    at = record.timestamp / 1000 if record.timestamp and record.timestamp > 0 else None
    return Message(record.value or b"", key, at, (TopicPartition(record.topic, record.partition), record.offset))
