"""Playbooks: a rule's own must exist; a risk without one is handled by the general plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.config.schema import Settings
from monitor.shipped import shipped


def playbook_ids(draft: Draft) -> set[str]:
    """The playbooks beside the config and those that are shipped."""
    return {plan.parent.name for home in _homes(draft) for plan in home.glob("*/playbook.toml")}


def _homes(draft: Draft) -> list[FilePath]:
    beside = FilePath(draft.merged.documents[0].name).parent / draft.table("settings").playbooks
    try:
        return [beside, shipped("playbooks")]
    except FileNotFoundError:
        return [beside]


def missing_playbooks(draft: Draft) -> Iterator[Problem]:
    """A playbook that is named and missing; a folder that is; and, as a note, risks that fall to the general plan."""
    home = draft.table("settings").playbooks
    if home != Settings().playbooks and not _homes(draft)[0].is_dir():
        yield Problem(path=("settings", "playbooks"), id="no_folder", args={"name": home})
        return
    known, noted = playbook_ids(draft), set[str]()
    rests: tuple[Path, ...] = (("settings", "playbooks"),)
    for path, rule in draft.each("rule"):
        if rule.playbook and rule.playbook not in known:
            yield unknown("playbook", rule.playbook, known, (*path, "playbook"))
        elif not rule.playbook and known and rule.risk not in known | noted:
            noted.add(rule.risk)
            args = {"risk": rule.risk}
            yield Problem(path=(*path, "risk"), id="general_plan", args=args, severity="note", rests_on=rests)
