"""Statements over the API: drafted, confirmed, verified, approved, published."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.messages import say
from monitor.web.answers import json_answer, plain, problem
from monitor.web.api import answering, as_kind, body_of
from monitor.web.asking import Asking
from monitor.web.statement_acts import STATEMENT_VERBS, Standing, StatementAct, Write, said


@answering
async def listing(request: Request, asking: Asking) -> Response:
    """All of an incident."""
    found = await asking.site.statements.of(request.path_params["number"])
    return json_answer({"statements": [_told(each, asking) for each in found]})


@answering
async def write(request: Request, asking: Asking) -> Response:
    """Begins one."""
    wanted = as_kind(Write, await body_of(request))
    made = await asking.site.statements.write(asking.actor, request.path_params["number"], wanted, asking.now)
    return json_answer(_told(made, asking), 201)


@answering
async def one(request: Request, asking: Asking) -> Response:
    """One, with all its versions."""
    return json_answer(_told(await asking.site.statements.get(request.path_params["id"]), asking))


@answering
async def act(request: Request, asking: Asking) -> Response:
    """Takes it a step."""
    verb = request.path_params["verb"]
    if verb not in STATEMENT_VERBS:
        return problem(404, "verb", asking.say("denied.verb", names=", ".join(STATEMENT_VERBS)))
    wanted = as_kind(StatementAct, await body_of(request) | {"act": verb})
    done = await asking.site.statements.act(asking.actor, request.path_params["id"], wanted, asking.now)
    return json_answer(_told(done, asking))


def _told(standing: Standing, asking: Asking) -> dict[str, Any]:
    """What is in the way stands there as a sentence too."""
    out: dict[str, Any] = plain(standing, asking.zone)
    for told, block in zip(out["blocks"], standing.blocks, strict=True):
        id, args = said(block)
        told["text"] = say(asking.language, id, **args)
    return out
