"""Secrets stand in the config only by reference: `env:NAME`, `file:PATH`, `credential:NAME`.

Whatever was revealed once is remembered as `concealed`: the log blanks it wherever it turns up, in a library's error
or in what the other side answered.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

KINDS = ("env", "file", "credential")
_SHORTEST = 6
"""Characters from which on a value is blanked; shorter ones would blot out common words."""
_concealed: set[str] = set()


class SecretFault(Exception):
    """A reference that does not resolve; the text names the reference, never the value."""


def conceal(value: str) -> None:
    """No line of the log may show this: a key, or a person's address. Also as URLs and plain digits write it."""
    forms = {value, quote(value, safe=""), re.sub(r"(?<=\d)[ ()-]+(?=[ ()-]*\d)", "", value)}
    _concealed.update(form for form in forms if len(form) >= _SHORTEST)


def concealed() -> list[str]:
    """All of it, the longest first."""
    return sorted(_concealed.copy(), key=len, reverse=True)


class Secret:
    """A reference to a secret. It shows its reference; only `reveal()` gives the value."""

    __slots__ = ("reference",)

    def __init__(self, reference: str) -> None:
        kind, _, name = reference.partition(":")
        if kind not in KINDS or not name:
            raise ValueError("a secret is given by reference: env:NAME, file:PATH or credential:NAME")
        self.reference = reference

    def reveal(self) -> str:
        """The value, without surrounding white space; SecretFault when there is none."""
        kind, _, name = self.reference.partition(":")
        value = os.environ.get(name, "") if kind == "env" else self._read(kind, name)
        if not value.strip():
            raise SecretFault(f"{self.reference} is empty or not set")
        conceal(value.strip())
        return value.strip()

    def _read(self, kind: str, name: str) -> str:
        if kind == "credential":
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if not folder:
                raise SecretFault(
                    f"{self.reference}: CREDENTIALS_DIRECTORY is not set; systemd sets it by LoadCredential="
                )
            path = Path(folder) / name
        else:
            path = Path(name)
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise SecretFault(f"{self.reference}: {error.strerror or error}") from None

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)


def reveal(text: str) -> str:
    """The value of an option that may be a reference (`env:…`, `file:…`, `credential:…`) or stand there plainly."""
    return Secret(text).reveal() if text.partition(":")[0] in KINDS else text
