"""Words for the outside and for the front line: which there are per audience and tier, how long they may be, what
fills them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor.messages import say
from monitor.playbook.plan import AUDIENCES, Audience, Plan, TierWord

SLOTS = (
    "organisation",
    "subject",
    "fact",
    "time",
    "scope",
    "unknown",
    "sympathy",
    "action",
    "advice",
    "position",
    "cause",
    "finding",
    "remedy",
    "closing",
    "next_update",
    "contact",
)
"""What a statement is filled with. What the plan has no words for stays a visible blank until a person fills it."""

KINDS: dict[TierWord, tuple[str, ...]] = {
    "yellow": ("holding",),
    "orange": ("holding",),
    "red": ("holding", "full", "update", "closing"),
}
"""Which texts a tier has; blue has none: one watches."""

LIMITS: dict[Audience, int] = {
    "affected": 120,
    "frontline": 120,
    "customers": 400,
    "staff": 400,
    "partners": 400,
    "press": 800,
    "regulator": 800,
    "investors": 800,
}
"""Most Chinese characters per audience: a text message or a sentence at the telephone, a post, a statement."""

LATIN = 2.5
"""A Latin text may be so many times as long as the Chinese one that says the same."""

CLAIMS = ("action", "closing")
"""Slots in which the plan would claim that something was done: to be confirmed until a person wrote them."""

_SLOT = re.compile(r"\{([a-z_]+)\}")


def matrix() -> list[tuple[Audience, TierWord]]:
    """Every (audience, tier) that has words: the front line from yellow, everybody from orange."""
    pairs: list[tuple[Audience, TierWord]] = [("frontline", "yellow")]
    for tier in ("orange", "red"):
        pairs += [(audience, tier) for audience in AUDIENCES]
    return pairs


def limit(audience: Audience, language: str) -> int:
    """Most characters of a text."""
    return LIMITS[audience] if language.startswith("zh") else round(LIMITS[audience] * LATIN)


def length(text: str) -> int:
    """Characters of a text, line breaks not counted."""
    return len(text.replace("\n", ""))


def fill(plan: Plan, language: str, given: Mapping[str, str]) -> dict[str, str]:
    """Every slot: what a person gave, else the plan's own words, else a visible blank."""
    known = {"finding": given.get("cause", ""), **given}
    slots = {name: known.get(name) or _default(plan, name, language) for name in SLOTS}
    return {name: fill_text(text, slots) for name, text in slots.items()}


def _default(plan: Plan, name: str, language: str) -> str:
    """The plan's words. What they claim to have happened must be confirmed; the position follows the SCCT cluster."""
    words = getattr(plan.slot, name, None)
    if words is not None:
        text = str(words.say(language))
        return _to_confirm(text, language) if name in CLAIMS else text
    if name == "cause":
        return say(language, "playbook.cause_open")
    if name == "position":
        return _to_confirm(say(language, f"playbook.position.{plan.scct_cluster}"), language)
    return say(language, "playbook.blank", what=say(language, f"playbook.slot.{name}"))


def _to_confirm(text: str, language: str) -> str:
    return text if text.startswith(("〔", "[")) else say(language, "playbook.confirm", what=text)


def fill_text(text: str, slots: Mapping[str, str]) -> str:
    """`{fact}` and its like filled once; a filled-in text is never filled again."""
    return _SLOT.sub(lambda m: slots[m[1]] if m[1] in slots else m[0], text)


def unknown_slots(text: str) -> list[str]:
    """The names in braces that are no slots."""
    return [name for name in _SLOT.findall(text) if name not in SLOTS]
