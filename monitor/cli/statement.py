"""`crisis-monitor statement …`: words for the outside, and the gate before them. Nothing is published by itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import LANGUAGES, say
from monitor.playbook.plan import AUDIENCES
from monitor.playbook.statement import KINDS

ID = click.argument("id", metavar="STATEMENT")
TEXT = click.option("--text", default="", help=told("statement.help.text"))
FILE = click.option("--file", "file", type=click.File(encoding="utf-8"), help=told("statement.help.file"))
REASON = click.option("--reason", "-m", required=True, help=told("client.help.reason"))


@click.group("statement", help=told("statement.help.statement"))
def statement() -> None:
    """Statements."""


@statement.command("list", help=told("statement.help.list"))
@click.argument("incident")
@lang_option
@speaks
def list_(incident: str, client: Client, lang: str) -> None:
    """One line each: how far it is and what is in the way."""
    found = client.ask("GET", f"/api/v1/incidents/{incident}/statements")["statements"]
    for each in found:
        click.echo(_line(each, lang))
    if not found:
        click.echo(say(lang, "client.nothing"))


@statement.command("show", help=told("statement.help.show"))
@ID
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def show(id: str, as_json: bool, client: Client, lang: str) -> None:
    """The text, its way so far, and what is left."""
    found = client.ask("GET", f"/api/v1/statements/{id}")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(sheet(found, lang)))


@statement.command("draft", help=told("statement.help.draft"))
@click.argument("incident")
@click.option("--audience", type=click.Choice(AUDIENCES), required=True, help=told("statement.help.audience"))
@click.option("--in", "language", type=click.Choice(LANGUAGES), help=told("statement.help.language"))
@click.option("--kind", type=click.Choice(KINDS["red"]), default="holding", help=told("statement.help.kind"))
@click.option("--set", "slots", multiple=True, metavar="SLOT=TEXT", help=told("statement.help.slot"))
@TEXT
@FILE
@lang_option
@speaks
def draft(
    incident: str, audience: str, language: str | None, kind: str, slots: tuple[str, ...], text: str, file: Any,
    client: Client, lang: str,
) -> None:  # fmt: skip
    """In one's own words, or in the playbook's with blanks left open."""
    body = {
        "audience": audience, "language": language or "", "kind": kind, "text": _text(text, file),
        "slots": dict(slot.split("=", 1) for slot in slots if "=" in slot),
    }  # fmt: skip
    _sheet(client.ask("POST", f"/api/v1/incidents/{incident}/statements", body), lang)


@statement.command("edit", help=told("statement.help.edit"))
@ID
@TEXT
@FILE
@lang_option
@speaks
def edit(id: str, text: str, file: Any, client: Client, lang: str) -> None:
    """A new version."""
    _act(client, id, "edit", {"text": _wanted(text, file, lang)}, lang)


@statement.command("source", help=told("statement.help.source"))
@ID
@click.option("--family", required=True, help=told("statement.help.family"))
@click.option("--origin", required=True, help=told("statement.help.origin"))
@click.option("--comment", "-m", default="", help=told("client.help.comment"))
@lang_option
@speaks
def source(id: str, family: str, origin: str, comment: str, client: Client, lang: str) -> None:
    """Who confirmed it."""
    _act(client, id, "source", {"family": family, "origin": origin, "comment": comment}, lang)


@statement.command("allow", help=told("statement.help.allow"))
@ID
@click.argument("words")
@REASON
@lang_option
@speaks
def allow(id: str, words: str, reason: str, client: Client, lang: str) -> None:
    """A word that is warned of is meant."""
    _act(client, id, "allow", {"words": words, "comment": reason}, lang)


@statement.command("verify", help=told("statement.help.verify"))
@ID
@lang_option
@speaks
def verify(id: str, client: Client, lang: str) -> None:
    """The verifier's yes."""
    _act(client, id, "verify", {}, lang)


@statement.command("approve", help=told("statement.help.approve"))
@ID
@click.option("--role", default="", help=told("statement.help.role"))
@lang_option
@speaks
def approve(id: str, role: str, client: Client, lang: str) -> None:
    """A role's yes."""
    _act(client, id, "approve", {"role": role}, lang)


