"""`crisis-monitor drill list|start|stop|report`: practice on the running service."""

from __future__ import annotations

import json
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.times import write_duration


@click.group("drill", help=told("paths.help.drill"))
def drill() -> None:
    """Drills."""


@drill.command("list", help=told("paths.help.drill_list"))
@lang_option
@speaks
def list_(client: Client, lang: str) -> None:
    """Scenarios, then what was held."""
    book = client.ask("GET", "/api/v1/drills")
    for each in book["scenarios"]:
        title = each["title"].get(lang) or next(iter(each["title"].values()), "")
        lasts = write_duration(each["lasts"])
        click.echo(say(lang, "paths.drill.scenario", id=each["id"], title=title, lasts=lasts))
    for run in book["held"]:
        click.echo(_line(run, lang))


@drill.command("start", help=told("paths.help.drill_start"))
@click.argument("scenario")
@click.option("--everybody", is_flag=True, help=told("paths.help.everybody"))
@lang_option
@speaks
def start(scenario: str, everybody: bool, client: Client, lang: str) -> None:
    """One at a time."""
    made = client.ask("POST", "/api/v1/drills", {"scenario": scenario, "everybody": everybody})
    click.echo(_line(made, lang))


@drill.command("stop", help=told("paths.help.drill_stop"))
@lang_option
@speaks
def stop(client: Client, lang: str) -> None:
    """Whoever heard of it hears that it is over."""
    click.echo(_line(client.ask("POST", "/api/v1/drills/stop", {}), lang))


@drill.command("report", help=told("paths.help.drill_report"))
@click.argument("drill_id", metavar="DRILL")
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def report(drill_id: str, as_json: bool, client: Client, lang: str) -> None:
    """The scorecard."""
    card = client.ask("GET", f"/api/v1/drills/{drill_id}")
    click.echo(json.dumps(card, ensure_ascii=False, indent=1) if as_json else "\n".join(scorecard(card, lang)))


def scorecard(card: dict[str, Any], lang: str) -> list[str]:
    """A line an objective, then who was reached and who was not."""
    out = [_line(card["run"], lang)]
    for mark in card["marks"]:
        wanted, took = mark["objective"], mark["seconds"]
        detail = {"detected": say(lang, f"client.tier.{wanted['tier']}")}.get(wanted["kind"], wanted["name"])
        what = " ".join(filter(None, (say(lang, f"paths.drill.{wanted['kind']}"), detail)))
        after = say(lang, "paths.drill.never") if took is None else write_duration(took)
        sign = "✓" if mark["met"] else "✗"
        out.append(
            say(lang, "paths.drill.mark", sign=sign, what=what, after=after, within=write_duration(wanted["within"]))
        )
    out.append(say(lang, "paths.drill.sum", met=card["met"], of=len(card["marks"]), notices=card["notices"]))
    if card["reached"]:
        out.append(say(lang, "paths.drill.reached", names=", ".join(card["reached"])))
    if card["not_reached"]:
        out.append(say(lang, "paths.drill.not_reached", names=", ".join(card["not_reached"])))
    return out


def _line(run: dict[str, Any], lang: str) -> str:
    state = say(lang, "paths.drill.over", at=run["stopped_at"]) if run["stopped_at"] else say(lang, "paths.drill.runs")
    return say(
        lang, "paths.drill.run", id=run["id"], scenario=run["scenario"], at=run["started_at"], by=run["started_by"],
        state=state,
    )  # fmt: skip
