"""Every visible text, in Chinese and English, side by side: one TOML file per part of the product.

    [web."incidents.none"]          ->  say("zh", "web.incidents.none")
    zh = "没有进行中的事件"
    en = "No open incident"

The file's stem is the first part of the id. Texts are filled with str.format.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import tomli

LANGUAGES = ("zh", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All texts: id -> language -> text. Ids are `file.key`; nested tables join with dots."""
    out: dict[str, dict[str, str]] = {}
    for part in files(__package__).iterdir():
        if part.name.endswith(".toml"):
            _gather(part.name.removesuffix(".toml"), tomli.loads(part.read_text(encoding="utf-8")), out)
    return out


def _gather(prefix: str, table: dict[str, Any], out: dict[str, dict[str, str]]) -> None:
    if all(isinstance(v, str) for v in table.values()):
        out[prefix] = table
        return
    for name, inner in table.items():
        _gather(f"{prefix}.{name}", inner, out)


def say(language: str, id: str, /, **args: Any) -> str:
    """The text of an id in a language (`zh…` is Chinese, all else English), filled. KeyError for an unknown id."""
    text = catalogue()[id]["zh" if language.startswith("zh") else "en"]
    return text.format(**args) if args else text
