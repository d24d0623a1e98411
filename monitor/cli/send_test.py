"""`crisis-monitor send-test`: one test notice over one channel, and what the other side answered."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.channels import Channel, ChannelFault, Refused
from monitor.channels.hint import hint
from monitor.cli.check import first_config
from monitor.cli.config import config_of
from monitor.cli.language import lang_option, told
from monitor.config.schema import Config
from monitor.daemon.clock import SystemClock
from monitor.http import Http
from monitor.messages import say
from monitor.model import Line, Link, Notice, Receipt, Target, Text, Tier
from monitor.secret import SecretFault, reveal
from monitor.times import local


@click.command("send-test", help=told("channels.help.send_test"))
@click.argument("name", metavar="CHANNEL")
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--to", "person", default="", metavar="PERSON", help=told("channels.help.to"))
@lang_option
def send_test(name: str, config: Path | None, person: str, lang: str) -> None:
    """Exit code 0: the other side said yes; 1: it said no, or the config has faults; 2: no such file or channel."""
    rules = config_of(config or first_config(), lang)
    channel = _find(rules, name, lang)
    target = _target(rules, channel, person, lang)
    notice = test_notice(rules, target.language, SystemClock().now())
    began = time.monotonic()
    try:
        receipt = asyncio.run(_send(channel, notice, target))
    except ChannelFault as fault:
        _say_no(channel, fault, time.monotonic() - began, lang)
        sys.exit(1)
    args = {"channel": channel.name, "kind": kind_of(channel), "seconds": f"{time.monotonic() - began:.2f}"}
    click.echo(say(lang, "channels.test.yes" if channel.verified else "channels.test.handed", **args))
    click.echo(say(lang, "channels.test.answer", answer=receipt.answer or receipt.provider_id or "-"))


def test_notice(config: Config, language: str, now: float) -> Notice:
    """A notice that says it is a test; it has a key of its own each time, so that no receiver takes it for a repeat."""
    at = local(now, ZoneInfo(config.settings.timezone))
    words = {"organisation": config.settings.organisation or "crisis-monitor", "time": f"{at:%Y-%m-%d %H:%M:%S %Z}"}
    lines = [Line(id=id, parts=(Text(say(language, f"channels.test.{id}", **words)),), vital=True) for id in _LINES]
    base = config.server.public_url.rstrip("/")
    if base:
        lines.append(Line(id="links", parts=(Link(say(language, "channels.test.link"), f"{base}/"),), vital=True))
    return Notice(
        key=f"test-{secrets.token_hex(8)}",
        incident="TEST",
        number=0,
        transition="TEST",
        tier=Tier.CALM,
        previous_tier=Tier.CALM,
        language=language,
        title=(Text(say(language, "channels.test.title")),),
        lines=tuple(lines),
        at=now,
        labels={"rule": "send-test", "risk": "test"},
        urls={"detail": f"{base}/"} if base else {},
    )


_LINES = ("head", "what", "when")


def kind_of(channel: Channel) -> str:
    """The kind as the config names it."""
    return str(channel.__struct_config__.tag)


async def _send(channel: Channel, notice: Notice, target: Target) -> Receipt:
    async with Http() as http:
        return await channel.send(notice, target, http, SystemClock().now())


def _say_no(channel: Channel, fault: ChannelFault, seconds: float, lang: str) -> None:
    id = "channels.test.refused" if isinstance(fault, Refused) else "channels.test.retry"
    click.echo(say(lang, id, channel=channel.name, kind=kind_of(channel), seconds=f"{seconds:.2f}"))
    click.echo(say(lang, "channels.test.answer", answer=str(fault)))
    if advice := hint(kind_of(channel), fault.code, lang):
        click.echo(say(lang, "channels.test.advice", advice=advice))


def _find(config: Config, name: str, lang: str) -> Channel:
    known = {channel.name: channel for channel in config.channel}
    if name not in known:
        close = get_close_matches(name, known, 1)
        meant = say(lang, "channels.test.meant", name=close[0]) if close else ""
        names = ", ".join(known) or "-"
        click.echo(say(lang, "channels.test.unknown", name=name, known=names, meant=meant), err=True)
        sys.exit(2)
    return known[name]


def _target(config: Config, channel: Channel, name: str, lang: str) -> Target:
    """The channel itself, or a person's address on it."""
    language = channel.language or config.settings.language
    if not name:
        return Target(channel=channel.name, language=language)
    person = next((p for p in config.person if p.name == name), None)
    address = getattr(person, channel.address_of, "") if person and channel.address_of else ""
    if person is None or (not address and not channel.group):
        id = "channels.test.no_address" if person else "channels.test.no_person"
        click.echo(say(lang, id, name=name, key=channel.address_of), err=True)
        sys.exit(2)
    try:
        address = reveal(address)
    except SecretFault as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    display, spoken = person.display or person.name, channel.language or person.language or language
    return Target(channel=channel.name, person=name, display=display, address=address, language=spoken)
