"""Kind stream: what a message comes to, and what real brokers do with what is and what is not acknowledged."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve

from monitor.sources import SourceFault, Stream
from monitor.sources.brokers.line import Inbox, Message
from monitor.sources.stream import Haul
from monitor.sources.told import tell
from monitor.times import instant
from tests.sources.broker_world import BROKERS, Broker, Kafka, Nats, RabbitMq, Redis, Wire, broker, drain, line_to

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-03T12:00:00+08:00", ZONE)
FIELDS = {"id": "ticket.no", "text": "ticket.body", "labels.product": "ticket.product"}

KINDS = [pytest.param(k, marks=pytest.mark.slow if k is Kafka else (), id=k.kind) for k in BROKERS]
"""A group of Kafka takes its seconds to come together."""


def stream(**options: Any) -> Stream:
    return Stream(**{"name": "bus", "url": "nats://broker:4222", "queue": "crm.tickets", **options})


def read(*bodies: Any, at: float | None = None, **options: Any) -> Haul:
    raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    messages = [Message(body, f"crm/{n}", at) for n, body in enumerate(raw, 1)]
    source = stream(**options)
    assert list(source.wrong()) == []
    return source.read(messages, ZONE, NOW)


def test_a_message_is_a_record_or_a_list_of_records_as_push_takes_them() -> None:
    haul = read({"id": "1", "text": "冒烟"}, [{"id": "2", "text": "a"}, {"series": "orders", "at": NOW, "value": 3}])
    assert [m.id for m in haul.mentions] == ["1", "2"] and haul.mentions[0].source == "bus"
    assert [(s.series, s.value) for s in haul.samples] == [("orders", 3.0)]


def test_fields_say_what_stands_where_and_only_which_messages_are_meant() -> None:
    tickets = [
        {"type": kind, "ticket": {"no": no, "body": "坏了", "product": "X1"}}
        for no, kind in enumerate(("created", "closed", "reopened"), 1)
    ]
    haul = read(*tickets, fields=FIELDS, only={"type": ("created", "reopened")})
    assert [(m.id, m.labels) for m in haul.mentions] == [("1", {"product": "X1"}), ("3", {"product": "X1"})]
    assert haul.faults == () and haul.poison == ()


def test_items_within_a_message_are_read_each() -> None:
    body = {"rows": [{"t": "a"}, {"t": "b"}], "one": {"t": "c"}}
    assert [m.text for m in read(body, items="$.rows", fields={"text": "t"}).mentions] == ["a", "b"]
    assert [m.text for m in read(body, items="$.one", fields={"text": "t"}).mentions] == ["c"]


def test_a_message_that_comes_again_has_the_same_identities() -> None:
    body = {"rows": [{"t": "a"}, {"t": "a"}]}
    once, again = (read(body, items="$.rows", fields={"text": "t"}) for _ in range(2))
    assert [m.id for m in once.mentions] == ["crm/1", "crm/1/1"] == [m.id for m in again.mentions]


def test_a_record_without_a_date_is_dated_when_the_broker_got_it() -> None:
    dated, undated = {"id": "1", "text": "a", "published_at": NOW - 900}, {"id": "2", "text": "b"}
    assert [m.published_at for m in read(dated, undated, at=NOW - 60).mentions] == [NOW - 900, NOW - 60]
    assert read(undated, at=NOW + 7).mentions[0].published_at == NOW
    assert read(undated).mentions[0].published_at is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"7", b'"x"', b"<html>", b"\xff\xfe\x00", b"[" * 100_000, b"{}", b'[{"id":1}]', b"NaN"]
)
def test_a_poisoned_message_costs_only_itself(body: bytes) -> None:
    haul = read({"id": "1", "text": "a"}, body, {"id": "3", "text": "c"})
    assert [m.id for m in haul.mentions] == ["1", "3"]
    assert [m.key for m in haul.poison] == ["crm/2"] and haul.faults


def test_a_message_of_which_something_can_be_read_is_no_poison() -> None:
    haul = read([{"id": "1", "text": "a"}, {"id": "2"}])
    assert len(haul.mentions) == 1 and len(haul.faults) == 1 and haul.poison == ()


def test_a_large_message_is_not_read() -> None:
    haul = read({"id": "1", "text": "a" * 2000}, max_message=1024)
    assert len(haul.poison) == 1 and "max_message" in tell(haul.faults[0], "zh")


@given(st.lists(st.binary(max_size=60) | st.text(max_size=40).map(lambda t: json.dumps({"text": t}).encode())))
def test_whatever_comes_nothing_is_raised_and_nothing_forgotten(bodies: list[bytes]) -> None:
    for options in ({}, {"fields": FIELDS}):
        haul = read(*bodies, **options)
        assert len(haul.mentions) + len(haul.samples) + len(haul.poison) >= len(bodies)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"url": "ftp://broker"}, "url"),
        ({"url": "nats://"}, "url"),
        ({"url": "amqp://guest:guest@broker"}, "url"),
        ({"queue": " "}, "queue"),
        ({"group": "a b"}, "group"),
        ({"batch": 0}, "batch"),
        ({"max_message": 10}, "max_message"),
        ({"only": {"a": "b"}}, "only"),
        ({"fields": {"colour": "x"}}, "fields.colour"),
        ({"fields": {"text": "a[b"}}, "fields.text"),
        ({"every": 0.1}, "every"),
    ],
)
def test_options_that_make_no_sense_are_faults(options: dict[str, Any], option: str) -> None:
    assert option in [at for at, _ in stream(**options).wrong()]


def test_no_client_is_loaded_where_no_stream_is_configured() -> None:
    clients = ("nats", "aio_pika", "redis", "aiokafka", "websockets")
    asks = f"import sys, monitor.sources; sys.exit(' '.join(set({clients}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True)
    assert done.stderr.strip() == ""


@pytest.mark.anyio
async def test_what_the_client_put_before_the_end_is_still_taken() -> None:
    inbox = Inbox()
    await inbox.put(Message(b"1"))
    inbox.end("gone")
    assert [m.body for m in await inbox.take(5, 1)] == [b"1"]
    with pytest.raises(SourceFault, match="gone"):
        await inbox.take(5, 1)


def body(n: int) -> bytes:
    return json.dumps({"id": f"r{n}", "text": f"text {n}"}).encode()


def ids(found: list[Message]) -> list[str]:
    return sorted(json.loads(m.body)["id"] for m in found)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_only_what_is_not_acknowledged_comes_again(kind: type[Broker]) -> None:
    async with broker(kind) as there:
        source = there.source()
        async with line_to(source) as line:
            await there.publish([body(n) for n in range(6)])
            found = await drain(line, 6)
            assert ids(found) == [f"r{n}" for n in range(6)]
            await line.done(found[:4])
        async with line_to(source) as line:
            again = await drain(line, 2)
            assert ids(again) == ids(found[4:]) and {m.key for m in again} == {m.key for m in found[4:]}
            assert line.keeps
            await line.done(again)
            await asyncio.sleep(there.redelivers_after * 1.2)
            assert await line.take(10, 0.3) == []


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [Nats, RabbitMq], ids=lambda kind: kind.kind)
async def test_no_more_is_handed_out_than_two_batches(kind: type[Broker]) -> None:
    async with broker(kind) as there, line_to(there.source(batch=5, ack_wait=30.0)) as line:
        await there.publish([body(n) for n in range(30)])
        found = await drain(line, 30, most=5, within=0.8)
        assert 5 <= len(found) <= 10
        await line.done(found)
        assert await drain(line, 1, most=5)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_refused_does_not_come_again(kind: type[Broker]) -> None:
    async with broker(kind) as there:
        async with line_to(there.source()) as line:
            await there.publish([b"{", body(1)])
            bad, good = sorted(await drain(line, 2), key=lambda m: len(m.body))
            await line.refuse(bad)
            await line.done([good])
        async with line_to(there.source()) as line:
            await asyncio.sleep(there.redelivers_after * 1.2)
            assert await line.take(10, 0.3) == []
        if isinstance(there, RabbitMq):
            letter = await there.dead.get(timeout=5)
            assert letter.body == b"{", "not where the queue keeps its dead letters"
            await letter.ack()


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [k for k in BROKERS if k is not Kafka], ids=lambda kind: kind.kind)
async def test_a_broker_that_goes_away_is_a_fault_at_once(kind: type[Broker]) -> None:
    async with broker(kind) as there, Wire(there.port) as wire, line_to(there.source(wire.port)) as line:
        await line.take(5, 0.2)
        asyncio.get_running_loop().call_later(0.2, wire.cut)
        with pytest.raises(SourceFault):
            async with asyncio.timeout(5):
                while True:
                    await line.take(5, 20)
        with pytest.raises(SourceFault):
            await there.source(wire.port).open()


@pytest.mark.anyio
@pytest.mark.slow
async def test_a_cluster_of_kafka_that_goes_away_is_a_fault() -> None:
    async with broker(Kafka) as there, line_to(there.source()) as line:
        assert await line.take(5, 0.2) == []
        del there._producer  # type: ignore[attr-defined]
        with pytest.raises(SourceFault):
            await line.take(5, 0.2)
        there._producer = None  # type: ignore[attr-defined]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [Nats, RabbitMq], ids=lambda kind: kind.kind)
async def test_a_queue_that_is_not_there_is_named(kind: type[Broker]) -> None:
    async with broker(kind) as there:
        with pytest.raises(SourceFault, match="no-such-queue"):
            await there.source(queue="no-such-queue").open()


@pytest.mark.anyio
async def test_a_consumer_of_another_subject_is_not_taken_for_ours() -> None:
    async with broker(Nats) as there:
        async with line_to(there.source()):
            pass
        await there._context.update_stream(name=there.queue, subjects=[there.queue, there.queue + ".b"])  # type: ignore
        with pytest.raises(SourceFault, match="name another group"):
            await there.source(queue=f"{there.queue}.b").open()
        async with line_to(there.source(queue=f"{there.queue}.b", name="其他 来源")) as line:
            assert not line.keeps


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1"])
async def test_an_inner_address_is_refused_unless_it_is_meant(host: str) -> None:
    for url in (f"nats://{host}:4222", f"amqp://{host}", f"nats://1.1.1.1,nats://{host}"):
        with pytest.raises(SourceFault, match="allow_private"):
            await stream(url=url).open()


@pytest.mark.anyio
async def test_two_of_a_group_share_and_another_group_has_all() -> None:
    async with (
        broker(Nats) as there,
        line_to(there.source()) as one,
        line_to(there.source()) as two,
        line_to(there.source(group="others")) as others,
    ):
        await there.publish([body(n) for n in range(8)])
        first, second = await asyncio.gather(drain(one, 8, 2, 1.0), drain(two, 8, 2, 1.0))
        assert len({m.key for m in first} | {m.key for m in second}) == 8
        assert len(await drain(others, 8)) == 8


@pytest.mark.anyio
async def test_a_new_group_that_begins_with_the_new_does_not_vouch_for_before() -> None:
    async with broker(Redis) as there:
        await there.publish([body(1)])
        async with line_to(there.source(begin="new")) as line:
            await there.publish([body(2)])
            assert ids(await drain(line, 1)) == ["r2"] and not line.keeps
        async with line_to(there.source(begin="new")) as line:
            assert line.keeps


@pytest.mark.anyio
async def test_an_entry_of_several_fields_is_an_object_of_them() -> None:
    async with broker(Redis) as there, line_to(there.source()) as line:
        await there._client.xadd(there.queue, {"id": "1", "text": "坏了"})  # type: ignore[attr-defined]
        haul = there.source().read(await drain(line, 1), ZONE, NOW + 1e8)
        assert [(m.id, m.text) for m in haul.mentions] == [("1", "坏了")] and haul.mentions[0].published_at


POST = {
    "did": "did:plc:abc",
    "time_us": 1772334065000000,
    "kind": "commit",
    "commit": {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3l3qo2vuowo2b",
        "record": {"$type": "app.bsky.feed.post", "createdAt": "2026-03-03T03:59:00.000Z", "text": "it smoked"},
        "cid": "bafyrei1",
    },
}
BLUESKY = {
    "queue": "",
    "only": {"kind": "commit", "commit.operation": "create"},
    "fields": {
        "id": "commit.cid",
        "text": "commit.record.text",
        "published_at": "commit.record.createdAt",
        "url": "https://bsky.app/profile/{did}/post/{commit.rkey}",
    },
}


@pytest.mark.anyio
async def test_a_feed_over_a_websocket_is_read_and_keeps_nothing() -> None:
    leave = {"did": "did:plc:abc", "kind": "identity", "identity": {}}

    async def feed(connection: ServerConnection) -> None:
        for said in (POST, leave, POST | {"commit": {**POST["commit"], "operation": "delete"}}):  # type: ignore[dict-item]
            await connection.send(json.dumps(said))
        await asyncio.sleep(0.3)

    async with serve(feed, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        source = stream(url=f"ws://127.0.0.1:{port}/subscribe?a=b,c", allow_private=True, **BLUESKY)
        assert list(source.wrong()) == []
        async with line_to(source) as line:
            haul = source.read(await drain(line, 3), ZONE, NOW)
            assert [(m.id, m.text) for m in haul.mentions] == [("bafyrei1", "it smoked")]
            assert haul.mentions[0].url.endswith("/post/3l3qo2vuowo2b")
            assert haul.faults == () and haul.poison == () and not line.keeps
            with pytest.raises(SourceFault):
                await drain(line, 1)


@pytest.mark.anyio
async def test_a_feed_that_says_too_much_at_once_is_hung_up_on() -> None:
    async def feed(connection: ServerConnection) -> None:
        await connection.send("x" * 5000)
        await connection.wait_closed()

    async with serve(feed, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        source = stream(url=f"ws://127.0.0.1:{port}/", queue="", allow_private=True, max_message=1024)
        async with line_to(source) as line:
            with pytest.raises(SourceFault):
                await drain(line, 1)
