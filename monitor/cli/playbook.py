"""`crisis-monitor playbook list|check|show|preview`: what the plans say, before a night asks for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import click

from monitor.cli.language import lang_option, told
from monitor.messages import say
from monitor.messages.words import span
from monitor.model import Link, Notice, Part, Quoted, Tier, Transition
from monitor.playbook import Playbooks, TemplateFault
from monitor.playbook.plan import AUDIENCES, Audience, Clock, Plan, Step, TierWord
from monitor.playbook.sample import URLS, sample_facts
from monitor.playbook.statement import KINDS, matrix
from monitor.shipped import shipped

PLACES = (Path("playbooks"), Path("/etc/crisis-monitor/playbooks"))
TIERS = get_args(TierWord)


@click.group("playbook", help=told("playbook.help.playbook"))
def playbook() -> None:
    """The group; each command reads the folder anew."""


def _folder_option(command: Callable[..., Any]) -> Callable[..., Any]:
    kind = click.Path(path_type=Path, file_okay=False, exists=True)
    return click.option("--folder", type=kind, help=told("playbook.help.folder"))(command)


def _tier_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--tier", type=click.Choice(TIERS), default="red", help=told("playbook.help.tier"))(command)


@playbook.command("list", help=told("playbook.help.list"))
@_folder_option
@lang_option
def list_(folder: Path | None, lang: str) -> None:
    """One line each: id, title, who owns it, when it was reviewed."""
    books = _load(folder, lang)
    for id in books.names:
        plan = books.plans[id]
        click.echo(f"{id:22} v{plan.version}  {plan.title.say(lang)}  ({_reviewed(plan, lang)})")


@playbook.command("check", help=told("playbook.help.check"))
@_folder_option
@lang_option
def check(folder: Path | None, lang: str) -> None:
    """Faults on stdout, the count on stderr. Exit code 0: none, 1: faults."""
    books, faults = Playbooks.load(*_homes(folder))
    for fault in faults:
        click.echo(fault.write(lang))
    summary = say(lang, "playbook.cli.faulty", n=len(faults)) if faults else ""
    click.echo(summary or say(lang, "playbook.cli.fine", n=len(books.names)), err=True)
    sys.exit(1 if faults else 0)


@playbook.command("show", help=told("playbook.help.show"))
@click.argument("id")
@_folder_option
@lang_option
def show(id: str, folder: Path | None, lang: str) -> None:
    """The whole plan, laid over the general one, as a person reads it."""
    books = _load(folder, lang)
    plan = _named(books, id, lang)
    for line in _plan_lines(books, plan, lang):
        click.echo(line)


@playbook.command("preview", help=told("playbook.help.preview"))
@click.argument("id")
@_tier_option
@click.option(
    "--transition", type=click.Choice(get_args(Transition)), default="NEW", help=told("playbook.help.transition")
)
@click.option("--audience", type=click.Choice(AUDIENCES), help=told("playbook.help.audience"))
@_folder_option
@lang_option
def preview(
    id: str, tier: TierWord, transition: Transition, audience: Audience | None, folder: Path | None, lang: str
) -> None:
    """The notice as text, or the statements for an audience with their blanks."""
    books = _load(folder, lang)
    _named(books, id, lang)
    try:
        if audience:
            _say_statements(books, id, audience, tier, lang)
            return
        facts = sample_facts(transition, Tier.of(tier), id)
        click.echo(as_text(books.render(facts, language=lang, urls=URLS, key="preview")))
    except TemplateFault as fault:
        raise click.ClickException(str(fault)) from None


def as_text(notice: Notice) -> str:
    """A notice as a terminal shows it."""
    return "\n".join("".join(map(_said, parts)) for parts in (notice.title, *(line.parts for line in notice.lines)))


def _said(part: Part) -> str:
    if isinstance(part, Link):
        return f"{part.label} {part.url}"
    return click.style(part.text, italic=True) if isinstance(part, Quoted) else part.text


def _homes(folder: Path | None) -> tuple[Path, Path | None]:
    """The folder to read, and the shipped one beneath it unless one was named."""
    if folder is not None:
        return folder, None
    own = next((place for place in PLACES if place.is_dir()), None)
    return own or shipped("playbooks"), shipped("playbooks") if own else None


def _load(folder: Path | None, lang: str) -> Playbooks:
    """The playbooks that can be read; the others' faults go to stderr."""
    books, faults = Playbooks.load(*_homes(folder), tried=False)
    for fault in faults:
        click.echo(fault.write(lang), err=True)
    return books


