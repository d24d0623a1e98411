"""Every panel over a real Prometheus that scrapes the real service while the demo plays.

Two moments are looked at while the service's clock stands still: calm, the first morning, and red, when the first red
notice rings. Instants in the metrics are the demo's, months away from Prometheus's clock; panels take ages from the
service's own clock (`crisis_monitor_time_seconds`), so they hold all the same, and the one panel that compares both
clocks shows the months. A drill and a legal clock, which the demo has not, are added at the end. Then the service goes.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest

from monitor_demo.play import Cue, Play, performance
from monitor_demo.story import HOUR, START, tell
from tests.grafana.live_moments import MOMENTS
from tests.grafana.prometheus import DASHBOARDS, Prometheus, Query, queries

pytestmark = [pytest.mark.slow, pytest.mark.promtool]
CALM = START + 5 * HOUR
QUERIES = [query for path in DASHBOARDS for query in queries(path)]
PANELS = [query for query in QUERIES if query.ref]
OF_PROMETHEUS = {"Firing alerts"}
"""What Prometheus says of itself does not end with the service; it says that the service is gone."""
Shown = dict[Query, list[float]]


class Watched(NamedTuple):
    """What the panels showed."""

    calm: Shown
    red: Shown
    end: Shown
    ever: Shown
    gone: Shown
    scrapes: dict[str, bytes]
    alerts: dict[str, list[str]]
    """Alert -> the descriptions it had while the service ran."""


class Watch:
    """Looks at the panels at named moments of a play."""

    def __init__(self, play: Play, prometheus: Prometheus) -> None:
        self._play, self._prometheus = play, prometheus
        self.shown: dict[str, Shown] = {}
        self.scrapes: dict[str, bytes] = {}
        play.daemon.move = self._moved(play.daemon.move)  # type: ignore[method-assign]

    def _moved(self, move: Callable[[float], float | None]) -> Callable[[float], float | None]:
        def moved(to: float) -> float | None:
            upcoming = move(to)
            if to > CALM and "calm" not in self.shown:
                self.look("calm")
            return upcoming

        return moved

    def look(self, moment: str) -> None:
        """All panels as they are now; the service's clock stands still meanwhile."""
        self._prometheus.scraped(up=True)
        self.shown[moment] = {query: self._prometheus.values(query.expr) for query in QUERIES}
        url = self._play.daemon.url + "/metrics"
        self.scrapes[moment] = httpx.get(url, timeout=30, headers={"accept-encoding": "identity"}).content


def practise(play: Play) -> None:
    """What the demo has not: a drill that somebody acknowledges, and a legal clock."""
    with httpx.Client(base_url=play.daemon.url, timeout=30) as web:
        opened = web.post(
            "/api/v1/incidents", json={"risk": "data-leak", "tier": "red", "drill": True, "comment": "practice"}
        )
        number = opened.raise_for_status().json()["incident"]["number"]
        web.post(f"/api/v1/incidents/{number}/ack", json={}).raise_for_status()
        real = web.get("/api/v1/incidents").raise_for_status().json()["incidents"]
        burning = next(i["number"] for i in real if i["tier"] == "red" and not i.get("drill"))
        web.post(f"/api/v1/incidents/{burning}/clock-start", json={"clock": "cn-consumer-recall"}).raise_for_status()
    play.daemon.move(play.now + 1)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    watch: Watch | None = None

    def cue(heard: Cue) -> None:
        if watch is not None and heard.kind == "tier" and heard.data["tier"] == "red":
            watch.look("red")

    with performance(tell(1), cue) as play:
        prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), play.daemon.listen)
        try:
            play.history()
            text = play.config.read_text(encoding="utf-8")
            play.config.write_text(text + '\n[incident]\ndrill_to = ["channel:desk"]\n', encoding="utf-8")
            watch = Watch(play, prometheus)
            play.run()
            practise(play)
            prometheus.ruled()
            watch.look("end")
            ever = {query: prometheus.seen(query.expr) for query in QUERIES}
            alerts = {a["name"]: [x["annotations"]["description"] for x in a["alerts"]] for a in prometheus.alerts()}
            play.daemon.stop()
            prometheus.scraped(up=False)
            time.sleep(11)  # until the last scrape is out of the windows of rates
            gone = {query: prometheus.values(query.expr) for query in QUERIES}
        finally:
            prometheus.stop()
    shown = watch.shown
    yield Watched(shown["calm"], shown["red"], shown["end"], ever, gone, watch.scrapes, alerts)


def test_every_query_returned_series(watched: Watched) -> None:
    assert [query for query in QUERIES if not watched.ever[query]] == []


def test_every_panel_is_looked_at_at_both_moments() -> None:
    assert {(query.board, query.title, query.ref) for query in PANELS} == set(MOMENTS)


@pytest.mark.parametrize("query", PANELS, ids=lambda query: f"{query.board}-{query.title}-{query.ref}")
def test_a_panel_shows_what_it_should_when_calm_and_when_red(watched: Watched, query: Query) -> None:
    calm, red = MOMENTS[query.board, query.title, query.ref]
    assert calm(watched.calm[query]), f"calm: {watched.calm[query]}"
    assert red(watched.red[query]), f"red: {watched.red[query]}"


def test_without_the_service_there_is_no_data(watched: Watched) -> None:
    left = {query.title for query in QUERIES if watched.gone[query]}
    assert left == OF_PROMETHEUS


def test_a_drill_and_a_legal_clock_are_seen(watched: Watched) -> None:
    end = {query.title: values for query, values in watched.end.items()}
    assert end["Legal clocks running"] == [1]
    assert len(end["Legal clocks"]) == 1
    assert end["Next due by law"] == end["Legal clocks"]
    assert end["Since the last drill somebody acknowledged"][0] < 60


def test_alerts_say_whole_sentences(watched: Watched) -> None:
    assert watched.alerts["CrisisMonitorWatchdog"]  # the others wait by Prometheus' clock: a fast play may outrun them
    said = [line for lines in watched.alerts.values() for line in lines]
    assert not [line for line in said if "error" in line.lower() or "<no value>" in line]


@pytest.mark.parametrize("moment", ["calm", "red", "end"])
def test_promtool_has_nothing_to_say_of_a_scrape(watched: Watched, moment: str) -> None:
    body = watched.scrapes[moment]
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
