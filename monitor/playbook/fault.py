"""What can be wrong with a playbook.

Fault           found when playbooks are read: the place, what is wrong, what would be right
TemplateFault   a notice could not be rendered when it was due; the plain one goes out instead
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from monitor.messages import say


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in one file. `text_id` names a text of the catalogue, `args` fill it."""

    file: str
    line: int = 1
    text_id: str
    args: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """What is wrong and what would be right."""
        return say(language, self.text_id, **self.args)

    def write(self, language: str) -> str:
        """`FILE:LINE: what; what would be right`, one line."""
        return " ".join(f"{self.file}:{self.line}: {self.text(language)}".split())


class TemplateFault(Exception):
    """A template did not come to a whole notice. `why` is told in the engine's words."""

    def __init__(self, file: str, why: str, line: int = 1) -> None:
        super().__init__(f"{file}:{line}: {why}")
        self.file = file
        self.line = line
        self.why = why
