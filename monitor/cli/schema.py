"""`crisis-monitor schema`: the JSON Schema of rules.toml, for editors."""

from __future__ import annotations

import json

import click

from monitor.cli.language import told
from monitor.config.describe import json_schema


@click.command("schema", help=told("check.help.schema"))
def schema() -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
