"""Drills over the API: what can be practised, begin, end, and how it went."""

from __future__ import annotations

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from monitor.web.answers import json_answer, plain
from monitor.web.api import answering, as_kind, body_of
from monitor.web.asking import Asking


class Start(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Begins a drill; `everybody` = it reaches all it would reach in earnest."""

    scenario: str
    everybody: bool = False


@answering
async def book(request: Request, asking: Asking) -> Response:
    """Scenarios, the running drill, and those that were held."""
    return json_answer(plain(await asking.site.drills.book(), asking.zone))


@answering
async def start(request: Request, asking: Asking) -> Response:
    """Begins one."""
    wanted = as_kind(Start, await body_of(request))
    made = await asking.site.drills.start(asking.actor, wanted.scenario, asking.now, everybody=wanted.everybody)
    return json_answer(plain(made, asking.zone), 201)


@answering
async def stop(request: Request, asking: Asking) -> Response:
    """Ends the running one."""
    return json_answer(plain(await asking.site.drills.stop(asking.actor, asking.now), asking.zone))


@answering
async def report(request: Request, asking: Asking) -> Response:
    """The scorecard of one."""
    card = await asking.site.drills.report(request.path_params["id"])
    marks = [{**plain(mark, asking.zone), "met": mark.met} for mark in card.marks]
    return json_answer({**plain(card, asking.zone), "marks": marks, "met": card.met})
