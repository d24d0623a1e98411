"""Where the service listens: uvicorn on a TCP address or a Unix socket, without its own signals and logs."""

from __future__ import annotations

import asyncio
import contextlib
import pwd
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.config.check_places import split_listen

HEAD = 15.0
"""Seconds within which the head of a request must have come."""


class ListenFault(Exception):
    """The address can't be listened on; the text says what would be right."""


class _Quiet(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the service's."""
        yield

    async def main_loop(self) -> None:
        """Looks once a second and when it is told to end, not ten times a second: half of what an idle service cost."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.ending.wait()


class _Patient(H11Protocol):
    """Closes a connection on which a request's head has not come whole within `HEAD` seconds: nobody may hold a place
    by sending nothing, or a letter at a time. A body has its own limit where it is read."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look(began=True)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _look(self, *, began: bool = False) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._waiting is None and (not began or self.conn.trailing_data[0]):
            self._waiting = self.loop.call_later(HEAD, self.transport.close)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Peer(_Patient):
    """On a Unix socket: who is at the other end, as the kernel says, goes into the request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        raw = transport.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
        user = struct.unpack("3i", raw)[1]
        try:
            name = pwd.getpwuid(user).pw_name
        except KeyError:
            name = str(user)
        self.app_state = {**self.app_state, "peer": name}
        super().connection_made(transport)


class Listener:
    """One address: `host:port`, or the path of a Unix socket. `start` returns once it accepts."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._address = address
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False,
            loop="asyncio",
            http=_Peer if address.startswith("/") else _Patient,
            timeout_keep_alive=30, timeout_graceful_shutdown=5, limit_concurrency=1000, ws="none",
        )  # fmt: skip
        self._server = _Quiet(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Binds first, so that a taken port is an error of the start and not of a task."""
        bound = self._bind()
        self._task = asyncio.create_task(self._server.serve([bound]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise ListenFault(f"{self._address}: the server ended at its start")
            await asyncio.sleep(0.005)

    def _bind(self) -> socket.socket:
        try:
            return self._unix() if self._address.startswith("/") else self._tcp()
        except OSError as error:
            said = f"{self._address}: {error.strerror or error}"
            raise ListenFault(f"{said}; choose another [server] listen, or stop what listens there") from None

    def _tcp(self) -> socket.socket:
        host, port = split_listen(self._address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # without it asyncio sets no TCP_NODELAY
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, int(port)))
        bound.set_inheritable(False)
        return bound

    def _unix(self) -> socket.socket:
        path = Path(self._address)
        path.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        bound.bind(str(path))
        path.chmod(0o660)
        return bound

    async def stop(self) -> None:
        """Takes no more, answers what is open."""
        self._server.should_exit = True
        self._server.ending.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
