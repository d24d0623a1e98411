"""How many messages may go out: one token for each, back after the other side's period. Pure.

A bucket that refills evenly would let twice the number through in one period (all at once, then the refill), and
DingTalk blocks a robot for ten minutes on the first message too many. So each token comes back on its own.
"""

from __future__ import annotations

from msgspec import Struct, structs

Rate = tuple[int, float]
"""(messages, seconds) the other side takes."""


class Bucket(Struct, frozen=True):
    """The state of a limit: when the tokens now out were taken, oldest first, and until when nothing may go at all.

    Instants are of any clock that only goes forward; the caller keeps to one.
    """

    taken: tuple[float, ...] = ()
    not_before: float = 0.0


def take(state: Bucket, rate: Rate | None, reserve: int, red: bool, now: float) -> tuple[Bucket, float]:
    """Takes a token, or says how many seconds to wait for one (0 = taken). The last `reserve` are red's alone.

    `rate` None = no limit. At least one token is everybody's, however large the reserve.
    """
    if state.not_before > now:
        return state, state.not_before - now
    if rate is None:
        return state, 0.0
    count, period = rate
    out = tuple(at for at in state.taken if at > now - period)
    room = count if red else max(1, count - reserve)
    if len(out) < room:
        return structs.replace(state, taken=(*out, now)), 0.0
    return structs.replace(state, taken=out), out[len(out) - room] + period - now


def hold(state: Bucket, until: float) -> Bucket:
    """The state after the other side said that it takes nothing until then."""
    return structs.replace(state, not_before=max(state.not_before, until))
