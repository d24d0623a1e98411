"""The service: every part made and joined, started in order, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import secrets
from pathlib import Path

import structlog

from monitor.config.load import Loaded, load
from monitor.daemon import counting
from monitor.daemon.acts import ActsOfPeople
from monitor.daemon.board import Board
from monitor.daemon.calendar import Calendar
from monitor.daemon.canary import Canary
from monitor.daemon.clock import Clock, SystemClock
from monitor.daemon.deliver import Deliver
from monitor.daemon.desk import Desk, compile_desk
from monitor.daemon.heartbeat import Heartbeat
from monitor.daemon.ingest import Ingest
from monitor.daemon.judge import Judge
from monitor.daemon.keep import KeepAlive
from monitor.daemon.last_resort import LastResort
from monitor.daemon.letters import Letters
from monitor.daemon.poll import Poll
from monitor.daemon.practice import Practice
from monitor.daemon.publishing import Publishing
from monitor.daemon.reads import ReadsOfStore, Trails
from monitor.daemon.reports import Reports
from monitor.daemon.reviewing import Reviewing
from monitor.daemon.server import Listener
from monitor.daemon.source_acts import ActsOnSources
from monitor.daemon.streams import Streams
from monitor.daemon.systemd import Systemd
from monitor.daemon.tend import Tend
from monitor.daemon.terms import Terms
from monitor.daemon.watch import Watch
from monitor.http import Http
from monitor.metrics import Loop, Metrics
from monitor.sources import Push, Source, Stream
from monitor.store import incidents, observations
from monitor.store.database import Database, Priority
from monitor.web.app import web_app
from monitor.web.site import Site
from monitor.web.views import Readiness

log = structlog.get_logger("service")

SENDS_END = 20.0
STORIES_BACK = 3 * 86400.0
IDLE: dict[str, tuple[Loop, ...]] = {
    "poll": ("poll",), "judge": ("judge", "timers"), "deliver": ("deliver",), "tend": ("tend",),
    "streams": ("streams",), "terms": ("terms",),
}  # fmt: skip
"""The metric's loops that a part stands for while it waits: whoever waits lives and has nothing to do."""
LOOPS = len(IDLE)
"""How many loops wait on the clock when all is done: what a stepped clock must know."""


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
        self.streams = Streams(self.db, self.desk, self.ingest, clock, self.metrics)
        self.terms = Terms(
            self.db, self.desk, clock, self.metrics, lambda rule: tuple(self.judge.alerts.get(rule, {})),
            self.judge.found,
        )  # fmt: skip
        self.tend = Tend(self.db, self.desk, clock, self.metrics, self.judge.poke)
        self.tend.letters = Letters(self.db, self.desk, self.deliver.handed).round
        self.deliver.on_dead(LastResort(self.board, self.judge, self.desk, clock).tell)
        self.reports = Reports(self.db, self.desk, self.board, self.judge.standing, self.judge.wake.set)
        self.acts = ActsOfPeople(
            self.db, self.desk, self.board, self.judge, self.deliver, self.ingest, self.reports, self.metrics
        )  # fmt: skip
        self.practice = Practice(
            self.db, self.desk, self.board, clock, self.judge.standing, self.judge.wake.set
        )  # fmt: skip
        self.judge.beside = (self.reports, self.practice)
        self.publishing = Publishing(self.db, self.desk, self.board, self.judge.standing)
        self.board.statement_waited = self.publishing.waited
        self.reviewing = Reviewing(self.db, self.desk, self.board, lambda: self.trails.alerts)
        self.tend.remind = self.reviewing.remind
        self.canary = Canary(self.db, self.desk, self.http, clock)
        self.calendar = Calendar(self.db, self.desk, clock, self.canary.fly)
        self.systemd = Systemd(os.environ)
        waking = {
            "poll": self.poll.wake, "judge": self.judge.wake, "deliver": self.deliver.wake, "tend": self.tend.wake,
            "streams": self.streams.wake, "terms": self.terms.wake,
        }  # fmt: skip
        self.watch = Watch(clock, self.db, self.systemd, waking, self._jumped, self._idle)
        self._refused = False
        self.heartbeat = Heartbeat(
            self.db, self.desk, self.http, clock, self.watch, state, lambda: self._refused
        )  # fmt: skip
        self.keep_alive = KeepAlive(self.db, self.desk, self.http, clock)
        self.judge.moved = lambda: self.watch.pulse.step("judge")
        self.sources = ActsOnSources(self.db, self.desk, self.poll, self._sources_changed)
        self.reads = ReadsOfStore(self.db, self.desk, self.judge, self.trails)
        self._site = self._make_site()
        app = web_app(self._site)
        self._listeners = [Listener(app, self._listen), Listener(app, str(admin_socket(state)))]
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._ready: set[str] = {"config"}
        self._reloading = asyncio.Lock()

    def desk(self) -> Desk:
        """The config in force, ready for work."""
        return self._desk

    def _make_site(self) -> Site:
        return Site(
            config=lambda: self._desk.config,
            now=self.clock.now,
            reads=self.reads,
            acts=self.acts,
            sources=self.sources,
            drills=self.practice,
            statements=self.publishing,
            reviews=self.reviewing,
            metrics=self.metrics,
            key=self._desk.key,
            health=self.watch.health,
            title=lambda playbook, language: self._desk.title(playbook, language),
            ready=self._readiness,
            reload=self.reload,
        )

    def _readiness(self) -> Readiness:
        missing = {"config", "store", "listening"} - self._ready
        return Readiness(tuple(sorted(missing | ({"store"} if self.db.outage is not None else set()))))

    async def start(self) -> None:
        """Opens the store, counts what is to be counted, starts loops and listeners."""
        self.db.open()
        self.db.start()
        starting = asyncio.create_task(self._starting())
        desk = self._desk
        await self.db.write(lambda c: counting.prepare(c, desk), Priority.ACT)
        self._ready.add("store")
        self._configure()
        drilled = await self.db.read(incidents.last_drill_acknowledged)
        self.metrics.drill_succeeded(drilled or 0)
        since = self.clock.now() - STORIES_BACK
        if desk.stories:
            self.ingest.stories.load(await self.db.read(lambda c: observations.recent_stories(c, since)))
        await self._recount(desk)
        loops = {
            "poll": self.poll.run, "judge": self.judge.run, "deliver": self.deliver.run, "tend": self.tend.run,
            "streams": self.streams.run, "terms": self.terms.run,
        }  # fmt: skip
        self._tasks = [asyncio.create_task(self.watch.keep(name, run), name=name) for name, run in loops.items()]
        drift = self.clock.drift if isinstance(self.clock, SystemClock) else None
        self._tasks.append(asyncio.create_task(self.watch.run(drift), name="watch"))
        if drift is not None:
            self.calendar.start()
            self._tasks.append(asyncio.create_task(self.heartbeat.run(), name="heartbeat"))
            self._tasks.append(asyncio.create_task(self.keep_alive.run(), name="keep"))
        for listener in self._listeners:
            await listener.start()
        self._ready.add("listening")
        starting.cancel()
        self.systemd.ready(f"running, listening on {self._listen}")
        log.info("ready", listen=self._listen, state=str(self.state), config=str(self.path), hash=desk.hash[:12])

    async def _starting(self) -> None:
        """Counting a long past anew may take longer than a unit allows: more time is asked for while it gets on."""
        written = -1
        while True:
            if self.db.commits != written:
                written = self.db.commits
                self.systemd.more_time(60, "starting: counting what is stored")
            await asyncio.sleep(10)

    def _configure(self) -> None:
        desk = self._desk
        self.metrics.configure(
            rules=desk.rules, sources=desk.sources, channels=desk.channels, clocks=desk.playbooks.clocks,
            hash=desk.hash[:12],
        )  # fmt: skip
        self._describe()

    def _describe(self) -> None:
        desk, standing = self._desk, self.poll.standing
        paused = {name for name, stands in standing.items() if stands.pause}
        self.metrics.export({name: rule.exported().values() for name, rule in desk.rules.items()})
        self.metrics.describe(
            {name: (rule.risk, _measured(rule.measure), rule.mode) for name, rule in desk.rules.items()},
            {name: None if name in paused else _expected_every(source) for name, source in desk.sources.items()},
        )

    def _sources_changed(self) -> None:
        """Who is expected to bring something has changed, and with it what counts as no data."""
        self._describe()
        self.streams.replan()
        self.judge.poke()

    def _idle(self, part: str) -> None:
        for loop in IDLE[part]:
            self.metrics.advanced(loop, self.clock.now())

    def _jumped(self, by: float) -> None:
        """Somebody set the clock: what waits for spans of time waits on as long as it had to."""
        self.poll.shift(by)
        self.board.next_timer = 0.0
        self.judge.shift(by)
        self.terms.replan()
        self.calendar.wake()
        self.deliver.wake.set()
        self.tend.shift(by)

    async def run(self) -> None:
        """Until `stop`."""
        await self._stop.wait()

    async def close(self) -> None:
        """Takes no more, finishes what is being sent, for some seconds, and closes the store."""
        log.info("stopping")
        self.systemd.stopping()
        self.calendar.stop()
        for listener in self._listeners:
            await listener.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.poll.stop()
        await self.deliver.finish(SENDS_END)
        await self.http.close()
        await self.db.close()

    def stop(self) -> None:
        """Begins to stop."""
        self._stop.set()

    async def reload(self) -> str:
        """Takes the config file anew: checked first, swapped at once, the old one kept on any fault.

        Returns what was wrong, "" where nothing was.
        """
        async with self._reloading:
            self.systemd.reloading()
            try:
                fault = await self._take_anew()
            finally:
                self.systemd.ready(f"running, listening on {self._listen}")
            self._refused = bool(fault)
            if fault:
                self.metrics.reloaded(False)
                self.systemd.status("running; the last reload was refused, the config before it is in force")
                log.error("reload_refused", fault=fault)
            return fault

    async def _take_anew(self) -> str:
        try:
            loaded = await asyncio.to_thread(load, self.path, secrets=True)
            desk = await asyncio.to_thread(compile_desk, loaded, self.path.parent, self._desk.key)
            await self.db.write(lambda c: counting.prepare(c, desk), Priority.ACT)
        except Exception as fault:
            return str(fault) or type(fault).__name__
        if desk.config.store.url != self._desk.config.store.url:
            log.warning("reload_waits", key="store.url", takes="a restart")
        self._desk = desk
        self._configure()
        await self.judge.load()
        self.poll.replan()
        self.streams.replan()
        self.terms.replan()
        self.practice.replan()
        self.reports.replan()
        self.judge.poke()
        recount = asyncio.create_task(self._recount(desk))
        self._tasks.append(recount)
        recount.add_done_callback(self._tasks.remove)
        gc.collect()  # compiled templates refer to one another: those of many old configs would pile up
        log.info("reloaded", hash=desk.hash[:12])
        return ""

    async def _recount(self, desk: Desk) -> None:
        """Nothing is judged of a selection before it is counted: a stepped clock waits for that."""
        with self.clock.busy():
            await counting.recount(self.db, desk, self.judge.poke)


def _measured(measure: str) -> str:
    """What kind of number a rule's value is, for whoever draws it."""
    if measure in ("ratio", "share"):
        return "share"
    return "count" if measure in ("count", "stories", "authors", "families") else "number"


def _expected_every(source: Source) -> float | None:
    """Seconds between two signs of life that the config expects of a source."""
    every = source.expect_every if isinstance(source, Push | Stream) else source.every
    return None if every is None else float(every)
