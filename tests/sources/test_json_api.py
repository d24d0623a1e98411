"""Kind json_api: items, fields, samples, paging, and faults that name what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.http import Answer, Http
from monitor.model import Cursor, Page
from monitor.sources.json_api import Haul, JsonApi, Paging
from monitor.sources.paths import look, read_path
from monitor.sources.source import SourceFault, Surroundings
from monitor.times import DAY, instant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-03T12:00:00+08:00", ZONE)
URL = "https://api.example/v1/posts"
POSTS = {
    "id": "$.id",
    "text": "body.content",
    "author": "user.name",
    "published_at": "ts",
    "labels.channel": "meta.channel",
}


def post(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "body": {"content": f"投诉 {n}"},
        "user": {"name": "a"},
        "ts": NOW - 60 * n,
        "meta": {"channel": "app"},
    }


async def fetch(
    answer: Any | Callable[[httpx.Request], httpx.Response], cursor: Cursor | None = None, **options: Any
) -> Page:
    handler = answer if callable(answer) else lambda request: httpx.Response(200, json=answer)
    options.setdefault("fields", POSTS)
    async with Http(transport=httpx.MockTransport(handler)) as http:
        source = JsonApi(name="api", url=options.pop("url", URL), **options)
        assert list(source.wrong()) == []
        return await source.fetch(cursor or {}, Surroundings(http, ZONE, NOW))


@pytest.mark.anyio
async def test_items_become_mentions_by_their_paths() -> None:
    page = await fetch({"data": {"list": [post(1), post(2)]}}, items="$.data.list", labels={"brand": "us"})
    first, second = page.mentions
    assert (first.id, first.text, first.author) == ("1", "投诉 1", "a")
    assert first.labels == {"brand": "us", "channel": "app"} and first.source == "api"
    assert second.published_at == NOW - 120


@pytest.mark.anyio
async def test_an_object_of_days_makes_samples_and_the_day_that_runs_is_left_out() -> None:
    days = {
        "2026-03-01": {"orders": "1,234"},
        "2026/03/02": {"orders": 7},
        "2026-03-03": {"orders": 2},
        "2026-02-28": {"orders": None},
    }
    page = await fetch(
        {"days": days}, items="$.days", fields={"at": "$key", "value": "orders"}, series="orders", sample="delta"
    )
    assert [(s.value, s.span, s.kind, s.series) for s in page.samples] == [
        (1234.0, DAY, "delta", "orders"),
        (7.0, DAY, "delta", "orders"),
    ]
    assert page.samples[1].at == instant("2026-03-03T00:00:00+08:00", ZONE) and page.faults == ()


@pytest.mark.anyio
async def test_an_object_of_plain_values_is_read_by_key_and_self() -> None:
    page = await fetch(
        {"csat": {"1772500000": "92%"}}, items="csat", fields={"at": "$key", "value": "$"}, series="csat"
    )
    assert [(s.at, s.value) for s in page.samples] == [(1772500000.0, 0.92)]


@pytest.mark.anyio
async def test_paths_that_find_nothing_say_what_is_there() -> None:
    with pytest.raises(SourceFault, match=r"\$\.days found nothing; the answer has code, msg"):
        await fetch({"code": 1, "msg": "denied"}, items="$.days")
    with pytest.raises(SourceFault, match="should be a list"):
        await fetch({"days": 5}, items="$.days")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "why"), [(b"<html>", "HTML"), (b"", "JSON"), (b"[1,", "JSON"), (b"[" * 99_999, "deep|JSON")]
)
async def test_an_answer_that_is_no_json_is_a_fault(body: bytes, why: str) -> None:
    with pytest.raises(SourceFault, match=why):
        await fetch(lambda _: httpx.Response(200, content=body))


@pytest.mark.anyio
async def test_a_bad_item_costs_only_itself() -> None:
    items = [post(1), {"id": 2, "ts": "1970-01-01"}, "nonsense", post(4)]
    page = await fetch(items)
    assert [m.id for m in page.mentions] == ["1", "4"] and len(page.faults) == 2
    samples = await fetch(
        lambda _: httpx.Response(
            200, content=b'[{"t":1772500000,"v":NaN},{"t":1772500000,"v":"x"},{"v":1},{"t":1772500000,"v":3}]'
        ),
        fields={"at": "t", "value": "v"},
        series="s",
    )
    assert [s.value for s in samples.samples] == [3.0] and len(samples.faults) == 3


@pytest.mark.anyio
async def test_post_sends_its_body_with_secrets_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    seen: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, json.loads(request.content), str(request.url.query)))
        return httpx.Response(200, json=[])

    await fetch(handler, method="POST", body={"q": "充电宝", "key": "env:API_KEY"}, params={"k": "env:API_KEY"})
    assert seen[0][0] == "POST" and seen[0][1] == {"q": "充电宝", "key": "s3cret"} and "s3cret" in seen[0][2]


def paged(request: httpx.Request) -> httpx.Response:
    number = int(request.url.params.get("page", "1"))
    return httpx.Response(
        200,
        json={
            "items": [post(10 * number + i) for i in range(3)] if number < 4 else [],
            "next": f"/v1/posts?page={number + 1}" if number < 4 else None,
            "mark": str(number + 1) if number < 4 else "",
        },
    )


@pytest.mark.anyio
@pytest.mark.parametrize("paging", [Paging(next="$.next"), Paging(param="page"), Paging(param="page", cursor="mark")])
async def test_paging_goes_on_to_the_end_and_then_stops_at_the_known(paging: Paging) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("page", "1"))
        return paged(request)

    page = await fetch(handler, items="items", page=paging)
    assert len(page.mentions) == 9 and asked == ["1", "2", "3", "4"]
    asked.clear()
    await fetch(handler, {**page.cursor, "hash": ""}, items="items", page=paging)
    assert asked == ["1"]


@pytest.mark.anyio
async def test_paging_ends_at_its_most_and_never_leaves_the_host() -> None:
    page = await fetch(paged, items="items", page=Paging(param="page", most=2))
    assert len(page.mentions) == 6
    with pytest.raises(SourceFault, match="another host"):
        await fetch({"items": [post(1)], "next": "https://evil.example/x"}, items="items", page=Paging(next="next"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.a.b", 1),
        ("a.b", 1),
        ('"x.y"', 2),
        ("['x.y']", 2),
        ("l[0].n", 3),
        ("l[-1].n", 4),
        ("l[9].n", None),
        ("a.b.c", None),
        ("$", ...),
    ],
)
def test_paths_reach_into_json(path: str, value: Any) -> None:
    thing = {"a": {"b": 1}, "x.y": 2, "l": [{"n": 3}, {"n": 4}]}
    assert look(thing, read_path(path)) == (thing if value is ... else value)


@pytest.mark.parametrize("path", ["a..b", "a.", "a[x", 'a["', "[", "]"])
def test_a_broken_path_is_told_at_check(path: str) -> None:
    assert [option for option, _ in JsonApi(name="x", url=URL, items=path, fields={"text": "t"}).wrong()] == ["items"]


def test_options_that_lead_nowhere_are_told_at_check() -> None:
    source = JsonApi(name="x", url="nonsense", fields={"value": "v", "txt": "t"}, page=Paging())
    assert [option for option, _ in source.wrong()] == ["url", "fields.txt", "series", "fields.at", "page"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=9,
    )
)
def test_any_json_is_read_or_refused(thing: Any) -> None:
    for fields in (POSTS, {"at": "$key", "value": "$"}):
        haul = Haul(JsonApi(name="x", url=URL, fields=fields, series="s"), set(), ZONE, NOW)
        try:
            haul.take(Answer(200, {}, json.dumps(thing).encode()), 1)
        except SourceFault as fault:
            assert str(fault)
