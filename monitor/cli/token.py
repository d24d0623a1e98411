"""`crisis-monitor token`: what lets programs in. The token is shown once; the config holds only its hash."""

from __future__ import annotations

import hashlib
import secrets
import sys
from pathlib import Path

import click

from monitor.cli.check import first_config
from monitor.cli.language import lang_option, told
from monitor.config.dump import write_value
from monitor.config.load import load, read
from monitor.config.schema import Token
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


@token.command("list", help=told("init.help.token_list"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@lang_option
def list_(config: Path | None, lang: str) -> None:
    """Names and scopes; nobody knows the tokens themselves."""
    for each in _tokens(config or first_config(), lang):
        click.echo(f"{each.name:<24} {' '.join(each.scopes):<32} {each.hash[:8]}")


@token.command("revoke", help=told("init.help.token_revoke"))
@click.argument("name")
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@lang_option
def revoke(name: str, config: Path | None, lang: str) -> None:
    """The config is a person's: the place is told, and nothing is written."""
    path = config or first_config()
    found = [each for each in _tokens(path, lang) if each.name == name]
    if not found:
        click.echo(say(lang, "init.token_unknown", name=name, path=path), err=True)
        sys.exit(1)
    click.echo(say(lang, "init.token_revoke", place=_place(path, found[0].hash), name=name))


def _tokens(path: Path, lang: str) -> tuple[Token, ...]:
    try:
        config, faults = read(path)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)
    if config is None:
        click.echo(say(lang, "check.faulty", count=len(faults)), err=True)
        sys.exit(1)
    return config.server.token


def _place(path: Path, hash: str) -> str:
    """FILE:LINE of a token's hash, in the config or what it includes."""
    files = load(path).files
    for file in files:
        for n, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if hash in line:
                return f"{file}:{n}"
    return str(path)
