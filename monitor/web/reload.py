"""Takes the config anew, on demand of somebody who may act."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from monitor.web.answers import json_answer, problem
from monitor.web.asking import Asking


async def reload(request: Request) -> Response:
    """200 once the new config is in force; 409 with its faults, and the old one stays."""
    asking = Asking.of(request)
    fault = await asking.site.reload()
    return problem(409, "reload", fault) if fault else json_answer({"reloaded": True})
