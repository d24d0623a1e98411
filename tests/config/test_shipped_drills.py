"""Every shipped playbook can be practised, on the shipped rules, whatever the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.drills import scenarios
from monitor.config.load import load
from monitor.incidents.drills import Run, events, records
from monitor.messages import LANGUAGES
from monitor.model import Mention
from monitor.playbook import Playbooks

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "playbooks"
ALL = scenarios(HOME)


def test_there_is_one_for_every_playbook() -> None:
    assert set(ALL) == {path.parent.name for path in HOME.glob("*/playbook.toml")}
    assert all(scenario.playbook == id for id, scenario in ALL.items())


@pytest.mark.parametrize("id", sorted(ALL))
def test_it_speaks_both_languages_comes_from_known_families_and_ends_in_time(id: str) -> None:
    scenario, run = ALL[id], Run(id="d", scenario=id, started_at=0.0, started_by="li")
    assert set(scenario.title) == set(LANGUAGES)
    assert all(set(inject.note) == set(LANGUAGES) for inject in scenario.inject if inject.kind == "note")
    known = {source.name for source in load(ROOT / "rules.toml").config.source}
    assert {inject.source for inject in scenario.inject if inject.source} <= known
    everything = records(scenario, run, float("-inf"), float("inf"))
    assert all(r.seen_at < scenario.lasts for r in everything)
    assert all(isinstance(r, Mention) and r.text for r in everything)
    assert len(events(scenario, run, scenario.lasts)) == len(events(scenario, run, float("inf"))) >= 2
    assert {"detected", "acked"} <= {objective.kind for objective in scenario.objective}
    plans, _ = Playbooks.load(HOME, tried=False)
    steps = {step.id for step in plans.plans[scenario.playbook].step}
    assert {objective.name for objective in scenario.objective if objective.kind == "step"} <= steps
    assert all(objective.within < scenario.lasts for objective in scenario.objective)


def test_a_faulty_scenario_is_left_out_and_ones_own_stands_over_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "drill.toml").write_text('id = "market"\nplaybok = "market"\n', encoding="utf-8")
    (tmp_path / "own").mkdir()
    own = 'id = "own"\nplaybook = "general"\nlasts = "1h"\ntitle = { zh = "自", en = "own" }\n'
    (tmp_path / "own" / "drill.toml").write_text(own, encoding="utf-8")
    found = scenarios(tmp_path, HOME)
    assert "own" in found and "market" not in found and "general" in found
