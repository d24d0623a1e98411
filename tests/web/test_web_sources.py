"""Sources over the API: who may do what, what comes back, what is refused."""

from __future__ import annotations

import pytest

from tests.web.web_fakes import World, an_app, browser

pytestmark = pytest.mark.anyio


async def test_who_paused_a_source_and_why_is_told() -> None:
    async with browser(an_app(World()), accept_language="en") as client:
        done = (await client.post("/api/v1/sources/sheet/pause", json={"comment": "new columns"})).json()
        assert done["changed"] and done["source"]["pause"] == {
            "at": "2026-03-01T11:01:05+08:00", "by": "local", "why": "new columns",
        }  # fmt: skip
        listed = (await client.get("/api/v1/sources")).json()["sources"]
        assert [row["source"] for row in listed if row["pause"]] == ["sheet"]
        assert (await client.post("/api/v1/sources/sheet/try")).status_code == 409
        assert (await client.post("/api/v1/sources/sheet/resume")).json()["changed"]
        assert not (await client.post("/api/v1/sources/sheet/resume")).json()["changed"]


async def test_a_pause_needs_its_reason() -> None:
    async with browser(an_app(World()), accept_language="en") as client:
        answer = await client.post("/api/v1/sources/sheet/pause", json={"comment": " "})
        assert answer.status_code == 422 and "why it is paused" in answer.json()["message"]


async def test_a_try_tells_why_records_were_refused_in_the_readers_language() -> None:
    async with browser(an_app(World()), accept_language="zh") as client:
        told = (await client.post("/api/v1/sources/helpdesk/try")).json()
        assert (told["read"], told["new"]) == (3, 1) and told["refused"][0].startswith("条目")


@pytest.mark.parametrize(("path", "status"), [("nobody/pause", 404), ("sheet/sell", 404)])
async def test_what_there_is_not_is_not_found(path: str, status: int) -> None:
    async with browser(an_app(World()), accept_language="en") as client:
        answer = await client.post(f"/api/v1/sources/{path}", json={"comment": "x"})
        assert answer.status_code == status
