"""Who is let in: loopback by its own name, tokens with scopes, the peer of the admin socket; same-origin forms."""

from __future__ import annotations

import base64

import pytest
from web_fakes import KEY, NOW, World, a_crisis, an_app, browser, config, with_tokens

from monitor.web.headers import HEADERS
from monitor.web.tokens import sign

pytestmark = pytest.mark.anyio
GUARDED = ("/", "/i/INC-2026-0042", "/api/v1/status", "/api/v1/incidents", "/metrics", "/healthz", "/readyz")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_without_tokens_this_machine_is_let_in(host: str) -> None:
    async with browser(an_app(a_crisis()), host=host) as client:
        for path in GUARDED:
            assert (await client.get(path)).status_code == 200, path


@pytest.mark.parametrize("host", ["10.0.0.7", "192.168.1.4", "2001:db8::1", "", "testclient"])
async def test_without_tokens_nobody_else_is(host: str) -> None:
    async with browser(an_app(a_crisis()), host=host) as client:
        for path in GUARDED:
            assert (await client.get(path)).status_code == 403, path
        assert (await client.post("/api/v1/mentions?source=helpdesk", json=[])).status_code == 403


@pytest.mark.parametrize("name", ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "X-Real-IP"])
async def test_without_tokens_nothing_comes_through_a_proxy(name: str) -> None:
    async with browser(an_app(a_crisis())) as client:
        for path in GUARDED:
            assert (await client.get(path, headers={name: "127.0.0.1"})).status_code == 403, path


async def test_a_name_pointed_at_this_machine_is_refused() -> None:
    async with browser(an_app(a_crisis())) as client:
        for host, status in (
            ("evil.example", 403),
            ("localhost:9464", 200),
            ("[::1]:9464", 200),
            ("127.0.0.1.nip.io", 403),
        ):
            assert (await client.get("/", headers={"host": host})).status_code == status, host


async def test_the_ack_page_needs_no_token_but_its_own() -> None:
    path = "/a/" + sign(KEY, "INC-2026-0042", "zhang-wei", NOW + 600)
    for settings in (config(), with_tokens()):
        async with browser(an_app(a_crisis(), settings), host="8.8.8.8", x_forwarded_for="1.2.3.4") as client:
            assert (await client.get(path)).status_code == 200


async def test_a_scope_that_no_token_bears_stays_open_to_this_machine() -> None:
    settings = with_tokens()
    only = config(server={"token": [{"name": "x", "hash": settings.server.token[0].hash, "scopes": ["ingest"]}]})
    async with browser(an_app(a_crisis(), only)) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.post("/api/v1/mentions?source=helpdesk", json=[])).status_code == 401


async def test_tokens_open_what_their_scopes_say() -> None:
    async with browser(an_app(a_crisis(), with_tokens()), host="10.0.0.7") as client:

        async def get(path: str, token: str) -> int:
            return (await client.get(path, headers={"authorization": f"Bearer secret-{token}"})).status_code

        assert [await get("/", t) for t in ("wall", "helpdesk", "nobody")] == [200, 403, 401]
        assert [await get("/metrics", t) for t in ("prom", "wall")] == [200, 403]
        assert [await get("/healthz", t) for t in ("prom", "helpdesk", "nobody")] == [200, 200, 401]


async def test_a_browser_gives_the_token_as_password_and_is_asked_for_it() -> None:
    async with browser(an_app(a_crisis(), with_tokens()), host="10.0.0.7") as client:
        asked = await client.get("/")
        assert asked.status_code == 401
        assert asked.headers["www-authenticate"].startswith("Basic ")
        basic = base64.b64encode(b"anyone:secret-wall").decode()
        assert (await client.get("/", headers={"authorization": f"Basic {basic}"})).status_code == 200
        assert (await client.get("/", headers={"authorization": "Basic %%%"})).status_code == 401


async def test_the_peer_of_the_admin_socket_is_the_actor() -> None:
    world = a_crisis()
    app = an_app(world, with_tokens())

    async def socket(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        await app({**scope, "client": None, "state": {"peer": "wang"}}, receive, send)

    async with browser(socket) as client:
        assert (await client.post("/api/v1/incidents/INC-2026-0042/ack")).status_code == 200
    assert world.acted[0][0] == "user:wang"


async def test_no_header_makes_a_peer() -> None:
    async with browser(an_app(a_crisis()), host="10.0.0.7", peer="root", x_peer="root") as client:
        assert (await client.get("/")).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9464"}, 200),
        ({"origin": "https://warn.example.com"}, 200),
        ({}, 200),
    ],
)
async def test_a_form_of_another_site_changes_nothing(headers: dict[str, str], status: int) -> None:
    world = a_crisis()
    async with browser(an_app(world)) as client:
        answer = await client.post("/api/v1/incidents/INC-2026-0042/ack", headers=headers)
    assert answer.status_code == status
    assert bool(world.acted) == (status == 200)


async def test_every_answer_bears_the_security_headers() -> None:
    async with browser(an_app(World())) as client:
        for path in ("/", "/api/v1/status", "/nope", "/a/x", "/metrics", "/static/monitor.css", "/api/v1/nope"):
            answer = await client.get(path)
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
            assert answer.headers["cache-control"] == "no-store" or path.startswith("/static/")


async def test_pages_bear_nothing_the_policy_forbids() -> None:
    async with browser(an_app(a_crisis())) as client:
        for path in ("/", "/i/INC-2026-0042", "/a/" + sign(KEY, "INC-2026-0042", "mary", NOW + 9)):
            text = (await client.get(path)).text
            assert " style=" not in text
            assert "<style" not in text
            assert "<script>" not in text
            assert " on" + "click" not in text
            assert "javascript:" not in text


async def test_what_breaks_is_told_in_general_words() -> None:
    world = a_crisis()

    async def broken(now: float) -> None:
        raise RuntimeError("secret detail")

    world.overview = broken  # type: ignore[method-assign, assignment]
    async with browser(an_app(world)) as client:
        answer = await client.get("/api/v1/status")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
