"""The ack page `/a/<token>`: reading changes nothing, only a press of a button does. Needs no login and no script."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.messages import say
from monitor.messages.explain import explain
from monitor.web.acts import Acknowledge, Act, ActFault, Busy, Cancel, Comment, PassOn, Undo
from monitor.web.asking import Asking
from monitor.web.door import page_of_words
from monitor.web.form import confirmed, read_form
from monitor.web.overview import title_of
from monitor.web.people import CHANNEL, display, language_for, person_of
from monitor.web.templates import render
from monitor.web.tokens import Claim, Rejected, read
from monitor.web.views import Dossier

_STATUS = {"forged": 403, "expired": 410}


async def show(request: Request) -> Response:
    """The page. Mail scanners and chat previews fetch it, so it acts on nothing."""
    asking = Asking.of(request)
    claim = read(asking.site.key, request.path_params["token"], asking.now)
    if isinstance(claim, Rejected):
        return _rejected(asking, claim)
    return await _page(request, asking, claim, done=request.query_params.get("done", ""))


async def press(request: Request) -> Response:
    """A button was pressed."""
    asking = Asking.of(request)
    claim = read(asking.site.key, request.path_params["token"], asking.now)
    if isinstance(claim, Rejected):
        return _rejected(asking, claim)
    form = await read_form(request)
    actor = _actor(asking, claim, form)
    wanted = _act(form, asking, actor or "")
    if actor is None or wanted is None:
        fault = "who" if actor is None else "comment-empty" if form.get("do") == "comment" else "button"
        return await _page(request, asking, claim, fault=asking.say(f"ack.fault.{fault}"), status=422, form=form)
    try:
        done = await asking.site.acts.act(actor, claim.incident, wanted, asking.now)
    except ActFault as fault:
        if isinstance(fault, Busy):
            raise
        text = _in_language(asking, request, claim).told(fault)
        return await _page(request, asking, claim, fault=text, status=409, form=form)
    told = form["do"] if done.changed else "unchanged"
    query = f"?done={told}" + (f"&lang={lang}" if (lang := request.query_params.get("lang")) in ("zh", "en") else "")
    return RedirectResponse(request.url.path + query, 303)


async def _page(
    request: Request,
    asking: Asking,
    claim: Claim,
    *,
    done: str = "",
    fault: str = "",
    status: int = 200,
    form: dict[str, str] | None = None,
) -> Response:
    asking = _in_language(asking, request, claim)
    dossier = await asking.site.reads.incident(claim.incident, asking.now)
    if dossier is None:
        return page_of_words(asking, 404, asking.say("fault.no_incident", number=claim.incident))
    page = render(
        "ack.html",
        asking,
        dossier=dossier,
        incident=dossier.incident,
        holder=display(asking.config, dossier.incident.acknowledged_by, asking.language),
        mine=dossier.incident.acknowledged_by == claim.person,
        me=display(asking.config, claim.person, asking.language),
        choices=_choices(asking, claim),
        title=title_of(asking, dossier.incident),
        due=min((timer.due_at for timer in dossier.timers if timer.kind == "escalate"), default=None),
        explain=lambda evidence: explain(evidence, asking.language),
        asked_lang=request.query_params.get("lang") in ("zh", "en"),
        undoable=_undoable(dossier, claim),
        names=lambda actor: display(asking.config, actor, asking.language),
        done=confirmed(done, dossier.incident),
        fault=fault,
        form=form or {},
    )
    return HTMLResponse(page, status)


def _in_language(asking: Asking, request: Request, claim: Claim) -> Asking:
    if request.query_params.get("lang") in ("zh", "en"):
        return asking
    return msgspec.structs.replace(asking, language=language_for(asking.config, claim.person))


def _rejected(asking: Asking, claim: Rejected) -> Response:
    return page_of_words(asking, _STATUS[claim.reason], asking.say(f"ack.{claim.reason}"))


def _choices(asking: Asking, claim: Claim) -> list[tuple[str, str]]:
    """A group shares one link: its members say who they are."""
    if not claim.person.startswith(CHANNEL):
        return []
    return [(person.name, person.display or person.name) for person in asking.config.person]


def _actor(asking: Asking, claim: Claim, form: dict[str, str]) -> str | None:
    if not claim.person.startswith(CHANNEL):
        return claim.person
    person = person_of(asking.config, form.get("who", ""))
    return person.name if person else None


def _act(form: dict[str, str], asking: Asking, actor: str) -> Act | None:
    """What a button says. Nobody is made to type at night: a false alarm without words says where it came from."""
    comment = form.get("comment", "")
    match form.get("do"):
        case "ack":
            return Acknowledge(comment)
        case "pass":
            return PassOn(comment)
        case "cancel":
            language = asking.config.settings.language
            who = display(asking.config, actor, language)
            return Cancel(comment or say(language, "web.ack.false.reason", who=who))
        case "undo":
            return Undo(comment)
        case "comment" if comment:
            return Comment(comment)
    return None


def _undoable(dossier: Dossier, claim: Claim) -> bool:
    """Whether a wrong press can be taken back: it is mine, or I am one of a group."""
    incident = dossier.incident
    if claim.person.startswith(CHANNEL):
        return incident.acknowledged_by is not None or incident.state == "cancelled"
    mine = any(entry.actor == claim.person for entry in dossier.entries)
    return incident.acknowledged_by == claim.person or (incident.state == "cancelled" and mine)
