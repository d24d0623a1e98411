"""A mailbox, opened: dialled at judged addresses, over TLS, logged in. What goes wrong is a SourceFault."""

from __future__ import annotations

import imaplib
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from monitor import __version__
from monitor.sources.imap_door import Door
from monitor.sources.source import SourceFault
from monitor.sources.told import Told, short


class _Dialled(imaplib.IMAP4):
    """imaplib's client on a socket that is dialled at given addresses; the certificate is asked for the host's name."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], tls: ssl.SSLContext | None, timeout: float):
        self._addresses, self._tls = addresses, tls
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = _connected(self._addresses, self.port, timeout)
        return made if self._tls is None else self._tls.wrap_socket(made, server_hostname=self.host)


def _connected(addresses: Sequence[str], port: int, timeout: float | None) -> socket.socket:
    fault: OSError = OSError("no address")
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            fault = error
    raise fault


class _Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient whose connection is made by `_Dialled`."""

    def __init__(self, door: Door, context: ssl.SSLContext) -> None:
        self._door = door
        tls = context if door.security == "tls" else None
        super().__init__(door.host, door.port, ssl=tls is not None, ssl_context=tls, timeout=door.timeout)

    def _create_IMAP4(self) -> imaplib.IMAP4:
        door = self._door
        return _Dialled(door.host, door.port, door.addresses or (door.host,), self.ssl_context, door.timeout)


class Mailbox:
    """One session. `end` may be called from another thread: what waits for the server then fails."""

    def __init__(self) -> None:
        self._client: IMAPClient | None = None

    @contextmanager
    def opened(self, door: Door) -> Iterator[IMAPClient]:
        """A client that is logged in. Raises SourceFault."""
        logging.getLogger("imapclient").setLevel(logging.WARNING)  # it logs what is sent
        try:
            self._client = client = _Client(door, ssl.create_default_context(cafile=door.ca or None))
            client.normalise_times = False
            _log_in(client, door)
            yield client
            with suppress(IMAPClientError, OSError):
                client.logout()
        except LoginError as error:
            raise SourceFault(Told("login_refused", text=_bare(error, door))) from None
        except TimeoutError:
            raise SourceFault(Told("http.timeout", text=Told("no_answer", seconds=f"{door.timeout:g}"))) from None
        except ssl.SSLError as error:
            raise SourceFault(Told("http.tls", text=_bare(error, door))) from None
        except OSError as error:
            raise SourceFault(Told("http.connect", text=_bare(error, door))) from None
        except (IMAPClientError, UnicodeError, ValueError) as error:
            raise SourceFault(Told("imap", text=_bare(error, door))) from None
        finally:
            self.end()

    def end(self) -> None:
        """Ends the connection, whatever it is doing."""
        if self._client is not None:
            with suppress(OSError, AttributeError):
                self._client.socket().shutdown(socket.SHUT_RDWR)
            with suppress(OSError, AttributeError):
                self._client.shutdown()


def _log_in(client: IMAPClient, door: Door) -> None:
    if door.security == "starttls":
        client.starttls(ssl.create_default_context(cafile=door.ca or None))
    client.login(door.user, door.password)
    if client.has_capability("ID"):  # 163.com and its like let nobody in who does not say who they are
        client.id_({"name": "crisis-monitor", "version": __version__})


def _bare(error: Exception, door: Door) -> str:
    text = str(error)
    return short(text.replace(door.password, "***") if door.password else text, 200)
