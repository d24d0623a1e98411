"""The config a command reads for itself, or the end of the command with every fault."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.config.load import read
from monitor.config.schema import Config
from monitor.messages import say


def config_of(path: Path, lang: str) -> Config:
    """The config of a file. Exit code 2: no such file, 1: faults, on stderr."""
    try:
        config, faults = read(path)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)
    if config is None:
        for fault in faults:
            click.echo(fault.write(lang), err=True)
        sys.exit(1)
    return config
