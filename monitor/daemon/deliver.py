"""The deliver loop: claims what is due, renders it, hands it to a channel, and notes what came of it.

At least once: a delivery is claimed in a commit before it is sent and settled in a commit after it. Killed between the
other side's yes and our commit it goes out again, with the same key and number.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.channels import Channel, ChannelFault, Refused, Retry, Throttled
from monitor.channels.limits import Bucket, hold, take
from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.failpoints import reach
from monitor.http import Http
from monitor.metrics import DeliveryResult, Metrics
from monitor.model import Delivery, Entry, Facts, Incident, Receipt, Tier
from monitor.store import findings, incidents, outbox
from monitor.store.database import Conflict, Database, Priority, StoreBusy, StoreFault

log = structlog.get_logger("deliver")

PER_CHANNEL = 16
"""Sends in flight to one channel."""
TRIES_BEFORE_NEXT = 4
"""Blue and yellow stay with a channel that asks for patience so many times; orange and red go on at once."""
GIVE_UP = 86400.0
LONGEST_WAIT = 300.0
LONGEST_HOLD = 900.0
"""A longer pause than this nobody gets who asks for one: people wait for the notice."""

Parcel = tuple[Delivery, Facts, Incident | None]


class Deliver:
    """Sends what the outbox holds. `handed` takes deliveries that a commit has just claimed."""

    def __init__(self, db: Database, desk: Callable[[], Desk], http: Http, clock: Clock, metrics: Metrics) -> None:
        self._db, self._desk, self._http, self._clock, self._metrics = db, desk, http, clock, metrics
        self.wake = asyncio.Event()
        self._handed: list[int] = []
        self._running: set[asyncio.Task[None]] = set()
        self._places: dict[str, asyncio.Semaphore] = {}
        self._buckets: dict[str, Bucket] = {}
        self._last_resort: Callable[[Parcel], Awaitable[None]] | None = None

    def on_dead(self, tell: Callable[[Parcel], Awaitable[None]]) -> None:
        """Who is to be called when a delivery ran out of ways."""
        self._last_resort = tell

    def handed(self, ids: Sequence[int]) -> None:
        """Takes deliveries claimed in a commit that stands, and looks into the outbox for those due later."""
        self._handed += ids
        self.wake.set()

    async def run(self) -> None:
        """Claim, send, note; for ever."""
        now = self._clock.now()
        self.handed(await self._db.write(lambda c: outbox.reclaim(c, now), Priority.DELIVER))
        while True:
            self.wake.clear()
            upcoming = await self._round()
            await self._clock.wait(self.wake, upcoming)

    async def finish(self, seconds: float) -> None:
        """Lets what is being sent end, for so long at most; what does not is sent again after the next start."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _round(self) -> float | None:
        now = self._clock.now()
        ids, self._handed = self._handed, []
        try:
            upcoming = await self._take(ids)
            ids = []
            if upcoming is not None and upcoming <= now:
                ids = await self._db.write(lambda c: outbox.claim(c, now), Priority.DELIVER)
                upcoming = await self._take(ids)
                ids = []
            waiting = await self._db.read(lambda c: (outbox.pending(c)[0], outbox.waits_since(c, now)))
            self._metrics.outbox(*waiting)
            self._metrics.advanced("deliver", now)
        except StoreFault as fault:
            self._handed += ids
            log.warning("store", fault=str(fault))
            return self._clock.now() + 1
        return upcoming

    async def _take(self, ids: Sequence[int]) -> float | None:
        """Starts what was claimed; says when the next waiting delivery is due. One read, for a notice waits for it."""
        parcels, upcoming = await self._db.read(lambda c: (_parcels(c, ids), outbox.next_due(c)))
        for parcel in parcels:
            self._start(parcel)
        return upcoming

    def _start(self, parcel: Parcel) -> None:
        task = asyncio.create_task(self._one(parcel))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Once the last one under way has ended the outbox is counted again: what was sent does not wait."""
        self._running.discard(task)
        if not self._running:
            self.wake.set()

    async def _one(self, parcel: Parcel) -> None:
        """One delivery, over one channel after the other until one says yes or all have said no."""
        with self._clock.busy():
            try:
                following: Parcel | None = parcel
                while following is not None:
                    following = await self._attempt(following)
            except Conflict:
                log.info("delivery_settled_elsewhere", key=parcel[0].key)
            except StoreFault as fault:
                log.warning("store", fault=str(fault), key=parcel[0].key)
                self._handed.append(parcel[0].id)
                asyncio.get_running_loop().call_later(1.0, self.wake.set)

    async def _attempt(self, parcel: Parcel) -> Parcel | None:
        delivery, note, incident = parcel
        channel = self._desk().channels.get(delivery.channel)
        if channel is None:
            return await self._refused(parcel, Refused("this channel is no longer configured"))
        try:
            async with self._place(channel):
                await self._patience(channel, delivery)
                receipt = await self._send(channel, delivery, note, incident)
        except Refused as fault:
            return await self._refused(parcel, fault)
        except Retry as fault:
            self._hold(channel, fault)
            return await self._retry(parcel, fault)
        except Exception as error:
            log.exception("channel_broke", channel=delivery.channel, key=delivery.key)
            return await self._refused(parcel, Refused(f"{type(error).__name__}: {error}"))
        await self._sent(parcel, receipt)
        return None

    async def _send(self, channel: Channel, delivery: Delivery, note: Facts, incident: Incident | None) -> Receipt:
        desk = self._desk()
        target = desk.target(channel, delivery, incident)
        notice, failed = desk.render(delivery, note, incident, target)
        if failed is not None:
            self._metrics.render_failed()
            log.error("template_failed", playbook=note.playbook, fault=failed, key=delivery.key)
        reach("claimed")
        receipt = await channel.send(notice, target, self._http, self._clock.now())
        reach("answered")
        return receipt

    def _place(self, channel: Channel) -> asyncio.Semaphore:
        return self._places.setdefault(channel.name, asyncio.Semaphore(PER_CHANNEL))

    async def _patience(self, channel: Channel, delivery: Delivery) -> None:
        """Keeps the other side's rate, some of it in reserve for red, and the pause it asked for; a wait is a Retry."""
        now, red = self._clock.steady(), delivery.tier == Tier.RED
        state = self._buckets.get(channel.name, Bucket())
        self._buckets[channel.name], wait = take(state, channel.rate, channel.reserve, red=red, now=now)
        if wait > 0:
            if channel.rate is None or state.not_before > now:
                raise Retry("it asked for a pause", after=wait)
            raise Retry(f"our own limit of {channel.rate[0]} in {channel.rate[1]:g} s", after=wait)

    def _hold(self, channel: Channel, fault: Retry) -> None:
        """A pause the other side asks for holds for every delivery over the channel: more would only lengthen it."""
        if isinstance(fault, Throttled) and fault.after is not None:
            state = self._buckets.get(channel.name, Bucket())
            self._buckets[channel.name] = hold(state, self._clock.steady() + min(fault.after, LONGEST_HOLD))

    async def _sent(self, parcel: Parcel, receipt: Receipt) -> None:
        delivery, note, _ = parcel
        now = self._clock.now()
        answer = receipt.provider_id or receipt.answer
        entry = _entry(delivery, now, "sent", answer=receipt.answer[:200])

        def job(connection: Connection) -> None:
            outbox.settle(connection, delivery.id, "sent", now, channel=delivery.channel, answer=answer[:500])
            incidents.add_entries(connection, [entry])
            findings.end(connection, "channel-failing", delivery.channel, now)

        await self._settled(job)
        reach("sent")
        self._count(delivery.channel, "sent")
        self._metrics.event_to_notice(now - (note.data_at or note.at))
        log.info(
            "sent", key=delivery.key, channel=delivery.channel, incident=delivery.incident, tier=delivery.tier.word
        )

    async def _settled(self, job: Callable[[Connection], None]) -> None:
        """Notes a yes however long the store takes: it must not be sent again because a disk was full."""
        while True:
            try:
                return await self._db.write(job, Priority.DELIVER)
            except StoreBusy as fault:
                log.warning("store", fault=str(fault))
                await asyncio.sleep(1.0)

    async def _refused(self, parcel: Parcel, fault: ChannelFault) -> Parcel | None:
        """The next channel at once; when there is none left the delivery is dead, and that reaches somebody else."""
        delivery, _, _ = parcel
        self._count(delivery.channel, "refused")
        onward = await self._go_on(parcel, fault, dead=True)
        if onward is None:
            await self._dead(parcel, fault)
        return onward

    async def _retry(self, parcel: Parcel, fault: Retry) -> Parcel | None:
        """Orange and red take the next channel at once, the others wait; all tried: back off and begin anew."""
        delivery, _, _ = parcel
        self._count(delivery.channel, "retried")
        urgent = delivery.tier >= Tier.ORANGE or delivery.attempts % TRIES_BEFORE_NEXT == 0
        if urgent and (onward := await self._go_on(parcel, fault, dead=False)):
            return onward
        now = self._clock.now()
        if now - delivery.created_at > GIVE_UP:
            await self._dead(parcel, fault)
            return None
        due = now + (fault.after if fault.after is not None else backoff(delivery))
        entry = _entry(delivery, now, "retry", answer=str(fault)[:200])

        def job(connection: Connection) -> None:
            fresh = {"channel": delivery.route[0], "tried": ()} if urgent else {}
            outbox.settle(connection, delivery.id, "retrying", now, next_at=due, answer=str(fault)[:500], **fresh)
            if delivery.attempts <= 2:
                incidents.add_entries(connection, [entry])
            findings.begin(connection, "channel-failing", delivery.channel, now, {"answer": str(fault)[:200]})

        await self._db.write(job, Priority.DELIVER)
        self.wake.set()
        log.warning("retry", key=delivery.key, channel=delivery.channel, fault=str(fault), due=due)
        return None

    async def _go_on(self, parcel: Parcel, fault: ChannelFault, *, dead: bool) -> Parcel | None:
        delivery, note, incident = parcel
        tried = (*delivery.tried, delivery.channel)
        onward = next((name for name in delivery.route if name not in tried), None)
        if onward is None:
            return None
        now = self._clock.now()
        kind = "refused" if dead else "retry"
        entry = _entry(delivery, now, kind, answer=str(fault)[:200], onward=onward)
        attempts = delivery.attempts + 1

        def job(connection: Connection) -> None:
            changes = {"channel": onward, "tried": tried, "attempts": attempts, "answer": str(fault)[:500]}
            outbox.settle(connection, delivery.id, "sending", now, **changes)
            incidents.add_entries(connection, [entry])
            findings.begin(connection, "channel-failing", delivery.channel, now, {"answer": str(fault)[:200]})

        await self._db.write(job, Priority.DELIVER)
        log.warning("next_channel", key=delivery.key, refused_by=delivery.channel, onward=onward, fault=str(fault))
        return replace(delivery, channel=onward, tried=tried, attempts=attempts), note, incident

    async def _dead(self, parcel: Parcel, fault: ChannelFault) -> None:
        delivery, _, _ = parcel
        now = self._clock.now()
        entry = _entry(delivery, now, "dead", answer=str(fault)[:200])

        def job(connection: Connection) -> None:
            tried = (*delivery.tried, delivery.channel)
            outbox.settle(connection, delivery.id, "dead", now, tried=tried, answer=str(fault)[:500])
            incidents.add_entries(connection, [entry])
            told = {"key": delivery.key, "answer": str(fault)[:200]}
            findings.begin(connection, "undeliverable", delivery.person or delivery.channel, now, told)

        await self._db.write(job, Priority.DELIVER)
        self._count(delivery.channel, "dead")
        log.error("dead", key=delivery.key, channel=delivery.channel, fault=str(fault))
        if self._last_resort is not None:
            await self._last_resort(parcel)

    def _count(self, channel: str, result: DeliveryResult) -> None:
        self._metrics.delivered(channel, result)


def _parcels(connection: Connection, ids: Sequence[int]) -> list[Parcel]:
    known: dict[str, Incident | None] = {}
    out: list[Parcel] = []
    for delivery, note in outbox.get(connection, ids):
        if delivery.incident not in known:
            known[delivery.incident] = incidents.get(connection, delivery.incident)
        out.append((delivery, note, known[delivery.incident]))
    return out


def _entry(delivery: Delivery, at: float, kind: str, **args: object) -> Entry:
    told = {"notice": delivery.notice, "channel": delivery.channel, "person": delivery.person} | args
    return Entry(incident=delivery.incident, at=at, actor="monitor", kind=f"delivery.entry.{kind}", args=told)


def backoff(delivery: Delivery) -> float:
    """Seconds until the next try: 1, 2, 4 … 300, ± 20 % by the key, so that many do not come at once."""
    spread = int.from_bytes(hashlib.blake2b(f"{delivery.key}{delivery.attempts}".encode(), digest_size=2).digest())
    return min(LONGEST_WAIT, 2.0 ** max(0, delivery.attempts - 1)) * (0.8 + 0.4 * spread / 65535)


__all__ = ["Deliver", "backoff"]
