"""Scenarios of drills, beside the playbook they practise: `playbooks/<id>/drill.toml`. One's own stand over shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog
import tomli

from monitor.config.convert import convert_table
from monitor.incidents.drills import Scenario

FILE = "drill.toml"
log = structlog.get_logger("drills")


def scenarios(*homes: Path) -> dict[str, Scenario]:
    """Every scenario of these folders by id; the first folder that has a file wins. Faulty ones are left out."""
    files: dict[str, Path] = {}
    for home in homes:
        for path in sorted(home.glob(f"*/{FILE}")):
            files.setdefault(path.parent.name, path)
    read = [_known(path, path.stat().st_mtime_ns) for path in files.values()]
    return {scenario.id: scenario for scenario in read if scenario is not None}


@lru_cache(maxsize=64)
def _known(path: Path, changed: int) -> Scenario | None:
    """Read once for each time the file was changed."""
    try:
        table = tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        log.error("drill_faulty", file=str(path), fault=str(fault))
        return None
    scenario, problems = convert_table(table, Scenario, ())
    for problem in problems:
        log.error("drill_faulty", file=str(path), where=".".join(map(str, problem.path)), fault=problem.id)
    return None if problems or not isinstance(scenario, Scenario) else scenario
