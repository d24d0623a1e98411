"""docs/channels.md is true: a section for every kind, every option named, every example loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import fields

from monitor.channels import Channel, ChannelKind
from monitor.config.load import read

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
KINDS = {str(kind.__struct_config__.tag): kind for kind in get_args(ChannelKind)}
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.S)


def test_every_kind_has_its_section() -> None:
    assert set(KINDS) <= set(SECTIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_named(kind: str) -> None:
    common = {f.name for f in fields(Channel)}
    words = set(re.findall(r"\w+", SECTIONS[kind] + (SECTIONS["sms"] if kind == "voice" else "")))
    missing = {f.encode_name for f in fields(KINDS[kind])} - common - words
    assert not missing - NOT_WORTH_A_WORD


NOT_WORTH_A_WORD = {"url", "port", "method", "content_type", "busy", "id_path", "to", "headers"}


def test_every_example_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "rules.toml"
    config.write_text("\n".join(EXAMPLES), encoding="utf-8")
    loaded, faults = read(config)
    assert loaded is not None, [fault.write("en") for fault in faults]
    assert {channel.name for channel in loaded.channel} == set(re.findall(r'^name = "(.*)"', "\n".join(EXAMPLES), re.M))


@pytest.mark.parametrize("kind", [k for k, v in KINDS.items() if isinstance(v.rate, tuple)])
def test_the_rates_are_those_of_the_code(kind: str) -> None:
    rate = KINDS[kind].rate
    (row,) = (line for line in TEXT.splitlines() if line.startswith("|") and f"`{kind}`" in line)
    count = int(re.findall(r"\| (\d+) ", row)[0])
    kept = int(re.findall(r"\| (\d*) ?\|$", row)[0] or 0)
    assert (count, kept) == (rate[0], KINDS[kind].reserve)
