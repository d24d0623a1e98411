"""From plain TOML values to typed tables, with every fault of a table, not only the first.

msgspec stops at the first fault, so each struct is walked field by field; the values it is content with are then
converted by msgspec itself, table by table.
"""

from __future__ import annotations

import math
import types
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from monitor.config.dump import write_value
from monitor.config.fault import Path, Problem, Said
from monitor.secret import Secret
from monitor.times import Bound, Duration, duration


def convert_table(value: Any, kind: Any, path: Path) -> tuple[Any, list[Problem]]:
    """The typed table and all that is wrong with it.

    With faults the table is what can be saved of it (None when nothing can), so that the rest of it can still be
    checked against other tables.
    """
    problems = _walk(value, kind, path)
    ways = [(problem, problem.path[len(path) :]) for problem in problems]
    try:
        return msgspec.convert(_rest(value, ways), kind, dec_hook=decode), problems
    except msgspec.ValidationError as error:
        refused = Problem(path=path, id="refused", args={"text": _without_path(error)})
    try:
        return msgspec.convert(_rest(value, [(p, way[:1]) for p, way in ways if way]), kind, dec_hook=decode), problems
    except msgspec.ValidationError:
        return None, problems or [refused]


def _rest(value: Any, ways: list[tuple[Problem, Path]]) -> Any:
    """The value as it was probably meant: misspelt keys put right, texts that are none empty, other faults left out."""
    rest = deepcopy(value) if ways else value
    for problem, way in ways:
        if not way and problem.id != "missing":
            continue  # it is of the whole: nothing less can be left out
        table = _follow(rest, way) if problem.id == "missing" else _follow(rest, way[:-1])
        if not isinstance(table, dict):
            _drop(rest, way)
        elif problem.id == "missing":
            table[str(problem.args["key"])] = ""
        elif problem.id == "unknown_key_near":
            table.setdefault(str(problem.args["right"]), table.pop(way[-1], None))
        elif problem.args.get("expected") == A_TEXT:
            table[way[-1]] = ""
        else:
            table.pop(way[-1], None)
    return rest


def _follow(value: Any, way: Path) -> Any:
    for part in way:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _drop(value: Any, way: Path) -> None:
    """Takes a key out; for an element of a list the whole list, as the elements behind it would move."""
    if way:
        table = _follow(value, way[:-1])
        if isinstance(table, dict):
            table.pop(way[-1], None)
        else:
            _drop(value, way[:-1])


def decode(kind: type, value: Any) -> Any:
    """msgspec's hook for our own types. ValueError when the value is none of that type."""
    if kind is Duration and isinstance(value, str):
        return duration(value)
    if kind is Bound:
        return _bound(value)
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise ValueError(f"{value!r} is no {kind.__name__}")


def _bound(value: Any) -> Bound:
    if isinstance(value, str):
        bound = Bound(duration(value))
        bound.text = value
        return bound
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    return Bound(value)


def _walk(value: Any, kind: Any, path: Path) -> list[Problem]:
    options = type_options(kind)
    if all(isinstance(option, type) and issubclass(option, Struct) for option in options):
        return _walk_struct(value, options, path)
    if get_origin(options[0]) in (tuple, list) and len(options) == 1:
        return _walk_list(value, options[0], path)
    if get_origin(options[0]) is dict and len(options) == 1:
        return _walk_dict(value, options[0], path)
    return _leaf(value, kind, path)


def type_options(kind: Any) -> tuple[Any, ...]:
    """What a value may be besides None: the members of a union, else the type itself."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(option for option in get_args(kind) if option is not types.NoneType)
    return (kind,)


def _walk_struct(value: Any, options: tuple[type[Struct], ...], path: Path) -> list[Problem]:
    if not isinstance(value, dict):
        return [wrong(value, "a_table", path)]
    struct, fault = _chosen(value, options, path)
    if struct is None:
        return [fault] if fault else []
    known = {f.encode_name: f for f in fields(struct)}
    tag = struct.__struct_config__.tag_field
    out = [unknown_key(k, [*known, *([tag] if tag else [])], path) for k in value if k not in known and k != tag]
    misspelt = {problem.args.get("right") for problem in out}
    out += [
        _missing(f, path) for f in known.values() if _required(f) and not {f.encode_name} & (value.keys() | misspelt)
    ]
    for key, f in known.items():
        if key in value:
            out += _walk(value[key], f.type, (*path, key))
    return out


def _chosen(
    value: dict[str, Any], options: tuple[type[Struct], ...], path: Path
) -> tuple[type[Struct] | None, Problem | None]:
    """Which struct of a union the table's tag names; a table without tags has one only."""
    tag = options[0].__struct_config__.tag_field
    if tag is None:
        return options[0], None
    by_tag = {str(option.__struct_config__.tag): option for option in options}
    if tag not in value:
        near = get_close_matches(tag, value, 1, 0.6)
        if near and isinstance(value[near[0]], str):
            return None, unknown_key(near[0], [tag], path)
        return None, Problem(path=path, id="missing_kind", args={"key": tag, "names": ", ".join(sorted(by_tag))})
    if not isinstance(value[tag], str) or value[tag] not in by_tag:
        return None, unknown("kind", value[tag], by_tag, (*path, tag))
    return by_tag[value[tag]], None


