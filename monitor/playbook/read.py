"""TOML text -> typed table, with all its faults and their lines.

msgspec stops at the first fault of a value, so every top-level key, and every element of its lists and tables, is
converted by itself.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

import msgspec
import tomli
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from monitor.playbook.fault import Fault
from monitor.times import Duration, duration

_AT = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


T = TypeVar("T", bound=Struct)


def read_table(kind: type[T], file: str, text: str) -> tuple[T | None, list[Fault]]:
    """The typed table and no faults, or None and all that is wrong with it."""
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        return None, [Fault(file=file, line=error.lineno, text_id="playbook.toml", args={"why": error.msg})]
    found, faults = _convert_keys(kind, raw, file, text)
    return (None, faults) if faults else (kind(**found), [])


def decode(kind: type, value: Any) -> Any:
    """msgspec's hook: durations are written `1h30m`."""
    if kind is Duration and isinstance(value, str):
        return duration(value)
    raise ValueError(f"{value!r} is no {kind.__name__}")


def _convert_keys(kind: type[Struct], raw: dict[str, Any], file: str, text: str) -> tuple[dict[str, Any], list[Fault]]:
    known = {f.encode_name: f for f in fields(kind)}
    faults = [_unknown(key, list(known), file, text) for key in raw if key not in known]
    faults += [_missing(f, file) for f in known.values() if _required(f) and f.encode_name not in raw]
    out: dict[str, Any] = {}
    for key, f in known.items():
        if key in raw:
            out[f.name], more = _convert_value(f.type, raw[key], key, file, text)
            faults += more
    return out, faults


def _convert_value(kind: Any, value: Any, key: str, file: str, text: str) -> tuple[Any, list[Fault]]:
    """A list is converted element by element and a table of tables entry by entry, so that no fault hides another."""
    if get_origin(kind) is tuple and isinstance(value, list):
        pairs = [_convert_one(get_args(kind)[0], v, (key, i), file, text) for i, v in enumerate(value)]
        return tuple(v for v, _ in pairs), [fault for _, found in pairs for fault in found]
    if get_origin(kind) is dict and isinstance(value, dict):
        names, inner = get_args(kind)
        keys = [fault for k in value for fault in _convert_one(names, k, (key, k), file, text)[1]]
        entries = {k: _convert_one(inner, v, (key, k), file, text) for k, v in value.items()}
        return {k: v for k, (v, _) in entries.items()}, keys + [f for _, found in entries.values() for f in found]
    return _convert_one(kind, value, (key,), file, text)


def _convert_one(kind: Any, value: Any, path: tuple[str | int, ...], file: str, text: str) -> tuple[Any, list[Fault]]:
    try:
        return msgspec.convert(value, kind, dec_hook=decode), []
    except msgspec.ValidationError as error:
        return None, [_refused(str(error), path, file, text)]


def _refused(message: str, path: tuple[str | int, ...], file: str, text: str) -> Fault:
    inner = _AT.search(message)
    tail = inner["path"] if inner else ""
    what = _AT.sub("", message)
    if unknown := _UNKNOWN.search(what):
        tail, what = f"{tail}.{unknown[1]}", what
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".") + tail
    keys = [k for k in re.split(r"[.\[\]]", tail) if k and not k.isdigit() and k != "..."]
    return Fault(
        file=file, line=_line(text, path, keys), text_id="playbook.refused", args={"where": where, "what": what}
    )


def _unknown(key: str, known: list[str], file: str, text: str) -> Fault:
    near = get_close_matches(key, known, 1, 0.6)
    right = near[0] if near else ", ".join(sorted(known))
    id = "playbook.unknown_key_near" if near else "playbook.unknown_key"
    return Fault(file=file, line=_line(text, (key,), []), text_id=id, args={"key": key, "right": right})


def _missing(f: FieldInfo, file: str) -> Fault:
    return Fault(file=file, text_id="playbook.missing_key", args={"key": f.encode_name})


def _required(f: FieldInfo) -> bool:
    return f.default is NODEFAULT and f.default_factory is NODEFAULT


def _line(text: str, path: tuple[str | int, ...], inner: list[str]) -> int:
    """The line of a key: found by its header or its own name, then by the names inside; 1 when it stands nowhere."""
    lines = text.splitlines()
    start = _header_line(lines, path)
    for key in inner:
        pattern = re.compile(rf"""(^|[\s{{,.])["']?{re.escape(key)}["']?\s*[=.\]]""")
        later = (i for i in range(start, len(lines)) if pattern.search(lines[i]))
        start = next(later, start)
    return start + 1


def _header_line(lines: list[str], path: tuple[str | int, ...]) -> int:
    head, rest = re.escape(str(path[0])), path[1:]
    index = rest[0] if rest and isinstance(rest[0], int) else None
    name = re.escape(str(rest[0])) if rest and isinstance(rest[0], str) else None
    headers = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\[{head}\]\]", line)]
    if index is not None and index < len(headers):
        return headers[index]
    patterns = [rf"\s*\[{head}\.{name}\]", rf"\s*\[{head}\]"] if name else []
    for pattern in (*patterns, rf"\s*{head}\s*[=.]", rf"\s*\[\[?{head}[\].]"):
        found = next((i for i, line in enumerate(lines) if re.match(pattern, line)), None)
        if found is not None:
            return found + index + 1 if index is not None and lines[found].rstrip().endswith("[") else found
    return 0
