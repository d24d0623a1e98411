"""What people read on the boards, in both languages, and the colours of the tiers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from monitor.messages import say

LANGUAGES = ("en", "zh")
NO_DATA, CALM, BLUE, YELLOW, ORANGE, RED = "#8e8e8e", "#56a64b", "#3274d9", "#f2cc0c", "#ff780a", "#c4162a"
COLOURS = {"calm": CALM, "blue": BLUE, "yellow": YELLOW, "orange": ORANGE, "red": RED}
"""The same everywhere, so that red is red on every wall."""


class Text(NamedTuple):
    """One text in English and in Chinese."""

    en: str
    zh: str


def told(given: Any, lang: str) -> Any:
    """The same with each Text in it in one language, and each panel or query made in it."""
    if isinstance(given, Text):
        return getattr(given, lang)
    if callable(given):
        return given(lang)
    if isinstance(given, dict):
        return {key: told(value, lang) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(told(value, lang) for value in given)
    return given


def in_both(make: Callable[..., Any]) -> Callable[..., Callable[[str], Any]]:
    """What is made once for each language: `make` is given all as told in it."""

    @wraps(make)
    def given(*args: Any, **more: Any) -> Callable[[str], Any]:
        return lambda lang: make(*told(args, lang), **told(more, lang))

    return given


def catalogue(id: str) -> Text:
    """A text as the product itself says it."""
    return Text(*(say(lang, id) for lang in LANGUAGES))


TIER_NAMES = {tier: catalogue(f"incident.tier.{tier}") for tier in COLOURS}
TIERS = {
    -1: (Text("no data", "无数据"), NO_DATA),
    **{level: (word, COLOURS[tier]) for level, (tier, word) in enumerate(TIER_NAMES.items())},
}
"""Level -> word and colour."""
UP_DOWN = {0: (Text("down", "中断"), RED), 1: (Text("up", "正常"), CALM)}
YES_NO = {0: (Text("no", "否"), RED), 1: (Text("yes", "是"), CALM)}
