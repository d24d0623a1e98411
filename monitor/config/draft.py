"""A config on its way: tables that could be typed, holes where one could not, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from msgspec.structs import fields

from monitor.config.convert import convert_table, unknown
from monitor.config.documents import Merged
from monitor.config.fault import Fault, Path, Problem, overlap
from monitor.config.presets import expanded, written_as
from monitor.config.schema import Config


class Draft:
    """`lists["rule"]` holds each `[[rule]]` typed, `tables["server"]` that table; None where nothing is left of it.

    `complete` is False when a file could not be read: then nobody can tell which names there are. `now`: when it is
    checked; None = at no time in particular, so that what depends on the hour is not checked.
    """

    def __init__(self, merged: Merged, *, complete: bool = True, now: float | None = None) -> None:
        self.merged = merged
        self.complete = complete
        self.now = now
        self.lists: dict[str, list[Any]] = {}
        self.tables: dict[str, Any] = {}
        self.problems: list[Problem] = []
        kinds = {f.encode_name: f.type for f in fields(Config)}
        for key, value in merged.tables.items():
            if key not in kinds:
                self.problems.append(unknown("table", key, kinds, (key,)))
            elif get_origin(kinds[key]) is tuple:
                self._convert_list(key, value, kinds[key])
            else:
                self._convert_one(key, value, kinds[key])

    def _convert_one(self, key: str, value: Any, kind: Any) -> None:
        self.tables[key], problems = convert_table(value, kind, (key,))
        self.problems += problems

    def _convert_list(self, key: str, value: Any, kind: Any) -> None:
        if not isinstance(value, list) or key == "include":
            self._convert_one(key, value, kind)
            return
        self.lists[key] = []
        for i, table in enumerate(value):
            if key == "source" and isinstance(table, dict):
                table, problems = expanded(table, (key, i))
                self.problems += problems
            typed, problems = (None, []) if table is None else convert_table(table, get_args(kind)[0], (key, i))
            self.lists[key].append(typed)
            self.problems += problems

    def config(self) -> Config:
        """The whole, once nothing is wrong with it."""
        parts: dict[str, Any] = {**{key: tuple(tables) for key, tables in self.lists.items()}, **self.tables}
        return Config(**parts)

    def names(self, key: str) -> set[str]:
        """The names of all `[[key]]` tables, also of those with faults: a fault there is none of who refers to it."""
        return {name for table in self._tables(key) if (name := _name(table))}

    def nameless(self, key: str) -> bool:
        """Whether some `[[key]]` table has a name that nobody can tell."""
        return any(not _name(table) for table in self._tables(key, alike=False))

    def _tables(self, key: str, *, alike: bool = True) -> list[dict[str, Any]]:
        """The plain `[[key]]` tables; `alike` = also those of tables whose own name nobody knows."""
        others = self.merged.tables.keys() - {f.encode_name for f in fields(Config)} if alike else set()
        lists = [self.merged.tables.get(each) for each in (key, *others)]
        return [table for tables in lists if isinstance(tables, list) for table in tables if isinstance(table, dict)]

    def presets(self) -> dict[str, str]:
        """Source -> the preset it names, of a config in which nothing is wrong."""
        return {table["name"]: table["preset"] for table in self._tables("source", alike=False) if "preset" in table}

    def families(self) -> set[str]:
        """The families of all sources that are on; of one with faults, what it says of itself."""
        typed = {source.family for _, source in self.each("source") if source.enabled}
        rest = [self.written(("source", i)) for i, source in enumerate(self.lists.get("source", [])) if source is None]
        return typed | {str(table.get("family", "social")) for table in rest if isinstance(table, dict)}

    def keys_of(self, key: str, *names: str) -> tuple[Path, ...]:
        """These keys in every `[[key]]`: what a conclusion from all of them rests on."""
        return tuple((key, i, name) for i in range(len(self.lists.get(key, []))) for name in names)

    def written(self, path: Path) -> Any:
        """The plain value at a path, as TOML gave it; None where nothing is written."""
        at: Any = self.merged.tables
        for part in path:
            at = _step(at, part)
        return at

    def each(self, key: str) -> Iterator[tuple[Path, Any]]:
        """Path and typed table of all `[[key]]` of which enough is left."""
        for i, table in enumerate(self.lists.get(key, [])):
            if table is not None:
                yield (key, i), table

    def table(self, key: str) -> Any:
        """The typed `[key]`, its defaults where it is not written or spoilt."""
        table = self.tables.get(key)
        return table if table is not None else getattr(Config(), key)

    def add(self, problems: Iterable[Problem]) -> None:
        """Takes what cross checks found, without what only follows from faults found before."""
        spoilt = [path for problem in self.problems if problem.severity == "fault" for path in problem.spoils()]
        self.problems += [
            problem
            for problem in problems
            if not any(overlap(path, bad) for path in (problem.path, *problem.rests_on) for bad in spoilt)
        ]

    def fault(self, problem: Problem) -> Fault:
        """The problem with its place."""
        path = self._written(problem.path)
        file, line = self.merged.place(path)
        return Fault(
            file=file,
            line=line,
            where=self._where(path),
            id=problem.id,
            args=problem.args,
            severity=problem.severity,
        )

    def _written(self, path: Path) -> Path:
        """The path as the user wrote it: what a preset put there is a matter of its parameter."""
        table = self.written(path[:2]) if path[:1] == ("source",) else None
        if len(path) < 3 or not isinstance(table, dict):
            return path
        return (*path[:2], *written_as(table, path[2:]))

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


def _name(table: dict[str, Any]) -> str:
    """The name of a table, also where its key is misspelt; empty when there is none."""
    keys = ["name"] if "name" in table else get_close_matches("name", table, 1, 0.6)
    return next((table[key] for key in keys if isinstance(table[key], str)), "")


def _step(at: Any, part: str | int) -> Any:
    if isinstance(at, dict):
        return at.get(part)
    return at[part] if isinstance(at, list) and isinstance(part, int) and part < len(at) else None


def _way(path: Path) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return f": {text.removeprefix('.')}" if text else ""
