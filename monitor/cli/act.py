"""Commands that act on an incident of the running service: ack, pass, undo, resolve, cancel, raise, lower, comment."""

from __future__ import annotations

from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say

TIERS = click.Choice(["blue", "yellow", "orange", "red"])


def _simple(verb: str, *, comment: bool = True) -> click.Command:
    """A command that does one thing to one incident."""

    @click.command(verb, help=told(f"client.help.{verb}"))
    @click.argument("incident")
    @lang_option
    @speaks
    def command(incident: str, client: Client, lang: str, comment: str = "") -> None:
        done = client.ask("POST", f"/api/v1/incidents/{incident}/{verb}", {"comment": comment} if comment else {})
        show(done, lang)

    if comment:
        command = click.option("--comment", "-m", default="", help=told("client.help.comment"))(command)
    return command


ack = _simple("ack", comment=False)
pass_on = _simple("pass")
undo = _simple("undo", comment=False)
resolve = _simple("resolve")


@click.command("cancel", help=told("client.help.cancel"))
@click.argument("incident")
@click.option("--reason", "--comment", "-m", "reason", required=True, help=told("client.help.reason"))
@click.option("--evidence", default="", help=told("client.help.evidence"))
@lang_option
@speaks
def cancel(incident: str, reason: str, evidence: str, client: Client, lang: str) -> None:
    """A false alarm."""
    body = {"comment": reason, "evidence": evidence}
    show(client.ask("POST", f"/api/v1/incidents/{incident}/cancel", body), lang)


@click.command("comment", help=told("client.help.comment_on"))
@click.argument("incident")
@click.argument("text")
@lang_option
@speaks
def comment(incident: str, text: str, client: Client, lang: str) -> None:
    """Adds a line to the timeline."""
    show(client.ask("POST", f"/api/v1/incidents/{incident}/comment", {"comment": text}), lang)


@click.command("raise", help=told("client.help.raise"))
@click.argument("what")
@click.option("--tier", type=TIERS, required=True, help=told("client.help.tier"))
@click.option("--scope", multiple=True, help=told("client.help.scope"))
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@click.option("--evidence", default="", help=told("client.help.evidence"))
@lang_option
@speaks
def raise_(
    what: str, tier: str, scope: tuple[str, ...], reason: str, evidence: str, client: Client, lang: str
) -> None:  # fmt: skip
    """WHAT is an incident's number, or a risk to open a new one."""
    body: dict[str, Any] = {"tier": tier, "comment": reason, "evidence": evidence}
    if what.startswith("INC-"):
        show(client.ask("POST", f"/api/v1/incidents/{what}/raise", body), lang)
        return
    labels = dict(pair.split("=", 1) for pair in scope if "=" in pair)
    show(client.ask("POST", "/api/v1/incidents", body | {"risk": what, "scope": labels}), lang)


@click.command("lower", help=told("client.help.lower"))
@click.argument("incident")
@click.option("--tier", type=TIERS, help=told("client.help.lower_tier"))
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@click.option("--evidence", default="", help=told("client.help.evidence"))
@lang_option
@speaks
def lower(incident: str, tier: str | None, reason: str, evidence: str, client: Client, lang: str) -> None:
    """Without --tier the rules decide again."""
    body = {"comment": reason, "evidence": evidence, **({"tier": tier} if tier else {})}
    show(client.ask("POST", f"/api/v1/incidents/{incident}/lower", body), lang)


def show(done: dict[str, Any], lang: str) -> None:
    """How the incident stands now."""
    incident = done["incident"]
    word = say(lang, f"client.tier.{incident['tier']}")
    held = incident.get("acknowledged_by") or "–"
    changed = "" if done.get("changed", True) else say(lang, "client.unchanged")
    state = say(lang, f"incident.state.{incident['state']}")
    click.echo(say(lang, "client.stands", number=incident["number"], tier=word, state=state, held=held) + changed)
