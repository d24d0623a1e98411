"""The page of one incident `/i/{number}`: why, who, what was sent, what was done; and the buttons to act."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.messages.explain import explain
from monitor.model import Tier
from monitor.times import duration
from monitor.web.acts import (
    Acknowledge,
    Act,
    ActFault,
    Busy,
    Cancel,
    Comment,
    Hush,
    Link,
    Lower,
    PassOn,
    Raise,
    Resolve,
    Undo,
    Unknown,
)
from monitor.web.asking import Asking
from monitor.web.form import confirmed, read_form
from monitor.web.overview import title_of
from monitor.web.people import display
from monitor.web.templates import render
from monitor.web.views import Dossier

HUSHES = ("30m", "2h", "8h", "1d")


async def page(request: Request) -> Response:
    """The page; reading changes nothing."""
    asking = Asking.of(request)
    return await _page(asking, request.path_params["number"], done=request.query_params.get("done", ""))


async def press(request: Request) -> Response:
    """A button was pressed; the actor is the caller."""
    asking = Asking.of(request)
    number = request.path_params["number"]
    form = await read_form(request)
    try:
        told = await _do(asking, number, form)
    except ActFault as fault:
        if isinstance(fault, Busy | Unknown):
            raise
        return await _page(asking, number, fault=asking.told(fault), status=409, form=form)
    if told is None:
        return await _page(asking, number, fault=asking.say("incident.fault"), status=422, form=form)
    query = f"?done={told}" + (f"&lang={lang}" if (lang := request.query_params.get("lang")) in ("zh", "en") else "")
    return RedirectResponse(request.url.path + query, 303)


async def _do(asking: Asking, number: str, form: dict[str, str]) -> str | None:
    """What was done, as the name of the word that confirms it; None when the form says nothing that can be done."""
    if form.get("do") == "silence":
        return await _silence(asking, number, form)
    act = _act(form, asking)
    if act is None:
        return None
    done = await asking.site.acts.act(asking.actor, number, act, asking.now)
    return form["do"] if done.changed else "unchanged"


async def _silence(asking: Asking, number: str, form: dict[str, str]) -> str | None:
    dossier = await _found(asking, number)
    lasts = form.get("for", "")
    comment = form.get("comment", "")
    if lasts not in HUSHES or not comment:
        return None
    incident = dossier.incident
    matchers = {"risk": incident.risk, **incident.scope}
    hush = Hush(matchers=matchers, until=asking.now + duration(lasts), up_to=incident.tier, comment=comment)
    await asking.site.acts.silence(asking.actor, hush, asking.now)
    return "silence"


def _act(form: dict[str, str], asking: Asking) -> Act | None:
    """What a button says; None where its words or its tier are missing. An offer taken up bears its own reason."""
    comment = form.get("comment", "")
    tier = {tier.word: tier for tier in Tier}.get(form.get("tier", ""))
    match form.get("do"):
        case "ack":
            return Acknowledge(comment)
        case "pass":
            return PassOn(comment)
        case "undo":
            return Undo(comment)
        case "cancel" if comment:
            return Cancel(comment)
        case "resolve":
            return Resolve(comment)
        case "raise" if tier and comment:
            return Raise(tier, comment)
        case "lower" if comment and form.get("tier") != Tier.CALM.word:
            return Lower(tier, comment)
        case "comment" if comment:
            return Comment(comment)
        case "link" if form.get("other"):
            return Link(form["other"], comment or asking.say("incident.offered"))
    return None


async def _found(asking: Asking, number: str) -> Dossier:
    dossier = await asking.site.reads.incident(number, asking.now)
    if dossier is None:
        raise Unknown("no_incident", number=number[:40])
    return dossier


async def _page(
    asking: Asking,
    number: str,
    *,
    done: str = "",
    fault: str = "",
    status: int = 200,
    form: dict[str, str] | None = None,
) -> Response:
    dossier = await _found(asking, number)
    incident = dossier.incident
    page = render(
        "incident.html",
        asking,
        d=dossier,
        incident=incident,
        title=title_of(asking, incident),
        names=lambda actor: display(asking.config, actor, asking.language),
        explain=lambda evidence: explain(evidence, asking.language),
        due=min((timer.due_at for timer in dossier.timers if timer.kind == "escalate"), default=None),
        raises=[tier for tier in Tier if tier > incident.tier],
        lowers=[tier for tier in Tier if Tier.CALM < tier < incident.tier],
        hushes=[(text, duration(text)) for text in HUSHES],
        done=confirmed(done, incident),
        fault=fault,
        form=form or {},
    )
    return HTMLResponse(page, status)
