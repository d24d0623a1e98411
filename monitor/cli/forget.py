"""`crisis-monitor forget`: a person's words are taken out of the store of the running service."""

from __future__ import annotations

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say


@click.command("forget", help=told("client.help.forget"))
@click.option("--author", default="", help=told("client.help.forget_author"))
@click.option("--source", default="", help=told("client.help.forget_source"))
@click.option("--id", "id_", default="", help=told("client.help.forget_id"))
@click.option("--text", default="", help=told("client.help.forget_text"))
@click.option("--yes", is_flag=True, help=told("client.help.forget_yes"))
@lang_option
@speaks
def forget(author: str, source: str, id_: str, text: str, yes: bool, client: Client, lang: str) -> None:
    """Without --yes it only tells how many mentions fit."""
    body = {"author": author, "source": source, "id": id_, "text": text}
    if not yes:
        found = client.ask("POST", "/api/v1/forget", {**body, "preview": True})
        click.echo(say(lang, "client.would_forget", n=found["mentions"]))
        return
    click.echo(say(lang, "client.forgot", **client.ask("POST", "/api/v1/forget", body)))
