"""`crisis-monitor fetch`: one live look at a source of the config, or at a preset. Nothing is stored."""

from __future__ import annotations

import asyncio
import json
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import tomli
from msgspec import Struct, field

from monitor.cli.check import PLACES
from monitor.cli.language import lang_option, told
from monitor.config.convert import convert_table
from monitor.config.fault import Fault, Problem
from monitor.config.load import ConfigFault, Loaded, load
from monitor.config.presets import expanded
from monitor.config.schema import Config
from monitor.daemon.clock import SystemClock
from monitor.http import Http
from monitor.mentions.topics import Topics
from monitor.messages import say
from monitor.model import Mention, Sample
from monitor.sources import Source, SourceKind
from monitor.sources.look import Look, look
from monitor.sources.presets import presets
from monitor.sources.told import tell
from monitor.times import rfc3339

MOST = 20


class Wanted(Struct, frozen=True, kw_only=True):
    """What is looked at, and with which config's zone, contact and topics."""

    source: Source
    preset: str = ""
    config: Config = field(default_factory=Config)


@click.command("fetch", help=told("sources.help.fetch"))
@click.argument("name", metavar="SOURCE")
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--state", type=click.Path(path_type=Path), help=told("run.help.state"))
@click.option("--with", "pairs", multiple=True, metavar="KEY=VALUE", help=told("sources.help.with"))
@click.option("--most", default=MOST, help=told("sources.help.most"))
@click.option("--json", "as_json", is_flag=True, help=told("client.help.json"))
@lang_option
def fetch(
    name: str, config: Path | None, state: Path | None, pairs: tuple[str, ...], most: int, as_json: bool, lang: str
) -> None:
    """Exit code 0: it was read, 1: it could not be, or the config has faults, 2: no such source, preset or file."""
    wanted = _wanted(name, config, state, pairs, lang)
    if not wanted.source.polled:
        raise click.UsageError(say(lang, "sources.fetch.pushed", name=name))
    zone = ZoneInfo(wanted.config.settings.timezone)
    found = asyncio.run(_look(wanted, zone))
    shown = _shown(wanted, found, zone, lang)
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(shown, most, lang)))
    sys.exit(1 if found.fault else 0)


async def _look(wanted: Wanted, zone: ZoneInfo) -> Look:
    async with Http(contact=wanted.config.settings.contact) as http:
        return await look(wanted.source, http, zone, SystemClock().now())


def _wanted(name: str, path: Path | None, state: Path | None, pairs: tuple[str, ...], lang: str) -> Wanted:
    """The source of that name in the config, else the preset of that name with the parameters given."""
    loaded = _loaded(path, state, lang)
    config = loaded.config if loaded else Config()
    sources: dict[str, Source] = {source.name: source for source in config.source}
    if name in sources and loaded:
        return Wanted(source=sources[name], preset=loaded.presets.get(name, ""), config=config)
    if name in presets():
        return Wanted(source=_ad_hoc(name, pairs, lang), preset=name, config=config)
    names = [*sources, *presets()]
    near = get_close_matches(name, names, 1, 0.6)
    text = "sources.fetch.unknown_near" if near else "sources.fetch.unknown"
    raise click.UsageError(say(lang, text, name=name, names=", ".join(near or names)))


def _loaded(path: Path | None, state: Path | None, lang: str) -> Loaded | None:
    """The config named, else the one that stands where configs do, else none."""
    path = path or next((place for place in PLACES if place.is_file()), None)
    if path is None:
        return None
    try:
        return load(path, state=state)
    except OSError as error:
        click.echo(say(lang, "check.no_file", name=path, text=error.strerror or error), err=True)
        sys.exit(2)
    except ConfigFault as faults:
        for fault in faults.faults:
            click.echo(fault.write(lang), err=True)
        sys.exit(1)


def _ad_hoc(name: str, pairs: tuple[str, ...], lang: str) -> Source:
    """A source made of a preset and `KEY=VALUE` pairs, as the config would make it."""
    texts = presets()[name].parameters
    table: dict[str, Any] = {"name": name, "preset": name}
    for pair in pairs:
        key, _, value = pair.partition("=")
        table[key] = value if key in texts else _value(value)
    whole, problems = expanded(table, ())
    source, more = convert_table(whole, SourceKind, ())
    faults = [*problems, *more]
    if not faults:
        wrong = [f"{option}: {tell(text, lang)}" for option, text in source.wrong()]
    else:
        wrong = [_said(problem, lang) for problem in faults]
    if wrong:
        raise click.UsageError("\n".join(wrong))
    return source  # type: ignore[no-any-return]


