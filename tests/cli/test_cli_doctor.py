"""`crisis-monitor doctor` finds what is wrong, says what to do, and calls the healthy healthy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import doctor as examined
from monitor.cli.doctor_net import hosts, reach
from monitor.cli.main import main
from monitor.config.load import read
from monitor.store.database import Database
from tests.channels.fakes import FakeWebhook

CONFIG = '[server]\nlisten = "127.0.0.1:9464"\n'


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine on which all is well, save that no service runs and no unit is installed."""
    config, state = tmp_path / "rules.toml", tmp_path / "state"
    config.write_text(CONFIG)
    state.mkdir(mode=0o700)
    made = Database("sqlite", state)
    made.open()
    made._engine.dispose()
    monkeypatch.setattr(examined.shutil, "which", lambda name: None)
    return SimpleNamespace(config=config, state=state)


def found(machine: SimpleNamespace, *more: str) -> dict[str, dict[str, Any]]:
    call = ["doctor", "--config", str(machine.config), "--state", str(machine.state), "--json", "--lang", "en", *more]
    done = CliRunner().invoke(main, call)
    rows = json.loads(done.output)
    assert done.exit_code == any(row["level"] == "bad" for row in rows)
    return {row["id"]: row for row in rows}


def test_a_healthy_machine(machine: SimpleNamespace) -> None:
    assert {"config.well", "disk.well", "state.well", "database.well"} <= set(found(machine))


def test_each_thing_has_its_text_in_both_languages(machine: SimpleNamespace) -> None:
    for lang, word in (("en", "config"), ("zh", "配置")):
        call = ["doctor", "--config", str(machine.config), "--state", str(machine.state), "--lang", lang]
        assert word in CliRunner().invoke(main, call).output


def test_a_faulty_config_and_one_that_is_not_there(machine: SimpleNamespace) -> None:
    machine.config.write_text("nonsense")
    assert found(machine)["config.faults"]["level"] == "bad"
    machine.config.unlink()
    assert "crisis-monitor init" in found(machine)["config.absent"]["text"]


def test_a_damaged_database(machine: SimpleNamespace) -> None:
    for each in machine.state.glob("*.db-*"):
        each.unlink()
    (machine.state / "crisis-monitor.db").write_bytes(b"no database" * 500)
    assert "db check" in found(machine)["database.problem"]["text"]


def test_a_state_directory_that_others_may_read(machine: SimpleNamespace) -> None:
    machine.state.chmod(0o755)
    assert "chmod 700" in found(machine)["state.open"]["text"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_in_it(machine: SimpleNamespace) -> None:
    os.chown(machine.state / "crisis-monitor.db", 65534, 65534)
    assert "crisis-monitor.db belong to nobody" in found(machine)["state.foreign"]["text"]


def test_a_disk_that_is_nearly_full(machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((5e8, "warn"), (5e7, "bad")):
        monkeypatch.setattr(examined.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        assert found(machine)["disk.low"]["level"] == level


def test_a_secret_that_is_not_there_and_one_that_is(machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.config.write_text(CONFIG + '[heartbeat]\nurl = "env:BEAT_URL"\n')
    assert "BEAT_URL" in found(machine)["secret.unresolved"]["text"]
    monkeypatch.setenv("BEAT_URL", "http://127.0.0.1:1/x")
    assert found(machine, "--offline")["secret.well"]["level"] == "well"


def test_hosts_are_tried_and_only_where_one_may(machine: SimpleNamespace) -> None:
    with FakeWebhook() as hook:
        machine.config.write_text(CONFIG + f'[heartbeat]\nurl = "{hook.url}"\n')
        assert found(machine)["net.plain"]["level"] == "well"
    assert "firewall" in found(machine)["net.unreachable"]["text"]
    assert not [id for id in found(machine, "--offline") if id.startswith("net")]


def test_a_host_without_a_certificate_is_told(machine: SimpleNamespace) -> None:
    with FakeWebhook() as hook:
        machine.config.write_text(CONFIG + f'[heartbeat]\nurl = "{hook.url}"\n')
        config, _ = read(machine.config)
        assert config is not None
        ((host, port, secure),) = hosts(config)
        assert not secure
        assert reach(host, port, True)[1]


def test_tokens_are_listed_and_taken_back_by_a_person(machine: SimpleNamespace) -> None:
    machine.config.write_text(f'{CONFIG}[[server.token]]\nname = "helpdesk"\nhash = "{"ab" * 32}"\n')
    call = ["--config", str(machine.config), "--lang", "en"]
    assert CliRunner().invoke(main, ["token", "list", *call]).output.split() == ["helpdesk", "ingest", "abababab"]
    told = CliRunner().invoke(main, ["token", "revoke", "helpdesk", *call])
    assert (told.exit_code, "rules.toml:5" in told.output) == (0, True)
    assert CliRunner().invoke(main, ["token", "revoke", "nobody", *call]).exit_code == 1
