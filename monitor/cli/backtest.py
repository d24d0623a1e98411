"""`crisis-monitor backtest`: the rules of a config over records of the past: what would have been raised, and when."""

from __future__ import annotations

import csv
import json
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from msgspec import Struct, structs

from monitor.cli.check import first_config
from monitor.cli.language import lang_option, told
from monitor.config.knowing import knowing
from monitor.config.load import ConfigFault, load
from monitor.config.reading import reader_of
from monitor.config.schema import Config
from monitor.daemon.clock import SystemClock
from monitor.mentions.duplicates import Stories
from monitor.messages import say
from monitor.model import Mention
from monitor.rules.episodes import Episode, Episodes, Event, Finding, false_per_month, finding, months
from monitor.rules.memory import Memory
from monitor.rules.records import Record, lives
from monitor.rules.replay import replay
from monitor.rules.rule import Rule
from monitor.rules.select import FINDINGS, asks_stories
from monitor.sources.records import open_lines, read_any
from monitor.times import HOUR, instant, rfc3339


class Wrong(Exception):
    """What was asked can't be done; the text is for people."""


class Report(Struct, frozen=True):
    """What a backtest came to. `watched`: rule -> months of all its series."""

    rules: tuple[Rule, ...]
    episodes: list[Episode]
    findings: list[Finding]
    events: list[Event]
    series: dict[str, int]
    watched: dict[str, float]