def _required(field: FieldInfo) -> bool:
    return field.default is NODEFAULT and field.default_factory is NODEFAULT


def _missing(field: FieldInfo, path: Path) -> Problem:
    return Problem(path=path, id="missing", args={"key": field.encode_name, "expected": _expected(field.type)})


def unknown_key(key: str, known: list[str], path: Path) -> Problem:
    """A key that there is not: "did you mean", or which keys there are."""
    near = get_close_matches(key, known, 1, 0.6)
    if near:
        return Problem(path=(*path, key), id="unknown_key_near", args={"key": key, "right": near[0]})
    return Problem(path=(*path, key), id="unknown_key", args={"key": key, "names": ", ".join(sorted(known))})


def unknown(what: str, value: Any, names: Any, path: Path) -> Problem:
    """A name that nothing bears: "did you mean", or which names there are. `what` is a text of the catalogue."""
    choices = sorted(names)
    args = {"what": Said(f"what.{what}"), "value": show(value)}
    near = get_close_matches(str(value), choices, 1, 0.6)
    if near:
        return Problem(path=path, id="unknown_near", args={**args, "right": near[0]})
    if not choices:
        return Problem(path=path, id="unknown_none", args=args)
    shown = ", ".join(choices[:12]) + (", …" if len(choices) > 12 else "")
    return Problem(path=path, id="unknown", args={**args, "names": shown})


def _walk_list(value: Any, kind: Any, path: Path) -> list[Problem]:
    if not isinstance(value, list):
        return [wrong(value, "a_list", path)]
    element = get_args(kind)[0]
    return [problem for i, inner in enumerate(value) for problem in _walk(inner, element, (*path, i))]


def _walk_dict(value: Any, kind: Any, path: Path) -> list[Problem]:
    if not isinstance(value, dict):
        return [wrong(value, "a_table", path)]
    element = get_args(kind)[1]
    return [problem for key, inner in value.items() for problem in _walk(inner, element, (*path, key))]


def _leaf(value: Any, kind: Any, path: Path) -> list[Problem]:
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(path=path, id="wrong", args={"value": show(value), "expected": _expected(kind)})]
    try:
        msgspec.convert(value, kind, dec_hook=decode)
    except msgspec.ValidationError:
        return [_leaf_fault(value, kind, path)]
    return []


def _leaf_fault(value: Any, kind: Any, path: Path) -> Problem:
    option = type_options(kind)[0]
    if get_origin(option) is Literal and isinstance(value, str):
        return unknown("word", value, [str(word) for word in get_args(option)], path)
    if option is Duration and isinstance(value, int | float) and not isinstance(value, bool):
        return Problem(path=path, id="bare_number", args={"value": show(value)})
    return Problem(path=path, id="wrong", args={"value": show(value), "expected": _expected(kind)})


def wrong(value: Any, expected: str, path: Path) -> Problem:
    """A value of another type than is expected; `expected` is a text of the catalogue."""
    return Problem(path=path, id="wrong", args={"value": show(value), "expected": Said(f"expected.{expected}")})


_EXPECTED = {
    Duration: "a_duration",
    Bound: "a_bound",
    Secret: "a_secret",
    str: "a_text",
    int: "a_whole_number",
    float: "a_number",
    bool: "a_bool",
}


A_TEXT = Said("expected.a_text")


def _expected(kind: Any) -> Said:
    option = type_options(kind)[0]
    origin = get_origin(option)
    if origin is Literal:
        return Said("expected.one_of", {"names": ", ".join(str(word) for word in get_args(option))})
    if origin in (tuple, list):
        return Said("expected.a_list")
    return Said(f"expected.{_EXPECTED.get(option, 'a_table')}")


def show(value: Any) -> str:
    """A value as TOML writes it, cut."""
    text = write_value(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _without_path(error: Exception) -> str:
    return str(error).rpartition(" - at `$")[0] or str(error)
