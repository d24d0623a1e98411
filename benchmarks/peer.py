"""The peers that benchmarks hold us against: Prometheus and Alertmanager, where they are installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.rig import ask, end, free_port, spawn, until

PROMETHEUS = os.environ.get("PROM_BIN", "prometheus")
ALERTMANAGER = os.environ.get("AM_BIN", "prometheus-alertmanager")


def installed() -> bool:
    """Whether both can be run (Debian: apt-get install prometheus prometheus-alertmanager)."""
    return shutil.which(PROMETHEUS) is not None and shutil.which(ALERTMANAGER) is not None


class Alertmanager:
    """One Alertmanager that sends each alert, a group of its own, to a webhook."""

    def __init__(self, folder: Path, webhook: str, wait: str) -> None:
        self.port = free_port()
        config = folder / "alertmanager.yml"
        hook = f"{{url: '{webhook}', send_resolved: false}}"
        config.write_text(
            f"route: {{receiver: hook, group_by: ['...'], group_wait: {wait}, group_interval: 5s}}\n"
            f"receivers: [{{name: hook, webhook_configs: [{hook}]}}]\n"
        )
        command = [
            ALERTMANAGER, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=",
        ]  # fmt: skip
        self._process = spawn(command, folder / "alertmanager.log")
        _wait(self.port)

    def post(self, alerts: Sequence[dict[str, Any]]) -> None:
        """Alerts by its API."""
        ask(self.port, "POST", "/api/v2/alerts", list(alerts))

    def stop(self) -> None:
        """Ends it."""
        end(self._process)


class Prometheus:
    """One Prometheus that scrapes a port and alerts on an expression."""

    def __init__(self, folder: Path, target: int, alertmanager: int, every: str, expression: str) -> None:
        self.port = free_port()
        rules, config = folder / "prometheus-rules.yml", folder / "prometheus.yml"
        rules.write_text(f"groups: [{{name: g, rules: [{{alert: Hot, expr: '{expression}'}}]}}]\n")
        config.write_text(
            f"global: {{scrape_interval: {every}, scrape_timeout: 1s, evaluation_interval: {every}}}\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}\n"
            f"rule_files: ['{rules}']\n"
            f"scrape_configs: [{{job_name: world, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]\n"
        )
        command = [
            PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]  # fmt: skip
        self._process = spawn(command, folder / "prometheus.log")
        _wait(self.port)

    def stop(self) -> None:
        """Ends it."""
        end(self._process)


class Judging:
    """One Prometheus over a store that is full already, judging one rule every few seconds."""

    def __init__(self, folder: Path, store: Path, expression: str, every: str) -> None:
        self.port = free_port()
        rules, config = folder / "judging-rules.yml", folder / "judging.yml"
        rules.write_text(f"groups: [{{name: g, rules: [{{alert: Hot, expr: '{expression}'}}]}}]\n")
        config.write_text(f"global: {{evaluation_interval: {every}}}\nrule_files: ['{rules}']\n")
        command = [
            PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={store}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]  # fmt: skip
        self._process = spawn(command, folder / "judging.log")
        _wait(self.port)

    def metric(self, name: str) -> float:
        """One of its own metrics."""
        text = str(ask(self.port, "GET", "/metrics")[1])
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))

    def round_cost(self, rounds: int) -> tuple[float, float]:
        """CPU seconds of the process for a round, over so many, and how long the last one took."""
        count, cpu = "prometheus_rule_group_iterations_total", "process_cpu_seconds_total"
        for ahead in (1, rounds):
            begun, spent = self.metric(count), self.metric(cpu)
            if not until(lambda most=begun + ahead: self.metric(count) >= most, 120.0 * ahead, 2.0):  # type: ignore[misc]
                raise RuntimeError("the peer judges nothing")
        done, taken = self.metric(count) - begun, self.metric(cpu) - spent
        return taken / done, self.metric("prometheus_rule_group_last_duration_seconds")

    def stop(self) -> None:
        """Ends it."""
        end(self._process)


def _wait(port: int) -> None:
    def ready() -> bool:
        try:
            return ask(port, "GET", "/-/ready", timeout=2)[0] == 200
        except OSError:
            return False

    if not until(ready, 60, 0.05):
        raise RuntimeError("the peer does not start")
