"""What machines ask: health, readiness, metrics."""

from __future__ import annotations

import gzip

import pytest
from web_fakes import World, an_app, browser

from monitor.web.views import Health, Readiness

pytestmark = pytest.mark.anyio


async def test_healthz_is_ok_while_every_loop_advances() -> None:
    async with browser(an_app(World())) as client:
        answer = await client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "stuck": [], "loops": {"judge": 0.2}}


async def test_healthz_names_the_loop_that_stands_still() -> None:
    stuck = Health({"judge": 91.0, "poll": 0.1}, ("judge",))
    async with browser(an_app(World(), health=lambda: stuck)) as client:
        answer = await client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["stuck"] == ["judge"]


async def test_readyz_says_what_is_missing() -> None:
    async with browser(an_app(World(), ready=lambda: Readiness(("store",)))) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "waiting", "missing": ["store"]})
    async with browser(an_app(World())) as client:
        assert (await client.get("/readyz")).json() == {"status": "ready", "missing": []}


async def test_healthz_needs_no_store() -> None:
    world = World()
    world.overview = None  # type: ignore[assignment]
    async with browser(an_app(world)) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200


async def test_metrics_speak_as_they_are_asked() -> None:
    async with browser(an_app(World())) as client:
        plain = await client.get("/metrics", headers={"accept-encoding": "identity"})
        assert plain.headers["content-type"].startswith("text/plain")
        assert 'crisis_monitor_source_up{source="helpdesk"}' in plain.text
        opened = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert opened.headers["content-type"].startswith("application/openmetrics-text")
        assert opened.text.endswith("# EOF\n")
        async with client.stream("GET", "/metrics", headers={"accept-encoding": "gzip"}) as packed:
            raw = b"".join([chunk async for chunk in packed.aiter_raw()])
            assert packed.headers["content-encoding"] == "gzip"
            assert b"crisis_monitor_build_info" in gzip.decompress(raw)
