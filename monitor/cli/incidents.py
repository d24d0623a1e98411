"""`crisis-monitor incidents`: the incidents of the running service, or one with its timeline."""

from __future__ import annotations

import json
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say


@click.command("incidents", help=told("client.help.incidents"))
@click.argument("number", required=False)
@click.option("--all", "everything", is_flag=True, help=told("client.help.all"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def incidents(number: str | None, everything: bool, as_json: bool, client: Client, lang: str) -> None:
    """A line an incident; with NUMBER its timeline."""
    if number is not None:
        found = client.ask("GET", f"/api/v1/incidents/{number}")
        click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(found, lang)))
        return
    listed = client.ask("GET", "/api/v1/incidents", state="all" if everything else None)
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    rows = listed["incidents"] if isinstance(listed, dict) else listed
    for row in rows:
        click.echo(_row(row, lang))
    if not rows:
        click.echo(say(lang, "client.nothing"))


def _row(row: dict[str, Any], lang: str) -> str:
    scope = " ".join(f"{k}={v}" for k, v in row.get("scope", {}).items())
    tier, state = say(lang, f"client.tier.{row['tier']}"), say(lang, f"incident.state.{row['state']}")
    return f"{row['number']}  {tier}  {state}  {row['risk']} {scope}  {row.get('acknowledged_by') or '–'}"


def _lines(found: dict[str, Any], lang: str) -> list[str]:
    lines = [_row(found["incident"], lang)]
    for story in found.get("stories", []):
        first = {"source": story["first_source"], "at": story["first_at"]}
        lines.append(
            "  " + say(lang, "client.story", n=story["n"], authors=story["authors"], text=story["text"], **first)
        )
    for entry in found.get("entries", []):
        text = entry.get("text") or f"{entry['kind']} {entry.get('args', '')}"
        lines.append(f"  {entry['at']}  {entry['actor']}  {text}")
    for offer in found.get("offers", []):
        shared = " ".join(f"{label}={value}" for label, value in offer["shared"].items())
        lines.append(say(lang, "client.may_be_one", numbers=", ".join(offer["incidents"]), shared=shared))
    return lines
