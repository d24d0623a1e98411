"""Who would be told of a tier at a time, by the code that runs live; and how fast people answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from monitor.model import Tier
from monitor.times import DAY, coming
from monitor.web.answers import json_answer, plain
from monitor.web.api import Wrong, answering
from monitor.web.asking import Asking


@answering
async def answers(request: Request, asking: Asking) -> Response:
    """How fast people answer."""
    try:
        days = float(request.query_params.get("days", "30"))
    except ValueError:
        raise Wrong("days: a number") from None
    found = await asking.site.reads.answers(asking.now - days * DAY)
    return json_answer({"answers": plain(found, asking.zone)})


@answering
async def who(request: Request, asking: Asking) -> Response:
    """Steps, people, channels, and when each was last reached."""
    asked = request.query_params
    try:
        tier = Tier.of(asked.get("tier", "red"))
        at = coming(asked.get("at", ""), asking.now, asking.zone)
    except KeyError:
        raise Wrong("tier: blue, yellow, orange or red") from None
    except ValueError as fault:
        raise Wrong(f"at: {fault}") from None
    if tier == Tier.CALM:
        raise Wrong("tier: blue, yellow, orange or red")
    labels = {name.removeprefix("label."): value for name, value in asked.items() if name.startswith("label.")}
    way = await asking.site.reads.who(tier, asked.get("risk", ""), labels, at)
    return json_answer({"at": plain(at, asking.zone, "at"), **plain(way, asking.zone)})
