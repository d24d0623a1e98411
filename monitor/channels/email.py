"""Kind `email`: a mail by SMTP, text and HTML, threaded by incident. Slow by nature: never alone for red."""

from __future__ import annotations

from typing import ClassVar

from msgspec import field

from monitor.channels.channel import Channel, Refused
from monitor.channels.exchange import Exchange
from monitor.channels.letter import letter, person, valid
from monitor.channels.smtp import Security, Server, hand_in
from monitor.http import Http
from monitor.messages import say
from monitor.model import Notice, Receipt, Target
from monitor.secret import KINDS, Secret
from monitor.times import Duration

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Email(Channel, frozen=True, kw_only=True, tag="email", tag_field="kind"):
    """`host` and `security` (starttls, tls or none) of the mail server; `port` follows from `security`.

    `from`: our own address. `to`: whom the channel itself goes to; people are written to at their own address.
    """

    address_of: ClassVar[str] = "email"
    group: ClassVar[bool] = False

    host: str
    security: Security = "starttls"
    port: int = 0
    user: str = ""
    password: Secret | None = None
    from_: str = field(name="from")
    to: tuple[str, ...] = ()
    ca: str = ""
    timeout: Duration = Duration(30)

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Hands the mail to the server; its 250 is the yes."""
        way = Exchange(http, self.timeout, now)
        to = self._recipients(way, target)
        server = Server(
            host=self.host,
            port=self.port or _PORTS[self.security],
            security=self.security,
            user=way.reveal(self.user),
            password=way.reveal(self.password) if self.password is not None else "",
            ca=self.ca,
            timeout=self.timeout,
        )
        try:
            mail = letter(notice, self.from_, to, now)
        except ValueError as error:
            raise Refused(way.show(str(error))) from None
        answer = await hand_in(server, mail, way.show)
        return Receipt(provider_id=mail["Message-ID"], answer=answer)

    def _recipients(self, way: Exchange, target: Target) -> tuple[tuple[str, str], ...]:
        if target.address:
            return (person(target, way.reveal(target.address)),)
        if not self.to:
            raise Refused("nobody to write to: the person has no email, the channel has no `to`")
        return tuple(("", way.reveal(address)) for address in self.to)

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """Addresses must be some, and a password goes out only encrypted."""
        addresses = [("from", self.from_), *(("to", a) for a in self.to)]
        wrong = [(o, a) for o, a in addresses if not valid(a) and a.partition(":")[0] not in KINDS]
        out = [(option, say(language, "channels.fault.mail", address=a)) for option, a in wrong]
        if self.user and self.security == "none" and self.host not in _LOOPBACK:
            out.append(("security", say(language, "channels.fault.plain_login")))
        return tuple(out)
