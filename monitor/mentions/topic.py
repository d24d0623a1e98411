"""A topic as it is written: a name and a boolean query."""

from __future__ import annotations

from msgspec import Struct


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[topic]]`. `query`: AND, OR, NOT, parentheses, quoted phrases; two terms side by side = AND."""

    name: str
    query: str
    note: str = ""
