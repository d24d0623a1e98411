"""The rules for Prometheus: each alert fires when it should and not before, says who acts and where to read on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from monitor.cli.main import main
from monitor.metrics import TABLE
from tests.grafana.alert_cases import CASES, Case

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "grafana" / "prometheus"
RECORDING, ALERTS = RULES / "crisis-monitor.recording.yaml", RULES / "crisis-monitor.alerts.yaml"
SERVICE = 'job="crisis-monitor", instance="warn"'
TIER_OF = {"critical": {"red", "orange"}, "warning": {"orange", "yellow"}, "info": {"blue"}}


def written() -> dict[str, dict[str, str]]:
    """The alerts as the file says them: name -> its keys. The file is ours, so lines will do."""
    found: dict[str, dict[str, str]] = {}
    for block in ALERTS.read_text(encoding="utf-8").split("- alert: ")[1:]:
        pairs = re.findall(r"^ +([a-z_]+): '?(.*?)'?$", block, re.MULTILINE)
        found[block.split()[0]] = {key: value.replace("''", "'") for key, value in pairs if value != ">-"}
    return found


def promtool(*args: str | Path) -> str:
    """Runs promtool; its output when it is content."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.promtool
def test_promtool_has_nothing_to_say_of_the_rules() -> None:
    said = promtool("check", "rules", "--lint=all", "--lint-fatal", RECORDING, ALERTS)
    assert said.count("SUCCESS") == 2


@pytest.mark.promtool
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_an_alert_fires_when_it_should_and_not_before(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "case.json"  # JSON is YAML
    path.write_text(json.dumps(as_promtool(case)), encoding="utf-8")
    promtool("test", "rules", path)


def as_promtool(case: Case) -> dict[str, Any]:
    """The case as a promtool test file."""
    wanted = [{"eval_time": f"{case.fires}m", "alertname": case.alert, "exp_alerts": [expected(case)]}]
    if case.quiet is not None:
        wanted.insert(0, {"eval_time": f"{case.quiet}m", "alertname": case.alert, "exp_alerts": []})
    series = [{"series": name.replace("T", SERVICE, 1) if "{T" in name else name, "values": values}
              for name, values in case.series.items()]  # fmt: skip
    test = {"interval": "1m", "input_series": series, "alert_rule_test": wanted}
    groups = [name for path in (RECORDING, ALERTS) for name in re.findall(r"- name: (\S+)", path.read_text("utf-8"))]
    files = [str(RECORDING), str(ALERTS)]
    return {"rule_files": files, "evaluation_interval": "1m", "group_eval_order": groups, "tests": [test]}


def expected(case: Case) -> dict[str, Any]:
    """What the alert must look like, every label and every annotation."""
    alert = written()[case.alert]
    service = {"job": "crisis-monitor", "instance": "warn"}
    left_out = case.labels.get("-", "")
    labels = {} if left_out == "all" else {k: v for k, v in service.items() if k != left_out}
    labels |= {k: v for k, v in case.labels.items() if k != "-"}
    labels |= {"severity": alert["severity"], "tier": alert["tier"], "generator": "crisis-monitor"}
    told = {key: alert[key] for key in ("summary", "summary_zh", "runbook_url", "dashboard_url")}
    told |= {"description": case.says, "description_zh": in_chinese(alert, case.says)}
    return {"exp_labels": labels, "exp_annotations": told}


def in_chinese(alert: dict[str, str], says: str) -> str:
    """The Chinese description with what the English one says in the same places."""
    holes = re.findall(r"{{.*?}}", alert["description"])
    pattern = "(.+)".join(map(re.escape, re.split(r"{{.*?}}", alert["description"])))
    found = re.fullmatch(pattern, says)
    assert found, says
    filled = dict(zip(holes, found.groups(), strict=True))
    return re.sub(r"{{.*?}}", lambda hole: filled[hole[0]], alert["description_zh"])


def test_every_alert_has_its_case() -> None:
    assert [case.alert for case in CASES] == list(written())


@pytest.mark.parametrize("name", written())
def test_an_alert_says_what_one_needs(name: str) -> None:
    alert = written()[name]
    assert alert["tier"] in TIER_OF[alert["severity"]]
    for key in ("summary", "description"):
        assert alert[key] and not re.search(r"[\u4e00-\u9fff]", alert[key])
        assert re.search(r"[\u4e00-\u9fff].*。$", alert[f"{key}_zh"])
    assert "{{" not in alert["summary"] + alert["summary_zh"]
    holes = [sorted(re.findall(r"{{.*?}}", alert[key])) for key in ("description", "description_zh")]
    assert holes[0] == holes[1]
    uid = alert["dashboard_url"].rpartition("/")[2]
    assert (ROOT / "grafana" / "dashboards" / f"{uid}.json").exists()


@pytest.mark.parametrize("page", ["alerts.md", "alerts.zh-CN.md"])
def test_every_alert_has_its_runbook_and_every_runbook_its_alert(page: str) -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == list(written())


def test_an_alert_leads_to_its_runbook() -> None:
    for name, alert in written().items():
        assert alert["runbook_url"].endswith(f"/alerts.md#{name.lower()}")


@pytest.mark.parametrize("page", ["grafana.md", "grafana.zh-CN.md"])
def test_as_many_alerts_as_the_page_says(page: str) -> None:
    told = re.search(r"(\d+) (?:alerts|条告警)", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert told and int(told[1]) == len(written())


@pytest.mark.parametrize("path", [RECORDING, ALERTS], ids=lambda path: path.stem)
def test_rules_ask_only_for_metrics_that_are_there(path: Path) -> None:
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if "record:" not in line)
    ours = {metric.full_name + end for metric in TABLE for end in ("", "_bucket", "_count", "_sum")}
    recorded = set(re.findall(r"record: (\S+)", RECORDING.read_text(encoding="utf-8")))
    asked = set(re.findall(r"[a-z_:]*crisis_monitor_[a-z_0-9:]+", text))
    assert asked and asked <= ours | recorded


@pytest.mark.parametrize("page", ["alerts.md", "grafana.md", "alerts.zh-CN.md", "grafana.zh-CN.md"])
def test_commands_in_the_docs_are_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for words in set(re.findall(r"crisis-monitor ((?:[a-z][a-z-]+ )?[a-z][a-z-]+)(?=[ `\n])", text)):
        command: click.Command = main
        for word in words.split():
            if isinstance(command, click.Group):
                found = command.get_command(click.Context(command), word)
                assert found is not None, f"crisis-monitor {words}"
                command = found
