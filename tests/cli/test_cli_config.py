"""check, schema, init and token as a person types them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.check import check
from monitor.cli.init import init
from monitor.cli.schema import schema
from monitor.cli.token import token
from monitor.config.load import load

GOOD = '[[source]]\nname = "in"\nkind = "push"\n'


def run(command: object, *args: str) -> Result:
    return CliRunner().invoke(command, args)  # type: ignore[arg-type]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_sound_config_prints_nothing_on_stdout_and_ends_with_0(config: Path) -> None:
    done = run(check, "--config", str(config), "--lang", "en")
    assert (done.exit_code, done.stdout) == (0, "")


def test_warnings_are_told_and_end_with_0(config: Path) -> None:
    config.write_text(GOOD + '[[rule]]\nname = "a"\nrisk = "r"\nred = { above = 1 }\n', encoding="utf-8")
    done = run(check, "--config", str(config), "--lang", "en")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith(f"{config}:1: route: warning: ")


def test_faults_are_lines_on_stdout_and_end_with_1(config: Path) -> None:
    config.write_text(GOOD + 'famly = "x"\n', encoding="utf-8")
    done = run(check, "--config", str(config), "--lang", "en")
    assert done.exit_code == 1
    assert done.stdout == f'{config}:4: source "in": famly: there is no key famly; did you mean "family"?\n'
    assert "没有名为 famly 的键" in run(check, "--config", str(config), "--lang", "zh").stdout


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    done = run(check, "--config", str(tmp_path / "absent.toml"))
    assert (done.exit_code, done.stdout) == (2, "")


def test_wrong_use_ends_with_2() -> None:
    assert run(check, "--confg", "x").exit_code == 2
    assert run(check, "--lang", "fr").exit_code == 2


def test_without_a_name_the_config_here_is_checked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    config.write_text("x = 1\n", encoding="utf-8")
    assert run(check).stdout.startswith("rules.toml:1: x: ")


def test_the_schema_names_every_table_and_kind() -> None:
    document = json.loads(run(schema).stdout)
    tables = document["$defs"]["Config"]["properties"]
    assert {"settings", "source", "rule", "channel", "route"} <= tables.keys()
    assert {"push", "file"} <= set(tables["source"]["items"]["discriminator"]["mapping"])
    above = document["$defs"]["Rung"]["properties"]["above"]["anyOf"][0]
    assert above["title"] == "Bound" and {"type": "number"} in above["anyOf"]
    assert document["$defs"]["Rule"]["additionalProperties"] is False


def test_init_writes_a_start_that_checks_clean(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    done = run(init, str(folder), "--lang", "en")
    assert done.exit_code == 0
    assert f"wrote {folder / 'rules.toml'}" in done.stdout
    assert (folder / "playbooks" / "general" / "playbook.toml").is_file()
    assert load(folder / "rules.toml").config.settings.language == "en"
    assert run(check, "--config", str(folder / "rules.toml")).exit_code == 0


def test_alerts_link_to_where_one_has_grafana_and_the_docs(tmp_path: Path) -> None:
    where = ["--grafana", "https://grafana.example.org/", "--docs", "https://wiki.example.org/warn"]
    assert run(init, str(tmp_path), *where, "--lang", "en").exit_code == 0
    alerts = (tmp_path / "grafana" / "prometheus" / "crisis-monitor.alerts.yaml").read_text(encoding="utf-8")
    links = re.findall(r"(?:runbook|dashboard)_url: (\S+)", alerts)
    assert len(links) > 60 and {link.split("/d/")[0].split("/alerts.md#")[0] for link in links} == {
        "https://grafana.example.org", "https://wiki.example.org/warn",
    }  # fmt: skip
    assert "no address" in run(init, str(tmp_path), "--docs", "wiki", "--lang", "en").output


def test_in_chinese_alerts_and_grafana_lead_to_chinese_pages(tmp_path: Path) -> None:
    assert run(init, str(tmp_path), "--lang", "zh").exit_code == 0
    grafana = tmp_path / "grafana"
    alerts = (grafana / "prometheus" / "crisis-monitor.alerts.yaml").read_text(encoding="utf-8")
    boards = re.findall(r"dashboard_url: \S+/d/(\S+)", alerts)
    assert len(boards) > 30 and {(grafana / "dashboards" / "zh" / f"{uid}.json").is_file() for uid in boards} == {True}
    assert set(re.findall(r"runbook_url: \S+/(\S+)#", alerts)) == {"alerts.zh-CN.md"}
    (home,) = re.findall(r"HOME_DASHBOARD_PATH: /var/lib/grafana/dashboards/crisis-monitor/(\S+)", compose(grafana))
    assert home.startswith("zh/") and (grafana / "dashboards" / home).is_file()


def test_in_english_they_lead_to_english_ones(tmp_path: Path) -> None:
    assert run(init, str(tmp_path), "--lang", "en").exit_code == 0
    grafana = tmp_path / "grafana"
    alerts = (grafana / "prometheus" / "crisis-monitor.alerts.yaml").read_text(encoding="utf-8")
    assert not re.findall(r"_url: \S*zh\S*", alerts)
    (home,) = re.findall(r"HOME_DASHBOARD_PATH: /var/lib/grafana/dashboards/crisis-monitor/(\S+)", compose(grafana))
    assert not home.startswith("zh/") and (grafana / "dashboards" / home).is_file()


def compose(grafana: Path) -> str:
    return (grafana / "compose.yaml").read_text(encoding="utf-8")


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("# mine\n", encoding="utf-8")
    done = run(init, str(tmp_path), "--lang", "en")
    assert (tmp_path / "rules.toml").read_text(encoding="utf-8") == "# mine\n"
    assert f"kept {tmp_path / 'rules.toml'}" in done.stdout
    assert "wrote" in done.stdout
    assert "wrote" not in run(init, str(tmp_path), "--lang", "en").stdout


def test_a_new_token_lets_in_and_only_its_hash_stays(config: Path) -> None:
    done = run(token, "new", 'help"desk', "--scope", "ingest", "--scope", "read", "--lang", "en")
    value = done.stdout.split("whoever calls: ")[1].splitlines()[0]
    table = done.stdout[done.stdout.index("[[server.token]]") :]
    assert value not in table
    config.write_text(table, encoding="utf-8")
    (known,) = load(config).config.server.token
    assert known.name == 'help"desk' and known.scopes == ("ingest", "read")
    assert known.hash == hashlib.sha256(value.encode()).hexdigest()


def test_two_tokens_are_never_the_same() -> None:
    assert run(token, "new", "a").stdout != run(token, "new", "a").stdout
