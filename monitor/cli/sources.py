"""`crisis-monitor sources`: how the sources of the running service stand; reading one at once, pausing, resuming."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say

PATIENCE = 600.0
"""Seconds for a fetch: pages, and turns at a host that wants them apart."""
_MARKS = {True: "✓", False: "✗", None: "–"}


@click.group("sources", help=told("client.help.sources"))
def sources() -> None:
    """Sources."""


@sources.command("list", help=told("client.help.sources_list"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def list_(as_json: bool, client: Client, lang: str) -> None:
    """A line a source."""
    found = client.ask("GET", "/api/v1/sources")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for row in found["sources"]:
        click.echo(source_line(row, lang))


def source_line(row: dict[str, Any], lang: str) -> str:
    """One source, and what is the matter with it."""
    if row.get("pause"):
        return f"‖ {say(lang, 'client.paused', name=row['source'], **_who(row))}"
    last = row.get("last_record_at") or "–"
    return f"{_MARKS[row.get('up')]} {row['source']}  {last}  {row.get('error') or ''}".rstrip()


@sources.command("try", help=told("client.help.sources_try"))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def attempt(name: str, as_json: bool, client: Client, lang: str) -> None:
    """Exit code 1: it could not be read."""
    client.patience = PATIENCE
    found = client.ask("POST", _door(name, "try"), {})
    failed = found["read"] is None
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else _tried(name, found, lang))
    sys.exit(1 if failed else 0)


def _tried(name: str, found: dict[str, Any], lang: str) -> str:
    if found["read"] is None:
        return say(lang, "client.tried_failed", name=name, fault=found["source"].get("error") or "")
    if found["unchanged"]:
        return say(lang, "client.tried_unchanged", name=name)
    head = say(
        lang, "client.tried", name=name, read=found["read"], new=found["new"], refused=len(found["refused"])
    )  # fmt: skip
    return "\n".join([head, *(f"  {text}" for text in found["refused"])])


@sources.command("pause", help=told("client.help.sources_pause"))
@click.argument("name")
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@lang_option
@speaks
def pause(name: str, reason: str, client: Client, lang: str) -> None:
    """Stays so over a restart and a reload."""
    done = client.ask("POST", _door(name, "pause"), {"comment": reason})
    click.echo(say(lang, "client.paused", name=name, **_who(done["source"])) + _unchanged(done, lang))


@sources.command("resume", help=told("client.help.sources_resume"))
@click.argument("name")
@lang_option
@speaks
def resume(name: str, client: Client, lang: str) -> None:
    """Read at once; what was said meanwhile teaches, and alarms nothing."""
    done = client.ask("POST", _door(name, "resume"), {})
    click.echo(say(lang, "client.resumed", name=name) + _unchanged(done, lang))


def _door(name: str, verb: str) -> str:
    return f"/api/v1/sources/{quote(name, safe='')}/{verb}"


def _who(row: dict[str, Any]) -> dict[str, str]:
    return {"by": row["pause"]["by"], "why": row["pause"]["why"]}


def _unchanged(done: dict[str, Any], lang: str) -> str:
    return "" if done["changed"] else say(lang, "client.unchanged")
