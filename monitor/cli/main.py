"""The command `crisis-monitor`: a table of its subcommands, each loaded only when it is used."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from monitor import __version__

COMMANDS: dict[str, str] = {
    "run": "run",
    "check": "check",
    "init": "init",
    "schema": "schema",
    "token": "token",
    "load": "load",
    "demo": "demo",
    "test": "test",
    "backtest": "backtest",
    "detect": "detect",
    "parse": "parse",
    "match": "match",
    "mood": "mood",
    "send-test": "send_test",
    "playbook": "playbook",
    "status": "status",
    "incidents": "incidents",
    "ack": "act",
    "pass": "act",
    "undo": "act",
    "resolve": "act",
    "cancel": "act",
    "raise": "act",
    "lower": "act",
    "comment": "act",
    "link": "link",
    "step": "link",
    "axes": "link",
    "clock": "clock",
    "who": "who",
    "rota": "rota",
    "answers": "answers",
    "drill": "drill",
    "statement": "statement",
    "review": "review",
    "silence": "silence",
    "deliveries": "deliveries",
    "db": "db",
    "fetch": "fetch",
    "sources": "sources",
    "forget": "forget",
    "reload": "reload",
    "doctor": "doctor",
}
"""command -> the module of monitor.cli that holds it"""


class Lazy(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in COMMANDS:
            return None
        for adorning in ("httpx._main", "rich"):  # for others' terminals: megabytes, where they are installed
            sys.modules.setdefault(adorning, None)  # type: ignore[arg-type]
        module = import_module(f"monitor.cli.{COMMANDS[name]}")
        found = (c for c in vars(module).values() if isinstance(c, click.Command) and c.name == name)
        return next(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """With a guess where nothing bears the name."""
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, 1)
            hint = f'; did you mean "{close[0]}"?' if close else "; see --help"
            ctx.fail(f'no command "{args[0]}"{hint}')
        return super().resolve_command(ctx, args)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="crisis-monitor")
def main() -> None:
    """Crisis and risk early warning: reads complaints and mentions, raises four tiers, tells the right people.

    客服与舆情危机预警:读取投诉与舆情,按蓝、黄、橙、红四级预警,通知到人。
    """
