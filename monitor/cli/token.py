"""`crisis-monitor token`: what lets programs in. The token is shown once; the config holds only its hash."""

from __future__ import annotations

import hashlib
import secrets

import click

from monitor.cli.language import lang_option, told
from monitor.config.dump import write_value
from monitor.messages import say

SCOPES = ("ingest", "read", "act", "metrics")


@click.group("token", help=told("init.help.token"))
def token() -> None:
    """Commands on tokens."""


@token.command("new", help=told("init.help.token_new"))
@click.argument("name")
@click.option("--scope", multiple=True, type=click.Choice(SCOPES), default=("ingest",), help=told("init.help.scope"))
@lang_option
def new(name: str, scope: tuple[str, ...], lang: str) -> None:
    """The token, and the TOML that lets it in."""
    value = f"cm_{secrets.token_urlsafe(32)}"
    table = {"name": name, "hash": hashlib.sha256(value.encode()).hexdigest(), "scopes": list(scope)}
    click.echo(say(lang, "init.token", token=value))
    click.echo("[[server.token]]")
    for key, inner in table.items():
        click.echo(f"{key} = {write_value(inner)}")
