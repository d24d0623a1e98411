"""What people may do to statements, as data; every one is an entry of the incident's timeline."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from monitor.incidents.publication import Block, Stage
from monitor.model import Statement
from monitor.playbook.plan import Audience


class Write(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft for an audience. Without `text` the playbook's words, `kind` of them, filled with `slots`."""

    audience: Audience
    language: Literal["", "zh", "en"] = ""
    text: str = ""
    kind: str = "holding"
    slots: dict[str, str] = field(default_factory=dict)


class Edit(Struct, frozen=True, tag="edit", tag_field="act", forbid_unknown_fields=True):
    """A new version; what was verified and approved has to be so anew."""

    text: str


class Confirm(Struct, frozen=True, tag="source", tag_field="act", forbid_unknown_fields=True):
    """One more place where it was confirmed: which family of sources, and the very origin."""

    family: str
    origin: str
    comment: str = ""


class Allow(Struct, frozen=True, tag="allow", tag_field="act", forbid_unknown_fields=True):
    """A word that is warned of is meant; `comment` says why."""

    words: str
    comment: str


class Verify(Struct, frozen=True, tag="verify", tag_field="act", forbid_unknown_fields=True):
    """The verifier's yes."""


class Approve(Struct, frozen=True, tag="approve", tag_field="act", forbid_unknown_fields=True):
    """A role's yes; without `role` that of every role that is asked for and that the actor holds."""

    role: str = ""


class Publish(Struct, frozen=True, tag="publish", tag_field="act", forbid_unknown_fields=True):
    """It has gone out; `where` says at which address or over which channel."""

    where: str


class Correct(Struct, frozen=True, tag="correct", tag_field="act", forbid_unknown_fields=True):
    """What went out was wrong: a new statement that names it."""

    text: str


class Withdraw(Struct, frozen=True, tag="withdraw", tag_field="act", forbid_unknown_fields=True):
    """A draft that will not be used; `comment` says why."""

    comment: str


StatementAct = Edit | Confirm | Allow | Verify | Approve | Publish | Correct | Withdraw
STATEMENT_VERBS = ("edit", "source", "allow", "verify", "approve", "publish", "correct", "withdraw")


class Standing(Struct, frozen=True, kw_only=True):
    """A statement as it stands: its newest version, how far it is, what is in the way, and who may do what.

    `may`: role -> its people, the first acts, the next are backups. `versions`: all texts it had, the newest first.
    `backups_from`: from when a backup may approve; None while nobody is asked.
    """

    statement: Statement
    stage: Stage
    blocks: tuple[Block, ...]
    may: dict[str, tuple[str, ...]]
    verifier: str
    approvers: tuple[str, ...]
    publisher: str
    backups_from: float | None = None
    versions: tuple[Statement, ...] = ()


def said(block: Block) -> tuple[str, dict[str, Any]]:
    """A block as the id and the arguments of its message."""
    return f"incident.block.{block.id}", block.args
