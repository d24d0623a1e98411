"""`crisis-monitor silence`: begin, list and end silences of the running service."""

from __future__ import annotations

import json

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say


@click.group("silence", help=told("client.help.silence"))
def silence() -> None:
    """Silences."""


@silence.command("add", help=told("client.help.silence_add"))
@click.argument("matchers", nargs=-1, required=True)
@click.option("--for", "span", required=True, help=told("client.help.for"))
@click.option(
    "--up-to", type=click.Choice(["blue", "yellow", "orange", "red"]), required=True, help=told("client.help.up_to")
)
@click.option("--comment", "-m", required=True, help=told("client.help.reason"))
@click.option("--dry-run", is_flag=True, help=told("client.help.dry_run"))
@lang_option
@speaks
def add(
    matchers: tuple[str, ...], span: str, up_to: str, comment: str, dry_run: bool, client: Client, lang: str
) -> None:  # fmt: skip
    """MATCHERS are labels such as risk=publicity or product=X1."""
    labels = dict(pair.split("=", 1) for pair in matchers if "=" in pair)
    body = {"matchers": labels, "for": span, "up_to": up_to, "comment": comment, "preview": dry_run}
    made = client.ask("POST", "/api/v1/silences", body)
    if not dry_run:
        tier = say(lang, f"client.tier.{up_to}")
        click.echo(say(lang, "client.silenced", id=made["id"], until=made["until"], tier=tier))
    for row in made["hides"]:
        tier = say(lang, f"client.tier.{row['tier']}")
        click.echo(say(lang, "client.hides", number=row["number"], tier=tier, risk=row["risk"]))
    if not made["hides"]:
        click.echo(say(lang, "client.hides_nothing"))


@silence.command("list", help=told("client.help.silence_list"))
@lang_option
@speaks
def list_(client: Client, lang: str) -> None:
    """JSON, one a line."""
    found = client.ask("GET", "/api/v1/silences")
    for row in found["silences"] if isinstance(found, dict) else found:
        click.echo(json.dumps(row, ensure_ascii=False))


@silence.command("end", help=told("client.help.silence_end"))
@click.argument("id")
@lang_option
@speaks
def end(id: str, client: Client, lang: str) -> None:
    """Ends one now."""
    client.ask("POST", f"/api/v1/silences/{id}/end", {})
    click.echo(say(lang, "client.ended", id=id))
