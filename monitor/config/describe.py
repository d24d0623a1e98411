"""The shape of rules.toml for editors: a JSON Schema made of the very types that read it."""

from __future__ import annotations

import types
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct, field
from msgspec.structs import FieldInfo, fields

from monitor.config.dump import plain
from monitor.config.reference import tables
from monitor.config.schema import Config
from monitor.messages import catalogue
from monitor.secret import KINDS, Secret
from monitor.sources.presets import Parameter, presets
from monitor.times import Bound, Duration

_SPAN = {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?(ms|mo|[smhdwy]))+\s*$", "examples": ["30s", "1h30m", "2w"]}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a whole config."""
    schema = msgspec.json.schema(_twin(Config), schema_hook=_own_type)
    _add_presets(schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rules.toml", **schema}


def _add_presets(shapes: dict[str, Any]) -> None:
    """A source may name a preset in place of its kind: its shape, with the parameters as keys."""
    sources = shapes["Config"]["properties"]["source"]["items"]
    for name, preset in presets().items():
        of_kind = shapes[_shape(sources, preset.kind)]["properties"]
        own = {key: _parameter(name, key, parameter) for key, parameter in preset.parameters.items()}
        wanted = [key for key, parameter in preset.parameters.items() if parameter.default is None]
        about = "\n".join(catalogue()[f"presets.about.{name}"].values())
        shapes[f"preset.{name}"] = {
            "title": name,
            "description": about,
            "type": "object",
            "properties": {**of_kind, "preset": {"enum": [name]}, **own},
            "required": ["name", "preset", *wanted],
            "additionalProperties": False,
        }
        sources["anyOf"].append({"$ref": f"#/$defs/preset.{name}"})


def _shape(sources: dict[str, Any], kind: str) -> str:
    return str(sources["discriminator"]["mapping"][kind]).removeprefix("#/$defs/")


def _parameter(preset: str, key: str, parameter: Parameter) -> dict[str, Any]:
    means = "\n".join(catalogue()[f"presets.parameter.{preset}.{key}"].values())
    shape: dict[str, Any] = {"type": "string", "description": means}
    if parameter.choices:
        shape["enum"] = list(parameter.choices)
    elif parameter.as_ == "secret":
        shape["pattern"] = rf"^({'|'.join(KINDS)}):.+"
    elif parameter.pattern:
        shape["pattern"] = f"^(?:{parameter.pattern})$"
    return shape


def _twin(kind: Any) -> Any:
    """The same type with plain defaults: msgspec cannot write defaults of our own types into a schema."""
    arguments = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _twin_struct(kind)
    if get_origin(kind) in (Union, types.UnionType):
        return reduce(or_, map(_twin, arguments))
    if get_origin(kind) is tuple:
        return tuple[_twin(arguments[0]), ...]  # type: ignore[misc]
    if get_origin(kind) is dict:
        return dict[str, _twin(arguments[1])]  # type: ignore[misc]
    return kind


@cache
def _meanings() -> dict[type[Struct], dict[str, str]]:
    """Struct -> key -> what it means, in all languages."""
    found = {table.struct: table.keys for table in tables()}
    return {struct: {key.name: "\n".join(key.means.values()) for key in keys} for struct, keys in found.items()}


def _described(kind: type[Struct], known: FieldInfo) -> Any:
    means = _meanings().get(kind, {}).get(known.encode_name)
    plain_type = _twin(known.type)
    return Annotated[plain_type, Meta(description=means)] if means else plain_type


@cache
def _twin_struct(kind: type[Struct]) -> type[Struct]:
    config = kind.__struct_config__
    return msgspec.defstruct(
        kind.__name__,
        [(f.name, _described(kind, f), _plain_default(f)) for f in fields(kind)],
        module=kind.__module__,
        namespace={"__doc__": kind.__doc__},
        kw_only=True,
        forbid_unknown_fields=True,
        tag=config.tag,
        tag_field=config.tag_field,
    )


def _plain_default(known: FieldInfo) -> Any:
    if known.default is NODEFAULT and known.default_factory is NODEFAULT:
        return field(name=known.encode_name)
    value = plain(known.default_factory() if known.default is NODEFAULT else known.default)
    if isinstance(value, dict):
        return field(name=known.encode_name, default_factory=dict)
    return field(name=known.encode_name, default=tuple(value) if isinstance(value, list) else value)


def _own_type(kind: type) -> dict[str, Any]:
    if kind is Duration:
        return {"title": "Duration", **_SPAN}
    if kind is Bound:
        return {"title": "Bound", "anyOf": [{"type": "number"}, _SPAN]}
    if kind is Secret:
        return {"title": "Secret", "type": "string", "pattern": rf"^({'|'.join(KINDS)}):.+"}
    raise NotImplementedError(kind)
