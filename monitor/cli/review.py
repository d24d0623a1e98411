"""`crisis-monitor review …`: looking back on an incident, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.times import write_duration
from monitor.web.review_acts import NoteKind

INCIDENT = click.argument("incident")
ACTION = click.argument("action_id", metavar="ACTION")


@click.group("review", help=told("review.help.review"))
def review() -> None:
    """Reviews."""


@review.command("list", help=told("review.help.list"))
@lang_option
@speaks
def list_(client: Client, lang: str) -> None:
    """The one due first at the head."""
    found = client.ask("GET", "/api/v1/reviews")["reviews"]
    for each in found:
        click.echo(_line(each, lang))
    if not found:
        click.echo(say(lang, "client.nothing"))


@review.command("show", help=told("review.help.show"))
@INCIDENT
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def show(incident: str, as_json: bool, client: Client, lang: str) -> None:
    """Course, notes, questions, actions, what is missing."""
    found = client.ask("GET", f"/api/v1/incidents/{incident}/review")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(sheet(found, lang)))


@review.command("note", help=told("review.help.note"))
@INCIDENT
@click.argument("kind", type=click.Choice(get_args(NoteKind)))
@click.argument("text")
@lang_option
@speaks
def note(incident: str, kind: str, text: str, client: Client, lang: str) -> None:
    """A line."""
    _act(client, incident, "note", {"kind": kind, "text": text}, lang)


@review.command("answer", help=told("review.help.answer"))
@INCIDENT
@click.argument("question")
@click.argument("text")
@lang_option
@speaks
def answer(incident: str, question: str, text: str, client: Client, lang: str) -> None:
    """One of the playbook's questions."""
    _act(client, incident, "answer", {"question": question, "text": text}, lang)


@review.command("action", help=told("review.help.action"))
@INCIDENT
@click.argument("text")
@click.option("--owner", required=True, help=told("review.help.owner"))
@click.option("--due", "due_at", required=True, help=told("review.help.due"))
@click.option("--metric", default="", help=told("review.help.metric"))
@click.option("--wanted", type=float, help=told("review.help.wanted"))
@click.option("--before", type=float, help=told("review.help.before"))
@click.option("--higher", is_flag=True, help=told("review.help.higher"))
@click.option("--check", "check_at", help=told("review.help.check_at"))
@lang_option
@speaks
def action(
    incident: str, text: str, owner: str, due_at: str, metric: str, wanted: float | None, before: float | None,
    higher: bool, check_at: str | None, client: Client, lang: str,
) -> None:  # fmt: skip
    """One more thing to do."""
    body = {
        "text": text, "owner": owner, "due_at": due_at, "metric": metric, "wanted": wanted, "before": before,
        "direction": "higher" if higher else "lower", "check_at": check_at,
    }  # fmt: skip
    _act(client, incident, "action", body, lang)


@review.command("done", help=told("review.help.done"))
@INCIDENT
@ACTION
@lang_option
@speaks
def done(incident: str, action_id: str, client: Client, lang: str) -> None:
    """It is done."""
    _act(client, incident, "done", {"action": action_id}, lang)


@review.command("drop", help=told("review.help.drop"))
@INCIDENT
@ACTION
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@lang_option
@speaks
def drop(incident: str, action_id: str, reason: str, client: Client, lang: str) -> None:
    """It will not be done."""
    _act(client, incident, "drop", {"action": action_id, "comment": reason}, lang)


@review.command("check", help=told("review.help.check"))
@INCIDENT
@ACTION
@click.option("--value", type=float, help=told("review.help.value"))
@lang_option
@speaks
def check(incident: str, action_id: str, value: float | None, client: Client, lang: str) -> None:
    """Did it help?"""
    _act(client, incident, "check", {"action": action_id, "value": value}, lang)


@review.command("hold", help=told("review.help.hold"))
@INCIDENT
@lang_option
@speaks
def hold(incident: str, client: Client, lang: str) -> None:
    """Signs it off."""
    _act(client, incident, "hold", {}, lang)


def _act(client: Client, incident: str, verb: str, body: dict[str, Any], lang: str) -> None:
    done = client.ask("POST", f"/api/v1/incidents/{incident}/review/{verb}", body)
    click.echo("\n".join(sheet(done, lang)))


def _line(standing: dict[str, Any], lang: str) -> str:
    one = standing["review"]
    if one["held_at"]:
        state = say(lang, "review.held", at=one["held_at"], by=one["held_by"])
    else:
        state = say(lang, "review.overdue" if standing["overdue"] else "review.due", at=one["due_at"])
    return say(
        lang, "review.line", incident=one["incident"], risk=standing["risk"],
        peak=say(lang, f"client.tier.{standing['peak']}"), state=state, actions=len(one["actions"]),
    )  # fmt: skip


def sheet(standing: dict[str, Any], lang: str) -> Iterator[str]:
    """A review as a terminal shows it."""
    one = standing["review"]
    yield _line(standing, lang)
    yield from _course(standing["course"], lang)
    for kind in ("causes", "went_well", "went_badly", "playbook_changes", "rule_changes"):
        yield from (say(lang, f"review.{kind}", text=text) for text in one[kind])
    yield from (say(lang, "review.whys", text=" > ".join(chain)) for chain in one["whys"])
    for n, ask in enumerate(standing["questions"], 1):
        yield say(lang, "review.question", n=n, ask=ask[lang])
        if answer := one["answers"].get(str(n)):
            yield f"     {answer}"
    yield from (_action(each, lang) for each in one["actions"])
    yield from (say(lang, "statement.block", text=lack["text"]) for lack in standing["missing"])


def _course(course: dict[str, Any], lang: str) -> Iterator[str]:
    yield say(
        lang, "review.course", opened=course["opened_at"], told=course["first_told"] or "–",
        red=course["first_red"] or "–", closed=course["closed_at"] or "–",
    )  # fmt: skip
    for ack in course["acks"]:
        tier, took = say(lang, f"client.tier.{ack['tier']}"), write_duration(round(ack["seconds"]))
        yield say(lang, "review.ack", person=ack["person"], tier=tier, took=took)
    yield say(
        lang, "review.counts", notices=course["notices"], escalations=course["escalations"],
        unreachable=", ".join(course["unreachable"]) or "–",
    )  # fmt: skip


def _action(action: dict[str, Any], lang: str) -> str:
    state = "dropped" if action["dropped_at"] else "done" if action["done_at"] else "open"
    effect = say(lang, f"review.effect_{action['effect']}") if action["effect"] else ""
    return say(
        lang, "review.action", id=action["id"], text=action["text"], owner=action["owner"], due=action["due_at"],
        state=say(lang, f"review.{state}"), effect=effect,
    )  # fmt: skip
