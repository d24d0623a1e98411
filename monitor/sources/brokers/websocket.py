"""A feed over a WebSocket that sends JSON and keeps nothing for us. `wss://`, `ws://`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from monitor.sources.brokers.line import PATIENCE, Address, Inbox, Line, Message, answered


async def open_line(to: Address) -> Line:
    """Connects. Raises SourceFault."""
    calling = connect(
        to.url,
        max_size=to.largest,
        open_timeout=PATIENCE,
        user_agent_header="crisis-monitor",
        additional_headers={"Authorization": f"Bearer {to.password}"} if to.password else None,
        ssl=to.tls() if to.url.startswith("wss:") else None,
    )
    return _WebSocket(await answered(_opened(calling), (WebSocketException,)), to.most)


async def _opened(calling: connect) -> ClientConnection:
    return await calling


class _WebSocket:
    """There is nothing to acknowledge; what comes while nobody listens is gone, and that time is no data.

    The client itself asks each 20 seconds whether the other side is still there.
    """

    keeps = False

    def __init__(self, connection: ClientConnection, most: int) -> None:
        self._connection, self._inbox = connection, Inbox(2 * most)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Reads no more than there is room for: then the other side has to wait."""
        try:
            async for said in self._connection:
                await self._inbox.put(Message(said.encode() if isinstance(said, str) else said))
            self._inbox.end("closed")
        except (ConnectionClosed, OSError) as error:
            self._inbox.end(error)

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        return await self._inbox.take(most, wait)

    async def done(self, messages: Sequence[Message]) -> None:
        pass

    async def refuse(self, message: Message) -> None:
        pass

    async def close(self) -> None:
        self._reading.cancel()
        await answered(self._connection.close(), (WebSocketException,))
