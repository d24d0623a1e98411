"""`crisis-monitor answers`: how fast people answer, per person, tier and channel."""

from __future__ import annotations

import json
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.times import write_duration


@click.command("answers", help=told("paths.help.answers"))
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help=told("paths.help.days"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def answers(days: int, as_json: bool, client: Client, lang: str) -> None:
    """A line a person, tier and channel."""
    found = client.ask("GET", "/api/v1/answers", days=days)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(_line(row, lang) for row in found["answers"]) or say(lang, "client.nothing"))


def _line(row: dict[str, Any], lang: str) -> str:
    times = {name: _span(row[name]) for name in ("median", "slowest")}
    tier = say(lang, f"client.tier.{row['tier']}")
    counts = {name: row[name] for name in ("person", "channel", "asked", "answered")}
    return say(lang, "paths.answers.line", tier=tier, **counts, **times)


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else write_duration(round(seconds))
