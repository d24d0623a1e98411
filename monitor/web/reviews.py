"""Reviews over the API: what is due, what was found, what will be done and whether it helped."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.messages import say
from monitor.web.answers import json_answer, plain, problem
from monitor.web.api import answering, as_kind, body_of, with_instants
from monitor.web.asking import Asking
from monitor.web.review_acts import REVIEW_VERBS, ReviewAct, ReviewStanding
from monitor.web.statement_acts import said


@answering
async def listing(request: Request, asking: Asking) -> Response:
    """Every review that is due or was held."""
    found = await asking.site.reviews.all(asking.now)
    return json_answer({"reviews": [_told(each, asking) for each in found]})


@answering
async def one(request: Request, asking: Asking) -> Response:
    """That of an incident."""
    return json_answer(_told(await asking.site.reviews.get(request.path_params["number"], asking.now), asking))


@answering
async def act(request: Request, asking: Asking) -> Response:
    """Notes something, signs off, moves an action on."""
    verb = request.path_params["verb"]
    if verb not in REVIEW_VERBS:
        return problem(404, "verb", asking.say("denied.verb", names=", ".join(REVIEW_VERBS)))
    body = with_instants(await body_of(request), asking.zone, "due_at", "check_at")
    wanted = as_kind(ReviewAct, body | {"act": verb})
    done = await asking.site.reviews.act(asking.actor, request.path_params["number"], wanted, asking.now)
    return json_answer(_told(done, asking))


def _told(standing: ReviewStanding, asking: Asking) -> dict[str, Any]:
    """What is missing stands there as a sentence too."""
    out: dict[str, Any] = plain(standing, asking.zone)
    out["course"] |= {"detection": standing.course.detection, "to_ack": standing.course.to_ack}
    for told, block in zip(out["missing"], standing.missing, strict=True):
        id, args = said(block)
        told["text"] = say(asking.language, id, **args)
    return out
