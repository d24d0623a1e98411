"""What one customer's messages say over time: turned angry, complained for the third time, threatens to go public.

Pure: the standing of a customer goes in and comes out; the caller keeps it, by a hash of the author if it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from monitor.mentions.mood import Mood
from monitor.mentions.severity import Danger

Turn = Literal["turned_angry", "third_complaint", "threatens"]

ANGRY, CALM = 0.9, 0.6
"""A mood score from here on is anger; up to here it is none."""
TIMES, WITHIN = 3, 30 * 86400.0
"""So many complaints in so long are one too many."""
THREATS = ("media", "lawsuit", "police", "regulator")
QUIET = 7 * 86400.0
"""The same turn of the same customer is told once in so long."""


class Customer(NamedTuple):
    """What is remembered: when they complained, the last mood score, and when which turn was last told."""

    complaints: tuple[float, ...] = ()
    score: float | None = None
    told: tuple[tuple[Turn, float], ...] = ()


def hear(customer: Customer, at: float, mood: Mood, dangers: Sequence[Danger]) -> tuple[Customer, tuple[Turn, ...]]:
    """The customer after one more message, and the turns that the front line should know of now."""
    complaints = tuple(sorted({*customer.complaints, at} if mood.negative else {*customer.complaints}))
    complaints = tuple(when for when in complaints if at - WITHIN < when)[-TIMES:]
    told = tuple((turn, when) for turn, when in customer.told if at - when < QUIET)
    known = {turn for turn, _ in told}
    turns = tuple(turn for turn in _turns(customer, complaints, mood, dangers) if turn not in known)
    return Customer(complaints, mood.score, (*told, *((turn, at) for turn in turns))), turns


def _turns(customer: Customer, complaints: tuple[float, ...], mood: Mood, dangers: Sequence[Danger]) -> list[Turn]:
    turns: list[Turn] = []
    if mood.score >= ANGRY and customer.score is not None and customer.score <= CALM:
        turns.append("turned_angry")
    if mood.negative and len(complaints) >= TIMES:
        turns.append("third_complaint")
    if any(danger.kind in THREATS and danger.standing == "told" for danger in dangers):
        turns.append("threatens")
    return turns
