"""The JSON API for reading and acting. The admin socket serves these same routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from monitor import __version__
from monitor.incidents.timeline import write
from monitor.model import DeliveryState, Tier
from monitor.times import duration, instant
from monitor.web.acts import Act, Hush, Opening, Unknown, lacks_reason
from monitor.web.answers import json_answer, plain, problem
from monitor.web.asking import Asking
from monitor.web.body import read_body
from monitor.web.words import Words

BODY_CAP = 64 * 1024
COMMENT_CAP = 2000
"""Characters of a comment; more is a fault, nothing is cut in silence."""
LIMIT = 1000
VERBS = (
    "ack", "pass", "undo", "cancel", "resolve", "raise", "lower", "comment", "link", "step", "unstep", "axes",
    "clock-start", "clock-submit", "clock-rule-out",
)  # fmt: skip


class Wrong(ValueError):
    """What was asked cannot be understood; the text says what would be right."""


Answering = Callable[[Request, Asking], Awaitable[Response]]


def answering(endpoint: Answering) -> Callable[[Request], Awaitable[Response]]:
    """A `Wrong` request is answered 422."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request, Asking.of(request))
        except Wrong as wrong:
            return problem(422, "request", Asking.of(request).say("denied.request", why=str(wrong)))

    answer.__doc__ = endpoint.__doc__
    return answer


@answering
async def status(request: Request, asking: Asking) -> Response:
    """The whole state."""
    site, overview = asking.site, await asking.site.reads.overview(asking.now)
    own = {
        "version": __version__, "organisation": asking.config.settings.organisation,
        "stuck": list(site.health().stuck), "missing": list(site.ready().missing),
    }  # fmt: skip
    words = Words(asking.language, asking.zone, asking.now)
    texts = [words.finding(each) for each in overview.findings]
    told = plain(overview, asking.zone)
    told["findings"] = [{**row, "text": text} for row, text in zip(told["findings"], texts, strict=True)]
    return json_answer({"service": own, **told})


@answering
async def incidents(request: Request, asking: Asking) -> Response:
    """Incidents, the newest first."""
    open_only = request.query_params.get("state", "open") == "open"
    found = await asking.site.reads.incidents(open_only=open_only, limit=_limit(request))
    return json_answer({"incidents": plain(found, asking.zone)})


@answering
async def incident(request: Request, asking: Asking) -> Response:
    """One incident with its timeline, notices and evidence."""
    found = await asking.site.reads.incident(request.path_params["number"], asking.now)
    if found is None:
        raise Unknown("no_incident", number=request.path_params["number"][:40])
    texts = [write(entry, asking.language, asking.zone) for entry in found.entries]
    told = plain(found, asking.zone)
    told["entries"] = [{**entry, "text": text} for entry, text in zip(told["entries"], texts, strict=True)]
    return json_answer(told)


@answering
async def open_incident(request: Request, asking: Asking) -> Response:
    """Raises an incident by hand."""
    opening = as_kind(Opening, _with_tiers(await body_of(request)))
    if opening.tier == Tier.CALM:
        raise Wrong("tier: blue, yellow, orange or red")
    if lacks_reason(opening):
        return problem(422, "reason", asking.say("denied.reason"))
    done = await asking.site.acts.open(asking.actor, opening, asking.now)
    return json_answer(plain(done, asking.zone), 201 if done.changed else 200)


@answering
async def act(request: Request, asking: Asking) -> Response:
    """Does one act on one incident."""
    verb = request.path_params["verb"]
    if verb not in VERBS:
        return problem(404, "verb", asking.say("denied.verb", names=", ".join(VERBS)))
    body = with_instants(_with_tiers(await body_of(request)), asking.zone, "since", "also_since", "at")
    wanted = as_kind(Act, body | {"act": verb})
    if lacks_reason(wanted):
        return problem(422, "reason", asking.say("denied.reason"))
    done = await asking.site.acts.act(asking.actor, request.path_params["number"], wanted, asking.now)
    return json_answer(plain(done, asking.zone))


@answering
async def silence_incident(request: Request, asking: Asking) -> Response:
    """Silences what an incident's labels say, up to its present tier unless `up_to` says otherwise."""
    number = request.path_params["number"]
    dossier = await asking.site.reads.incident(number, asking.now)
    if dossier is None:
        raise Unknown("no_incident", number=number[:40])
    of_it = {
        "matchers": {"risk": dossier.incident.risk, **dossier.incident.scope},
        "up_to": dossier.incident.tier.word,
    }
    return await _silence(asking, of_it | await body_of(request))