def _named(books: Playbooks, id: str, lang: str) -> Plan:
    if id in books.plans:
        return books.plans[id]
    near = get_close_matches(id, books.names, 1)
    if near:
        raise click.UsageError(say(lang, "playbook.cli.near", id=id, right=near[0]))
    raise click.UsageError(say(lang, "playbook.cli.unknown", id=id, names=", ".join(books.names)))


def _say_statements(books: Playbooks, id: str, audience: Audience, tier: TierWord, lang: str) -> None:
    if (audience, tier) not in matrix():
        words = {"tier": say(lang, f"tier.{tier}"), "audience": say(lang, f"playbook.audience.{audience}")}
        raise click.ClickException(say(lang, "playbook.cli.no_words", **words))
    texts = books.statement(id, audience, tier, lang, {})
    for kind in KINDS[tier]:
        click.secho(say(lang, f"playbook.kind.{kind}"), bold=True)
        click.echo(texts[kind] + "\n")


def _reviewed(plan: Plan, lang: str) -> str:
    if plan.reviewed_on is None:
        return say(lang, "playbook.cli.unreviewed")
    return say(lang, "playbook.cli.reviewed", day=plan.reviewed_on.isoformat())


def _plan_lines(books: Playbooks, plan: Plan, lang: str) -> Iterator[str]:
    yield click.style(f"{plan.title.say(lang)} ({plan.id} v{plan.version}, {_reviewed(plan, lang)})", bold=True)
    yield plan.summary.say(lang)
    yield from _section("triggers", (words.say(lang) for words in plan.triggers), lang)
    yield from _section("steps", (_step(step, plan, lang) for step in plan.step), lang)
    yield from _section("tiers", (_tier(word, plan, lang) for word in TIERS if word in plan.tier), lang)
    yield from _section("principles", (words.say(lang) for words in plan.principles), lang)
    yield from _endings(plan, lang)
    yield from _section("clocks", (_clock(books.clocks[id], lang) for id in plan.clocks if id in books.clocks), lang)
    yield from _section("faq", (f"{asked}\n    {answer}" for _, asked, answer in books.faq(plan.id, lang)), lang)


def _section(name: str, lines: Iterable[str], lang: str, **args: Any) -> Iterator[str]:
    found = list(lines)
    if found:
        yield "\n" + click.style(say(lang, f"playbook.cli.{name}", **args), bold=True)
        yield from (f"  {line}" for line in found)


def _step(step: Step, plan: Plan, lang: str) -> str:
    tiers = "".join(say(lang, f"tier.sign.{word}") for word in step.tiers)
    done = say(lang, "playbook.cli.done_when", what=step.done_when.say(lang))
    return f"{step.at:>3} {tiers} {_role(plan, step.role, lang)}: {step.do.say(lang)}\n        {done}"


def _role(plan: Plan, role: str, lang: str) -> str:
    return plan.role[role].title.say(lang) if role in plan.role else role


def _tier(word: TierWord, plan: Plan, lang: str) -> str:
    tier, authority = plan.tier[word], plan.authority[word]
    return say(
        lang,
        "playbook.cli.tier",
        tier=say(lang, f"tier.{word}"),
        ack=span(tier.ack_within, lang),
        update=span(tier.update_every, lang),
        decide=_role(plan, authority.decide, lang),
        approve=say(lang, "notice.list").join(_role(plan, role, lang) for role in authority.approve),
        publish=_role(plan, authority.publish, lang),
        limits=authority.limits.say(lang),
    )


def _endings(plan: Plan, lang: str) -> Iterator[str]:
    if plan.verify:
        checks = (words.say(lang) for words in plan.verify.checks)
        who = _role(plan, plan.verify.verifier, lang)
        yield from _section("verify", checks, lang, n=plan.verify.min_sources, who=who)
    if plan.exit:
        conditions = (words.say(lang) for words in plan.exit.conditions)
        yield from _section("exit", conditions, lang, span=span(plan.exit.hold_for, lang))
    if plan.review:
        questions = (words.say(lang) for words in plan.review.questions)
        days = {"days": plan.review.within_days, "red": plan.review.red_within_days}
        yield from _section("review", questions, lang, **days)


def _clock(clock: Clock, lang: str) -> str:
    kind = "checked" if clock.checked_on else "unverified"
    state = say(lang, f"playbook.cli.{kind}", day=str(clock.checked_on), confidence=clock.confidence)
    words = {name: getattr(clock, name).say(lang) for name in ("title", "limit", "starts", "recipient")}
    return say(lang, "playbook.cli.clock", **words, state=state)
