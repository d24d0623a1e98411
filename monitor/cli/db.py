"""`crisis-monitor db`: looks after the database: check, migrate, backup, restore, size."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from monitor.cli.check import first_config
from monitor.cli.language import lang_option, told
from monitor.cli.run import state_folder
from monitor.config.load import read
from monitor.daemon.service import StateFault, take_state
from monitor.messages import say
from monitor.secret import SecretFault
from monitor.store import care, migrations
from monitor.store.database import Database, StoreFault

UNITS = ("B", "kB", "MB", "GB", "TB")


@click.group("db", help=told("db.help.db"))
def db() -> None:
    """Commands on the database."""


def _opens(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --config and --state; hands the command its Database and the state directory, and tells faults."""

    @click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
    @click.option("--state", type=click.Path(path_type=Path), help=told("run.help.state"))
    @lang_option
    @functools.wraps(command)
    def wrapped(*args: Any, config: Path | None, state: Path | None, lang: str, **rest: Any) -> Any:
        folder = state_folder(state)
        try:
            store = Database(_url(config), folder)
            return command(*args, store=store, folder=folder, lang=lang, **rest)
        except (StoreFault, StateFault, SecretFault, OSError) as fault:
            click.echo(str(fault), err=True)
            sys.exit(1)

    return wrapped


def _url(config: Path | None) -> str:
    """[store] url; where there is no config, the file in the state directory."""
    path = config or first_config()
    if config is None and not path.exists():
        return "sqlite"
    found, faults = read(path)
    if found is None:
        raise StoreFault(f"{path}: {len(faults)} faults, so its [store] is not known; see `crisis-monitor check`")
    return found.store.url


@db.command("check", help=told("db.help.check"))
@_opens
def check(store: Database, folder: Path, lang: str) -> None:
    """Exit code 1 where something is wrong."""
    with care.for_owner(folder):
        _there(store)
        try:
            found = store.now_read(care.problems)
        except StoreFault as fault:
            found = [str(fault)]
    for problem in found:
        click.echo(say(lang, "db.check.problem", store=store.name, problem=problem))
    if found:
        click.echo(say(lang, "db.check.advice"))
        sys.exit(1)
    click.echo(say(lang, "db.check.sound", store=store.name, schema=migrations.newest()))


@db.command("migrate", help=told("db.help.migrate"))
@_opens
def migrate(store: Database, folder: Path, lang: str) -> None:
    """Takes the state's lock meanwhile."""
    with care.for_owner(folder):
        lock = take_state(folder)
        there = not store.sqlite or _file(store).exists()
        before = (store.now_read(migrations.found) if there else None) or 0
        store.open()
        os.close(lock)
    text = "db.migrate.done" if before != migrations.newest() else "db.migrate.nothing"
    click.echo(say(lang, text, store=store.name, old=before, new=migrations.newest()))


@db.command("backup", help=told("db.help.backup"))
@click.argument("file", type=click.Path(path_type=Path))
@_opens
def backup(file: Path, store: Database, folder: Path, lang: str) -> None:
    """The service may run."""
    if not store.sqlite:
        click.echo(say(lang, "db.backup.postgresql", store=store.name, file=file), err=True)
        sys.exit(2)
    _there(store)
    size = care.backup(_file(store), file)
    click.echo(say(lang, "db.backup.done", file=file, size=_human(size)))
    if (folder / "ack.key").exists():
        click.echo(say(lang, "db.backup.key", file=folder / "ack.key"))


@db.command("restore", help=told("db.help.restore"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_opens
def restore(file: Path, store: Database, folder: Path, lang: str) -> None:
    """Only while the service is stopped."""
    if not store.sqlite:
        click.echo(say(lang, "db.restore.postgresql", store=store.name, file=file), err=True)
        sys.exit(2)
    with care.for_owner(folder):
        lock = take_state(folder)
        kept = care.restore(file, _file(store), time.time())
        os.close(lock)
    click.echo(say(lang, "db.restore.done", store=store.name, file=file))
    if kept is not None:
        click.echo(say(lang, "db.restore.kept", file=kept))


@db.command("size", help=told("db.help.size"))
@click.option("--json", "as_json", is_flag=True, help=told("db.help.json"))
@_opens
def size(as_json: bool, store: Database, folder: Path, lang: str) -> None:
    """The largest table first."""
    with care.for_owner(folder):
        _there(store)
        tables = store.now_read(care.sizes)
    total = _file(store).stat().st_size if store.sqlite else sum(t.bytes for t in tables)
    if as_json:
        rows = [{"table": t.name, "rows": t.rows, "bytes": t.bytes} for t in tables]
        click.echo(json.dumps({"store": store.name, "bytes": total, "tables": rows}, indent=1))
        return
    for t in tables:
        click.echo(say(lang, "db.size.row", name=t.name, rows=t.rows, size=_human(t.bytes)))
    click.echo(say(lang, "db.size.total", store=store.name, size=_human(total)))
    if store.sqlite:
        click.echo(say(lang, "db.size.free", size=_human(shutil.disk_usage(_file(store).parent).free)))


def _file(store: Database) -> Path:
    return Path(store.address.database or "")


def _there(store: Database) -> None:
    """A file that is not there is a fault, and is not made by looking."""
    if store.sqlite and not _file(store).is_file():
        raise StoreFault(f"{store.name}: no such file; give the state directory with --state")


def _human(size: float) -> str:
    for unit in UNITS:
        if size < 1000 or unit == UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError
