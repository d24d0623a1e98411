"""One mail to one mail server, by smtplib in a thread that a deadline can break off."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage
from typing import Literal

from msgspec import Struct

from monitor.channels.channel import Refused, Retry

Security = Literal["starttls", "tls", "none"]
_threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="smtp")
"""Its own threads: a mail server that hangs must not keep the event loop's common ones from others."""


class Server(Struct, frozen=True, kw_only=True):
    """Where and how to hand mail in. `ca`: a file of certificates to trust in place of the system's."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    ca: str = ""
    timeout: float = 30.0


class Handing:
    """A mail being handed in: the thread's work, its socket to be broken off, and how far it came."""

    def __init__(self, server: Server, mail: EmailMessage) -> None:
        self._server, self._mail = server, mail
        self._smtp: smtplib.SMTP | None = None
        self.sent = False
        """True once the text went out: from here on the server may have taken it."""

    def run(self) -> str:
        """Hands the mail in; the server's answer to it. Raises smtplib's errors."""
        smtp = self._smtp = self._connect()
        try:
            if self._server.security == "starttls":
                smtp.starttls(context=self._context())
            if self._server.user:
                smtp.login(self._server.user, self._server.password)
            return self._hand(smtp)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def _connect(self) -> smtplib.SMTP:
        server, helo = self._server, _own_name()
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, helo, timeout=server.timeout, context=self._context())
        return smtplib.SMTP(server.host, server.port, helo, timeout=server.timeout)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca or None)

    def _hand(self, smtp: smtplib.SMTP) -> str:
        smtp.ehlo_or_helo_if_needed()
        sender, recipients = _envelope(self._mail)
        _yes(smtp.mail(sender))
        for recipient in recipients:
            _yes(smtp.rcpt(recipient))
        self.sent = True
        code, words = smtp.data(self._mail.as_bytes())
        if code != 250:
            raise smtplib.SMTPDataError(code, words)
        return f"{code} {words.decode('utf-8', 'replace')}"

    def break_off(self) -> None:
        """Closes the socket under the thread, which then ends."""
        if self._smtp is not None and self._smtp.sock is not None:
            with suppress(OSError):
                self._smtp.sock.shutdown(2)


def _own_name() -> str:
    """What we greet with: the machine's full name, or an address literal as smtplib writes it; no DNS is asked."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _envelope(mail: EmailMessage) -> tuple[str, list[str]]:
    sender = mail["From"].addresses[0].addr_spec
    return sender, [a.addr_spec for a in mail["To"].addresses]


def _yes(answer: tuple[int, bytes]) -> None:
    if answer[0] not in (250, 251):
        raise smtplib.SMTPResponseException(*answer)


async def hand_in(server: Server, mail: EmailMessage, show: Callable[[str], str]) -> str:
    """The mail server's yes, in its words. Raises Refused (5xx) or Retry (4xx, no connection, out of time).

    `show` hides what must not be seen in those words.
    """
    handing = Handing(server, mail)
    work = asyncio.get_running_loop().run_in_executor(_threads, handing.run)
    try:
        async with asyncio.timeout(server.timeout):
            return show(await asyncio.shield(work))
    except TimeoutError:
        handing.break_off()
        work.add_done_callback(lambda done: done.exception())
        raise Retry(f"no full answer within {server.timeout:g} s", code="timeout", sent=handing.sent) from None
    except asyncio.CancelledError:
        handing.break_off()
        work.add_done_callback(lambda done: done.exception())
        raise
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise _fault(error, handing.sent, show) from None


def _fault(error: Exception, sent: bool, show: Callable[[str], str]) -> Refused | Retry:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        text, code = show(f"{error.smtp_code} {words}"), str(error.smtp_code)
        return Refused(text, code=code) if error.smtp_code >= 500 else Retry(text, code=code)
    if isinstance(error, smtplib.SMTPNotSupportedError | UnicodeError):
        return Refused(show(f"the mail server cannot do this: {error}"))
    if isinstance(error, ssl.SSLCertVerificationError):
        return Retry(f"tls: {error.verify_message}", code="tls")
    if isinstance(error, ssl.SSLError):
        return Retry(f"tls: {error.reason or error}", code="tls")
    return Retry(show(f"{type(error).__name__}: {error}"), code="connect", sent=sent)
