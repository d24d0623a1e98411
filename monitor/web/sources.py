"""Sources over the API: how they stand, pausing and resuming one, reading one at once."""

from __future__ import annotations

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from monitor.sources.told import tell
from monitor.web.answers import json_answer, plain
from monitor.web.api import Wrong, answering, as_kind, body_of
from monitor.web.asking import Asking


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a source is paused."""

    comment: str = ""


@answering
async def all_sources(request: Request, asking: Asking) -> Response:
    """How each source stands."""
    return json_answer({"sources": plain(await asking.site.sources.all(), asking.zone)})


@answering
async def pause(request: Request, asking: Asking) -> Response:
    """Stops the reading of one."""
    asked = as_kind(Reason, await body_of(request))
    if not asked.comment.strip():
        raise Wrong("comment: why it is paused")
    name = request.path_params["name"]
    state, changed = await asking.site.sources.pause(asking.actor, name, asked.comment, asking.now)
    return json_answer({"source": plain(state, asking.zone), "changed": changed})


@answering
async def resume(request: Request, asking: Asking) -> Response:
    """Goes on reading one."""
    state, changed = await asking.site.sources.resume(asking.actor, request.path_params["name"], asking.now)
    return json_answer({"source": plain(state, asking.zone), "changed": changed})


@answering
async def attempt(request: Request, asking: Asking) -> Response:
    """Reads one at once; refusals in the reader's language."""
    tried = await asking.site.sources.attempt(request.path_params["name"], asking.now)
    refused = [tell(text, asking.language) for text in tried.refused]
    return json_answer({**plain(tried, asking.zone), "refused": refused})
