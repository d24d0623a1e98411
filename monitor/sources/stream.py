"""Kind `stream`: messages of a broker, taken as they come and acknowledged once they are stored."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.addresses import RefusedAddress, resolve
from monitor.model import Mention, Sample, SampleKind
from monitor.secret import Secret, SecretFault
from monitor.sources import brokers
from monitor.sources.bodies import Bodies
from monitor.sources.brokers.line import Address, Line, Message
from monitor.sources.items import wrong_items
from monitor.sources.source import Source, SourceFault
from monitor.sources.told import Told, short, why
from monitor.times import Duration

MOST = 10_000
_UNFIT = re.compile(r"[^\w-]")
"""What the name of a consumer may not hold at every broker."""


class Haul(Struct, frozen=True):
    """What a batch of messages comes to. `poison`: the messages of which nothing could be read; `faults`: why, and
    those of single records."""

    mentions: tuple[Mention, ...] = ()
    samples: tuple[Sample, ...] = ()
    faults: tuple[str, ...] = ()
    poison: tuple[Message, ...] = ()


class Stream(Source, frozen=True, kw_only=True, tag="stream", tag_field="kind"):
    """The scheme of `url` names the broker: nats, tls (NATS), amqp(s) (RabbitMQ), redis(s) (Redis Streams),
    kafka(s), ws(s) (a feed over a WebSocket, which has no `queue` and keeps nothing).

    `queue`: the RabbitMQ queue, NATS subject, Redis stream or Kafka topic that is read. `group`: under this name the
    broker remembers what was acknowledged; who shares it shares the messages; default: crisis-monitor and the source's
    name. `begin`: where a new group begins.

    A message is JSON: a record, or a list of them, as push takes them; with `fields` whatever `items` and `fields` say.

    `every`: how often a stream that is quiet notes that it was listened to. `expect_every`: longer without a message is
    no data. `store = "matching"` keeps only what is about a topic.
    """

    polled: ClassVar[bool] = False

    every: Duration = Duration(60)
    url: str
    queue: str = ""
    group: str = ""
    begin: Literal["new", "all"] = "new"
    user: str = ""
    password: Secret | None = None
    ca: str = ""
    items: str = "$"
    fields: dict[str, str] = field(default_factory=dict)
    only: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    series: str = ""
    sample: SampleKind = "gauge"
    span: Duration | None = None
    expect_every: Duration | None = None
    batch: int = 500
    ack_wait: Duration = Duration(30)
    max_message: int = 1 << 20
    allow_private: bool = False
    store: Literal["all", "matching"] = "all"

    def wrong(self) -> Iterator[tuple[str, str]]:
        """An address that names no broker, a password in it, names no broker takes, limits that let nothing through."""
        yield from self._wrong_address()
        yield from wrong_items(self)
        if not self.fields:
            yield from ((o, Told("needs_fields")) for o in ("only", "series", "span") if getattr(self, o))
        for option, least, most in (("batch", 1, MOST), ("max_message", 1024, 1 << 27)):
            if not least <= getattr(self, option) <= most:
                yield option, Told("out_of_range", least=least, most=most)
        if self.every < 1:
            yield "every", Told("too_often")
        if self.ack_wait < 1:
            yield "ack_wait", Told("too_often")

    def _wrong_address(self) -> Iterator[tuple[str, str]]:
        first = urlsplit(self._urls()[0])
        if first.scheme not in brokers.BROKERS or not first.hostname:
            yield "url", Told("bad_broker", url=short(self.url), schemes=", ".join(brokers.BROKERS))
        if any("@" in urlsplit(url).netloc for url in self._urls()):
            yield "url", Told("password_in_url")
        if not self.queue.strip() and not self._feeds():
            yield "queue", Told("missing", name="queue")
        if self.group and _UNFIT.search(self.group):
            yield "group", Told("bad_group")

    def _feeds(self) -> bool:
        return brokers.BROKERS.get(self.url.partition(":")[0]) == "websocket"

    def _urls(self) -> list[str]:
        """Those of a cluster stand one behind the other."""
        return [self.url] if self._feeds() else self.url.split(",")

    async def open(self) -> Line:
        """Calls the broker. Raises SourceFault."""
        try:
            password = self.password.reveal() if self.password else ""
            if not self.allow_private:
                await self._outside()
        except SecretFault as error:
            raise SourceFault(Told("secret", text=str(error))) from None
        except RefusedAddress as error:
            raise SourceFault(Told("http.refused_address", text=short(str(error), 200))) from None
        except OSError as error:
            raise SourceFault(Told("broker", text=short(str(error), 200))) from None
        to = Address(
            url=self.url,
            queue=self.queue,
            group=self.group or _UNFIT.sub("-", f"crisis-monitor-{self.name}"),
            member=f"{socket.gethostname()}-{self.name}",
            user=self.user,
            password=password,
            ca=self.ca,
            from_start=self.begin == "all",
            most=self.batch,
            largest=self.max_message,
            ack_wait=float(self.ack_wait),
        )
        return await brokers.open_line(to)

    async def _outside(self) -> None:
        """Every host of the address lives outside of one's own house."""
        for url in self._urls():
            parts = urlsplit(url)
            await resolve(parts.hostname or "", parts.port or 0)

    def read(self, messages: Sequence[Message], zone: ZoneInfo, now: float) -> Haul:
        """The records of messages. One without a date is dated when the broker got it, where that is known."""
        reader = _Reader(self, zone, now)
        for message in messages:
            reader.take(message)
        return Haul(tuple(reader.mentions), tuple(reader.samples), tuple(reader.faults), tuple(reader.poison))


class _Reader:
    def __init__(self, source: Stream, zone: ZoneInfo, now: float) -> None:
        self._source, self._now, self._bodies = source, now, Bodies(source, zone, now)
        self.mentions: list[Mention] = []
        self.samples: list[Sample] = []
        self.faults: list[str] = []
        self.poison: list[Message] = []

    def take(self, message: Message) -> None:
        try:
            found = list(self._records(message))
        except (SourceFault, ValueError) as error:
            found = [Told("poison", message=short(message.key or message.body[:40]), text=why(error))]
        if found and all(isinstance(record, str) for record in found):
            self.poison.append(message)
        for record in found:
            self._sort(record, message)

    def _records(self, message: Message) -> Iterator[Mention | Sample | str]:
        if len(message.body) > self._source.max_message:
            raise ValueError(Told("large_message", n=len(message.body), most=self._source.max_message))
        return self._bodies.read(message.body, id=message.key)

    def _sort(self, record: Mention | Sample | str, message: Message) -> None:
        if isinstance(record, str):
            self.faults.append(record)
        elif isinstance(record, Sample):
            self.samples.append(record)
        elif record.published_at is None and message.at is not None:
            self.mentions.append(replace(record, published_at=min(message.at, self._now)))
        else:
            self.mentions.append(record)
