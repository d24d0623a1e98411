from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.channels.channel import Refused
from monitor.channels.file import File
from monitor.http import Http
from tests.channels.samples import NOW, TARGET, notice, person


async def send(path: Path, **changes: str) -> None:
    async with Http() as http:
        await File(name="c", path=str(path)).send(notice(**changes), person("x"), http, NOW)


@pytest.mark.anyio
async def test_one_line_a_notice(tmp_path: Path) -> None:
    await send(tmp_path / "out.jsonl")
    await send(tmp_path / "out.jsonl", quote="a\nb")
    first, second = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert first["key"] == "d-0042-3-zhang-wei"
    assert first["to"] == "zhang-wei"
    assert first["data"]["incident"] == "INC-2026-0042"
    assert second["data"]["title"].endswith("a b")


@pytest.mark.anyio
async def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(b'{"key":"torn')
    await send(out)
    torn, whole = out.read_text().splitlines()
    assert torn == '{"key":"torn'
    assert json.loads(whole)["key"] == notice().key


@pytest.mark.anyio
async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        await send(tmp_path / "none" / "out.jsonl")


def test_the_channel_itself_is_nobody() -> None:
    assert json.loads(File(name="c", path="x").body(notice(), TARGET))["to"] == ""
