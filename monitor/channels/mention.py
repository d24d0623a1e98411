"""Who is called by name in a group: the owner from yellow on, everybody only by the first red notice. Pure."""

from __future__ import annotations

import re

from monitor.model import Notice, Target, Tier

_OVER = {"CLEARED", "CANCELLED", "RESOLVED", "LOWERED", "DATA BACK"}


def owner(notice: Notice, target: Target, address: str, form: str) -> str:
    """The owner's address where they are to be called and it has the right form; else ""."""
    calls = bool(target.person) and notice.tier >= Tier.YELLOW and notice.transition not in _OVER
    return address if calls and re.fullmatch(form, address) else ""


def everybody(notice: Notice, target: Target) -> bool:
    """True for the notice that first says red, in the group that the route names itself, and in no drill."""
    if target.person or notice.drill or notice.tier != Tier.RED or notice.transition in _OVER:
        return False
    return notice.number == 1 or (notice.transition == "RAISED" and notice.previous_tier < Tier.RED)
