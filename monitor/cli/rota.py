"""`crisis-monitor rota show|ical`: who is on duty when, from the config."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from monitor.cli.check import first_config
from monitor.cli.config import config_of
from monitor.cli.language import lang_option, told
from monitor.config.schema import Config
from monitor.incidents.rota import Rota, ical, shifts, zone_of
from monitor.messages import say
from monitor.times import DAY, coming, local

CONFIG = click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
DAYS = click.option("--days", type=click.IntRange(1, 3660), default=14, show_default=True, help=told("paths.help.days"))


@click.group("rota", help=told("paths.help.rota"))
def rota() -> None:
    """Rotas."""


@rota.command("show", help=told("paths.help.rota_show"))
@click.argument("name", required=False)
@CONFIG
@DAYS
@lang_option
def show(name: str | None, config: Path | None, days: int, lang: str) -> None:
    """A line a shift, in the rota's own zone."""
    loaded = config_of(config or first_config(), lang)
    now, default = time.time(), loaded.settings.timezone
    displays = {p.name: p.display or p.name for p in loaded.person}
    for each in _wanted(loaded, name, lang):
        zone = zone_of(each, default)
        click.echo(f"{each.name} ({zone.key})")
        for shift in shifts(each, now, now + days * DAY, default):
            start, end = (local(at, zone).strftime("%a %Y-%m-%d %H:%M") for at in (shift.start, shift.end))
            backups = ", ".join(displays.get(b, b) for b in shift.backups)
            mark = say(lang, "paths.rota.override") if shift.override else ""
            person = displays.get(shift.person, shift.person)
            click.echo(f"  {start} – {end}  {person}{mark}" + (f"  ({backups})" if backups else ""))


@rota.command("ical", help=told("paths.help.rota_ical"))
@click.argument("name")
@CONFIG
@click.option("--from", "start", default="", help=told("paths.help.from"))
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help=told("paths.help.days"))
@lang_option
def calendar(name: str, config: Path | None, start: str, days: int, lang: str) -> None:
    """An iCalendar file on stdout."""
    loaded = config_of(config or first_config(), lang)
    (found,) = _wanted(loaded, name, lang)
    now, default = time.time(), loaded.settings.timezone
    try:
        begin = coming(start, now, zone_of(found, default))
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--from") from None
    displays = {p.name: p.display or p.name for p in loaded.person}
    text = ical(found, begin, begin + days * DAY, default, displays, now)
    sys.stdout.buffer.write(text.encode())


def _wanted(config: Config, name: str | None, lang: str) -> list[Rota]:
    found = [each for each in config.rota if name in (None, each.name)]
    if not found:
        names = ", ".join(each.name for each in config.rota) or "–"
        click.echo(say(lang, "paths.rota.none", name=name or "", names=names), err=True)
        sys.exit(2)
    return found
