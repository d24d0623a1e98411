"""Kind promql against a real Prometheus with a written past: steps, gaps, going on, caps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from monitor.http import Http
from monitor.model import Cursor, Page
from monitor.sources import promql as promql_source
from monitor.sources.promql import Promql
from monitor.sources.source import SourceFault, Surroundings
from monitor.times import DAY, instant
from tests.sources.past_prometheus import PastPrometheus

pytestmark = pytest.mark.promtool
ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-09T12:00:00+08:00", ZONE)
MINUTES = 60.0
SHAPES = ["1", "{}", '{"result":[{}]}', '{"result":[{"metric":{},"values":[1]}]}', '{"result":{"a":1}}']
SHAPES += ['{"result":[{"metric":{},"values":[[1,"x"]]}]}', '{"result":[{"metric":[],"values":[]}]}']
GARBAGE = [*(f'{{"status":"success","data":{shape}}}' for shape in SHAPES), '{"status":"error","error":"no"}']
GARBAGE += ["", "<html>", "[]", "7"]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastPrometheus]:
    """Four hours of two queues by the minute; b was not seen from -60 to -20 minutes, and answered nothing."""
    minutes = range(-180, 60)
    rows = [('depth{queue="a",pod="p1"}', NOW + 60 * n, float(n + 200)) for n in minutes]
    rows += [('depth{queue="b",pod="p2"}', NOW + 60 * n, 5.0) for n in minutes if not -60 <= n < -20]
    rows += [('answered{queue="a"}', NOW + 60 * n, 4.0) for n in minutes]
    rows += [('answered{queue="b"}', NOW + 60 * n, 0.0) for n in minutes]
    server = PastPrometheus(tmp_path_factory.mktemp("prometheus"), rows)
    yield server
    server.stop()


def source(server: PastPrometheus, query: str = "depth", **options: Any) -> Promql:
    given = {"fields": {"labels.queue": "queue"}, "series": "depth", "allow_private": True, "history": 600.0, **options}
    made = Promql(name="prom", url=server.url, query=query, **given)
    assert list(made.wrong()) == []
    return made


async def read(asked: Promql, cursor: Cursor | None = None, now: float = NOW) -> Page:
    async with Http() as http:
        return await asked.fetch(cursor or {}, Surroundings(http, ZONE, now))


@pytest.mark.anyio
async def test_series_become_samples_on_the_grid_with_the_labels_that_were_chosen(prometheus: PastPrometheus) -> None:
    page = await read(source(prometheus, labels={"site": "x"}), now=NOW + 17)
    a = [s for s in page.samples if s.labels["queue"] == "a"]
    assert [s.at - NOW for s in a] == [60.0 * n for n in range(-11, 0)], "the last step is not complete yet"
    assert a[-1].value == 199.0 and a[-1].span == 60.0 and a[-1].labels == {"queue": "a", "site": "x"}
    assert {s.source for s in page.samples} == {"prom"} and {s.series for s in page.samples} == {"depth"}


@pytest.mark.anyio
async def test_what_is_stale_or_no_number_is_a_gap_and_no_zero(prometheus: PastPrometheus) -> None:
    page = await read(source(prometheus, history=2 * 3600.0, most_series=9))
    b = [(s.at - NOW) / MINUTES for s in page.samples if s.labels["queue"] == "b"]
    assert min(b) < -61 and max(b) == -1 and not [at for at in b if -55 < at < -20]
    ratio = await read(source(prometheus, "answered / answered", series="rate"))
    assert {s.labels["queue"] for s in ratio.samples} == {"a"}, "0 / 0 is no number"
    assert (await read(source(prometheus, "no_such_metric"))).samples == ()


@pytest.mark.anyio
async def test_it_goes_on_where_it_ended_and_asks_the_newest_again(prometheus: PastPrometheus) -> None:
    asked = source(prometheus, overlap=120.0)
    first = await read(asked)
    same = await read(asked, first.cursor, NOW + 20)
    assert {(s.at - NOW) / MINUTES for s in same.samples} == {-2.0, -1.0}, "that it still answers is asked each time"
    none = await read(source(prometheus, overlap=0.0), first.cursor, NOW + 20)
    assert {(s.at - NOW) / MINUTES for s in none.samples} == {-1.0} and none.cursor["until"] == NOW - 60
    later = await read(asked, first.cursor, NOW + 200)
    assert sorted({(s.at - NOW) / MINUTES for s in later.samples}) == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert later.covers_from == NOW


@pytest.mark.anyio
async def test_a_long_way_back_is_read_in_parts_that_join(
    prometheus: PastPrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promql_source, "SAMPLES", 60)
    asked, cursor, steps, fetches = source(prometheus, most_series=2, history=6000.0), {}, [], 0
    page = Page(more=True)
    while page.more:
        page = await read(asked, cursor)
        steps += sorted({s.at for s in page.samples})
        cursor, fetches = page.cursor, fetches + 1
        assert page.covers_to == (NOW if page.more else None)
    assert fetches == 4 and steps == [NOW + 60.0 * n for n in range(-101, 0)]


@pytest.mark.anyio
async def test_days_begin_at_midnight_of_the_source(prometheus: PastPrometheus) -> None:
    asked = source(prometheus, "sum(last_over_time(depth[1h]))", step=DAY, history=2 * DAY, fields={})
    page = await read(asked, now=NOW)
    midnight = instant("2026-03-09T00:00:00+08:00", ZONE)
    assert page.samples == () and page.cursor["until"] == midnight


@pytest.mark.anyio
async def test_what_the_server_refuses_is_said_as_it_says_it(prometheus: PastPrometheus) -> None:
    with pytest.raises(SourceFault, match=r"refused the query: .*parse error"):
        await read(source(prometheus, "sum("))
    with pytest.raises(SourceFault, match="404"):
        await read(
            source(prometheus).__class__(
                name="p", url=prometheus.url + "/x", query="up", series="u", allow_private=True
            )
        )
    with pytest.raises(SourceFault, match="allow_private"):
        await read(source(prometheus, allow_private=False))


@pytest.mark.anyio
async def test_series_that_the_labels_do_not_tell_apart_are_a_fault(prometheus: PastPrometheus) -> None:
    with pytest.raises(SourceFault, match="alike"):
        await read(source(prometheus, fields={}))


@pytest.mark.anyio
async def test_too_many_series_are_cut_and_told(prometheus: PastPrometheus) -> None:
    page = await read(source(prometheus, most_series=1))
    assert {s.labels["queue"] for s in page.samples} == {"a"} and "2 series, of which 1" in page.faults[0]


@pytest.mark.anyio
async def test_the_series_may_be_named_by_a_label(prometheus: PastPrometheus) -> None:
    page = await read(source(prometheus, '{__name__=~"depth|answered"}', series="", fields={
        "series": "__name__", "labels.queue": "queue"}))  # fmt: skip
    assert {s.series for s in page.samples} == {"depth", "answered"}
    nameless = await read(source(prometheus, "sum by (queue) (depth)", series="", fields={
        "series": "__name__", "labels.queue": "queue"}))  # fmt: skip
    assert nameless.samples == () and "series (__name__) is missing" in nameless.faults[0]


@pytest.mark.anyio
@pytest.mark.parametrize("data", GARBAGE)
async def test_garbage_is_a_fault_or_nothing(data: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=data))
    async with Http(transport=transport) as http:
        asked = Promql(name="p", url="https://prom.example", query="up", series="up")
        try:
            page = await asked.fetch({}, Surroundings(http, ZONE, NOW))
        except SourceFault:
            return
        assert page.samples == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"query": " "}, "query is empty"),
        ({"series": ""}, "series"),
        ({"fields": {"text": "queue"}}, "labels.NAME"),
        ({"step": 0.1}, "step"),
        ({"most_series": 0}, "most_series"),
        ({"url": "prom:9090"}, "URL"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], said: str) -> None:
    given = {"url": "https://prom.example", "query": "up", "series": "up", **options}
    assert any(said in text for _, text in Promql(name="p", **given).wrong())
