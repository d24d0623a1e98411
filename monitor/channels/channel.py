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
    """The notice was not accepted. The text says what the other side answered, without secrets.

    `code` is the other side's own code where it gave one; `channels.hint.<kind>.<code>` may explain it.
    """

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Refused(ChannelFault):
    """Permanent: the same message will be refused again."""


class Retry(ChannelFault):
    """Try again, after `after` seconds if given. `sent` = the other side may have taken it."""

    def __init__(self, text: str, *, code: str = "", after: float | None = None, sent: bool = False) -> None:
        super().__init__(text, code=code)
        self.after = after
        self.sent = sent


class Throttled(Retry):
    """The other side limits the rate."""


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `send`.

    `address_of`: which field of a person is the address on this kind ("" = it has none: a group or an endpoint).
    `rate`: (messages, seconds) the other side takes; `reserve` of them are kept for red.
    `rings`: it wakes a sleeper; group chats and mail do not. `verified`: a yes is the other side's own.
    """

    address_of: ClassVar[str] = ""
    group: ClassVar[bool] = True
    rate: ClassVar[tuple[int, float] | None] = None
    reserve: ClassVar[int] = 0
    rings: ClassVar[bool] = False
    verified: ClassVar[bool] = True

    name: str
    fallback: str = ""
    timeout: Duration = Duration(10)
    language: str = ""

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Delivers or raises Refused or Retry. A 200 whose body says no is a no."""
        raise NotImplementedError

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """What is wrong with the options beyond their types: (option, what is wrong and what would be right)."""
        return ()
