"""What the chat robots share: they answer 200 and say in a code of their own whether they took the message."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from monitor.channels.channel import Refused, Retry, Throttled
from monitor.channels.exchange import Exchange, reading
from monitor.http import Answer
from monitor.model import Receipt


def read(
    way: Exchange,
    answer: Answer,
    *,
    code: str,
    message: str,
    throttled: Mapping[int, float],
    busy: AbstractSet[int] = frozenset(),
) -> Receipt:
    """The receipt for code 0; every other code is a no, and an answer without one is no yes.

    `throttled`: code -> seconds to wait. `busy`: codes that pass with time. All others will stay.
    """
    found = reading(answer)
    number = found.get(code)
    if not isinstance(number, int) or isinstance(number, bool):
        way.accept(answer)
        raise Retry(f"no {code} in the answer: {way.said(answer)}", sent=True)
    if number == 0:
        way.accept(answer)
        return Receipt(answer=way.said(answer))
    text, name = f"{code} {number}: {way.show(str(found.get(message, '')))}", str(number)
    if number in throttled:
        raise Throttled(text, code=name, after=throttled[number])
    if number in busy:
        raise Retry(text, code=name)
    if answer.status == 429 or answer.status >= 500:
        way.accept(answer)
    raise Refused(text, code=name)
