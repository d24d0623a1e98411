"""`crisis-monitor parse`: what a source would make of files, without a store and without the web."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.cli.language import lang_option, told
from monitor.cli.run import checked
from monitor.daemon.clock import SystemClock
from monitor.messages import say
from monitor.sources import Source
from monitor.sources.parse import Format, parse_file


@click.command("parse", help=told("sources.help.parse"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["rss", "json_api", "file"]), help=told("sources.help.format"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--source", default="", help=told("sources.help.source"))
@lang_option
def parse(files: tuple[Path, ...], form: Format | None, config: Path | None, source: str, lang: str) -> None:
    """One JSON object a file on stdout. Exit code 1: a file could not be read, 2: wrong use."""
    wanted, zone = _source(config, source, lang)
    failed = False
    for path in files:
        found = parse_file(path, form, wanted, zone=zone, now=SystemClock().now(), language=lang)
        click.echo(json.dumps(found, ensure_ascii=False))
        failed = failed or found["error"] is not None
    sys.exit(1 if failed else 0)


def _source(config: Path | None, name: str, lang: str) -> tuple[Source | None, ZoneInfo]:
    """The source of that name, or the config's only one, and the zone its dates are read in."""
    if config is None:
        if name:
            raise click.UsageError(say(lang, "sources.source_without_config"))
        return None, ZoneInfo("UTC")
    loaded = checked(config, lang).config
    zone = ZoneInfo(loaded.settings.timezone)
    known: dict[str, Source] = {source.name: source for source in loaded.source}
    if name and name not in known:
        raise click.UsageError(say(lang, "sources.unknown_source", name=name, names=", ".join(known)))
    return known.get(name) or (next(iter(known.values())) if len(known) == 1 else None), zone
