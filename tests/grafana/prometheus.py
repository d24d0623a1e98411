"""A real Prometheus for tests: scrapes one service each second, with our rules, and answers what a panel would ask."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor_demo.play import free_port

ROOT = Path(__file__).resolve().parents[2]
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((ROOT / "grafana" / "prometheus").glob("crisis-monitor.*.yaml"))
WINDOW = "10s"
"""What $__rate_interval is with a scrape each second; Grafana takes four scrapes at least."""

CONFIG = """\
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [{rules}]
scrape_configs:
  - job_name: crisis-monitor
    static_configs: [{{ targets: ["{target}"] }}]
  - job_name: prometheus
    static_configs: [{{ targets: ["{own}"] }}]
"""

Labels = dict[str, str]


class Query(NamedTuple):
    """One query of a panel, ready to be asked."""

    board: str
    title: str
    ref: str
    expr: str


def queries(path: Path) -> list[Query]:
    """The queries of all panels of a dashboard, and of its annotations, every choice open."""
    board = json.loads(path.read_text(encoding="utf-8"))
    names = [v["name"] for v in board["templating"]["list"] if v["type"] != "datasource"]
    found = [(p["title"], t["refId"], t["expr"]) for p in board["panels"] for t in p["targets"]]
    found += [("annotation " + a["name"], "", a["expr"]) for a in board["annotations"]["list"]]
    return [Query(board["uid"], title, ref, _filled(expr, names)) for title, ref, expr in found]


def _filled(expr: str, names: list[str]) -> str:
    for name in names:
        expr = re.sub(rf"\$\{{?{name}\}}?", ".*", expr)
    return expr.replace("$__rate_interval", WINDOW).replace("$__range", "1h")


class Prometheus:
    """The process and its API."""

    def __init__(self, folder: Path, target: str) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("prometheus is not installed")
        own = f"127.0.0.1:{free_port()}"
        config = folder / "prometheus.yml"
        rules = ", ".join(json.dumps(str(path)) for path in RULES)
        config.write_text(CONFIG.format(rules=rules, target=target, own=own), encoding="utf-8")
        self.url = f"http://{own}"
        self.started = time.time()
        command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
                   f"--web.listen-address={own}", "--log.level=error"]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        self._until_ready()

    def _until_ready(self) -> None:
        for _ in range(300):
            try:
                self._open(f"{self.url}/-/ready", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("prometheus did not start")

    def _ask(self, path: str, **query: Any) -> Any:
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with self._open(address, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{json.load(error).get('error')} in {query}") from None

    def values(self, expr: str) -> list[float]:
        """What a panel shows now; what is not a number is not shown."""
        found = [float(row["value"][1]) for row in self._ask("query", query=expr)["result"]]
        return [value for value in found if not math.isnan(value)]

    def seen(self, expr: str) -> list[float]:
        """What a panel showed at any time since the start."""
        span = {"start": self.started, "end": time.time(), "step": 1}
        rows = self._ask("query_range", query=expr, **span)["result"]
        found = [float(value) for row in rows for _, value in row["values"]]
        return [value for value in found if not math.isnan(value)]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerting rules as they stand, with what they say."""
        groups = self._ask("rules", type="alert")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def scraped(self, *, up: bool, within: float = 60.0) -> None:
        """Waits until two scrapes more have come, or, with `up=False`, until the target is known to be gone."""
        ends = time.monotonic() + within
        begun = time.time()
        while time.monotonic() < ends:
            rows = self._ask("query", query='timestamp(up{job="crisis-monitor"})')["result"]
            stands = self.values('up{job="crisis-monitor"}') == [float(up)]
            if stands and rows and float(rows[0]["value"][1]) > begun + 2.2:
                return
            time.sleep(0.3)
        raise AssertionError(f"no scrape with up={up} within {within} s")

    def ruled(self, within: float = 75.0) -> None:
        """Waits until its rules were evaluated once: each group waits for its place in its interval first."""
        ends = time.monotonic() + within
        while not self.values('ALERTS{alertname="CrisisMonitorWatchdog"}'):
            if time.monotonic() > ends:
                raise AssertionError(f"the watchdog did not fire within {within} s")
            time.sleep(0.3)

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=30)
