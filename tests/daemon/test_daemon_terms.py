"""Rules by term in the running service: found in stored texts, told with examples, never in metrics."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from monitor.daemon.service import IDLE
from monitor.daemon.terms import PATIENCE
from monitor.model import Mention
from monitor.sources.push import Push
from tests.daemon.house import PLAYBOOKS, START, House, house

CONFIG = (Path(__file__).parents[1] / "scenarios" / "config" / "terms.toml").read_text(encoding="utf-8")
WORD = "钥匙泡水"


def config(folder: Path) -> str:
    return CONFIG.replace("../../../playbooks", str(PLAYBOOKS)).replace("notices.jsonl", str(folder / "notices"))


def said(text: str, *minutes: float) -> list[Mention]:
    times = [START + m * 60 for m in minutes]
    return [Mention(id=f"{text}{at}", text=text, source="desk", published_at=at, seen_at=at) for at in times]


async def bring(here: House, mentions: list[Mention]) -> None:
    source = here.service.desk().sources["desk"]
    assert isinstance(source, Push)
    await here.service.ingest.push(source, mentions, [], here.clock.now())


async def history(here: House) -> None:
    await here.service.ingest.load("desk", said("物流太慢", *range(-8 * 1440, 0, 180)), [])


@pytest.mark.anyio
async def test_a_new_word_is_told_with_what_was_said_and_is_no_metric(tmp_path: Path) -> None:
    async with house(tmp_path, config(tmp_path), base="") as here:
        await history(here)
        await here.to("25m")
        await bring(here, said(f"{WORD}，电话13800138000", 20, 21, 22, 23, 24))
        await here.to("31m")
        (notice,) = await here.told()
        assert notice.scope == {"term": WORD} and [e.text[:4] for e in notice.examples] == [WORD]
        assert "13800138000" not in str(notice)
        assert WORD not in here.service.metrics.exposition()[0].decode()


@pytest.mark.anyio
async def test_a_word_of_the_stored_past_is_known_after_a_reload(tmp_path: Path) -> None:
    async with house(tmp_path, config(tmp_path), base="") as here:
        await history(here)
        await here.service.ingest.load("desk", said(WORD, -4000, -3000, -2000), [])
        await here.to("25m")
        await bring(here, said(WORD, 20, 21, 22, 23, 24))
        await here.service.reload()
        await here.to("31m")
        assert await here.told() == []


@pytest.mark.anyio
async def test_a_long_look_gets_on_with_each_bite(tmp_path: Path) -> None:
    async with house(tmp_path, config(tmp_path), base="") as here:
        await history(here)
        await here.to("25m")
        await bring(here, said(WORD, 20, 21, 22, 23, 24))
        with (
            patch("monitor.daemon.terms.BITE", 10),
            patch.object(here.service.metrics, "advanced", wraps=here.service.metrics.advanced) as advanced,
            patch("monitor.daemon.service.IDLE", dict.fromkeys(IDLE, ())),
        ):
            await here.to("31m")
        assert [call.args[0] for call in advanced.call_args_list].count("terms") >= 6


@pytest.mark.anyio
async def test_a_look_that_breaks_is_tried_again(tmp_path: Path) -> None:
    async with house(tmp_path, config(tmp_path), base="") as here:
        await history(here)
        await here.to("25m")
        await bring(here, said(WORD, 20, 21, 22, 23, 24))
        with patch("monitor.daemon.terms.observations.back", side_effect=ValueError("broken")):
            await here.to("30m")
        assert await here.told() == []
        await here.to(f"{30 * 60 + PATIENCE + 1}s")
        assert [n.scope for n in await here.told()] == [{"term": WORD}]
