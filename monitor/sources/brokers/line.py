"""What a broker's client is to a `stream` source: an open line that hands out messages and takes acknowledgements."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short

T = TypeVar("T")
PATIENCE = 15.0
"""Seconds that a broker may take to answer."""


class Address(Struct, frozen=True, kw_only=True):
    """Where to listen, and how. `queue` is what the broker calls a queue, subject, stream or topic.

    `group`: who shares the messages, and whose place in them the broker remembers. `from_start`: a group that is new
    begins with the oldest message. `most`: messages handed out and not acknowledged. `ack_wait`: seconds after which
    they go to somebody else.
    """

    url: str
    queue: str
    group: str
    member: str
    user: str = ""
    password: str = ""
    ca: str = ""
    from_start: bool = False
    most: int = 500
    largest: int = 1 << 20
    ack_wait: float = 30.0

    def tls(self) -> ssl.SSLContext:
        """The system's authorities, or those of `ca`. SourceFault when that file is none."""
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            raise SourceFault(Told("bad_ca", path=self.ca, text=str(error))) from None


class Message(Struct, frozen=True):
    """One message. `key` names it for good, "" where the broker has no name for it; `at`: when the broker got it."""

    body: bytes
    key: str = ""
    at: float | None = None
    mark: Any = None
    """What the line acknowledges it by."""


class Line(Protocol):
    """An open connection. Every call ends within PATIENCE (`take`: after `wait` besides) or raises SourceFault."""

    @property
    def keeps(self) -> bool:
        """The broker kept for us what came while we were away."""

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        """Up to `most` messages, as soon as there is one; none after `wait` seconds in which the broker was there."""

    async def done(self, messages: Sequence[Message]) -> None:
        """Acknowledges: all that was taken before counts as done too."""

    async def refuse(self, message: Message) -> None:
        """Takes one out that nobody can read: to where the broker keeps dead letters, if it has such a place."""

    async def close(self) -> None:
        """Hangs up; what is not acknowledged comes again."""


class Inbox:
    """Where a client that is called back puts its messages, and from where a line takes them."""

    def __init__(self, room: int = 0) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(room)
        self._over = ""

    async def put(self, message: Message) -> None:
        """Puts a message; waits while there is no room."""
        await self._queue.put(message)

    def end(self, why: object) -> None:
        """Nothing more will come."""
        if not self._over:
            self._over = str(why) or type(why).__name__
            if not self._queue.full():
                self._queue.put_nowait(None)

    async def take(self, most: int, wait: float) -> list[Message]:
        """As `Line.take`. SourceFault once nothing more comes."""
        out: list[Message] = []
        try:
            async with asyncio.timeout(0 if self._over else wait):
                out = self._kept(await self._queue.get())
        except TimeoutError:
            pass
        while len(out) < most and not self._queue.empty():
            out += self._kept(self._queue.get_nowait())
        if not out and self._over:
            raise hung_up(self._over)
        return out

    def _kept(self, message: Message | None) -> list[Message]:
        return [] if message is None else [message]


async def answered(doing: Awaitable[T], faults: tuple[type[Exception], ...] = (), wait: float = 0.0) -> T:
    """What one call of a client comes to, PATIENCE and `wait` seconds long at most; its `faults` are SourceFaults.

    A client may give up a task of its own that we wait for: that cancels the call, not us.
    """
    known: tuple[type[Exception], ...] = (*faults, OSError, TimeoutError)
    try:
        async with asyncio.timeout(wait + PATIENCE):
            return await doing
    except known as error:
        raise hung_up(error) from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise hung_up("the client gave up") from None


def hung_up(why: object) -> SourceFault:
    """The broker is not there, or no longer."""
    return SourceFault(Told("broker", text=short(str(why) or type(why).__name__, 200)))
