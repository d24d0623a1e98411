"""The one route table: pages, acknowledging, API, ingest, health."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from monitor.web import ack, api, health, incident, ingest, overview
from monitor.web.door import Door, answer_fault, answer_missing
from monitor.web.headers import SecurityHeaders
from monitor.web.site import Acts, Reads, Site
from monitor.web.templates import STATIC

__all__ = ["DOORS", "Acts", "Door", "Reads", "Site", "web_app"]

_V1 = "/api/v1"
_NUMBER = f"{_V1}/incidents/{{number}}"

PAGES = (
    Door(method="GET", path="/", endpoint=overview.page, scope="read", html=True, says="The first page."),
    Door(method="GET", path="/i/{number}", endpoint=incident.page, scope="read", html=True, says="One incident."),
    Door(method="POST", path="/i/{number}", endpoint=incident.press, scope="act", html=True, says="Its buttons."),
)
ACK = (
    Door(method="GET", path="/a/{token}", endpoint=ack.show, scope="open", html=True, says="The ack page; changes nothing."),
    Door(method="POST", path="/a/{token}", endpoint=ack.press, scope="open", html=True, says="Its buttons."),
)
INGEST = (
    Door(
        method="POST",
        path=f"{_V1}/mentions",
        endpoint=ingest.mentions,
        scope="ingest",
        says="Takes mentions: a JSON array or JSON lines, gzip or not. `?source=NAME` for records that name none.",
        takes='[{"id": "4711", "text": "The power bank smoked", "published_at": "2026-03-01T08:00:00+08:00"}]',
        gives='200 {"accepted": 1, "duplicates": 0, "rejected": []}, after the commit; 422 when all were rejected',
    ),
    Door(
        method="POST",
        path=f"{_V1}/samples",
        endpoint=ingest.samples,
        scope="ingest",
        says="Takes samples, likewise. An empty `[]` is a sign of life.",
        takes='[{"series": "orders", "at": "2026-03-01", "value": 1280, "kind": "delta"}]',
        gives='200 {"accepted": 1, "duplicates": 0, "rejected": []}',
    ),
)
API = (
    Door(
        method="GET",
        path=f"{_V1}/status",
        endpoint=api.status,
        scope="read",
        says="The whole state: open incidents, rules, sources, notices, findings, silences.",
    ),
    Door(
        method="GET",
        path=f"{_V1}/incidents",
        endpoint=api.incidents,
        scope="read",
        says="Incidents, the newest first. `?state=open` (default) or `all`, `?limit=100`.",
    ),
    Door(
        method="POST",
        path=f"{_V1}/incidents",
        endpoint=api.open_incident,
        scope="act",
        says="Raises an incident by hand; joins the open one of that risk and scope.",
        takes='{"risk": "product-safety", "tier": "orange", "scope": {"product": "X1"}, "comment": "…", "drill": false}',
        gives='201 {"incident": {…}, "changed": true}',
    ),
    Door(
        method="GET",
        path=_NUMBER,
        endpoint=api.incident,
        scope="read",
        says="One incident with its timeline, notices, deliveries, evidence and timers.",
    ),
    Door(
        method="POST",
        path=f"{_NUMBER}/silence",
        endpoint=api.silence_incident,
        scope="act",
        says="Silences what bears this incident's risk and scope, up to its present tier.",
        takes='{"for": "2h", "comment": "known, being handled"}',
        gives="201, the silence",
    ),
    Door(
        method="POST",
        path=f"{_NUMBER}/{{verb}}",
        endpoint=api.act,
        scope="act",
        says="`ack`, `pass` (not me, the next one), `undo`, `cancel` (false alarm), `resolve`, `raise`, `lower`, `comment`.",
        takes='{"comment": "…"}; raise and lower: {"tier": "red", "comment": "…"}; lower without tier gives the tier back',
        gives='200 {"incident": {…}, "changed": true}; changed is false when it stood so already',
    ),
    Door(method="GET", path=f"{_V1}/silences", endpoint=api.silences, scope="read", says="Silences in force or to come."),
    Door(
        method="POST",
        path=f"{_V1}/silences",
        endpoint=api.silence,
        scope="act",
        says="Hides notices of incidents whose labels fit, up to and including a tier.",
        takes='{"matchers": {"risk": "publicity"}, "for": "1d", "up_to": "yellow", "comment": "launch day"}; or "until"',
        gives="201, the silence",
    ),
    Door(
        method="POST", path=f"{_V1}/silences/{{id}}/end", endpoint=api.end_silence, scope="act", says="Ends a silence early."
    ),
    Door(
        method="GET",
        path=f"{_V1}/deliveries",
        endpoint=api.deliveries,
        scope="read",
        says="Deliveries, the newest first. `?state=dead` for dead letters, `?limit=100`.",
    ),
    Door(
        method="POST",
        path=f"{_V1}/deliveries/{{id:int}}/resend",
        endpoint=api.resend,
        scope="act",
        says="Queues a dead or refused delivery anew, with its old key.",
        gives="200, the delivery",
    ),
)
HEALTH = (
    Door(
        method="GET",
        path="/healthz",
        endpoint=health.healthz,
        scope="any",
        says="200 while the process lives and every loop advances; 503 names those that stand still.",
    ),
    Door(
        method="GET",
        path="/readyz",
        endpoint=health.readyz,
        scope="any",
        says="200 when config, store and listener are up; 503 names what is missing.",
    ),
    Door(
        method="GET",
        path="/metrics",
        endpoint=health.metrics,
        scope="metrics",
        says="Prometheus text or OpenMetrics, gzip where asked for.",
    ),
)
DOORS = PAGES + ACK + INGEST + API + HEALTH


class _Kept(StaticFiles):
    """Our few files: their address changes with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def web_app(site: Site, doors: tuple[Door, ...] = DOORS) -> Starlette:
    """The ASGI app of a site. `doors=ACK` is a listener for ack links alone."""
    app = Starlette(
        routes=[door.route() for door in doors] + [Mount("/static", _Kept(directory=STATIC))],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={404: answer_missing, 405: answer_missing, 500: answer_fault},
    )
    app.state.site = site
    return app
