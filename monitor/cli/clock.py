"""`crisis-monitor clock list|start|submit|rule-out`: legal clocks of an incident. Nothing is ever filed by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.act import show
from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say

INCIDENT = click.argument("incident")
CLOCK = click.argument("clock_id", metavar="CLOCK")


@click.group("clock", help=told("paths.help.clock"))
def clock() -> None:
    """Legal clocks."""


@clock.command("list", help=told("paths.help.clock_list"))
@click.argument("incident", required=False)
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help=told("paths.help.folder"))
@lang_option
@speaks
def list_(incident: str | None, folder: Path | None, client: Client, lang: str) -> None:
    """Those that the playbooks know; with INCIDENT those that were started on it."""
    if incident is None:
        _known(folder, lang)
        return
    found = client.ask("GET", f"/api/v1/incidents/{incident}")["incident"]["clocks"]
    for each in found:
        click.echo(_line(each, lang))
    if not found:
        click.echo(say(lang, "client.nothing"))


def _known(folder: Path | None, lang: str) -> None:
    from monitor.playbook import Playbooks
    from monitor.shipped import shipped

    books, _ = Playbooks.load(*filter(None, (folder, shipped("playbooks"))), tried=False)
    for each in books.clocks.values():
        mark = "" if each.checked_on else say(lang, "paths.clock.unchecked")
        click.echo(f"{each.id:28} {each.limit.say(lang):16} {each.title.say(lang)}{mark}")


def _line(each: dict[str, Any], lang: str) -> str:
    state = "submitted" if each["submitted_at"] else "ruled_out" if each["ruled_out_at"] else "running"
    due = each["due_at"] or say(lang, "incident.word.no_number")
    said = say(lang, f"paths.clock.{state}", at=each["submitted_at"] or each["ruled_out_at"] or "")
    return say(
        lang, "paths.clock.line", id=each["id"], since=each["since"], due=due, by=each["started_by"], state=said
    )  # fmt: skip


@clock.command("start", help=told("paths.help.clock_start"))
@INCIDENT
@CLOCK
@click.option("--since", default="", help=told("paths.help.since"))
@click.option("--also-since", default="", help=told("paths.help.also_since"))
@click.option("--reason", "-m", default="", help=told("client.help.reason"))
@lang_option
@speaks
def start(
    incident: str, clock_id: str, since: str, also_since: str, reason: str, client: Client, lang: str
) -> None:  # fmt: skip
    """Started again it is corrected; the old line stays in the timeline."""
    body = {"clock": clock_id, "since": since or None, "also_since": also_since or None, "comment": reason}
    _act(incident, "clock-start", body, client, lang)


@clock.command("submit", help=told("paths.help.clock_submit"))
@INCIDENT
@CLOCK
@click.option("--at", default="", help=told("paths.help.handed_in"))
@click.option("--reason", "-m", default="", help=told("client.help.comment"))
@lang_option
@speaks
def submit(incident: str, clock_id: str, at: str, reason: str, client: Client, lang: str) -> None:
    """What it asks for was handed in."""
    _act(incident, "clock-submit", {"clock": clock_id, "at": at or None, "comment": reason}, client, lang)


@clock.command("rule-out", help=told("paths.help.clock_rule_out"))
@INCIDENT
@click.argument("clock_ids", metavar="CLOCK...", nargs=-1, required=True)
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@lang_option
@speaks
def rule_out(incident: str, clock_ids: tuple[str, ...], reason: str, client: Client, lang: str) -> None:
    """One or several do not apply, or not after all."""
    for clock_id in clock_ids:
        _act(incident, "clock-rule-out", {"clock": clock_id, "comment": reason}, client, lang)


def _act(incident: str, verb: str, body: dict[str, Any], client: Client, lang: str) -> None:
    done = client.ask("POST", f"/api/v1/incidents/{incident}/{verb}", body)
    show(done, lang)
    for each in done["incident"]["clocks"]:
        if each["id"] == body["clock"]:
            click.echo(_line(each, lang))