@click.command("backtest", help=told("rules.help.backtest"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--data", multiple=True, required=True, metavar="[NAME=]FILE…", help=told("rules.help.data"))
@click.option("--events", type=click.Path(path_type=Path, exists=True, dir_okay=False), help=told("rules.help.events"))
@click.option("--json", "out", type=click.Path(path_type=Path, allow_dash=True), help=told("rules.help.json"))
@click.argument("more", nargs=-1, metavar="[FILE…]")
@lang_option
def backtest(
    config: Path | None, data: tuple[str, ...], events: Path | None, out: Path | None, more: tuple[str, ...], lang: str
) -> None:
    """Exit code 1 where the config or a record is faulty, 2 where a file is missing or says no source."""
    path = config or first_config()
    try:
        loaded = load(path).config
    except ConfigFault as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)
    zone = ZoneInfo(loaded.settings.timezone)
    try:
        records, refused = _records(loaded, [*data, *more], zone, lang)
        report = run(loaded, records, _events(events, zone, lang) if events else [], path.parent)
    except Wrong as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(2)
    if out is not None:
        _write(out, as_json(report, zone))
    if out is None or str(out) != "-":
        click.echo(table(report, zone, lang))
    sys.exit(1 if refused else 0)


def run(config: Config, records: Sequence[Record], events: Sequence[Event] = (), folder: Path = Path()) -> Report:
    """The rules of a config over records in any order. `folder`: where the files lie that the config names."""
    families = {source.name: source.family for source in config.source}
    memory = Memory(families, lives(records))
    followed = Episodes()
    rules = tuple(rule for rule in knowing(config) if rule.of != FINDINGS)
    reader = reader_of(config.reading, config.topic, config.label, rules, folder)
    stepped = replay(
        rules,
        records,
        families=families,
        read=reader.read,
        story_is_new=_stories() if asks_stories(rules) else lambda mention: True,
        zone=ZoneInfo(config.settings.timezone),
        memory=memory,
        own_words=reader.own_words,
    )
    for judged in stepped:
        followed.see(judged)
    start, end = min((r.at for r in records), default=0.0), max((r.seen_at for r in records), default=0.0)
    return Report(
        rules=rules,
        episodes=followed.all(),
        findings=[finding(event, followed.all()) for event in events],
        events=list(events),
        series={rule.name: len(memory.known(rule)) for rule in rules},
        watched={rule.name: months(rule, memory, start, end) for rule in rules},
    )


def _stories() -> Callable[[Mention], bool]:
    stories = Stories()
    return lambda m: stories.assign(m.source, m.id, m.title, m.text, m.at)[1]


def _records(config: Config, data: Sequence[str], zone: ZoneInfo, lang: str) -> tuple[list[Record], int]:
    """All records with their source and its labels, and how many were refused."""
    sources = {source.name: source for source in config.source}
    now, refused = SystemClock().now(), 0
    out: list[Record] = []
    for name, file in (_file(each, sources, lang) for each in data):
        try:
            for batch in read_any(open_lines(file), source=name, zone=zone, now=now, trust_seen=True):
                for line, fault in batch.faults:
                    click.echo(say(lang, "rules.backtest.refused", file=file, line=line, fault=fault), err=True)
                refused += len(batch.faults)
                found: list[Record] = [*batch.mentions, *batch.samples]
                out += [_placed(r, sources, file, lang) for r in found]
        except (OSError, EOFError, zlib.error) as error:
            raise Wrong(say(lang, "check.no_file", name=file, text=error)) from None
    if not out:
        raise Wrong(say(lang, "rules.backtest.nothing"))
    return out, refused


def _file(text: str, sources: dict[str, Any], lang: str) -> tuple[str, Path]:
    """The source and path of `[NAME=]FILE`: the name given, else the file's stem if a source bears it, else the only
    source, else none (then each record must say its own)."""
    name, _, rest = text.partition("=")
    if rest and name in sources:
        return name, Path(rest)
    if rest and not Path(text).exists():
        raise Wrong(say(lang, "run.load.no_source", source=name, known=", ".join(sources)))
    path = Path(text)
    stem = path.name.split(".")[0]
    return (stem if stem in sources else next(iter(sources)) if len(sources) == 1 else ""), path


def _placed(record: Record, sources: dict[str, Any], file: Path, lang: str) -> Record:
    """The record with the labels of its source beneath its own."""
    source = sources.get(record.source)
    if source is None:
        key = "run.load.no_source" if record.source else "rules.backtest.which"
        raise Wrong(say(lang, key, source=record.source, file=file, known=", ".join(sources)))
    return structs.replace(record, labels={**source.labels, **record.labels}) if source.labels else record


def _events(path: Path, zone: ZoneInfo, lang: str) -> list[Event]:
    """The rows of a CSV `event,start,public,labels`, labels as `k=v;k=v`."""
    out = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                labels = dict(pair.split("=", 1) for pair in (row.get("labels") or "").split(";") if pair.strip())
                start, public = instant(row["start"], zone), instant(row["public"], zone)
                tidy = {name.strip(): value.strip() for name, value in labels.items()}
                out.append(Event(event=row["event"], start=start, public=public, labels=tidy))
            except (KeyError, ValueError) as error:
                raise Wrong(say(lang, "rules.backtest.bad_event", file=path, line=number, fault=error)) from None
    return out


def as_json(report: Report, zone: ZoneInfo) -> dict[str, Any]:
    """The report as data."""
    rates = false_per_month(report.episodes, report.events, sum(report.watched.values()))
    return {
        "rules": {rule.name: _rule_json(report, rule, zone) for rule in report.rules},
        "events": [_event_json(found, zone) for found in report.findings],
        "false_per_month": {tier.word: round(rate, 4) for tier, rate in rates.items()},
    }


def _rule_json(report: Report, rule: Rule, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "episodes": [
            {
                "tier": e.tier.word,
                "start": rfc3339(e.start, zone),
                "end": None if e.end is None else rfc3339(e.end, zone),
                "by": dict(e.key),
            }
            for e in report.episodes
            if e.rule == rule.name
        ],
        "mode": rule.mode,
        "series": report.series[rule.name],
        "series_months": round(report.watched[rule.name], 3),
    }


def _event_json(found: Finding, zone: ZoneInfo) -> dict[str, Any]:
    by, lead = found.by, found.lead
    return {
        "event": found.event.event,
        "found": by is not None,
        "tier": None if by is None else by.tier.word,
        "at": None if by is None else rfc3339(by.start, zone),
        "lead_hours": None if lead is None else round(lead / HOUR, 2),
        "rule": None if by is None else by.rule,
    }


def _write(out: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    if str(out) == "-":
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def table(report: Report, zone: ZoneInfo, lang: str) -> str:
    """The report for people: a line for each rule, each event, and what false alarms there would have been."""
    lines = [_rule_line(report, rule, lang) for rule in report.rules]
    if report.findings:
        lines += ["", *(_event_line(found, zone, lang) for found in report.findings)]
        lines.append(_leads_line(report, lang))
    total = sum(report.watched.values())
    lines.append("")
    for tier, rate in false_per_month(report.episodes, report.events, total).items():
        word = say(lang, f"rules.tier.{tier.word}")
        lines.append(say(lang, "rules.backtest.false", tier=word, rate=f"{rate:.2f}"))
    return "\n".join(lines)


def _rule_line(report: Report, rule: Rule, lang: str) -> str:
    tiers = [e.tier for e in report.episodes if e.rule == rule.name]
    counts = {tier.word: tiers.count(tier) for tier, _ in rule.rungs()}
    told_counts = ", ".join(f"{say(lang, f'rules.tier.{word}')} {n}" for word, n in counts.items())
    months_told = f"{report.watched[rule.name]:.1f}"
    text = say(
        lang,
        "rules.backtest.rule",
        rule=rule.name,
        series=report.series[rule.name],
        months=months_told,
        counts=told_counts,
    )
    return text + (say(lang, "rules.backtest.shadow") if rule.mode == "shadow" else "")


def _event_line(found: Finding, zone: ZoneInfo, lang: str) -> str:
    if found.by is None or found.lead is None:
        return say(lang, "rules.backtest.missed", event=found.event.event)
    return say(
        lang,
        "rules.backtest.found",
        event=found.event.event,
        tier=say(lang, f"rules.tier.{found.by.tier.word}"),
        at=rfc3339(found.by.start, zone),
        lead=f"{found.lead / HOUR:.1f}",
        rule=found.by.rule,
    )


def _leads_line(report: Report, lang: str) -> str:
    leads = [found.lead for found in report.findings if found.lead is not None]
    hours = f"{sum(leads) / HOUR:.0f}"
    return say(lang, "rules.backtest.leads", found=len(leads), events=len(report.findings), hours=hours)
