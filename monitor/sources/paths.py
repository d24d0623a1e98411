"""Paths into JSON: `$.data.items`, `user.name`, `tags[0]`, `"dotted.key"`, and `$key` for the name of an item."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from monitor.sources.told import Told, short

Path = tuple[str | int, ...]
KEY: Path = ("$key",)
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


def items_at(answer: Any, path: str) -> list[tuple[str, Any]]:
    """The items of a list or of an object, each with its key ("" in a list). ValueError says what stands there."""
    found = look(answer, read_path(path))
    if isinstance(found, list):
        return [("", item) for item in found]
    if isinstance(found, dict):
        return list(found.items())
    if found is None:
        raise ValueError(Told("no_items", path=path, keys=_keys(answer)))
    raise ValueError(Told("items_are", path=path, value=short(found)))


def _keys(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(short(key, 30) for key in list(answer)[:12]) or "{}"
    return f"[{len(answer)}]" if isinstance(answer, list) else short(answer)
