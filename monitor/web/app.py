"""The one route table: pages, acknowledging, API, ingest, health."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from monitor.web import (
    ack,
    alertmanager,
    api,
    drills,
    forget,
    health,
    incident,
    ingest,
    overview,
    paths,
    reload,
    reviews,
    sources,
    statements,
    webhook,
)
from monitor.web.door import Door, answer_fault, answer_missing
from monitor.web.headers import SecurityHeaders
from monitor.web.site import Acts, Reads, Site
from monitor.web.templates import STATIC

__all__ = ["DOORS", "Acts", "Door", "Reads", "Site", "web_app"]

_V1 = "/api/v1"
_ONE = f"{_V1}/incidents/{{number}}"
_HOOK = f"{_V1}/webhook/{{source}}"
_TOOK = '200 {"accepted": 1, "duplicates": 0, "rejected": []}, after the commit; 422 when all were rejected'

PAGES = (
    Door("GET", "/", overview.page, "read", "The first page.", html=True),
    Door("POST", "/deliveries/{id:int}/resend", overview.resend, "act", "Its button to send anew.", html=True),
    Door("POST", "/silences/{id}/end", overview.end_silence, "act", "Its button to end a silence.", html=True),
    Door("GET", "/i/{number}", incident.page, "read", "One incident.", html=True),
    Door("POST", "/i/{number}", incident.press, "act", "Its buttons.", html=True),
)
ACK = (
    Door("GET", "/a/{token}", ack.show, "open", "The ack page; changes nothing.", html=True),
    Door("POST", "/a/{token}", ack.press, "open", "Its buttons.", html=True),
)
INGEST = (
    Door(
        "POST", f"{_V1}/mentions", ingest.mentions, "ingest",
        "Takes mentions: a JSON array or JSON lines, gzip or not. `?source=NAME` for records that name none.",
        takes='[{"id": "4711", "text": "The power bank smoked", "published_at": "2026-03-01T08:00:00+08:00"}]',
        gives=_TOOK,
    ),
    Door(
        "POST", f"{_V1}/samples", ingest.samples, "ingest",
        "Takes samples, likewise. An empty `[]` is a sign of life.",
        takes='[{"series": "orders", "at": "2026-02-28", "value": 1280, "kind": "delta"}]',
        gives=_TOOK,
    ),
    Door(
        "POST", f"{_V1}/alertmanager", alertmanager.take, "ingest",
        "Takes what Alertmanager's webhook sends: its alerts become incidents (`[alertmanager]`). Our own are refused.",
        takes='{"groupKey": "{}:{}", "groupLabels": {"service": "shop"}, "alerts": [{"status": "firing", '
        '"fingerprint": "c0ffee", "startsAt": "2026-03-01T08:00:00Z", "labels": {"alertname": "Down"}}]}',
        gives=_TOOK,
    ),
    Door(
        "POST", _HOOK, webhook.deliver, "signed",
        "Takes a signed delivery for a source of kind `webhook`: see [sources](sources.md#webhook). 401 without a good "
        "signature, 422 when nothing of it can be read.",
        takes='{"ticket": {"no": "4711", "body": "The power bank smoked"}}',
        gives=_TOOK,
    ),
    Door(
        "GET", _HOOK, webhook.shake, "signed",
        "A handshake: gives back what the other side asks for, where it knows the word that the source expects.",
    ),
)  # fmt: skip
API = (
    Door(
        "GET", f"{_V1}/status", api.status, "read",
        "The whole state: open incidents, rules, sources, notices, findings, silences.",
    ),
    Door(
        "GET", f"{_V1}/incidents", api.incidents, "read",
        "Incidents, the newest first. `?state=open` (default) or `all`, `?limit=100`.",
    ),
    Door(
        "POST", f"{_V1}/incidents", api.open_incident, "act",
        "Raises an incident by hand, with the reason as `comment`; joins the open one of that risk and scope.",
        takes='{"risk": "product-safety", "tier": "orange", "scope": {"product": "X1"}, "comment": "…"}',
        gives='201 {"incident": {…}, "changed": true}',
    ),
    Door("GET", _ONE, api.incident, "read", "One incident: timeline, notices, deliveries, evidence, timers."),
    Door(
        "POST", f"{_ONE}/silence", api.silence_incident, "act",
        "Silences what bears this incident's risk and scope, up to its present tier.",
        takes='{"for": "2h", "comment": "known, being handled"}',
        gives="201, the silence",
    ),
    Door("GET", f"{_ONE}/statements", statements.listing, "read", "Its statements, and how far each is."),
    Door(
        "POST", f"{_ONE}/statements", statements.write, "act",
        "Drafts a statement for an `audience`; without `text` in the playbook's words, `kind` of them, with `slots`.",
        takes='{"audience": "press", "language": "zh", "slots": {"fact": "…"}}',
        gives="201, the statement, its stage, what is in the way",
    ),
    Door("GET", f"{_ONE}/review", reviews.one, "read", "The look back on an ended incident: course, notes, actions."),
    Door(
        "POST", f"{_ONE}/review/{{verb}}", reviews.act, "act",
        "`note` (`kind`: cause, why, well, badly, playbook, rule), `answer` a `question`, `action` (`owner`, `due_at`, "
        "`metric`, `wanted`, `check_at`), `done`, `drop` and `check` (`value`) an `action`, `hold` signs off.",
        takes='{"kind": "why", "text": "no test > no time > no owner"}',
        gives="200, the review",
    ),
    Door(
        "POST", f"{_ONE}/{{verb}}", api.act, "act",
        "`ack`, `pass` (not me, the next one), `undo`, `cancel` (false alarm), `resolve`, `raise`, `lower`, `comment`. "
        "`raise` and `lower` name a `tier`; `lower` without one gives the tier back to the rules. These, `cancel` and "
        "`link` need a `comment` that says why, and may give `evidence`: what it rests on. "
        "`link` names an `other`, `step` and `unstep` a `step` of the playbook, `axes` any of `nature`, `urgency`, "
        "`certain`; `clock-start` (`since`), `clock-submit` (`at`) and `clock-rule-out` a `clock`.",
        takes='{"tier": "red", "comment": "…", "evidence": "https://…"}',
        gives='200 {"incident": {…}, "changed": true}; changed is false when it stood so already',
    ),
    Door("GET", f"{_V1}/statements/{{id}}", statements.one, "read", "One statement with all its versions."),
    Door(
        "POST", f"{_V1}/statements/{{id}}/{{verb}}", statements.act, "act",
        "`edit` (`text`), `source` (`family`, `origin`), `allow` (`words`), `verify`, `approve` (`role`), "
        "`publish` (`where`), `correct` (`text`), `withdraw`. Refused while something is in the way.",
        takes='{"family": "own records", "origin": "quality lab"}',
        gives="200, the statement",
    ),
    Door("GET", f"{_V1}/reviews", reviews.listing, "read", "Every review that is due or was held."),
    Door(
        "GET", f"{_V1}/who", paths.who, "read",
        "Who would be told of a tier, step by step, and when each was last reached: "
        "`?tier=red&risk=product-safety&at=Sat 03:00&label.product=X1`.",
    ),
    Door("GET", f"{_V1}/sources", sources.all_sources, "read", "Every source of the config, and how it stands."),
    Door(
        "POST", f"{_V1}/sources/{{name}}/pause", sources.pause, "act",
        "Stops the reading of a source until it is resumed: its time is no data, pushes to it get 409.",
        takes='{"comment": "the export is being rebuilt"}',
        gives='200 {"source": {…}, "changed": true}; changed is false when it was paused already',
    ),
    Door(
        "POST", f"{_V1}/sources/{{name}}/resume", sources.resume, "act",
        "Goes on reading, at once. What was said meanwhile teaches, and alarms nothing.",
        gives='200 {"source": {…}, "changed": true}',
    ),
    Door(
        "POST", f"{_V1}/sources/{{name}}/try", sources.attempt, "act",
        "Reads a source at once, out of its turn, and stores what came as in its turn. `read` is null where it failed.",
        gives='200 {"source": {…}, "read": 20, "new": 3, "unchanged": false, "refused": []}',
    ),
    Door(
        "GET", f"{_V1}/answers", paths.answers, "read",
        "How fast people answered, per person, tier and channel that reached them; `?days=30`, without drills.",
    ),
    Door("GET", f"{_V1}/drills", drills.book, "read", "Scenarios, the running drill, and those that were held."),
    Door(
        "POST", f"{_V1}/drills", drills.start, "act",
        "Begins a drill, one at a time. It tells `[incident] drill_to` only, unless `everybody`.",
        takes='{"scenario": "product-safety", "everybody": false}',
        gives="201, the drill",
    ),
    Door("POST", f"{_V1}/drills/stop", drills.stop, "act", "Ends the running drill; its incidents are resolved."),
    Door("GET", f"{_V1}/drills/{{id}}", drills.report, "read", "How a drill went: objectives, who was not reached."),
    Door("GET", f"{_V1}/silences", api.silences, "read", "Silences in force or to come."),
    Door(
        "POST", f"{_V1}/silences", api.silence, "act",
        "Hides notices of incidents whose labels fit, up to and including a tier; `until` in place of `for` too. "
        "`hides` in the answer are the open incidents it fits; with `preview` nothing else happens.",
        takes='{"matchers": {"risk": "publicity"}, "for": "1d", "up_to": "yellow", "comment": "launch"}',
        gives='201, the silence and what it `hides`; with `"preview": true` 200 and only that',
    ),
    Door("POST", f"{_V1}/silences/{{id}}/end", api.end_silence, "act", "Ends a silence early."),
    Door(
        "GET", f"{_V1}/deliveries", api.deliveries, "read",
        "Deliveries, the newest first. `?state=dead` for dead letters, `?limit=100`.",
    ),
    Door(
        "POST", f"{_V1}/deliveries/{{id:int}}/resend", api.resend, "act",
        "Queues a dead or refused delivery anew, with its old key.",
        gives="200, the delivery",
    ),
    Door(
        "POST", f"{_V1}/forget", forget.forget, "act",
        "Takes a person's words out of the store: `author`, or `source` and `id`, or a `text` that stands in them; "
        "`preview` only counts. Counts stay.",
        gives='200 {"mentions": n, "customers": n, "excerpts": n, "marks": n}',
    ),
    Door(
        "POST", f"{_V1}/reload", reload.reload, "act",
        "Takes the config anew: checked first, swapped at once; 409 tells its faults, and the old one stays in force.",
        gives='200 {"reloaded": true}',
    ),
)  # fmt: skip
HEALTH = (
    Door(
        "GET", "/healthz", health.healthz, "any",
        "200 while the process lives and every loop advances; 503 names those that stand still.",
    ),
    Door(
        "GET", "/readyz", health.readyz, "any",
        "200 when config, store and listener are up; 503 names what is missing.",
    ),
    Door("GET", "/metrics", health.metrics, "metrics", "Prometheus text or OpenMetrics, gzip where asked for."),
)  # fmt: skip
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
