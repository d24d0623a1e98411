"""Playbooks: a rule's own must exist; a risk without one is handled by the general plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import tomli

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.config.schema import Settings
from monitor.shipped import shipped


def playbook_ids(draft: Draft) -> set[str]:
    """The playbooks beside the config and those that are shipped."""
    return {plan.parent.name for home in playbook_homes(draft) for plan in home.glob("*/playbook.toml")}


def playbook_homes(draft: Draft) -> list[FilePath]:
    """The folder beside the config, then the shipped one."""
    beside = FilePath(draft.merged.documents[0].name).parent / draft.table("settings").playbooks
    try:
        return [beside, shipped("playbooks")]
    except FileNotFoundError:
        return [beside]


def missing_playbooks(draft: Draft) -> Iterator[Problem]:
    """A playbook that is named and missing; a folder that is; and, as a note, risks that fall to the general plan."""
    home = draft.table("settings").playbooks
    if home != Settings().playbooks and not playbook_homes(draft)[0].is_dir():
        yield Problem(path=("settings", "playbooks"), id="no_folder", args={"name": home})
        return
    known, noted = playbook_ids(draft), set[str]()
    for path, route in draft.each("route"):
        if route.playbook and route.playbook not in known:
            yield unknown("playbook", route.playbook, known, (*path, "playbook"))
    rests: tuple[Path, ...] = (("settings", "playbooks"),)
    for path, rule in draft.each("rule"):
        if rule.playbook and rule.playbook not in known:
            yield unknown("playbook", rule.playbook, known, (*path, "playbook"))
        elif not rule.playbook and known and rule.risk not in known | noted:
            noted.add(rule.risk)
            args = {"risk": rule.risk}
            yield Problem(path=(*path, "risk"), id="general_plan", args=args, severity="note", rests_on=rests)


def wrong_reporting(draft: Draft) -> Iterator[Problem]:
    """The playbook that `[alertmanager]` names is missing."""
    wanted, known = draft.table("alertmanager").playbook, playbook_ids(draft)
    if wanted and wanted not in known:
        yield unknown("playbook", wanted, known, ("alertmanager", "playbook"))


def unfilled_roles(draft: Draft) -> Iterator[Problem]:
    """Roles that playbooks give steps to and no team fills: nobody would know that it is theirs. Told once."""
    filled = {role for _, team in draft.each("team") for role in team.roles}
    if not filled or not draft.complete:
        return
    missing = [role for role in _roles(draft) if role not in filled]
    if missing:
        args = {"names": ", ".join(missing)}
        yield Problem(path=("team",), id="unfilled_roles", args=args, severity="warning", rests_on=(("team",),))


def _roles(draft: Draft) -> list[str]:
    """The roles of the playbooks in force, in their order; outsiders are contacts, not members."""
    found: dict[str, bool] = {}
    for home in reversed(playbook_homes(draft)):
        for plan in sorted(home.glob("*/playbook.toml")):
            try:
                roles = tomli.loads(plan.read_text(encoding="utf-8")).get("role", {})
            except (OSError, ValueError):
                continue  # `playbook check` tells what is wrong with it
            found |= {name: bool(role.get("outside")) for name, role in roles.items() if isinstance(role, dict)}
    return [name for name, outside in found.items() if not outside]
