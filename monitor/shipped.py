"""What travels with the program: rules.toml, playbooks/, systemd/, grafana/: package data, or folders of a checkout."""

from __future__ import annotations

from pathlib import Path

SHIPPED = (
    "rules.toml",
    "playbooks",
    "systemd",
    "grafana/compose.yaml",
    "grafana/dashboards",
    "grafana/prometheus",
    "grafana/provisioning",
)
"""Of grafana/ what is used; what makes the dashboards stays with the source."""


def shipped(name: str) -> Path:
    """Where one of SHIPPED stands. FileNotFoundError when this installation lacks it."""
    package = Path(__file__).parent
    for home in (package / "shipped", package.parent):
        if (home / name).exists():
            return home / name
    raise FileNotFoundError(f"{name} is missing from this installation; install crisis-monitor again")
