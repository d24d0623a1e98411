"""Push ingest: what is answered, after what."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from web_fakes import NOW, TOKENS, World, an_app, browser, config, with_tokens

from monitor.web.acts import Busy
from monitor.web.body import CAP

pytestmark = pytest.mark.anyio
TOOK_ONE = {"accepted": 1, "duplicates": 0, "rejected": []}


def mention(id: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": id, "text": "充电宝冒烟", "published_at": NOW - 60} | more


async def post(
    world: World, body: Any, path: str = "/api/v1/mentions?source=helpdesk", settings: Any = None, **headers: str
):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await browser(an_app(world, settings), accept_language="en").post(path, content=content, headers=headers)


async def test_an_array_is_taken_and_counted() -> None:
    world = World()
    answer = await post(world, [mention("1"), mention("2")])
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "duplicates": 0, "rejected": []}
    assert world.batches == [("helpdesk", 2)]


async def test_json_lines_of_any_content_type_are_taken() -> None:
    body = b"\n".join(json.dumps(mention(str(i))).encode() for i in range(3))
    for kind in ("application/x-ndjson", "text/plain", ""):
        assert (await post(World(), body, **{"content-type": kind})).json()["accepted"] == 3


async def test_the_same_record_again_is_a_duplicate() -> None:
    world = World()
    await post(world, [mention()])
    assert (await post(world, [mention()])).json() == {"accepted": 0, "duplicates": 1, "rejected": []}


async def test_a_bad_record_costs_only_itself_and_is_named_by_its_place() -> None:
    answer = await post(World(), [mention("1"), {"id": "2"}, mention("3")])
    assert answer.status_code == 200
    told = answer.json()
    assert told["accepted"] == 2
    assert [fault["index"] for fault in told["rejected"]] == [1]
    assert told["rejected"][0]["error"]


async def test_all_refused_is_422_and_nothing_is_stored() -> None:
    world = World()
    answer = await post(world, [{"id": "1"}, 7])
    assert answer.status_code == 422
    assert len(answer.json()["rejected"]) == 2
    assert world.batches == []


@pytest.mark.parametrize("body", [b"[{", b"[1,", b"\xff\xfe[", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_422(body: bytes) -> None:
    answer = await post(World(), body)
    assert answer.status_code == 422


async def test_samples_go_in_by_their_own_address() -> None:
    world = World()
    sample = {"series": "orders", "at": NOW - 60, "value": 12, "kind": "delta", "span": "5m"}
    assert (await post(world, [sample], "/api/v1/samples?source=helpdesk")).json() == TOOK_ONE


async def test_an_empty_array_is_a_sign_of_life() -> None:
    world = World()
    answer = await post(world, [])
    assert answer.json() == {"accepted": 0, "duplicates": 0, "rejected": []}
    assert world.batches == [("helpdesk", 0)]


async def test_gzip_is_unpacked_with_or_without_its_header() -> None:
    packed = gzip.compress(json.dumps([mention()]).encode())
    assert (await post(World(), packed, **{"content-encoding": "gzip"})).json() == TOOK_ONE
    assert (await post(World(), packed)).json() == TOOK_ONE
    members = gzip.compress(b"[") + gzip.compress(json.dumps(mention()).encode() + b"]")
    assert (await post(World(), members)).json() == TOOK_ONE


async def test_a_gzip_bomb_is_413_and_quick() -> None:
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), 9)
    start = time.monotonic()
    answer = await post(World(), bomb, **{"content-encoding": "gzip"})
    assert answer.status_code == 413
    assert time.monotonic() - start < 1.0


@pytest.mark.parametrize("body", [gzip.compress(b"[]" * 99, mtime=0)[:-9], b"\x1f\x8bnonsense"])
async def test_a_broken_gzip_is_400(body: bytes) -> None:
    assert (await post(World(), body, **{"content-encoding": "gzip"})).status_code == 400


async def test_an_unknown_packing_is_415() -> None:
    assert (await post(World(), [mention()], **{"content-encoding": "br"})).status_code == 415


async def test_more_than_ten_megabytes_is_413_announced_or_not() -> None:
    big = b" " * (CAP + 1)
    assert (await post(World(), big)).status_code == 413

    async def pieces():
        for _ in range(11):
            yield b" " * 1024 * 1024

    answer = await browser(an_app(World())).post("/api/v1/mentions?source=helpdesk", content=pieces())
    assert answer.status_code == 413


async def test_an_unknown_source_is_404_with_the_names() -> None:
    answer = await post(World(), [mention()], "/api/v1/mentions?source=helpdesc")
    assert answer.status_code == 404
    assert "helpdesk, vendor" in answer.json()["message"]
    assert answer.json()["error"] == "source-unknown"


async def test_a_source_that_is_not_pushed_to_is_409() -> None:
    assert (await post(World(), [mention()], "/api/v1/mentions?source=sheet")).status_code == 409


async def test_the_record_names_its_source_before_the_address_does() -> None:
    world = World()
    answer = await post(world, [mention("1", source="vendor"), mention("2"), mention("3", source="nobody")])
    assert sorted(world.batches) == [("helpdesk", 1), ("vendor", 1)]
    assert [fault["index"] for fault in answer.json()["rejected"]] == [2]
    assert "nobody" in answer.json()["rejected"][0]["error"]


async def test_places_of_refused_records_hold_beside_unreadable_ones() -> None:
    answer = await post(World(), [{"id": "0"}, mention("1", source="nobody"), 7, mention("3")])
    assert [fault["index"] for fault in answer.json()["rejected"]] == [0, 1, 2]


async def test_the_only_push_source_need_not_be_named() -> None:
    one = config(source=[{"name": "helpdesk", "kind": "push"}])
    world = World()
    await post(world, [mention()], "/api/v1/mentions", one)
    assert world.batches == [("helpdesk", 1)]
    several = await post(World(), [mention()], "/api/v1/mentions")
    assert several.status_code == 422


async def test_a_store_that_cannot_write_is_503_with_a_time_to_come_back() -> None:
    world = World()
    world.refuse = Busy("full", retry_after=12.4)
    answer = await post(world, [mention()])
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "12"


@pytest.mark.parametrize(
    ("body", "batches", "refusals"),
    [
        ([mention("1"), {"id": "2"}], [("helpdesk", 1, 1)], []),
        ([{"id": "2"}, 7], [], [("helpdesk", 2)]),
        ([mention("1", source="vendor"), {"id": "2"}], [("vendor", 1, 0)], [("helpdesk", 1)]),
        (b"[{", [], [("helpdesk", 1)]),
        ([mention("1")], [("helpdesk", 1, 0)], []),
    ],
)
async def test_what_is_refused_counts_once_against_the_source_it_was_sent_for(
    body: Any, batches: list[tuple[str, int, int]], refusals: list[tuple[str, int]]
) -> None:
    world = World()
    await post(world, body)
    taken = [(source, n, refused) for (source, n), refused in zip(world.batches, world.refused_beside, strict=True)]
    assert (taken, world.refusals) == (batches, refusals)


async def test_ingest_asks_for_a_token_that_bears_ingest() -> None:
    app = an_app(World(), with_tokens())
    async with browser(app, host="10.0.0.7") as client:
        path = "/api/v1/mentions?source=helpdesk"
        assert (await client.post(path, json=[mention()])).status_code == 401
        for name, scopes in TOKENS.items():
            answer = await client.post(path, json=[mention()], headers={"authorization": f"Bearer secret-{name}"})
            assert answer.status_code == (200 if "ingest" in scopes else 403)


async def test_the_way_of_a_batch_costs_little_beside_decoding() -> None:
    batches = [json.dumps([mention(f"{b}-{i}") for i in range(500)]).encode() for b in range(10)]
    async with browser(an_app(World())) as client:
        start = time.process_time()
        for batch in batches:
            assert (await client.post("/api/v1/mentions?source=helpdesk", content=batch)).status_code == 200
        spent = time.process_time() - start
    assert 5000 / spent > 20_000, f"{5000 / spent:.0f} mentions a second before the store"
