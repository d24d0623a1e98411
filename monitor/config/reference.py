"""Every table and key of rules.toml, as its types and the catalogue describe them: for the docs and for editors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from msgspec import NODEFAULT, Struct, field
from msgspec.structs import FieldInfo, fields

from monitor.config.convert import type_options
from monitor.config.dump import plain, write_value
from monitor.config.schema import Config
from monitor.messages import catalogue
from monitor.secret import Secret
from monitor.times import Bound, Duration

TIERS = ("blue", "yellow", "orange", "red")
_WORDS = {Duration: "duration", Bound: "number or duration", Secret: "secret", str: "text", int: "whole number"}


class Key(Struct, frozen=True, kw_only=True):
    """One key. `default` as TOML writes it, None = must be written; `means` by language, empty = not described."""

    name: str
    type: str
    default: str | None
    means: dict[str, str] = field(default_factory=dict)


class Table(Struct, frozen=True, kw_only=True):
    """One table. `path` = ("rule", "where"), a tier's is ("rule", "tier"); `kind` of a source, detector or channel."""

    struct: type[Struct]
    path: tuple[str, ...]
    kind: str
    about: str
    keys: tuple[Key, ...]


def tables(struct: type[Struct] = Config, path: tuple[str, ...] = ()) -> Iterator[Table]:
    """All tables below a struct, outer ones first."""
    for known in fields(struct):
        name = "tier" if path == ("rule",) and known.encode_name in TIERS else known.encode_name
        if name == "tier" and known.encode_name != TIERS[0]:
            continue
        for kind in _structs(known.type):
            yield _table(kind, (*path, name))
            yield from tables(kind, (*path, name))


def _structs(kind: Any) -> list[type[Struct]]:
    """The structs a value of this type may be; of a list or table, its elements."""
    out = []
    for option in type_options(kind):
        if isinstance(option, type) and issubclass(option, Struct):
            out.append(option)
        elif get_origin(option) in (tuple, dict):
            out += [each for inner in get_args(option) if inner is not ... for each in _structs(inner)]
    return out


def _table(struct: type[Struct], path: tuple[str, ...]) -> Table:
    kind = str(struct.__struct_config__.tag or "")
    keys = tuple(_key(known, path, kind) for known in fields(struct))
    return Table(struct=struct, path=path, kind=kind, about=" ".join((struct.__doc__ or "").split()), keys=keys)


def _key(known: FieldInfo, path: tuple[str, ...], kind: str) -> Key:
    return Key(
        name=known.encode_name,
        type=type_text(known.type),
        default=_default(known),
        means=meaning(path, kind, known.encode_name),
    )


def meaning(path: tuple[str, ...], kind: str, key: str) -> dict[str, str]:
    """What a key means, by language: for this kind, else for all kinds of the table; empty when nobody says."""
    places = ((*path, kind, key), (*path, key))
    ids = [".".join(("config", *filter(None, place))) for place in places]
    return next((catalogue()[id] for id in ids if id in catalogue()), {})


def _default(known: FieldInfo) -> str | None:
    if known.default is NODEFAULT and known.default_factory is NODEFAULT:
        return None
    value = known.default_factory() if known.default is NODEFAULT else known.default
    return "" if value is None or isinstance(value, Struct) else write_value(plain(value))


def type_text(kind: Any) -> str:
    """A type as people read it."""
    names = []
    for option in type_options(kind):
        origin, inner = get_origin(option), get_args(option)
        if origin is Literal:
            names.append(" | ".join(str(word) for word in inner))
        elif origin is tuple:
            names.append(f"list of {type_text(inner[0])}")
        elif origin is dict:
            names.append("table")
        else:
            names.append(_WORDS.get(option, {float: "number", bool: "true | false"}.get(option, "table")))
    return " or ".join(dict.fromkeys(names))
