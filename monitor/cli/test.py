"""`crisis-monitor test`: written scenarios, played through the same core as live; what was expected, what was found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.scenario.check import Amiss, Played, run
from monitor.scenario.play import Sent
from monitor.scenario.read import Desks, Unreadable, read
from monitor.scenario.schema import NO_DATA
from monitor.times import rfc3339

TIERED = ("wanted", "found")
SHOWN = 8
"""Notices listed where they are not what was expected."""


@click.command("test", help=told("scenario.help.test"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@lang_option
def test(files: tuple[Path, ...], lang: str) -> None:
    """Exit code 0: all hold, 1: some do not, or a file is faulty, 2: no such file."""
    desks: Desks = {}
    bad = missing = 0
    for file in files:
        try:
            played = run(read(file, desks))
        except Unreadable as fault:
            bad += 1
            click.echo(say(lang, "scenario.unreadable", file=file))
            for each in fault.faults:
                click.echo(f"  {each.write(lang)}")
        except OSError as error:
            missing += 1
            click.echo(say(lang, "check.no_file", name=file, text=error.strerror or error), err=True)
        else:
            bad += bool(played.amiss)
            click.echo("\n".join(report(played, lang)))
    click.echo(say(lang, "scenario.summary", files=len(files), good=len(files) - bad - missing, bad=bad + missing))
    sys.exit(2 if missing else 1 if bad else 0)


def report(played: Played, lang: str) -> Iterator[str]:
    """One line for a scenario that holds; what was expected and found, with its line, for one that does not."""
    scene = played.scene
    id = "scenario.bad" if played.amiss else "scenario.good"
    yield say(lang, id, file=scene.file, name=scene.name, checked=played.checked, amiss=len(played.amiss))
    for amiss in played.amiss:
        yield f"  {scene.file}:{amiss.line}: {rfc3339(amiss.at, scene.zone)}: {_words(amiss, played, lang)}"
        if amiss.id in ("told", "notice", "notices", "paged", "not_paged", "nobody", "text"):
            yield from (f"      {_sent(sent, played, lang)}" for sent in amiss.sent[:SHOWN])
        if amiss.id in ("text", "not_text"):
            yield from (f"      | {line}" for line in str(amiss.args["found"]).splitlines())


def _words(amiss: Amiss, played: Played, lang: str) -> str:
    args = dict(amiss.args)
    if amiss.id in ("tier", "never"):
        args |= {name: _tier(str(args[name]), lang) for name in TIERED}
    if "peak_at" in args:
        args["peak_at"] = rfc3339(float(str(args["peak_at"])), played.scene.zone)
    if amiss.cause is not None:
        told = {name: value for name, value in amiss.cause.told.items()}
        args["why"] = say(lang, amiss.cause.id, **told)
    text = say(lang, f"scenario.amiss.{amiss.id}", **args)
    return f"{amiss.subject}: {text}" if amiss.subject else text


def _tier(word: str, lang: str) -> str:
    return say(lang, "scenario.no_data") if word == NO_DATA else say(lang, f"rules.tier.{word}")


def _sent(sent: Sent, played: Played, lang: str) -> str:
    note = sent.facts
    return say(
        lang, "scenario.sent", at=rfc3339(sent.at, played.scene.zone), incident=note.incident, risk=note.risk,
        transition=note.transition, tier=_tier(note.tier.word, lang), to=", ".join(sent.to),
    )  # fmt: skip
