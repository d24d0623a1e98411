"""`crisis-monitor deliveries`: what is on its way, what died, and sending it again."""

from __future__ import annotations

import json

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say


@click.command("deliveries", help=told("client.help.deliveries"))
@click.option("--only", default=None, help=told("client.help.delivery_state"))
@click.option("--resend", type=int, default=None, help=told("client.help.resend"))
@lang_option
@speaks
def deliveries(only: str | None, resend: int | None, client: Client, lang: str) -> None:
    """JSON, one a line."""
    if resend is not None:
        client.ask("POST", f"/api/v1/deliveries/{resend}/resend", {})
        click.echo(say(lang, "client.resent", id=resend))
        return
    found = client.ask("GET", "/api/v1/deliveries", state=only)
    for row in found["deliveries"] if isinstance(found, dict) else found:
        click.echo(json.dumps(row, ensure_ascii=False))
