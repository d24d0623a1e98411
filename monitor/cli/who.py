"""`crisis-monitor who`: whom a tier would reach at a time, step by step, by the very code that runs live."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.client import Client, speaks
from monitor.cli.config import config_of
from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.model import Tier
from monitor.times import coming


@click.command("who", help=told("paths.help.who"))
@click.option("--tier", type=click.Choice(["blue", "yellow", "orange", "red"]), default="red")
@click.option("--risk", default="", help=told("paths.help.risk"))
@click.option("--at", default="", help=told("paths.help.at"))
@click.option("--label", multiple=True, help=told("paths.help.label"))
@click.option("--config", type=click.Path(path_type=Path), help=told("paths.help.offline"))
@lang_option
@speaks
def who(
    tier: str, risk: str, at: str, label: tuple[str, ...], config: Path | None, client: Client, lang: str
) -> None:  # fmt: skip
    """A line a step; with --config from that file, without the service and what it last reached."""
    labels = dict(pair.split("=", 1) for pair in label if "=" in pair)
    if config is None:
        asked = {"tier": tier, "risk": risk, "at": at} | {f"label.{k}": v for k, v in labels.items()}
        found = client.ask("GET", "/api/v1/who", **asked)
    else:
        found = _offline(config, tier, risk, labels, at, lang)
    click.echo("\n".join(lines(found, lang)))


def _offline(path: Path, tier: str, risk: str, labels: dict[str, str], at: str, lang: str) -> Any:
    from monitor.config.paths import context_of
    from monitor.incidents.people import outside
    from monitor.incidents.who import who as plan_of
    from monitor.web.answers import plain
    from monitor.web.views import Way

    config = config_of(path, lang)
    zone = ZoneInfo(config.settings.timezone)
    try:
        when = coming(at, time.time(), zone)
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--at") from None
    plan = plan_of(Tier.of(tier), risk, labels, when, context_of(config))
    way = Way.of(plan, {p.name: p.display or p.name for p in config.person}, outside=outside(config.contact, risk))
    return {"at": plain(when, zone, "at"), **plain(way, zone)}


def lines(found: dict[str, Any], lang: str) -> list[str]:
    """The answer of the API as people read it."""
    tier, at = say(lang, f"client.tier.{found['tier']}"), _clock(found["at"])
    out = [say(lang, "paths.who.head", tier=tier, at=at, playbook=found["playbook"], acks=found["acks"])]
    if found["muted_by"]:
        out.append(say(lang, "paths.who.muted", name=found["muted_by"]))
    reached = {(r["person"], r["channel"]): r["at"] for r in (*found["proved"], *found["reached"])}
    for step in found["levels"]:
        if step["skipped"]:
            out.append(say(lang, "paths.who.skipped", levels=", ".join(str(n) for n in step["skipped"])))
        out.append(say(lang, "paths.who.step", at=_clock(step["at"]), level=step["level"]))
        out += [_one(to, found["displays"], reached, lang) for to in step["to"]]
    if not found["levels"]:
        out.append(say(lang, "paths.who.nobody"))
    elif found["gives_up_at"]:
        out.append(say(lang, "paths.who.gives_up", at=_clock(found["gives_up_at"])))
    for contact in found.get("outside", ()):
        told = ", ".join(filter(None, (contact["person"], contact["phone"], contact["email"], contact["hours"])))
        out.append(say(lang, "paths.who.contact", name=contact["name"], kind=contact["kind"], told=told))
    return out


def _one(to: dict[str, Any], displays: dict[str, str], reached: dict[tuple[str, str], str], lang: str) -> str:
    """A person or channel, how, and when that last worked."""
    person = to["person"]
    name = f"{displays.get(person, person)} ({person})" if person else say(lang, "paths.who.group")
    ways = [f"{c} [{_reached(person, c, reached, lang)}]" for c in to["channels"]]
    after = say(lang, "paths.who.after", at=_clock(to["after"])) if to.get("after") else ""
    return f"    {name}: {' → '.join(ways) or say(lang, 'paths.who.unreachable')}{after}"


def _reached(person: str, channel: str, reached: dict[tuple[str, str], str], lang: str) -> str:
    """When it last reached them; never: when the channel itself last worked, if it did."""
    if (at := reached.get((person, channel))) is not None:
        return say(lang, "paths.who.last", at=_clock(at))
    proved = reached.get(("", channel))
    return say(lang, "paths.who.never") + (say(lang, "paths.who.proved", at=_clock(proved)) if proved else "")


def _clock(at: str) -> str:
    """RFC 3339 as weekday, day and clock."""
    return datetime.fromisoformat(at).strftime("%a %Y-%m-%d %H:%M")
