"""What every channel has, and how the other side's no is told apart.

ChannelFault
  Refused            never try this again as it is (bad key, sign, keyword, too long)
  Retry              later: 5xx, time-out, 429; `after` seconds where the other side said so
    Throttled        the other side counts our messages and has had enough
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from monitor.http import Http
from monitor.model import Notice, Receipt, Target
from monitor.times import Duration


class ChannelFault(Exception):
    """The notice was not accepted. The text says what the other side answered, without secrets."""


class Refused(ChannelFault):
    """Permanent: the same message will be refused again."""


class Retry(ChannelFault):
    """Try again, after `after` seconds if given. `sent` = the other side may have taken it."""

    def __init__(self, text: str, *, after: float | None = None, sent: bool = False) -> None:
        super().__init__(text)
        self.after = after
        self.sent = sent


class Throttled(Retry):
    """The other side limits the rate."""


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `send`.

    `address_of`: which field of a person is the address on this kind ("" = it has none: a group or an endpoint).
    `rate`: (messages, seconds) the other side takes; `reserve` of them are kept for red.
    """

    address_of: ClassVar[str] = ""
    group: ClassVar[bool] = True
    rate: ClassVar[tuple[int, float] | None] = None
    reserve: ClassVar[int] = 0

    name: str
    fallback: str = ""
    timeout: Duration = Duration(10)
    language: str = ""

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers or raises Refused or Retry. A 200 whose body says no is a no."""
        raise NotImplementedError
