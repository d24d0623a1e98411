"""Signed deliveries of others: POST /api/v1/webhook/NAME. The signature is the key; a 200 comes after the commit."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from anyio import to_thread
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from monitor.secret import SecretFault
from monitor.sources import SourceFault, Webhook
from monitor.sources.records import Records
from monitor.sources.told import tell, why
from monitor.web.answers import json_answer, problem
from monitor.web.asking import Asking
from monitor.web.body import read_raw, unpacked
from monitor.web.ingest import IN_THREAD


async def deliver(request: Request) -> Response:
    """Verifies, reads, stores, answers."""
    asking = Asking.of(request)
    source = _source(asking, request)
    if source is None:
        return problem(404, "no-page", asking.say("denied.no-page"))
    try:
        body = await _verified(request, asking, source)
    except SecretFault:
        return problem(503, "webhook-secret", asking.say("denied.webhook-secret"))
    if isinstance(body, Response):
        return body
    kind = request.headers.get("content-type", "")
    try:
        records = await _read(source, body, kind, source.delivery(request.headers), asking)
    except (SourceFault, ValueError) as fault:
        await asking.site.acts.refused(source.name, 1, asking.now)
        return problem(422, "body", tell(why(fault), asking.language))
    return await _store(asking, source, records)


async def shake(request: Request) -> Response:
    """Gives a challenge back to who knows the word."""
    asking = Asking.of(request)
    source = _source(asking, request)
    try:
        challenge = source.asked(request.query_params) if source else None
    except SecretFault:
        return problem(503, "webhook-secret", asking.say("denied.webhook-secret"))
    if challenge is None:
        return problem(404, "no-page", asking.say("denied.no-page"))
    return PlainTextResponse(challenge)


def _source(asking: Asking, request: Request) -> Webhook | None:
    """The source of the address. To strangers no name but the right one means anything."""
    name = request.path_params["source"]
    found = (s for s in asking.config.source if isinstance(s, Webhook) and s.name == name and s.enabled)
    return next(found, None)


async def _verified(request: Request, asking: Asking, source: Webhook) -> bytes | Response:
    """The body of a delivery that is genuine; else what is answered. Raises SecretFault."""
    shakes = source.handshake is not None and source.handshake.expect is not None
    refusal = source.refusal(request.headers, asking.now)
    if refusal is not None and not shakes:
        return _refused(asking, source, refusal)
    raw = await read_raw(request, source.max_body)
    signed = refusal is None and source.verified(request.headers, raw)
    if not signed and not shakes:
        return _refused(asking, source, "signature-wrong")
    body = unpacked(request, raw, source.max_body)
    challenge = source.challenge(body, signed=signed)
    if challenge is not None:
        return json_answer(challenge)
    return body if signed else _refused(asking, source, refusal or "signature-wrong")


def _refused(asking: Asking, source: Webhook, reason: str) -> Response:
    asking.site.metrics.fetched(source.name, "failed")
    return problem(401, reason, asking.say(f"denied.{reason}"))


async def _read(source: Webhook, body: bytes, content_type: str, delivery: str, asking: Asking) -> Records:
    zone = ZoneInfo(source.timezone) if source.timezone else asking.zone

    def read() -> Records:
        return source.read(body, content_type, delivery, zone, asking.now)

    return await to_thread.run_sync(read) if len(body) > IN_THREAD // 8 else read()


async def _store(asking: Asking, source: Webhook, records: Records) -> Response:
    rejected = [{"index": index, "error": tell(error, asking.language)} for index, error in records.faults]
    if rejected and not records.mentions and not records.samples:
        await asking.site.acts.refused(source.name, len(rejected), asking.now)
        return json_answer({"accepted": 0, "duplicates": 0, "rejected": rejected}, 422)
    done = await asking.site.acts.ingest(source.name, replace(records, refused=len(rejected)), asking.now)
    return json_answer({"accepted": done.accepted, "duplicates": done.duplicates, "rejected": rejected})
