"""A line of the route table, and the one place where every request is asked who it is and what it may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from monitor.web.acts import ActFault, Busy, Unknown
from monitor.web.answers import problem
from monitor.web.asking import Asking
from monitor.web.auth import SAFE_METHODS, Denied, Scope, admit, same_origin
from monitor.web.body import BodyRefused
from monitor.web.people import acting
from monitor.web.templates import render

Endpoint = Callable[[Request], Awaitable[Response]]


class Door(Struct, frozen=True):
    """`scope` is what the caller must be allowed (`open`: the address itself is the key; `signed`: a signature, which
    the endpoint verifies). `html`: refusals are pages.

    `takes` and `gives` are the body and the answer, for the reference.
    """

    method: Literal["GET", "POST"]
    path: str
    endpoint: Endpoint
    scope: Scope | Literal["any", "open", "signed"]
    says: str
    takes: str = ""
    gives: str = ""
    html: bool = False

    def route(self) -> Route:
        """As Starlette wants it."""
        return Route(self.path, _Guarded(self), methods=[self.method])


class _Guarded:
    def __init__(self, door: Door) -> None:
        self.door = door

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        request = Request(scope, receive)
        response = await self.answer(request)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Lets in or refuses; faults of bodies and acts become answers here, and only here."""
        denied = self._ask(request)
        if denied is not None:
            return self._refuse(request, denied)
        try:
            return await self.door.endpoint(request)
        except BodyRefused as fault:
            return self._refuse(request, Denied(fault.status, fault.reason))
        except ActFault as fault:
            return self._fault(request, fault)

    def _ask(self, request: Request) -> Denied | None:
        config = request.app.state.site.config()
        server = config.server
        if self.door.scope == "signed":
            return None
        if self.door.scope != "open":
            caller = admit(request, server, self.door.scope)
            if isinstance(caller, Denied):
                return caller
            request.scope["actor"] = acting(config, caller.actor)
        if request.method not in SAFE_METHODS and not same_origin(request, server.public_url):
            return Denied(403, "origin")
        return None

    def _refuse(self, request: Request, denied: Denied) -> Response:
        asking = Asking.of(request)
        headers = {"www-authenticate": 'Basic realm="crisis-monitor", charset="UTF-8"'} if denied.status == 401 else {}
        if denied.status == 413 or denied.status == 408:
            headers["connection"] = "close"
        if self.door.html:
            return page_of_words(asking, denied.status, asking.say(f"denied.{denied.reason}"), headers)
        return problem(denied.status, denied.reason, asking.say(f"denied.{denied.reason}"), headers)

    def _fault(self, request: Request, fault: ActFault) -> Response:
        asking = Asking.of(request)
        status = 503 if isinstance(fault, Busy) else 404 if isinstance(fault, Unknown) else 409
        headers = {"retry-after": f"{max(1, round(fault.retry_after))}"} if isinstance(fault, Busy) else {}
        if self.door.html:
            return page_of_words(asking, status, asking.told(fault), headers)
        return problem(status, fault.code, asking.told(fault), headers)


def page_of_words(asking: Asking, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A page that says one thing in plain words."""
    return HTMLResponse(render("words.html", asking, text=text, status=status), status, headers)


async def answer_missing(request: Request, fault: Exception) -> Response:
    """No such address, or not with this method."""
    status = getattr(fault, "status_code", 404)
    headers = getattr(fault, "headers", None) or {}
    return _plainly(request, status, "no-method" if status == 405 else "no-page", headers)


async def answer_fault(request: Request, fault: Exception) -> Response:
    """Something of ours broke: said in general words; the log has the rest."""
    return _plainly(request, 500, "broken", {})


def _plainly(request: Request, status: int, reason: str, headers: Mapping[str, str]) -> Response:
    asking = Asking.of(request)
    text = asking.say(f"denied.{reason}")
    if request.url.path.startswith("/api/"):
        return problem(status, reason, text, headers)
    return page_of_words(asking, status, text, headers)
