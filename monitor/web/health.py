"""What machines ask: does it live, is it ready, how does it stand."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from monitor.web.answers import json_answer
from monitor.web.asking import Asking


async def healthz(request: Request) -> Response:
    """200 while the process lives and every loop advances, else 503 with the loops that stand still."""
    health = Asking.of(request).site.health()
    ages = {loop: round(age, 1) for loop, age in health.ages.items()}
    body = {"status": "stuck" if health.stuck else "ok", "stuck": list(health.stuck), "loops": ages}
    return json_answer(body, 503 if health.stuck else 200)


async def readyz(request: Request) -> Response:
    """200 when the config is loaded, the store open and the listener up, else 503 with what is missing."""
    missing = Asking.of(request).site.ready().missing
    return json_answer({"status": "waiting" if missing else "ready", "missing": list(missing)}, 503 if missing else 200)


async def metrics(request: Request) -> Response:
    """Prometheus text, or OpenMetrics where it is asked for; made beside the event loop."""
    site = Asking.of(request).site
    site.metrics.tick(site.now())
    compress = "gzip" in request.headers.get("accept-encoding", "")
    body, content_type = await to_thread.run_sync(
        lambda: site.metrics.exposition(request.headers.get("accept", ""), compress=compress)
    )
    headers = {"content-type": content_type, "vary": "accept, accept-encoding"}
    return Response(body, headers=headers | ({"content-encoding": "gzip"} if compress else {}))