@answering
async def silence(request: Request, asking: Asking) -> Response:
    """Begins a silence."""
    return await _silence(asking, await body_of(request))


@answering
async def silences(request: Request, asking: Asking) -> Response:
    """Silences in force or to come."""
    return json_answer({"silences": plain(await asking.site.reads.silences(asking.now), asking.zone)})


@answering
async def end_silence(request: Request, asking: Asking) -> Response:
    """Ends a silence early."""
    ended = await asking.site.acts.end_silence(asking.actor, request.path_params["id"], asking.now)
    return json_answer(plain(ended, asking.zone))


@answering
async def deliveries(request: Request, asking: Asking) -> Response:
    """Deliveries, the newest first."""
    state = request.query_params.get("state")
    if state is not None and state not in get_args(DeliveryState):
        raise Wrong(f"state: one of {', '.join(get_args(DeliveryState))}")
    found = await asking.site.reads.deliveries(state, _limit(request))  # type: ignore[arg-type]
    return json_answer({"deliveries": plain(found, asking.zone)})


@answering
async def resend(request: Request, asking: Asking) -> Response:
    """Queues a dead or refused delivery anew."""
    delivery = await asking.site.acts.resend(asking.actor, request.path_params["id"], asking.now)
    return json_answer(plain(delivery, asking.zone))


async def _silence(asking: Asking, body: dict[str, Any]) -> Response:
    lasts, tried = body.pop("for", None), body.pop("preview", False)
    try:
        until = asking.now + duration(str(lasts)) if lasts else instant(body.get("until"), asking.zone)
        starts = instant(body["starts_at"], asking.zone) if body.get("starts_at") else None
    except ValueError as fault:
        raise Wrong(f"for, until or starts_at: {fault}") from None
    hush = as_kind(Hush, _with_tiers(body) | {"until": until, "starts_at": starts})
    if not hush.matchers:
        raise Wrong('matchers: at least one label, such as {"risk": "product-safety"}')
    if hush.until <= max(asking.now, starts or 0):
        raise Wrong("until: lies in the past")
    hides = {"hides": plain(await asking.site.acts.hidden_by(hush, asking.now), asking.zone)}
    if tried:
        return json_answer(hides)
    made = await asking.site.acts.silence(asking.actor, hush, asking.now)
    return json_answer(plain(made, asking.zone) | hides, 201)


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; none = an empty one. Raises `Wrong`."""
    raw = await read_body(request, BODY_CAP)
    if not raw.strip():
        return {}
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Wrong(f"the body is no JSON: {fault}") from None
    if not isinstance(body, dict):
        raise Wrong("the body must be a JSON object")
    return body


def _with_tiers(body: dict[str, Any]) -> dict[str, Any]:
    """Tiers come as words."""
    out = dict(body)
    for name in ("tier", "up_to"):
        if isinstance(word := out.get(name), str):
            try:
                out[name] = int(Tier.of(word))
            except KeyError:
                raise Wrong(f"{name}: calm, blue, yellow, orange or red, not {word[:20]!r}") from None
    return out


def with_instants(body: dict[str, Any], zone: ZoneInfo, *names: str) -> dict[str, Any]:
    """Times come as people write them. Raises `Wrong`."""
    out = dict(body)
    for name in names:
        if out.get(name) is not None:
            try:
                out[name] = instant(out[name], zone)
            except ValueError as fault:
                raise Wrong(f"{name}: {fault}") from None
    return out


def as_kind(kind: Any, body: dict[str, Any]) -> Any:
    """The body as one of our kinds. Raises `Wrong`."""
    try:
        thing = msgspec.convert(body, kind)
    except msgspec.ValidationError as fault:
        raise Wrong(str(fault)) from None
    for name in ("comment", "text"):
        if len(getattr(thing, name, "")) > COMMENT_CAP:
            raise Wrong(f"{name}: at most {COMMENT_CAP} characters")
    return thing


def _limit(request: Request) -> int:
    try:
        return min(LIMIT, max(1, int(request.query_params.get("limit", "100"))))
    except ValueError:
        raise Wrong("limit: a whole number") from None
