"""NATS JetStream: a durable pull consumer with explicit acknowledgement. `nats://`, `tls://`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from monitor.sources.brokers.line import PATIENCE, Address, Line, Message, hung_up
from monitor.sources.source import SourceFault
from monitor.sources.told import Told

_OVER = ("404", "408")
"""A request that ended without all it asked for; any other status but a heartbeat is a fault."""


async def open_line(to: Address) -> Line:
    """Connects, and makes the consumer where there is none of that name. Raises SourceFault."""
    client = Client()
    try:
        await client.connect(
            to.url.split(","),
            name="crisis-monitor",
            allow_reconnect=False,
            connect_timeout=int(PATIENCE),
            ping_interval=20,
            error_cb=_heard,
            user=to.user or None,
            password=to.password or None,
            tls=to.tls() if to.url.startswith("tls:") else None,
        )
        context = client.jetstream(timeout=PATIENCE)
        stream, fresh = await _consumer(context, to)
        inbox = client.new_inbox()
        line = _Nats(client, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{to.group}", inbox, keeps=not fresh)
        line.feed = await client.subscribe(inbox, pending_bytes_limit=2 * to.most * to.largest)
    except (NatsError, OSError, TimeoutError) as error:
        await client.close()
        raise hung_up(error) from None
    return line


async def _heard(error: Exception) -> None:
    """What the client says on the side comes out of the next call too."""


async def _consumer(context: JetStreamContext, to: Address) -> tuple[str, bool]:
    """The stream's name, and whether the consumer is new."""
    try:
        stream = await context.find_stream_name_by_subject(to.queue)
    except NotFoundError:
        raise SourceFault(Told("no_queue", queue=to.queue)) from None
    try:
        found = (await context.consumer_info(stream, to.group)).config
    except NotFoundError:
        wanted = ConsumerConfig(
            durable_name=to.group,
            filter_subject=to.queue,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=to.ack_wait,
            max_ack_pending=2 * to.most,
            deliver_policy=DeliverPolicy.ALL if to.from_start else DeliverPolicy.NEW,
        )
        await context.add_consumer(stream, wanted)
        return stream, True
    other = found.filter_subject and found.filter_subject != to.queue
    if other or found.deliver_subject or found.ack_policy != AckPolicy.EXPLICIT:
        raise SourceFault(Told("nats_consumer", group=to.group, queue=to.queue))
    return stream, False


class _Nats:
    """Requests are made anew as they run out; what was asked for and has not come is `asked`."""

    feed: Subscription

    def __init__(self, client: Client, next: str, inbox: str, *, keeps: bool) -> None:
        self._client, self._next, self._inbox, self.keeps = client, next, inbox, keeps
        self._asked = 0

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        out: list[Message] = []
        until = time.monotonic() + wait + PATIENCE
        try:
            if self._asked <= most // 2:
                await self._ask(most - self._asked, wait)
            while not out and self._asked > 0:
                out += self._read(await self.feed.next_msg(until - time.monotonic()))
            while len(out) < most and self.feed.pending_msgs:
                out += self._read(await self.feed.next_msg(1))
        except NatsTimeout:
            raise hung_up("timeout") from None
        except NatsError as error:
            raise hung_up(error) from None
        return out

    async def _ask(self, n: int, wait: float) -> None:
        asked = {"batch": n, "expires": int(wait * 1e9)}
        await self._client.publish(self._next, json.dumps(asked).encode(), self._inbox)
        self._asked += n

    def _read(self, message: Msg) -> list[Message]:
        """A message; none where the server only says how a request ended. Raises SourceFault where it can't go on."""
        headers: Any = message.headers or {}
        status = headers.get("Status") if not message.data else None
        if status is None:
            self._asked -= 1
            about = message.metadata
            key = f"{about.stream}/{about.sequence.stream}"
            return [Message(message.data, key, about.timestamp.timestamp(), message)]
        if status in _OVER:
            self._asked -= int(headers.get("Nats-Pending-Messages", self._asked))
        elif status != "100":
            raise hung_up(f"{status} {headers.get('Description', '')}".strip())
        return []

    async def done(self, messages: Sequence[Message]) -> None:
        try:
            for message in messages:
                await message.mark.ack()
        except NatsError as error:
            raise hung_up(error) from None

    async def refuse(self, message: Message) -> None:
        try:
            await message.mark.term()
        except NatsError as error:
            raise hung_up(error) from None

    async def close(self) -> None:
        await self._client.close()
