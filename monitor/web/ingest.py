"""Push ingest: POST /api/v1/mentions and /api/v1/samples; a 200 is given after the commit (CONTRACTS 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from monitor.config.schema import Config
from monitor.messages import say
from monitor.model import Mention, Sample
from monitor.sources import Push, Source, Webhook
from monitor.sources.records import BodyFault, Records, read_mentions, read_samples
from monitor.sources.told import tell
from monitor.web.answers import json_answer, problem
from monitor.web.asking import Asking
from monitor.web.body import read_body

IN_THREAD = 1024 * 1024
"""Bodies larger than this many bytes are decoded beside the event loop."""
Reader = Callable[..., Records]


async def mentions(request: Request) -> Response:
    """Takes a JSON array or JSON lines of mentions."""
    return await _take(request, read_mentions)


async def samples(request: Request) -> Response:
    """Takes a JSON array or JSON lines of samples."""
    return await _take(request, read_samples)


async def _take(request: Request, reader: Reader) -> Response:
    asking = Asking.of(request)
    config = asking.config
    named = request.query_params.get("source")
    wrong = _source_fault(asking, named)
    if wrong is not None:
        return wrong
    body, sent_for = await read_body(request), named or _only_push(config)
    try:
        records = await _decode(reader, body, config, sent_for, asking.now)
    except BodyFault as fault:
        await _refuse(asking, sent_for, 1)
        return problem(422, "body", tell(fault.args[0], asking.language))
    by_source, rejected = _sort_out(records, config, asking.language)
    if not records.total and sent_for:
        by_source[sent_for] = records
    return await _commit(asking, by_source, rejected, sent_for)


async def _decode(reader: Reader, body: bytes, config: Config, source: str, now: float) -> Records:
    written = next((s.timezone for s in config.source if s.name == source), "") or config.settings.timezone

    def decode() -> Records:
        return reader(body, source=source, zone=ZoneInfo(written), now=now)

    return await to_thread.run_sync(decode) if len(body) > IN_THREAD else decode()


async def _commit(
    asking: Asking, by_source: dict[str, Records], rejected: list[dict[str, Any]], sent_for: str
) -> Response:
    accepted = duplicates = 0
    for source, records in by_source.items():
        records = replace(records, refused=len(rejected) if source == sent_for else 0)
        done = await asking.site.acts.ingest(source, records, asking.now)
        accepted += done.accepted
        duplicates += done.duplicates
    if sent_for not in by_source:
        await _refuse(asking, sent_for, len(rejected))
    status = 422 if rejected and not by_source else 200
    return json_answer({"accepted": accepted, "duplicates": duplicates, "rejected": rejected}, status)


async def _refuse(asking: Asking, sent_for: str, count: int) -> None:
    """Counts what is refused against the source it was sent for, where that is known."""
    if count and sent_for:
        await asking.site.acts.refused(sent_for, count, asking.now)


def _sort_out(records: Records, config: Config, language: str) -> tuple[dict[str, Records], list[dict[str, Any]]]:
    """Records by source, and those refused: unreadable, or of a source that is none that may be pushed to."""
    rejected: list[tuple[int, str]] = list(records.faults)
    pushed = {source.name for source in config.source if is_pushed(source)}
    found: list[Mention] | list[Sample] = records.mentions or records.samples
    foreign = {thing.source for thing in found} - pushed
    if foreign:
        rejected += _foreign(found, {i for i, _ in rejected}, foreign, language)
    out: dict[str, Records] = defaultdict(Records)
    for mention in records.mentions:
        if mention.source not in foreign:
            out[mention.source].mentions.append(mention)
    for sample in records.samples:
        if sample.source not in foreign:
            out[sample.source].samples.append(sample)
    return out, [{"index": index, "error": tell(error, language)} for index, error in sorted(rejected)]


def _foreign(
    found: list[Mention] | list[Sample], faulty: set[int], foreign: set[str], language: str
) -> list[tuple[int, str]]:
    """The places of records of sources nobody pushes to: good records stand in order between the faulty ones."""
    places = (i for i in range(len(found) + len(faulty)) if i not in faulty)
    named = zip(places, (thing.source for thing in found), strict=False)
    return [(i, _foreign_text(source, language)) for i, source in named if source in foreign]


def _foreign_text(source: str, language: str) -> str:
    return say(language, "web.denied.record-source" if source else "web.denied.no-source", source=source)


def is_pushed(source: Source) -> bool:
    """Whether records go in here by a token; a webhook has its own address and its own key."""
    return isinstance(source, Push) and not isinstance(source, Webhook)


def _only_push(config: Config) -> str:
    pushed = [source.name for source in config.source if is_pushed(source)]
    return pushed[0] if len(pushed) == 1 else ""


def _source_fault(asking: Asking, named: str | None) -> Response | None:
    if not named:
        return None
    sources = asking.config.source
    source = next((s for s in sources if s.name == named), None)
    names = ", ".join(s.name for s in sources if is_pushed(s)) or "-"
    if source is None:
        return problem(404, "source-unknown", asking.say("denied.source-unknown", source=named[:80], names=names))
    if not is_pushed(source):
        return problem(409, "source-kind", asking.say("denied.source-kind", source=named, names=names))
    return None
