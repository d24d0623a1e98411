"""The systemd units call what there is to call."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from monitor.cli.main import main

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "crisis-monitor.service"


def lines(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.+)$", UNIT.read_text(encoding="utf-8"), re.M)


def test_it_calls_commands_that_exist() -> None:
    for call in lines("ExecStart") + lines("ExecReload")[:1]:
        program, command, *options = shlex.split(call)
        found = main.get_command(click.Context(main), command)
        assert program.endswith("/crisis-monitor")
        assert found is not None and "--config" in {o for p in found.params for o in p.opts}
        assert options == ["--config", "/etc/crisis-monitor/rules.toml"]
