"""On which line of a TOML text each table and key stands.

A scanner of its own, since the parser keeps no places. It is only asked about text that tomli accepts, so it trusts
the grammar and reports nothing.
"""

from __future__ import annotations

from bisect import bisect_right

import tomli

from monitor.config.fault import Path

_BARE_END = " \t\r\n.=]#"
_VALUE_END = ",]}#\n"


def key_lines(text: str) -> dict[Path, int]:
    """Path -> line (from 1) for every table, key and array element. Text must be valid TOML."""
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}
        self._breaks = [i for i, c in enumerate(text) if c == "\n"]

    def document(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip():
            if self._takes("[["):
                table = self._header(array=True)
            elif self._takes("["):
                table = self._header(array=False)
            else:
                self._pair(table)
        return self.lines

    def _header(self, *, array: bool) -> Path:
        line = self._line()
        keys = self._key()
        self.at += 2 if array else 1
        path = (*self._resolve(keys[:-1], line), keys[-1])
        if not array:
            self.lines[path] = line
            return self._resolve(keys, line)
        count = self._tables.get(path, 0)
        self._tables[path] = count + 1
        self.lines.setdefault(path, line)
        self.lines[(*path, count)] = line
        return (*path, count)

    def _resolve(self, keys: tuple[str, ...], line: int) -> Path:
        """The path of header keys: an array of tables on the way means its newest table."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._blanks()
        self._value(path)

    def _key(self) -> tuple[str, ...]:
        parts = [self._part()]
        while self._takes("."):
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> str:
        self._blanks()
        start = self.at
        if self.text[self.at] in "\"'":
            self._string()
            part = str(tomli.loads(f"key = {self.text[start : self.at]}")["key"])
        else:
            while self.text[self.at] not in _BARE_END:
                self.at += 1
            part = self.text[start : self.at]
        self._blanks()
        return part

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _VALUE_END:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        count = 0
        while self._skip() and not self._takes("]"):
            if not self._takes(","):
                self.lines[(*path, count)] = self._line()
                self._value((*path, count))
                count += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._skip() and not self._takes("}"):
            if not self._takes(","):
                self._pair(path)

    def _string(self) -> None:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self._long_string(quote)
            return
        self.at += 1
        while self.text[self.at] != quote:
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += 1

    def _long_string(self, quote: str) -> None:
        self.at += 3
        while not self.text.startswith(quote * 3, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        while self.text.startswith(quote * 4, self.at):  # one or two quotes may stand right before the end
            self.at += 1
        self.at += 3

    def _skip(self) -> bool:
        """Over white space, line ends and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] in " \t\r\n":
                self.at += 1
            elif self.text[self.at] == "#":
                self._comment()
            else:
                return True
        return False

    def _comment(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def _takes(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _line(self) -> int:
        return bisect_right(self._breaks, self.at - 1) + 1
