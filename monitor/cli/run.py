"""`crisis-monitor run`: the service in the foreground, until SIGTERM."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click

from monitor.cli.check import first_config
from monitor.cli.language import lang_option, told
from monitor.config.load import ConfigFault, Loaded, load
from monitor.daemon.clock import Clock, SteppedClock, SystemClock, serve_steps
from monitor.daemon.server import ListenFault
from monitor.daemon.service import LOOPS, Service, StateFault, take_state
from monitor.log import set_up
from monitor.messages import say
from monitor.secret import SecretFault, concealed
from monitor.store import care
from monitor.store.database import StoreFault

STATE = Path("/var/lib/crisis-monitor")
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3


@click.command("run", help=told("run.help.run"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--state", type=click.Path(path_type=Path), help=told("run.help.state"))
@click.option("--listen", default="", help=told("run.help.listen"))
@click.option("--log", "style", type=click.Choice(["logfmt", "json"]), default="logfmt", help=told("run.help.log"))
@click.option("--steps", type=click.Path(path_type=Path), hidden=True, help="A socket that steps the clock.")
@click.option("--steps-from", type=float, default=0.0, hidden=True, help="Where a stepped clock begins.")
@lang_option
def run(
    config: Path | None, state: Path | None, listen: str, style: str, steps: Path | None, steps_from: float, lang: str
) -> None:
    """Runs until SIGTERM or SIGINT; SIGHUP reloads."""
    steady_memory()
    set_up(style, concealed=concealed)
    path = (config or first_config()).resolve()
    loaded = checked(path, lang)
    if (owner := care.foreign(state_folder(state))) is not None:
        click.echo(say(lang, "run.foreign", state=state_folder(state), owner=owner), err=True)
        sys.exit(1)
    try:
        lock = take_state(state_folder(state))
        os.chdir(state_folder(state))
        clock: Clock = SteppedClock(steps_from, LOOPS) if steps else SystemClock()
        service = Service(loaded, path, Path.cwd(), clock, listen=listen)
        asyncio.run(_serve(service, clock, steps))
        os.close(lock)
    except (StateFault, StoreFault, ListenFault, SecretFault) as fault:
        click.echo(f"{path}: {fault}", err=True)
        sys.exit(1)


def steady_memory() -> None:
    """Has glibc's malloc give back what a peak took; call before threads are started (mallopt(3)).

    By itself it keeps a pool for each thread, and after the first large block that is freed takes the like from these
    pools too, where they leave holes: memory grows for months. Other C libraries are left as they are.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, 128 * 1024)


def checked(path: Path, lang: str, *, secrets: bool = True) -> Loaded:
    """The config, its secrets there if they are needed; else every fault on stderr, and the end."""
    try:
        return load(path, secrets=secrets)
    except ConfigFault as fault:
        for each in fault.faults:
            click.echo(each.write(lang), err=True)
        click.echo(say(lang, "check.faulty", count=len(fault.faults)), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)


def state_folder(wanted: Path | None) -> Path:
    """Where state lives: as asked, as systemd says, or the usual place."""
    return (wanted or Path(os.environ.get("STATE_DIRECTORY", STATE))).resolve()


async def _serve(service: Service, clock: Clock, steps: Path | None) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[str]] = set()

    def reload() -> None:
        task = loop.create_task(service.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        await service.start()
        gc.collect()
        gc.freeze()  # what stands for the life of the process is not looked through again and again
        gc.set_threshold(20_000, 20, 20)
        stepping = await serve_steps(clock, steps) if steps and isinstance(clock, SteppedClock) else None
        await service.run()
    finally:
        await service.close()
    if stepping is not None:
        stepping.close()
