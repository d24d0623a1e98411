"""A preset in the config: the user's keys win, the rest is the preset's; commands and editors know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monitor.config.describe import json_schema
from monitor.config.dump import dump
from monitor.config.load import load, read
from monitor.sources.presets import presets
from monitor.sources.rss import Rss

NEWS = """
[[source]]
name = "news"
preset = "google_news"
query = "充电宝"
"""


def source(folder: Path, text: str) -> Any:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    loaded = load(path)
    assert loaded.presets == {"news": "google_news"}
    return loaded.config.source[0]


def test_a_preset_gives_all_that_its_user_does_not(tmp_path: Path) -> None:
    made = source(tmp_path, NEWS)
    assert isinstance(made, Rss) and made.url.startswith("https://news.google.com/rss/search?q=%E5%85%85")
    assert (made.family, made.timezone, made.every, made.spacing) == ("press", "UTC", 300, 2)


def test_what_the_user_writes_wins_and_tables_are_laid_over(tmp_path: Path) -> None:
    own = 'every = "1h"\nfamily = "market"\nlabels = { brand = "us" }\nkind = "rss"\n'
    own += 'fields = { "labels.kind" = "tags" }\n'
    made = source(tmp_path, NEWS + own)
    assert (made.every, made.family, made.labels) == (3600, "market", {"brand": "us"})
    assert made.fields == {"author": "source", "labels.kind": "tags"}


def test_what_is_dumped_loads_to_the_same_without_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(NEWS, encoding="utf-8")
    config = load(path).config
    path.write_text(dump(config), encoding="utf-8")
    assert load(path).config == config


def test_a_secret_that_does_not_resolve_is_told_of_the_parameter(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[source]]\nname = "r"\npreset = "reddit"\npath = "search"\nuser = "me"\ntoken = "env:NO_SUCH_TOKEN"\n'
    )
    (warning,) = read(path)[1]
    assert (warning.severity, warning.line, warning.where) == ("warning", 6, 'source "r": token')


@pytest.mark.parametrize("name", presets())
def test_editors_know_each_preset_and_its_parameters(name: str) -> None:
    shape = json_schema()["$defs"][f"preset.{name}"]
    assert presets()[name].parameters.keys() <= shape["properties"].keys()
    wanted = {key for key, p in presets()[name].parameters.items() if p.default is None}
    assert set(shape["required"]) == {"name", "preset", *wanted}
    assert "kind" not in shape["required"] and shape["properties"]["preset"] == {"enum": [name]}
