"""Commands that note something on an incident: link, step, axes."""

from __future__ import annotations

import click

from monitor.cli.act import show
from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.incidents.axes import NATURES, URGENCIES


@click.command("link", help=told("paths.help.link"))
@click.argument("incident")
@click.argument("other")
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@click.option("--evidence", default="", help=told("client.help.evidence"))
@lang_option
@speaks
def link(incident: str, other: str, reason: str, evidence: str, client: Client, lang: str) -> None:
    """Both stay what they are; nothing is merged."""
    body = {"other": other, "comment": reason, "evidence": evidence}
    show(client.ask("POST", f"/api/v1/incidents/{incident}/link", body), lang)


@click.command("step", help=told("paths.help.step"))
@click.argument("incident")
@click.argument("step_id", metavar="STEP")
@click.option("--undone", is_flag=True, help=told("paths.help.undone"))
@click.option("--comment", "-m", default="", help=told("client.help.comment"))
@lang_option
@speaks
def step(incident: str, step_id: str, undone: bool, comment: str, client: Client, lang: str) -> None:
    """Notices name the next step."""
    verb = "unstep" if undone else "step"
    body = {"step": step_id} | ({} if undone else {"comment": comment})
    show(client.ask("POST", f"/api/v1/incidents/{incident}/{verb}", body), lang)


@click.command("axes", help=told("paths.help.axes"))
@click.argument("incident")
@click.option("--nature", type=click.Choice(NATURES), help=told("paths.help.nature"))
@click.option("--urgency", type=click.Choice(URGENCIES), help=told("paths.help.urgency"))
@click.option("--certain/--uncertain", "certain", default=None, help=told("paths.help.certain"))
@click.option("--reason", "-m", required=True, help=told("client.help.reason"))
@lang_option
@speaks
def axes(
    incident: str, nature: str | None, urgency: str | None, certain: bool | None, reason: str, client: Client, lang: str
) -> None:
    """What people know stands over what the rules say."""
    body = {"nature": nature, "urgency": urgency, "certain": certain, "comment": reason}
    show(client.ask("POST", f"/api/v1/incidents/{incident}/axes", body), lang)
