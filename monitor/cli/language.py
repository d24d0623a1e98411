"""The language of a command's own words: `--lang`, else what the terminal speaks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from monitor.messages import LANGUAGES, say


def spoken() -> str:
    """zh where the terminal's locale is Chinese, else en."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def told(id: str, **args: Any) -> str:
    """A text of the catalogue in the language of the terminal, for `--help`."""
    return say(spoken(), id, **args)


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--lang`; the command is given `lang`."""
    option = click.option("--lang", type=click.Choice(LANGUAGES), default=spoken, help=told("check.help.lang"))
    return option(command)
