"""A real mail server (aiosmtpd) on a loopback port, with STARTTLS or TLS and a login, that can be told to say no."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class FakeMail:
    """`received`: mails taken. `refuse`: what to answer to the mail; `hang`: seconds before the answer to it."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.received: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refuse = self.refuse_recipient = ""
        self.hang = 0.0
        more: dict[str, Any] = {}
        if login is not None:
            more = {"authenticator": _check(login), "auth_required": True, "auth_require_tls": tls is not None}
        if tls is not None and not implicit:
            more |= {"tls_context": tls, "require_starttls": True}
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            ssl_context=tls if implicit else None,
            ready_timeout=10,
            **more,
        )

    @property
    def port(self) -> int:
        return int(self._controller.port)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang:
            await asyncio.sleep(self.hang)
        if self.refuse:
            return self.refuse
        self.envelopes.append(envelope)
        self.received.append(email.message_from_bytes(envelope.original_content or b"", policy=default))  # type: ignore[arg-type]
        return "250 2.0.0 Ok: queued as 4XKz1"

    def __enter__(self) -> FakeMail:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop(no_assert=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check(login: tuple[str, str]) -> Any:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=good, handled=False)

    return check
