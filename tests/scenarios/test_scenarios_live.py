"""A scenario tells what the running service does: the same records, on the same clock, come to the same notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Mention, Sample
from monitor.scenario.play import World, play
from monitor.scenario.read import Desks, Scene, read
from monitor.sources.push import Push
from tests.daemon.house import PLAYBOOKS, START, House, house

HERE = Path(__file__).resolve().parent
OTHER = {"new-words": "terms"}
"""The config of a scenario that is not the small one."""
Told = tuple[str, str, str, int]


def written(scene: Scene) -> list[Told]:
    """Incident, transition, tier and minute of each notice of a scenario."""
    world: World = play(scene, lambda done, fault: None, lambda hope, world: None)
    seen = {(s.facts.incident, s.facts.notice): s.facts for s in world.sent}
    return [(n.incident, n.transition, n.tier.word, minute(n.at)) for n in seen.values()]


def _when(told: Told) -> tuple[int, str]:
    """Notices of different incidents at one minute come in any order."""
    return told[3], told[0]


def minute(at: float) -> int:
    return round((at - START) / 60)


async def lived(here: House, scene: Scene) -> list[Told]:
    """The same of the service."""
    ordered: list[Mention | Sample] = sorted(scene.records, key=lambda r: r.seen_at)
    for name in {r.source for r in ordered if r.seen_at < START}:
        past = [r for r in ordered if r.source == name and r.seen_at < START and isinstance(r, Mention)]
        await here.service.ingest.load(name, past, [])
    for record in (r for r in ordered if r.seen_at >= START):
        await here.to(f"{record.seen_at - START}s")
        source = here.service.desk().sources[record.source]
        assert isinstance(source, Push)
        mentions, samples = ([record], []) if isinstance(record, Mention) else ([], [record])
        await here.service.ingest.push(source, mentions, samples, here.clock.now())
        await here.to(f"{record.seen_at - START + 0.2}s")
    await here.to(f"{scene.end - START}s")
    return [(n.incident, n.transition, n.tier.word, minute(n.at)) for n in await here.told()]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name",
    [
        "languages",
        "shadow",
        "together",
        "new-words",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("lowered", "cleared-reopened")),
    ],
)
async def test_live_tells_what_the_scenario_told(name: str, tmp_path: Path) -> None:
    scene = read(HERE / f"{name}.toml", Desks())
    given = (HERE / "config" / f"{OTHER.get(name, 'small')}.toml").read_text(encoding="utf-8")
    config = given.replace("../../../playbooks", str(PLAYBOOKS)).replace("notices.jsonl", str(tmp_path / "notices"))
    async with house(tmp_path, config, base="") as here:
        assert sorted(await lived(here, scene), key=_when) == sorted(written(scene), key=_when)
