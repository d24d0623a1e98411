"""What is wrong in a config, where, and what would be right: one line for a person."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from msgspec import Struct, field

from monitor.messages import say

Severity = Literal["fault", "warning", "note"]
Path = tuple[str | int, ...]
"""A way into the config: ("rule", 3, "orange", "above")."""


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong at a path, not yet placed in a file. `id` names a text of messages/check.toml, `args` fill it.

    `rests_on`: further paths it was concluded from; where one of them is faulty itself, this problem is only a
    consequence and not shown.
    """

    path: Path
    id: str
    args: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "fault"
    rests_on: tuple[Path, ...] = ()

    def spoils(self) -> tuple[Path, ...]:
        """The paths whose value nobody can tell any more: of a missing or misspelt key, the one that was meant."""
        if self.id == "missing":
            return ((*self.path, str(self.args["key"])),)
        if self.id == "unknown_key_near":
            return (self.path, (*self.path[:-1], str(self.args["right"])))
        return (self.path,)


def overlap(one: Path, other: Path) -> bool:
    """One of the two lies inside the other, or they are the same."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


class Fault(Struct, frozen=True, kw_only=True):
    """A problem with its place. `where` is the table as its owner calls it: `source "b": http.timeout`."""

    file: str
    line: int
    where: str
    id: str
    args: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "fault"

    def text(self, language: str) -> str:
        """What is wrong and what would be right."""
        return _say(language, self.id, self.args)

    def write(self, language: str) -> str:
        """`FILE:LINE: where: what; what would be right`, one line."""
        mark = "" if self.severity == "fault" else say(language, f"check.{self.severity}")
        where = f"{self.where}: " if self.where else ""
        return " ".join(f"{self.file}:{self.line}: {where}{mark}{self.text(language)}".split())


class ConfigFault(Exception):
    """A config that must not be used. `faults` holds every fault, in the order of files and lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.write("en") for fault in faults))
        self.faults = faults


class Spoken(Protocol):
    """Has a text in each language."""

    def text(self, language: str, /) -> str:
        """The text in a language."""


class Said(Struct, frozen=True):
    """An argument that is itself a text of messages/check.toml."""

    id: str
    args: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str, /) -> str:
        """The text in a language."""
        return _say(language, self.id, self.args)


def _say(language: str, id: str, args: dict[str, Any]) -> str:
    return say(language, f"check.{id}", **{k: _in(language, v) for k, v in args.items()})


def _in(language: str, value: Any) -> Any:
    spoken: Spoken | None = value if callable(getattr(value, "text", None)) else None
    return spoken.text(language) if spoken else value
