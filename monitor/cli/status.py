"""`crisis-monitor status`: how everything stands, in a screen. What is calm is counted, what is not is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from monitor.cli.client import Client, speaks
from monitor.cli.language import lang_option, told
from monitor.cli.sources import source_line
from monitor.messages import say
from monitor.messages.words import span

MOST = 8
"""Lines of a kind that are shown; the rest is counted."""
Found = dict[str, Any]


@click.command("status", help=told("client.help.status"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
@speaks
def status(as_json: bool, client: Client, lang: str) -> None:
    """The service itself, incidents, rules above calm, sources that fail, notices, silences, findings."""
    found = client.ask("GET", "/api/v1/status")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(screen(found, lang)))


def screen(found: Found, lang: str) -> list[str]:
    """The answer of `/api/v1/status` in lines for people."""
    now = datetime.fromisoformat(found["at"])
    parts = (_service, _incidents, _rules, _sources, _notices, _silences, _findings)
    return [line for part in parts for line in part(found, now, lang)]


def _service(found: Found, now: datetime, lang: str) -> Iterator[str]:
    own = found["service"]
    wrong = [
        say(lang, f"client.status.{name}", what=", ".join(own[name])) for name in ("stuck", "missing") if own[name]
    ]
    state = f"✗ {'; '.join(wrong)}" if wrong else f"✓ {say(lang, 'client.status.well')}"
    name = f"{own['organisation']} · " if own["organisation"] else ""
    yield f"{name}crisis-monitor {own['version']} · {now:%Y-%m-%d %H:%M %Z} · {state}"


def _incidents(found: Found, now: datetime, lang: str) -> Iterator[str]:
    rows = found["incidents"]
    yield say(lang, "client.status.incidents", n=len(rows))
    yield from _some([_incident(row, now, lang) for row in rows], lang)
    for row in found["offers"]:
        shared = " ".join(f"{label}={value}" for label, value in row["shared"].items())
        yield "  " + say(lang, "client.may_be_one", numbers=", ".join(row["incidents"]), shared=shared)


def _incident(row: Found, now: datetime, lang: str) -> str:
    scope = "".join(f" {label}={value}" for label, value in row.get("scope", {}).items())
    since = span((now - datetime.fromisoformat(row["opened_at"])).total_seconds(), lang)
    holder = row.get("acknowledged_by")
    held = say(lang, "client.status.held" if holder else "client.status.unheld", who=holder)
    drill = say(lang, "client.status.drill") if row.get("drill") else ""
    return f"{row['number']}  {_tier(row['tier'], lang)}  {row['risk']}{scope}  {since}  {held}{drill}"


def _rules(found: Found, now: datetime, lang: str) -> Iterator[str]:
    rows = found["rules"]
    above = [row for row in rows if row.get("tier") not in (None, "calm")]
    blind = [row for row in rows if row.get("tier") is None]
    yield say(lang, "client.status.rules", n=len(rows), above=len(above), blind=len(blind))
    yield from _some([f"{row['rule']}: {_tier(row['tier'], lang)}" for row in above], lang)


def _sources(found: Found, now: datetime, lang: str) -> Iterator[str]:
    rows = found["sources"]
    failing = [row for row in rows if row.get("up") is False]
    waiting = [row for row in rows if row.get("up") is None]
    yield say(lang, "client.status.sources", n=len(rows), failing=len(failing), waiting=len(waiting))
    told = [row for row in rows if row.get("up") is False or row.get("pause")]
    yield from _some([source_line(row, lang) for row in told], lang)


def _notices(found: Found, now: datetime, lang: str) -> Iterator[str]:
    latest = max((row["facts"]["at"] for row in found["notices"]), default="")
    last = f"{datetime.fromisoformat(latest):%m-%d %H:%M}" if latest else "–"
    yield say(lang, "client.status.notices", pending=found["pending"], dead=found["dead"], last=last)


def _silences(found: Found, now: datetime, lang: str) -> Iterator[str]:
    rows = found["silences"]
    if rows:
        yield say(lang, "client.status.silences", n=len(rows))
        yield from _some(
            [f"{_labels(row)}  {row['until'][5:16].replace('T', ' ')}  {row['author']}" for row in rows], lang
        )


def _findings(found: Found, now: datetime, lang: str) -> Iterator[str]:
    rows = found["findings"]
    if rows:
        yield say(lang, "client.status.findings", n=len(rows))
        yield from _some([f"! {row['text']}" for row in rows], lang)


def _some(lines: list[str], lang: str) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:MOST])
    if len(lines) > MOST:
        yield "  " + say(lang, "client.status.more", n=len(lines) - MOST)


def _labels(row: Found) -> str:
    return " ".join(f"{label}={value}" for label, value in row["matchers"].items())


def _tier(word: str, lang: str) -> str:
    return say(lang, f"client.tier.{word}")
