"""The systemd unit: systemd understands it, and it grants little."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from monitor.cli.main import main

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "crisis-monitor.service"
ANALYZE = shutil.which("systemd-analyze")


def lines(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.+)$", UNIT.read_text(encoding="utf-8"), re.M)


def test_it_calls_commands_that_exist() -> None:
    for call in lines("ExecStart") + lines("ExecReload")[:1]:
        program, command, *options = shlex.split(call)
        found = main.get_command(click.Context(main), command)
        assert program.endswith("/crisis-monitor")
        assert found is not None and "--config" in {o for p in found.params for o in p.opts}
        assert options == ["--config", "/etc/crisis-monitor/rules.toml"]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_understands_it_and_rates_it_as_the_docs_say(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/crisis-monitor/bin/crisis-monitor", "/bin/true")
    unit.write_text(text, encoding="utf-8")
    verified = subprocess.run([str(ANALYZE), "verify", str(unit)], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run([str(ANALYZE), "security", "--offline=true", str(unit)], capture_output=True, text=True)
    assert re.search(r"exposure level for \S+: 1\.[01] OK", rated.stdout), rated.stdout[-200:]
