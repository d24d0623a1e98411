"""A config written out again: TOML that loads to the same config."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from msgspec import Struct

from monitor.config.schema import Config
from monitor.secret import Secret
from monitor.times import UNITS, Bound, Duration

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def plain(value: Any) -> Any:
    """Config values as TOML and JSON write them; what is None is left out."""
    match value:
        case Bound():
            return value.text or (int(value) if value.is_integer() else float(value))
        case Duration():
            return _span(value)
        case Secret():
            return value.reference
        case Struct():
            return plain(msgspec.to_builtins(value, enc_hook=plain))
        case dict():
            return {key: plain(inner) for key, inner in value.items() if inner is not None}
        case tuple() | list():
            return [plain(inner) for inner in value]
        case _:
            return value


def _span(seconds: float) -> str:
    """In the largest unit that leaves no rest: 180d, 90m, 1500ms."""
    return next((f"{round(seconds / UNITS[u])}{u}" for u in "dhms" if seconds % UNITS[u] == 0), f"{seconds * 1000:g}ms")


def dump(config: Config) -> str:
    """One TOML text, without includes, since what they held is in it."""
    out = []
    for key, value in plain(config).items():
        tables = [("[[{}]]", table) for table in value] if isinstance(value, list) else [("[{}]", value)]
        for header, table in tables if key != "include" else ():
            out += [header.format(key), *(f"{_key(k)} = {write_value(v)}" for k, v in table.items()), ""]
    return "\n".join(out)


def write_value(value: Any) -> str:
    """A plain value as TOML writes it, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(write_value, value))}]"
        case dict() if not value:
            return "{}"
        case dict():
            return "{ " + ", ".join(f"{_key(key)} = {write_value(inner)}" for key, inner in value.items()) + " }"
        case _:
            return str(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else write_value(key)
