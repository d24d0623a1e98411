"""The service: every part made and joined, started in order, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from monitor.config.load import Loaded, load
from monitor.daemon import counting
from monitor.daemon.acts import ActsOfPeople
from monitor.daemon.board import Board
from monitor.daemon.calendar import Calendar
from monitor.daemon.clock import Clock, SystemClock
from monitor.daemon.deliver import Deliver
from monitor.daemon.desk import Desk, compile_desk
from monitor.daemon.ingest import Ingest
from monitor.daemon.judge import Judge
from monitor.daemon.last_resort import LastResort
from monitor.daemon.poll import Poll
from monitor.daemon.reads import ReadsOfStore, Trails
from monitor.daemon.server import Listener
from monitor.daemon.tend import Tend
from monitor.http import Http
from monitor.metrics import Metrics
from monitor.store import observations
from monitor.store.database import Database, Priority
from monitor.web.app import web_app
from monitor.web.site import Site
from monitor.web.views import Health, Readiness

log = structlog.get_logger("service")

STILL_AFTER = 45.0
"""A loop that has not advanced for so long stands still."""
SENDS_END = 20.0
STORIES_BACK = 3 * 86400.0


class StateFault(Exception):
    """The state directory can't be used; the text says what would be right."""


def take_state(state: Path) -> int:
    """Makes the state directory and takes its lock: one daemon per directory. The lock lives as long as the number."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateFault(f"{state}: {error.strerror}; give a directory this user may write with --state") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StateFault(f"{state}: another crisis-monitor runs here; stop it, or give another --state") from None
    return lock


def signing_key(state: Path) -> bytes:
    """The key of ack links, made once."""
    path = state / "ack.key"
    with contextlib.suppress(FileExistsError), open(path, "xb", opener=_private) as fresh:
        fresh.write(secrets.token_bytes(32))
        fresh.flush()
        os.fsync(fresh.fileno())
    return path.read_bytes()


def admin_socket(state: Path) -> Path:
    """Where commands reach the service: in the runtime directory that systemd gives, else beside the state."""
    return Path(os.environ.get("RUNTIME_DIRECTORY", state)).resolve() / "admin.sock"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Service:
    """One running crisis-monitor. `start` returns once it listens; `run` until it is told to stop."""

    def __init__(self, loaded: Loaded, path: Path, state: Path, clock: Clock, *, listen: str = "") -> None:
        self.path, self.state, self.clock = path, state, clock
        self.metrics = Metrics()
        self._desk = compile_desk(loaded, path.parent, signing_key(state))
        config = self._desk.config
        self._listen = listen or config.server.listen
        self.db = Database(config.store.url, state)
        self.http = Http(contact=config.settings.contact)
        self.trails = Trails()
        self.deliver = Deliver(self.db, self.desk, self.http, clock, self.metrics)
        self.board = Board(self.db, self.desk, self.metrics, self.deliver.handed)
        self.judge = Judge(self.db, self.desk, self.board, clock, self.metrics, self.trails.note)
        self.ingest = Ingest(self.db, self.desk, clock, self.metrics, self.judge.tell)
        self.poll = Poll(self.db, self.desk, self.ingest, self.http, clock, self.metrics)
        self.tend = Tend(self.db, self.desk, clock, self.metrics, self.judge.poke)
        self.deliver.on_dead(LastResort(self.board, self.judge, self.desk, clock).tell)
        self.acts = ActsOfPeople(
            self.db, self.desk, self.board, self.judge, self.deliver, self.ingest, self.metrics
        )  # fmt: skip
        self.calendar = Calendar(self.db, self.desk, clock)
        self.reads = ReadsOfStore(self.db, self.desk, self.judge, self.trails)
        self._site = self._make_site()
        app = web_app(self._site)
        self._listeners = [Listener(app, self._listen), Listener(app, str(admin_socket(state)))]
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._ready: set[str] = {"config"}
        self._advanced: dict[str, float] = {}

    def desk(self) -> Desk:
        """The config in force, ready for work."""
        return self._desk

    def _make_site(self) -> Site:
        return Site(
            config=lambda: self._desk.config,
            now=self.clock.now,
            reads=self.reads,
            acts=self.acts,
            metrics=self.metrics,
            key=self._desk.key,
            health=self.health,
            title=lambda playbook, language: self._desk.title(playbook, language),
            ready=lambda: Readiness(tuple(sorted({"config", "store", "listening"} - self._ready))),
        )

    def health(self) -> Health:
        """How long ago each loop advanced, by the machine's monotonic clock."""
        now = asyncio.get_running_loop().time()
        ages = {name: now - at for name, at in self._advanced.items()}
        return Health(ages, tuple(name for name, age in ages.items() if age > STILL_AFTER))

    async def start(self) -> None:
        """Opens the store, counts what is to be counted, starts loops and listeners."""
        self.db.open()
        self.db.start()
        desk = self._desk
        await self.db.write(lambda c: counting.prepare(c, desk), Priority.ACT)
        self._ready.add("store")
        self._configure()
        since = self.clock.now() - STORIES_BACK
        if desk.stories:
            self.ingest.stories.load(await self.db.read(lambda c: observations.recent_stories(c, since)))
        await counting.recount(self.db, desk, self.judge.poke)
        loops = {"poll": self.poll.run, "judge": self.judge.run, "deliver": self.deliver.run, "tend": self.tend.run}
        self._tasks = [asyncio.create_task(self._keep(name, run), name=name) for name, run in loops.items()]
        self._tasks.append(asyncio.create_task(self._watch(), name="watch"))
        if isinstance(self.clock, SystemClock):
            self.calendar.start()
        for listener in self._listeners:
            await listener.start()
        self._ready.add("listening")
        log.info("ready", listen=self._listen, state=str(self.state), config=str(self.path), hash=desk.hash[:12])

    def _configure(self) -> None:
        desk = self._desk
        self.metrics.configure(rules=desk.rules, sources=desk.sources, channels=desk.channels, hash=desk.hash[:12])

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs a loop for ever: one that breaks is told and begun anew."""
        while True:
            try:
                await run()
            except Exception:
                log.exception("loop_broke", loop=name)
                with self.clock.busy():
                    await asyncio.sleep(1)

    async def _watch(self) -> None:
        """Looks each second whether each loop answers: an idle one does, a stuck one does not."""
        loop = asyncio.get_running_loop()
        while True:
            for part in (self.poll, self.judge, self.deliver, self.tend):
                if self.clock.waits(part.wake):
                    self._advanced[type(part).__name__.lower()] = loop.time()
            await asyncio.sleep(1)

    async def run(self) -> None:
        """Until `stop`."""
        await self._stop.wait()

    async def close(self) -> None:
        """Takes no more, finishes what is being sent, for some seconds, and closes the store."""
        log.info("stopping")
        self.calendar.stop()
        for listener in self._listeners:
            await listener.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliver.finish(SENDS_END)
        await self.http.close()
        await self.db.close()

    def stop(self) -> None:
        """Begins to stop."""
        self._stop.set()

    async def reload(self) -> None:
        """Takes the config file anew: checked first, swapped at once, the old one kept on any fault."""
        try:
            loaded = await asyncio.to_thread(load, self.path, secrets=True)
            desk = await asyncio.to_thread(compile_desk, loaded, self.path.parent, self._desk.key)
        except Exception as fault:
            self.metrics.reloaded(False)
            log.error("reload_refused", fault=str(fault))
            return
        await self.db.write(lambda c: counting.prepare(c, desk), Priority.ACT)
        self._desk = desk
        self._configure()
        await self.judge.load()
        self.poll.replan()
        self.judge.poke()
        self._tasks.append(asyncio.create_task(counting.recount(self.db, desk, self.judge.poke)))
        log.info("reloaded", hash=desk.hash[:12])
