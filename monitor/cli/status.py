"""`crisis-monitor status`: how everything stands, in a screen."""

from __future__ import annotations

import json
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.cli.sources import source_line
from monitor.messages import say


@click.command("status", help=told("client.help.status"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def status(as_json: bool, client: Client, lang: str) -> None:
    """Open incidents, rules above calm, sources that fail, findings."""
    found = client.ask("GET", "/api/v1/status")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(found, lang)))


def _lines(found: dict[str, Any], lang: str) -> list[str]:
    lines = []
    for row in found["incidents"]:
        scope = " ".join(f"{k}={v}" for k, v in row.get("scope", {}).items())
        lines.append(f"{row['number']}  {say(lang, 'client.tier.' + row['tier'])}  {row['risk']} {scope}")
    for row in found["rules"]:
        tier = say(lang, f"client.tier.{row['tier']}") if row.get("tier") else "–"
        lines.append(f"  {row['rule']}: {tier}")
    lines += [f"  {source_line(row, lang)}" for row in found["sources"]]
    for row in found["offers"]:
        shared = " ".join(f"{k}={v}" for k, v in row["shared"].items())
        lines.append(say(lang, "client.may_be_one", numbers=", ".join(row["incidents"]), shared=shared))
    lines += [f"  ! {row['kind']} {row['subject']}" for row in found["findings"]]
    return lines
