"""`preset = "…"` in a `[[source]]`, expanded before the table is typed: the user's own keys win.

What is wrong with a preset's table is told of the keys the user wrote: a parameter by its name, and what a parameter
made of an option of the preset.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import fields

from monitor.config.convert import A_TEXT, show, unknown, unknown_key, wrong
from monitor.config.fault import Path, Problem
from monitor.secret import KINDS
from monitor.sources import SourceKind
from monitor.sources.presets import STAND_INS, Options, Parameter, Preset, expand, presets
from monitor.times import duration

KEY = "preset"


def expanded(table: Options, path: Path) -> tuple[Options | None, list[Problem]]:
    """The table of a source with its preset expanded, as it is where it names none; and all that is wrong with that.

    With faults the table is what was probably meant, so that the rest can still be checked; None: nobody can tell.
    """
    if KEY not in table:
        return table, []
    name = table[KEY]
    if not isinstance(name, str) or name not in presets():
        rest = {key: value for key, value in table.items() if key != KEY}
        return rest if "kind" in rest else None, [unknown("preset", name, presets(), (*path, KEY))]
    preset = presets()[name]
    values, problems = _values(preset, table, path)
    own, more = _own(preset, table, path)
    return {**expand(preset, values), **own}, [*problems, *more, *_too_often(name, preset, table, path)]


def _values(preset: Preset, table: Options, path: Path) -> tuple[dict[str, str], list[Problem]]:
    """The parameters as written. One whose name was only misspelt is not told as missing too."""
    values, problems = {}, []
    known = [*preset.parameters, *_keys(preset)]
    slips = {near[0] for key in table if key not in known and (near := get_close_matches(key, known, 1, 0.6))}
    for name, parameter in preset.parameters.items():
        if name in table:
            right = preset.example.get(name) or parameter.default or ""
            problem = _wrong_value(name, parameter, table[name], right, (*path, name))
            problems += [problem] if problem else []
            values[name] = STAND_INS[parameter.as_] if problem else str(table[name])
        elif parameter.default is None:
            values[name] = STAND_INS[parameter.as_]
            if name not in slips:
                problems.append(Problem(path=path, id="missing", args={"key": name, "expected": A_TEXT}))
    return values, problems


def _wrong_value(name: str, parameter: Parameter, value: Any, right: str, path: Path) -> Problem | None:
    if not isinstance(value, str) or not value.strip():
        return wrong(value, "a_text", path)
    if parameter.choices and value not in parameter.choices:
        return unknown("word", value, parameter.choices, path)
    if parameter.as_ == "secret" and (value.partition(":")[0] not in KINDS or not value.partition(":")[2]):
        return Problem(path=path, id="preset_secret", args={"key": name})
    if not parameter.fits(value):
        return Problem(path=path, id="preset_pattern", args={"value": show(value), "right": right})
    return None


def _own(preset: Preset, table: Options, path: Path) -> tuple[Options, list[Problem]]:
    """What the user wrote besides parameters. Tables of theirs are laid over the preset's, key by key."""
    out, problems = {}, []
    keys = _keys(preset)
    for key, value in table.items():
        if key == KEY or key in preset.parameters:
            continue
        if key == "kind":
            if value != preset.kind:
                problems.append(Problem(path=(*path, key), id="preset_kind", args={"kind": preset.kind}))
        elif key not in keys:
            problems.append(unknown_key(key, [*preset.parameters, *keys], path))
        else:
            under = preset.source.get(key)
            out[key] = {**under, **value} if isinstance(under, dict) and isinstance(value, dict) else value
    return out, problems


def _keys(preset: Preset) -> list[str]:
    """The options of the kind a preset stands for."""
    return [known.encode_name for known in fields(kind_of(preset))]


def kind_of(preset: Preset) -> type[Struct]:
    """The kind a preset expands to."""
    kinds: dict[object, type[Struct]] = {kind.__struct_config__.tag: kind for kind in get_args(SourceKind)}
    return kinds[preset.kind]


def _too_often(name: str, preset: Preset, table: Options, path: Path) -> list[Problem]:
    try:
        every = duration(table["every"]) if isinstance(table.get("every"), str) else preset.least
    except ValueError:
        return []
    args = {"name": name, "every": table.get("every"), "least": preset.least_every}
    return [Problem(path=(*path, "every"), id="preset_every", args=args)] if every < preset.least else []


def written_as(table: Options, way: Path) -> Path:
    """The way into what the user wrote of an option at fault: itself, a parameter that fills it, or the preset."""
    name, key = table.get(KEY), way[0]
    if key in table or not isinstance(name, str) or name not in presets():
        return way
    return (next((p for p in presets()[name].fills(way) if p in table), KEY),)
