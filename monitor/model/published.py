"""Words for the outside, and how far they have come: who confirmed, verified, approved and published them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from monitor.model.observed import Tier

StatementState = Literal["draft", "published", "withdrawn"]


class Confirmation(Struct, frozen=True, kw_only=True):
    """Where a fact was confirmed: a family (tickets, press, own records …), the very origin, and who says so."""

    family: str
    origin: str
    by: str
    at: float
    note: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """One role's yes. `substitute`: given by a backup because the first could not be reached in time."""

    role: str
    by: str
    at: float
    substitute: bool = False


class Statement(Struct, frozen=True, kw_only=True):
    """One version of a text for the outside. A changed text is a new version; the old ones are kept.

    `asked_at`: since when approval is waited for. `where`: where it was published, an address or a channel in words.
    """

    id: str
    incident: str
    audience: str
    tier: Tier
    language: str
    text: str
    author: str
    written_at: float
    version: int = 1
    state: StatementState = "draft"
    sources: tuple[Confirmation, ...] = ()
    verified_by: str = ""
    asked_at: float | None = None
    approvals: tuple[Approval, ...] = ()
    allowed_words: tuple[str, ...] = ()
    published_by: str = ""
    published_at: float | None = None
    where: str = ""
    corrects: str = ""
