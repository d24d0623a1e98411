"""What systemd is told, a datagram each: that we are ready, reload, stop, and live. Nothing where nobody asked for it.

The protocol is sd_notify(3): lines of NAME=value to the socket that $NOTIFY_SOCKET names.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

import structlog

log = structlog.get_logger("systemd")

USEC = 1_000_000


class Systemd:
    """The service manager at the other end of the notify socket, as the environment says."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog = _watchdog(environ) if self._address else None
        """Seconds within which a sign of life is wanted; None = none is."""

    def ready(self, status: str) -> None:
        """The config is loaded, the store open, and we listen; also after a reload."""
        self._tell(READY="1", STATUS=status)

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._tell(RELOADING="1", MONOTONIC_USEC=str(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000))

    def stopping(self) -> None:
        """We take no more."""
        self._tell(STOPPING="1", STATUS="stopping")

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        self._tell(STATUS=text)

    def alive(self) -> None:
        """Every loop has advanced: only then."""
        if self.watchdog is not None:
            self._tell(WATCHDOG="1")

    def more_time(self, seconds: float, status: str) -> None:
        """Starting takes longer than the unit allows, and it is getting on."""
        self._tell(EXTEND_TIMEOUT_USEC=str(int(seconds * USEC)), STATUS=status)

    def _tell(self, **lines: str) -> None:
        if not self._address:
            return
        said = "\n".join([f"{name}={' '.join(value.split())}" for name, value in lines.items()])
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(1)
                out.sendto(said.encode(), address)
        except OSError as error:
            log.warning("notify_failed", fault=str(error))


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """Of a number that is meant for another process nothing is taken."""
    wanted, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not wanted.isdigit() or int(wanted) <= 0 or (pid and pid != str(os.getpid())):
        return None
    return int(wanted) / USEC