def _said(problem: Problem, lang: str) -> str:
    where = ".".join(map(str, problem.path))
    text = Fault(file="", line=0, where=where, id=problem.id, args=problem.args).text(lang)
    return f"--with {where}: {text}" if where else f"--with: {text}"


def _value(text: str) -> Any:
    """A value as TOML writes it; what is none is a text."""
    try:
        return tomli.loads(f"value = {text}")["value"]
    except tomli.TOMLDecodeError:
        return text


def _shown(wanted: Wanted, found: Look, zone: ZoneInfo, lang: str) -> dict[str, Any]:
    """All of it, as `--json` prints it."""
    source, preset = wanted.source, presets().get(wanted.preset)
    topics = Topics(wanted.config.topic)
    return {
        "source": source.name,
        "kind": source.__struct_config__.tag,
        "url": getattr(source, "url", getattr(source, "path", getattr(source, "host", ""))),
        "preset": wanted.preset or None,
        "checked": preset.checked if preset else None,
        "against": preset.against if preset else None,
        "on": preset.on if preset else None,
        "error": tell(found.fault, lang) if found.fault else None,
        "mentions": [_mention(mention, found, topics, zone) for mention in found.mentions],
        "samples": [_sample(sample, zone) for sample in found.samples],
        "refused": [tell(text, lang) for text in found.refused],
        "more": found.more,
    }


def _mention(mention: Mention, found: Look, topics: Topics, zone: ZoneInfo) -> dict[str, Any]:
    date = found.dates.get(mention.id)
    at = mention.published_at
    return {
        "id": mention.id,
        "title": mention.title,
        "text": mention.text,
        "url": mention.url,
        "author": mention.author,
        "published_at": None if at is None else rfc3339(at, zone),
        "dated": {"field": date.field, "text": date.text, "zone": date.zone or None} if date else None,
        "lang": mention.lang,
        "reach": mention.reach,
        "labels": mention.labels,
        "topics": sorted(topics.match(mention.title, mention.text)),
    }


def _sample(sample: Sample, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "series": sample.series, "at": rfc3339(sample.at, zone), "value": sample.value, "kind": sample.kind,
        "span": sample.span, "labels": sample.labels,
    }  # fmt: skip


def _lines(shown: dict[str, Any], most: int, lang: str) -> list[str]:
    lines = [f"{shown['source']} ({shown['kind']}) {shown['url']}"]
    if shown["preset"]:
        told_of = "presets.tried" if shown["checked"] else "presets.never_tried"
        lines.append(say(lang, told_of, against=shown["against"], on=shown["on"]))
    if shown["error"]:
        return [*lines, shown["error"]]
    counts = {key: len(shown[key]) for key in ("mentions", "samples", "refused")}
    undated = sum(mention["published_at"] is None for mention in shown["mentions"])
    lines.append(say(lang, "sources.fetch.read", undated=undated, **counts))
    for mention in shown["mentions"][:most]:
        lines += ["", *_of_mention(mention, lang)]
    lines += [
        f"{s['at']}  {s['series']} = {s['value']:g}  {_pairs(s['labels'])}".rstrip() for s in shown["samples"][:most]
    ]
    return lines + [f"✗ {text}" for text in shown["refused"]]


def _of_mention(mention: dict[str, Any], lang: str) -> list[str]:
    words = " ".join(filter(None, [mention["title"], mention["text"]]))
    facts = [mention["author"], f"reach {mention['reach']}" if mention["reach"] else "", _pairs(mention["labels"])]
    topics = say(lang, "sources.fetch.topics", names=", ".join(mention["topics"])) if mention["topics"] else ""
    lines = [words[:160], _date(mention, lang), "  ".join(filter(None, facts)), topics, mention["url"]]
    return [lines[0], *(f"  {line}" for line in lines[1:] if line)]


def _date(mention: dict[str, Any], lang: str) -> str:
    if mention["published_at"] is None:
        return say(lang, "sources.fetch.undated")
    date = mention["dated"]
    if date is None:
        return str(mention["published_at"])
    how = "own_zone" if date["zone"] is None else "source_zone"
    by = say(lang, f"sources.fetch.{how}", field=date["field"], text=date["text"], zone=date["zone"] or "")
    return f"{mention['published_at']} {by}"


def _pairs(labels: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in labels.items())
