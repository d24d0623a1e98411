"""`crisis-monitor doctor`: examines what a service stands on; each finding says what to do."""

from __future__ import annotations

import json
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click
import httpx
from msgspec import Struct, field

from monitor.cli.check import first_config
from monitor.cli.client import socket_path
from monitor.cli.doctor_net import Place, hosts, reach
from monitor.cli.language import lang_option, told
from monitor.cli.run import state_folder
from monitor.config.check_places import references
from monitor.config.load import read
from monitor.config.schema import Config
from monitor.messages import say
from monitor.secret import Secret, SecretFault
from monitor.shipped import shipped
from monitor.store import care
from monitor.store.database import Database, StoreFault

UNIT = Path("/etc/systemd/system/crisis-monitor.service")
MARKS = {"well": "✓", "warn": "!", "bad": "✗"}
LOW, ALMOST_FULL = 1.0, 0.1


class Diagnosis(Struct, frozen=True):
    """One finding: how bad, and the text that says what to do."""

    level: Literal["well", "warn", "bad"]
    id: str
    args: dict[str, Any] = field(default_factory=dict)


@click.command("doctor", help=told("doctor.help"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--state", type=click.Path(path_type=Path), help=told("run.help.state"))
@click.option("--offline", is_flag=True, help=told("doctor.offline"))
@click.option("--json", "as_json", is_flag=True, help=told("doctor.json"))
@lang_option
def doctor(config: Path | None, state: Path | None, offline: bool, as_json: bool, lang: str) -> None:
    """Exit code 1 where something is bad."""
    found = list(examine(config or first_config(), state_folder(state), state, offline))
    texts = [(d, say(lang, f"doctor.{d.id}", **d.args)) for d in found]
    bad, warn = (sum(d.level == level for d in found) for level in ("bad", "warn"))
    if as_json:
        rows = [{"level": d.level, "id": d.id, "text": text} for d, text in texts]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for d, text in texts:
            click.echo(f"{MARKS[d.level]} {text}")
        click.echo(say(lang, "doctor.count", bad=bad, warn=warn) if bad or warn else say(lang, "doctor.all_well"))
    sys.exit(1 if bad else 0)


def examine(path: Path, folder: Path, state: Path | None, offline: bool) -> Iterator[Diagnosis]:
    """Everything, in the order in which it matters."""
    config, found = _config(path)
    yield found
    yield _clock()
    yield from _state(folder)
    yield _database(config, folder)
    yield _unit()
    yield _service(socket_path(state))
    if config is not None:
        yield from _secrets(config)
        for place in () if offline else hosts(config):
            yield _net(place)


def _config(path: Path) -> tuple[Config | None, Diagnosis]:
    try:
        config, faults = read(path)
    except OSError:
        return None, Diagnosis("bad", "config.absent", {"path": path})
    if config is None:
        count = sum(fault.severity == "fault" for fault in faults)
        return None, Diagnosis("bad", "config.faults", {"path": path, "count": count})
    if warnings := sum(fault.severity == "warning" for fault in faults):
        return config, Diagnosis("warn", "config.warnings", {"path": path, "count": warnings})
    return config, Diagnosis("well", "config.well", {"path": path})


def _clock() -> Diagnosis:
    program = shutil.which("timedatectl")
    if program is None:
        return Diagnosis("warn", "clock.unknown")
    call = [program, "show", "--property=NTPSynchronized", "--value"]
    said = subprocess.run(call, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    if said not in ("yes", "no"):
        return Diagnosis("warn", "clock.unknown")
    return Diagnosis("well", "clock.well") if said == "yes" else Diagnosis("bad", "clock.unsynchronised")


def _state(folder: Path) -> Iterator[Diagnosis]:
    if not folder.is_dir():
        yield Diagnosis("bad", "state.absent", {"path": folder})
        return
    left = shutil.disk_usage(folder).free / 1e9
    level: Literal["well", "warn", "bad"] = "well" if left > LOW else "warn" if left > ALMOST_FULL else "bad"
    yield Diagnosis(level, "disk.well" if level == "well" else "disk.low", {"path": folder, "left": f"{left:.1f}"})
    mine = folder.stat()
    if mine.st_mode & 0o077:
        yield Diagnosis("warn", "state.open", {"path": folder})
        return
    strange = [each for each in sorted(folder.iterdir()) if each.stat().st_uid != mine.st_uid]
    if strange:
        owners = {"user": _user(strange[0].stat().st_uid), "owner": _user(mine.st_uid)}
        yield Diagnosis("bad", "state.foreign", {"files": ", ".join(each.name for each in strange), **owners})
        return
    yield Diagnosis("well", "state.well", {"path": folder})


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _database(config: Config | None, folder: Path) -> Diagnosis:
    name = "sqlite" if config is None else config.store.url
    try:
        store = Database(name, folder)
        if store.sqlite and not Path(store.address.database or "").is_file():
            return Diagnosis("warn", "database.absent", {"store": store.name})
        with care.for_owner(folder):
            problems = store.now_read(care.problems)
    except (StoreFault, SecretFault) as fault:
        return Diagnosis("bad", "database.problem", {"store": "[store] url", "problem": fault})
    if problems:
        return Diagnosis("bad", "database.problem", {"store": store.name, "problem": problems[0]})
    return Diagnosis("well", "database.well", {"store": store.name})


def _unit() -> Diagnosis:
    if not UNIT.is_file():
        return Diagnosis("warn", "unit.absent", {"path": UNIT})
    same = UNIT.read_text("utf-8") == (shipped("systemd") / UNIT.name).read_text("utf-8")
    return Diagnosis("well" if same else "warn", "unit.well" if same else "unit.differs", {"path": UNIT})


def _service(socket: Path) -> Diagnosis:
    transport = httpx.HTTPTransport(uds=str(socket))
    try:
        with httpx.Client(base_url="http://localhost", transport=transport, timeout=10) as client:
            ready, health = client.get("/readyz").json(), client.get("/healthz").json()
    except (httpx.HTTPError, OSError, ValueError):
        return Diagnosis("warn", "service.silent", {"where": socket})
    if health["stuck"]:
        return Diagnosis("bad", "service.stuck", {"loops": ", ".join(health["stuck"])})
    if ready["missing"]:
        return Diagnosis("bad", "service.missing", {"what": ", ".join(ready["missing"])})
    return Diagnosis("well", "service.well")


def _secrets(config: Config) -> Iterator[Diagnosis]:
    wanted = sorted(set(references(config)))
    bad = 0
    for reference in wanted:
        try:
            Secret(reference).reveal()
        except SecretFault as fault:
            bad += 1
            yield Diagnosis("warn", "secret.unresolved", {"fault": fault})
    if wanted and not bad:
        yield Diagnosis("well", "secret.well", {"count": len(wanted)})


def _net(place: Place) -> Diagnosis:
    host = place[0]
    days, fault = reach(*place)
    if fault:
        return Diagnosis("bad", "net.unreachable", {"host": host, "fault": fault})
    if days is None:
        return Diagnosis("well", "net.plain", {"host": host})
    level: Literal["well", "warn"] = "warn" if days < 14 else "well"
    return Diagnosis(level, "net.expiring" if level == "warn" else "net.well", {"host": host, "days": days})
