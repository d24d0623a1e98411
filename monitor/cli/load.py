"""`crisis-monitor load`: history into the store; it teaches baselines and can alarm nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import click
from sqlalchemy.engine import Connection

from monitor.cli.check import first_config
from monitor.cli.language import lang_option, told
from monitor.cli.run import checked, state_folder
from monitor.daemon import counting
from monitor.daemon.clock import SystemClock
from monitor.daemon.desk import Desk, compile_desk
from monitor.daemon.ingest import Ingest, match
from monitor.daemon.service import StateFault, signing_key, take_state
from monitor.messages import say
from monitor.metrics import Metrics
from monitor.sources.records import Records, open_lines, read_any
from monitor.store import care
from monitor.store.database import Database, StoreFault


@click.command("load", help=told("run.help.load"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--state", type=click.Path(path_type=Path), help=told("run.help.state"))
@click.option("--source", default="", help=told("run.help.source"))
@lang_option
def load(files: tuple[Path, ...], config: Path | None, state: Path | None, source: str, lang: str) -> None:
    """Exit code 1 where a record was refused."""
    path = config or first_config()
    loaded = checked(path, lang, secrets=False)
    folder = state_folder(state)
    try:
        opened = [(file, _opened(file)) for file in files]
        with care.for_owner(folder):
            lock = take_state(folder)
            desk = compile_desk(loaded, path.parent, signing_key(folder), tried=False)
            db = Database(loaded.config.store.url, folder)
            db.open()
            counting.recount_now(db, desk)
            named = [(file, lines, _source(desk, source, file, lang)) for file, lines in opened]
            refused = sum(_load(db, desk, file, lines, name, lang) for file, lines, name in named)
            os.close(lock)
    except (StateFault, StoreFault) as fault:
        click.echo(f"{path}: {fault}", err=True)
        sys.exit(1)
    sys.exit(1 if refused else 0)


def _source(desk: Desk, wanted: str, file: Path, lang: str) -> str:
    """The source as asked, else the one that bears the file's stem, else the only one."""
    stem = file.name.split(".")[0]
    found = (
        wanted or (stem if stem in desk.sources else "") or (next(iter(desk.sources)) if len(desk.sources) == 1 else "")
    )
    known = ", ".join(desk.sources)
    if found and found not in desk.sources:
        click.echo(say(lang, "run.load.no_source", source=found, known=known), err=True)
        sys.exit(2)
    if not found:
        click.echo(say(lang, "run.load.which", file=file, known=known), err=True)
        sys.exit(2)
    return found


def _opened(file: Path) -> Iterable[bytes]:
    """Its lines; opened while we still are who may read it."""
    lines = open_lines(file)
    first = next(lines, None)
    return () if first is None else chain([first], lines)


def _load(db: Database, desk: Desk, file: Path, lines: Iterable[bytes], source: str, lang: str) -> int:
    """Loads one file in batches; returns how many records were refused."""
    clock = SystemClock()
    ingest = Ingest(db, lambda: desk, clock, Metrics(), lambda _: None)
    accepted = duplicates = refused = 0
    for records in read_any(lines, source=source, zone=desk.zone, now=clock.now()):
        for line, fault in records.faults:
            click.echo(say(lang, "run.load.refused", file=file, line=line, fault=fault), err=True)
        taken = db.now_write(lambda c, r=records: _take(c, ingest, desk, r))  # type: ignore[misc]
        accepted, duplicates, refused = accepted + taken[0], duplicates + taken[1], refused + len(records.faults)
    click.echo(say(lang, "run.load.done", file=file, accepted=accepted, duplicates=duplicates, rejected=refused))
    return refused


def _take(connection: Connection, ingest: Ingest, desk: Desk, records: Records) -> tuple[int, int]:
    """One batch, source by source."""
    accepted = duplicates = 0
    for name in {*(m.source for m in records.mentions), *(s.source for s in records.samples)}:
        if name not in desk.sources:
            continue
        mentions = match(desk, desk.sources[name], [m for m in records.mentions if m.source == name])
        samples = [s for s in records.samples if s.source == name]
        taken = ingest.load_now(connection, desk, name, mentions, samples)
        accepted, duplicates = accepted + taken.accepted, duplicates + taken.duplicates
    return accepted, duplicates
