"""rules.toml and the files it includes, read and merged; every table remembers the file it came from."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath
from typing import Any

import tomli
from msgspec import Struct, field

from monitor.config.fault import Fault, Path, Problem
from monitor.config.lines import key_lines

Tables = dict[str, Any]


class Document(Struct):
    """One file: its name as given, its bytes, what TOML made of it (empty when it is none) and where keys stand."""

    name: str
    content: bytes
    tables: Tables = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=lambda: {(): 1})

    def line(self, path: Path) -> int:
        """The line of a path, else of the nearest table around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


class Merged:
    """All files as one: arrays of tables are appended, every other table is set by one file."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.tables: Tables = {}
        self.problems: list[Problem] = []
        self._origins: dict[Path, tuple[Document, Path]] = {(): (documents[0], ())}
        self._twice: list[tuple[Document, Path]] = []
        for document in documents:
            for key, value in document.tables.items():
                if key != "include" or not isinstance(value, list):
                    self._add(self.tables, key, value, document, (key,), (key,))

    def _add(self, target: Tables, key: str, value: Any, document: Document, path: Path, local: Path) -> None:
        if _is_array_of_tables(value) and isinstance(target.get(key, []), list):
            self._append(target.setdefault(key, []), value, document, path, local)
        elif key not in target:
            target[key] = {} if isinstance(value, dict) else value
            self._origins[path] = (document, local)
            if isinstance(value, dict):
                self._fill(target[key], value, document, path, local)
        elif isinstance(value, dict) and isinstance(target[key], dict) and not (_own(value) and _own(target[key])):
            self._fill(target[key], value, document, path, local)
        else:
            self._twice.append((document, path))

    def _append(self, target: list[Any], value: list[Any], document: Document, path: Path, local: Path) -> None:
        self._origins.setdefault(path, (document, local))
        for i, table in enumerate(value):
            self._origins[(*path, len(target))] = (document, (*local, i))
            target.append(table)

    def _fill(self, target: Tables, value: Tables, document: Document, path: Path, local: Path) -> None:
        for key, inner in value.items():
            if _is_array_of_tables(inner):
                self._add(target, key, inner, document, (*path, key), (*local, key))
            else:
                target[key] = inner
                self._origins[(*path, key)] = (document, (*local, key))

    def place(self, path: Path) -> tuple[str, int]:
        """File and line of a path into the merged tables."""
        head = path
        while head not in self._origins:
            head = head[:-1]
        document, local = self._origins[head]
        return document.name, document.line(local + path[len(head) :])

    def faults(self) -> list[Fault]:
        """Tables that two files set."""
        out = []
        for document, path in self._twice:
            file, line = self.place(path)
            args = {"first": f"{file}:{line}"}
            out.append(
                Fault(file=document.name, line=document.line(path), where=str(path[0]), id="set_twice", args=args)
            )
        return out


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(inner, dict) for inner in value)


def _own(table: Tables) -> bool:
    return any(not _is_array_of_tables(value) for value in table.values())


def read_documents(path: FilePath) -> tuple[list[Document], list[Fault]]:
    """The file and all it includes, each once. OSError when the first can't be read; other troubles are faults."""
    faults: list[Fault] = []
    first = _document(str(path), path.read_bytes(), faults)
    documents = [first]
    seen = {path.resolve()}
    for document in documents:  # grows while it is walked
        for found in _included(document, faults):
            if found.resolve() in seen:
                continue
            seen.add(found.resolve())
            try:
                documents.append(_document(str(found), found.read_bytes(), faults))
            except OSError as error:
                args = {"name": str(found), "text": error.strerror or str(error)}
                line = document.line(("include",))
                faults.append(Fault(file=document.name, line=line, where="include", id="unreadable", args=args))
    return documents, faults


def _document(name: str, content: bytes, faults: list[Fault]) -> Document:
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        return Document(name, content, tomli.loads(text), key_lines(text))
    except UnicodeDecodeError as error:
        line, column = content.count(b"\n", 0, error.start) + 1, error.start - content.rfind(b"\n", 0, error.start)
        faults.append(Fault(file=name, line=line, where="", id="encoding", args={"column": column}))
    except tomli.TOMLDecodeError as error:
        args = {"column": error.colno, "text": error.msg}
        faults.append(Fault(file=name, line=error.lineno, where="", id="syntax", args=args))
    return Document(name, content)


def _included(document: Document, faults: list[Fault]) -> list[FilePath]:
    patterns = document.tables.get("include", [])
    folder = FilePath(document.name).parent
    out: list[FilePath] = []
    for i, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        found = _matching(folder, pattern) if isinstance(pattern, str) else []
        if isinstance(pattern, str) and not found and not set("*?[") & set(pattern):
            line = document.line(("include", i))
            args = {"pattern": pattern}
            faults.append(Fault(file=document.name, line=line, where="include", id="include_missing", args=args))
        out += found
    return out


def _matching(folder: FilePath, pattern: str) -> list[FilePath]:
    base, rest = (FilePath("/"), pattern.lstrip("/")) if pattern.startswith("/") else (folder, pattern)
    return sorted(found for found in base.glob(rest) if found.is_file()) if rest else []


def content_hash(documents: list[Document]) -> str:
    """SHA-256 in hex over all files, in order."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(hashlib.sha256(document.content).digest())
    return digest.hexdigest()
