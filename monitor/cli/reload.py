"""`crisis-monitor reload`: the running service takes its config anew, or says why not and keeps the old one."""

from __future__ import annotations

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say


@click.command("reload", help=told("run.help.reload"))
@lang_option
@speaks
def reload(client: Client, lang: str) -> None:
    """Exit code 1 where the config has faults; each is told."""
    client.ask("POST", "/api/v1/reload", {})
    click.echo(say(lang, "run.reloaded"))
