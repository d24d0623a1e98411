"""The register of presets: names for sources that many have, each expanding to a kind with its options.

The register is data (`presets.toml`), so that what it says can be read, shown and tried without running anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import quote

import msgspec
import tomli
from msgspec import Struct, field

from monitor.times import duration

As = Literal["text", "path", "url", "word", "secret"]
Options = dict[str, Any]
_HOLE = re.compile(r"<([a-z_]+)>")
STAND_INS: dict[As, str] = {
    "text": "x", "path": "x", "url": "https://preset.invalid", "word": "x", "secret": "env:PRESET",
}  # fmt: skip
"""What stands for a parameter that is wrong, so that the rest can still be checked."""


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"as_": "as"}):
    """One parameter; without a default it must be written. `pattern` must fit the whole of it."""

    as_: As = "text"
    default: str | None = None
    pattern: str = ""
    choices: dict[str, str] = field(default_factory=dict)

    def fits(self, value: str) -> bool:
        """Whether a value may be written: none of the choices is another's business."""
        return re.fullmatch(self.pattern, value) is not None if self.pattern else True


class Preset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One preset. `checked`: somebody has read it live; `against` says what it was written from, `on` which day."""

    kind: str
    needs: Literal["nothing", "server", "key"]
    checked: bool
    against: str
    on: str
    source: Options
    least_every: str = "0s"
    parameters: dict[str, Parameter] = field(default_factory=dict)
    example: dict[str, str] = field(default_factory=dict)

    @property
    def least(self) -> float:
        """Seconds: the shortest interval the other side bears."""
        return float(duration(self.least_every))

    def fills(self, way: Sequence[str | int]) -> list[str]:
        """The parameters that go into an option, or into what it holds there."""
        thing: Any = self.source
        for step in way:
            thing = thing.get(step, thing) if isinstance(thing, dict) else thing
        return sorted(set(_HOLE.findall(repr(thing))) & self.parameters.keys())


@cache
def presets() -> dict[str, Preset]:
    """All presets, by name."""
    raw = files("monitor.sources").joinpath("presets.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomli.loads(raw), dict[str, Preset])


def expand(preset: Preset, values: dict[str, str]) -> Options:
    """The options of a source: the preset's own with its holes filled. `values` has every parameter without a default.

    A value that is empty takes its option with it, where the option is nothing else.
    """
    told = {name: values.get(name, p.default) or "" for name, p in preset.parameters.items()}
    filled = {name: p.choices.get(told[name], told[name]) for name, p in preset.parameters.items()}
    return {"kind": preset.kind, **_filled(preset, preset.source, filled, address=False)}


def _filled(preset: Preset, thing: Any, values: dict[str, str], *, address: bool) -> Any:
    if isinstance(thing, dict):
        kept = {
            k: v for k, v in thing.items() if not (isinstance(v, str) and v[1:-1] in values and not values[v[1:-1]])
        }
        return {k: _filled(preset, v, values, address=k == "url") for k, v in kept.items()}
    if isinstance(thing, list):
        return [_filled(preset, inner, values, address=address) for inner in thing]
    if not isinstance(thing, str):
        return thing
    return _HOLE.sub(lambda found: _written(preset.parameters.get(found[1]), found, values, address), thing)


def _written(parameter: Parameter | None, found: re.Match[str], values: dict[str, str], address: bool) -> str:
    """A hole's value, as its place wants it; what is no parameter stays as it is."""
    if parameter is None:
        return found[0]
    value = values[found[1]]
    if parameter.as_ == "url":
        return value.rstrip("/")
    if not address or parameter.choices or parameter.as_ in ("word", "secret"):
        return value
    return quote(value.strip("/") if parameter.as_ == "path" else value, safe="/" if parameter.as_ == "path" else "")
