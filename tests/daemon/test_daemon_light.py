"""What a service of plain rules need not carry is not loaded: it costs memory that nobody asked for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "scipy", "alembic", "matplotlib")


def test_what_plain_rules_do_not_need_is_not_imported() -> None:
    """A process of its own: here the tests have imported all of it."""
    loaded = f"print([m for m in {HEAVY} if m in sys.modules])"
    code = f"import sys, monitor.cli.run, monitor.cli.main, monitor.daemon.service; {loaded}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.strip() == "[]"
