"""`crisis-monitor check`: every fault of a config, one line each."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from monitor.cli.language import lang_option, told
from monitor.config.load import Fault, read
from monitor.messages import say

PLACES = (Path("rules.toml"), Path("/etc/crisis-monitor/rules.toml"))


@click.command("check", help=told("check.help.check"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@lang_option
def check(config: Path | None, lang: str) -> None:
    """Lines on stdout, the count on stderr. Exit code 0: none (warnings allowed), 1: faults, 2: no such file."""
    path = config or first_config()
    try:
        loaded, faults = read(path, now=time.time())
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)
    for fault in faults:
        click.echo(fault.write(lang))
    click.echo(_summary(faults, lang), err=True)
    sys.exit(0 if loaded else 1)


def first_config() -> Path:
    """Where a config stands when none is named: here, else in /etc."""
    return next((place for place in PLACES if place.is_file()), PLACES[0])


def _summary(faults: list[Fault], lang: str) -> str:
    grave = sum(fault.severity == "fault" for fault in faults)
    if grave:
        return say(lang, "check.faulty", count=grave)
    return say(lang, "check.fine", count=len(faults)) if faults else say(lang, "check.clean")
