"""A config on its way: tables that could be typed, holes where one could not, and what is wrong so far."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from msgspec.structs import fields

from monitor.config.convert import convert_table, unknown
from monitor.config.documents import Merged
from monitor.config.fault import Fault, Finding, Path
from monitor.config.schema import Config


class Draft:
    """`lists["rule"]` holds each `[[rule]]` typed, or None where it has faults; `tables["server"]` likewise."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.lists: dict[str, list[Any]] = {}
        self.tables: dict[str, Any] = {}
        self.findings: list[Finding] = []
        kinds = {f.encode_name: f.type for f in fields(Config)}
        for key, value in merged.tables.items():
            if key not in kinds:
                self.findings.append(unknown("table", key, kinds, (key,)))
            elif get_origin(kinds[key]) is tuple:
                self._convert_list(key, value, kinds[key])
            else:
                self._convert_one(key, value, kinds[key])

    def _convert_one(self, key: str, value: Any, kind: Any) -> None:
        self.tables[key], findings = convert_table(value, kind, (key,))
        self.findings += findings

    def _convert_list(self, key: str, value: Any, kind: Any) -> None:
        if not isinstance(value, list) or key == "include":
            self._convert_one(key, value, kind)
            return
        self.lists[key] = []
        for i, table in enumerate(value):
            typed, findings = convert_table(table, get_args(kind)[0], (key, i))
            self.lists[key].append(typed)
            self.findings += findings

    def config(self) -> Config:
        """The whole, once nothing is wrong with it."""
        parts: dict[str, Any] = {**{key: tuple(tables) for key, tables in self.lists.items()}, **self.tables}
        return Config(**parts)

    def names(self, key: str) -> set[str]:
        """The names of all `[[key]]` tables, also of those with faults: a fault there is none of who refers to it."""
        tables = self.merged.tables.get(key, [])
        if not isinstance(tables, list):
            return set()
        return {str(table["name"]) for table in tables if isinstance(table, dict) and "name" in table}

    def fault(self, finding: Finding) -> Fault:
        """The finding with its place."""
        file, line = self.merged.place(finding.path)
        return Fault(
            file=file,
            line=line + finding.offset,
            where=self._where(finding.path),
            id=finding.id,
            args=finding.args,
            severity=finding.severity,
        )

    def _where(self, path: Path) -> str:
        """`source "b": http.timeout`: the table as its owner calls it, then the way inside."""
        at: Any = self.merged.tables
        head = ""
        for depth, part in enumerate(path):
            at = _step(at, part)
            if isinstance(part, int):
                name = at.get("name") if isinstance(at, dict) else None
                head += f' "{name}"' if isinstance(name, str) else f" #{part + 1}"
                return head + _way(path[depth + 1 :])
            if depth and not isinstance(at, list):
                return head + _way(path[depth:])
            head += f".{part}" if head else str(part)
        return head


def _step(at: Any, part: str | int) -> Any:
    if isinstance(at, dict):
        return at.get(part)
    return at[part] if isinstance(at, list) and isinstance(part, int) and part < len(at) else None


def _way(path: Path) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return f": {text.removeprefix('.')}" if text else ""
