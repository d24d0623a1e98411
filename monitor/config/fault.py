"""What is wrong in a config, where, and what would be right: one line for a person."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from monitor.messages import say

Severity = Literal["fault", "warning", "note"]
Path = tuple[str | int, ...]
"""A way into the config: ("rule", 3, "orange", "above")."""


class Finding(Struct, frozen=True, kw_only=True):
    """Something wrong at a path, not yet placed in a file. `id` names a text of messages/check.toml, `args` fill it.

    `offset` counts further lines down, inside a text of several lines.
    """

    path: Path
    id: str
    args: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "fault"
    offset: int = 0


class Fault(Struct, frozen=True, kw_only=True):
    """A finding with its place. `where` is the table as its owner calls it: `source "b": http.timeout`."""

    file: str
    line: int
    where: str
    id: str
    args: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "fault"

    def text(self, language: str) -> str:
        """What is wrong and what would be right."""
        return say(language, f"check.{self.id}", **{k: _in(language, v) for k, v in self.args.items()})

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


class Said(Struct, frozen=True):
    """An argument that is itself a text of the catalogue."""

    id: str
    args: dict[str, Any] = field(default_factory=dict)


def _in(language: str, value: Any) -> Any:
    if isinstance(value, Said):
        return say(language, f"check.{value.id}", **{k: _in(language, v) for k, v in value.args.items()})
    return value
