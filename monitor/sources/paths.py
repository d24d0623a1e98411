"""Paths into JSON: `$.data.items`, `user.name`, `tags[0]`, `"dotted.key"`, and `$key` for the name of an item.

Where a value is wanted, `one | other` takes the first path that has one, and braces put values into a text:
`https://forum.example.com/t/{id}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from monitor.sources.told import Told, short

Path = tuple[str | int, ...]
KEY: Path = ("$key",)
Find = Callable[[Any, str], Any]
"""The value of an item (and its key), None where there is none."""
_HOLE = re.compile(r"\{([^{}]+)\}")
_STEP = re.compile(r"""\[(-?\d+)\]|\[["']([^"'\]]+)["']\]|["']([^"']+)["']|([^.\[\]"']+)""")


@lru_cache(maxsize=1024)
def read_path(text: str) -> Path:
    """The steps of a path; () is the thing itself. ValueError when it is none."""
    bare = text.strip()
    if bare in ("$key", "$"):
        return KEY if bare == "$key" else ()
    rest = bare.removeprefix("$.").removeprefix("$").removesuffix("[*]").removeprefix(".")
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if not found:
            raise ValueError(Told("bad_path", path=short(text)))
        steps.append(int(found[1]) if found[1] else found[2] or found[3] or found[4].strip())
        at = found.end()
        if at < len(rest) and rest[at] == ".":
            at += 1
            if at == len(rest):
                raise ValueError(Told("bad_path", path=short(text)))
    return tuple(steps)


def look(thing: Any, path: Path) -> Any:
    """What stands at a path, None where nothing does."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(thing, list) or not -len(thing) <= step < len(thing):
                return None
            thing = thing[step]
        elif isinstance(thing, dict):
            thing = thing.get(step)
        else:
            return None
    return thing


@lru_cache(maxsize=1024)
def read_find(text: str) -> Find:
    """What finds a value: a path, a text with paths in braces, or several of them with ` | ` between. ValueError."""
    ways = tuple(_way(part) for part in text.split(" | "))
    if len(ways) == 1:
        return ways[0]

    def first(item: Any, key: str) -> Any:
        return next((value for way in ways if (value := way(item, key)) not in (None, "", [])), None)

    return first


def _way(text: str) -> Find:
    if _HOLE.search(text):
        return _template(text.strip())
    path = read_path(text)
    return lambda item, key: key if path == KEY else look(item, path)


def _template(text: str) -> Find:
    """A text with holes; nothing where one of them has no value. In an address values are percent-encoded."""
    finds = tuple(_way(hole) for hole in _HOLE.findall(text))
    between = _HOLE.split(text)[::2]
    safe = text.startswith(("http://", "https://"))

    def filled(item: Any, key: str) -> Any:
        values = [find(item, key) for find in finds]
        if any(value in (None, "") or isinstance(value, dict | list) for value in values):
            return None
        words = [quote(str(value), safe="") if safe else str(value) for value in values]
        return between[0] + "".join(word + rest for word, rest in zip(words, between[1:], strict=True))

    return filled


def items_at(answer: Any, path: str) -> list[tuple[str, Any]]:
    """The items of a list or of an object, each with its key ("" in a list). ValueError says what stands there.

    An answer that is an empty object has none: so some say that there is nothing.
    """
    found = look(answer, read_path(path))
    if answer == {}:
        return []
    if isinstance(found, list):
        return [("", item) for item in found]
    if isinstance(found, dict):
        return list(found.items())
    raise no_items(answer, path, found)


def no_items(answer: Any, path: str, found: Any) -> ValueError:
    """What stands at the path of the items, where none do."""
    if found is None:
        return ValueError(Told("no_items", path=path, keys=_keys(answer)))
    return ValueError(Told("items_are", path=path, value=short(found)))


def _keys(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(short(key, 30) for key in list(answer)[:12]) or "{}"
    return f"[{len(answer)}]" if isinstance(answer, list) else short(answer)
