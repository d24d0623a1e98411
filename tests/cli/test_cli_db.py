"""`crisis-monitor db` as a person meets it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.daemon.service import take_state
from monitor.store.database import Database


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    made = Database("sqlite", folder)
    made.open()
    made._engine.dispose()
    return folder


def db(state: Path, *args: str) -> Result:
    config = state.parent / "rules.toml"
    config.touch()
    return CliRunner().invoke(main, ["db", *args, "--config", str(config), "--state", str(state), "--lang", "en"])


def test_a_sound_database_is_called_so(state: Path) -> None:
    done = db(state, "check")
    assert (done.exit_code, "sound" in done.output) == (0, True)


def test_a_damaged_one_is_a_fault_with_what_to_do(state: Path) -> None:
    (state / "crisis-monitor.db").write_bytes(b"nothing of a database" * 999)
    for end in ("-wal", "-shm"):
        (state / f"crisis-monitor.db{end}").unlink(missing_ok=True)
    done = db(state, "check")
    assert done.exit_code == 1
    assert "db restore FILE" in done.output


def test_looking_makes_no_database(tmp_path: Path) -> None:
    done = db(tmp_path / "nothing", "size")
    assert (done.exit_code, (tmp_path / "nothing").exists()) == (1, False)
    assert "no such file" in done.output


def test_a_backup_restores_while_the_service_is_stopped_only(state: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert db(state, "backup", str(copy)).exit_code == 0
    with sqlite3.connect(state / "crisis-monitor.db") as opened:
        opened.execute("INSERT INTO meta VALUES ('later', '1')")
    lock = take_state(state)
    refused = db(state, "restore", str(copy))
    assert (refused.exit_code, "another crisis-monitor runs here" in refused.output) == (1, True)
    os.close(lock)
    done = db(state, "restore", str(copy))
    assert (done.exit_code, "is kept as" in done.output) == (0, True)
    with sqlite3.connect(state / "crisis-monitor.db") as opened:
        assert opened.execute("SELECT count(*) FROM meta").fetchone() == (1,)


def test_migrate_says_that_nothing_is_to_be_done(state: Path) -> None:
    done = db(state, "migrate")
    assert (done.exit_code, "nothing to do" in done.output) == (0, True)


def test_sizes_for_people_and_machines(state: Path) -> None:
    assert "mentions" in db(state, "size").output
    told = json.loads(db(state, "size", "--json").output)
    assert told["bytes"] > 0 and {"table", "rows", "bytes"} == set(told["tables"][0])


@pytest.mark.postgres
def test_on_postgresql_it_checks_and_sizes_and_names_the_tools_for_backups(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_URL", postgresql_url)
    store = Database(postgresql_url, tmp_path)
    store.open()
    store._engine.dispose()
    config = tmp_path / "rules.toml"
    config.write_text('[store]\nurl = "env:STORE_URL"\n')

    def call(*args: str) -> Result:
        return CliRunner().invoke(main, ["db", *args, "--config", str(config), "--state", str(tmp_path)])

    assert call("check").exit_code == 0
    assert json.loads(call("size", "--json").output)["bytes"] > 0
    done = call("backup", str(tmp_path / "x"))
    assert (done.exit_code, "pg_dump" in done.output) == (2, True)