@statement.command("publish", help=told("statement.help.publish"))
@ID
@click.option("--where", required=True, help=told("statement.help.where"))
@lang_option
@speaks
def publish(id: str, where: str, client: Client, lang: str) -> None:
    """It has gone out."""
    _act(client, id, "publish", {"where": where}, lang)


@statement.command("correct", help=told("statement.help.correct"))
@ID
@TEXT
@FILE
@lang_option
@speaks
def correct(id: str, text: str, file: Any, client: Client, lang: str) -> None:
    """A new statement that names the wrong one."""
    _act(client, id, "correct", {"text": _wanted(text, file, lang)}, lang)


@statement.command("withdraw", help=told("statement.help.withdraw"))
@ID
@REASON
@lang_option
@speaks
def withdraw(id: str, reason: str, client: Client, lang: str) -> None:
    """It will not be used."""
    _act(client, id, "withdraw", {"comment": reason}, lang)


@statement.command("lint", help=told("statement.help.lint"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option("--word", "words", multiple=True, help=told("statement.help.word"))
@lang_option
def lint(file: Path, words: tuple[str, ...], lang: str) -> None:
    """Blanks, personal data and words to beware of; needs no service. Exit code 1 where there are any."""
    from monitor.incidents.wording import faults

    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    found = faults(text, preventable=True, banned=words)
    for fault in found:
        line = text.count("\n", 0, fault.start) + 1
        click.echo(f"{file}:{line}: {say(lang, f'incident.block.words_{fault.why}', words=fault.words)}")
    sys.exit(1 if found else 0)


def _text(text: str, file: Any) -> str:
    return file.read().strip() if file is not None else text


def _wanted(text: str, file: Any, lang: str) -> str:
    if not (found := _text(text, file)):
        raise click.UsageError(say(lang, "statement.no_text"))
    return found


def _act(client: Client, id: str, verb: str, body: dict[str, Any], lang: str) -> None:
    _sheet(client.ask("POST", f"/api/v1/statements/{id}/{verb}", body), lang)


def _sheet(standing: dict[str, Any], lang: str) -> None:
    click.echo("\n".join(sheet(standing, lang)))


def _line(standing: dict[str, Any], lang: str) -> str:
    one = standing["statement"]
    return say(
        lang, "statement.line", id=one["id"], version=one["version"], stage=say(lang, f"statement.{standing['stage']}"),
        audience=say(lang, f"playbook.audience.{one['audience']}"), left=len(standing["blocks"]),
    )  # fmt: skip


def sheet(standing: dict[str, Any], lang: str) -> Iterator[str]:
    """A statement as a terminal shows it: the text, who did what, and what is in the way."""
    one = standing["statement"]
    yield _line(standing, lang)
    yield from (f"    {line}" for line in one["text"].splitlines())
    yield say(lang, "statement.by", author=one["author"], at=one["written_at"])
    for source in one["sources"]:
        yield say(lang, "statement.source", **{k: source[k] for k in ("family", "origin", "by")})
    if one["verified_by"]:
        yield say(lang, "statement.verified_by", by=one["verified_by"])
    for given in one["approvals"]:
        yield say(lang, "statement.approved_by", role=given["role"], by=given["by"], at=given["at"])
    if one["state"] == "published":
        yield say(
            lang, "statement.published_by", by=one["published_by"], at=one["published_at"], where=one["where"]
        )  # fmt: skip
    for block in standing["blocks"]:
        yield say(lang, "statement.block", text=block["text"])
    if standing["blocks"] or standing["stage"] == "approved":
        yield from _may(standing, lang)


def _may(standing: dict[str, Any], lang: str) -> Iterator[str]:
    """Who is to do what is left; backups stand in brackets."""
    asked = {
        "verify": [standing["verifier"]], "approve": standing["approvers"], "publish": [standing["publisher"]]
    }  # fmt: skip
    for what, roles in asked.items():
        for role in roles:
            people = standing["may"][role]
            who = people[0] if people else say(lang, "statement.nobody")
            if people[1:]:
                who += f" ({', '.join(people[1:])})"
            yield say(lang, f"statement.may_{what}", role=role, who=who)
    if standing["backups_from"] and standing["stage"] == "verified":
        yield say(lang, "statement.backups", at=standing["backups_from"])
