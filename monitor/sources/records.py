"""The wire records of push, load and replay: JSON arrays or JSON lines into mentions and samples.

Clean bodies are decoded whole by msgspec; where that fails each record is read alone, so that a bad one costs only
itself.

BodyFault            the body as a whole can't be read: it is neither a JSON array nor JSON lines
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from monitor.model import Labels, Mention, Sample, SampleKind
from monitor.sources.told import Told, short, why
from monitor.times import DAY, day_span, duration, instant, is_bare_date, rfc3339

AHEAD = 300.0
"""Seconds a record may lie ahead of the clock; what lies ahead less counts as now."""
TEXT_CAP = 100_000
"""Characters kept of a text; the rest is cut off. Of the other fields see `_CAPS`."""
ID_CAP = 512
LABELS_CAP = 32
LINE_CAP = 16 << 20
"""Bytes of a line of a file."""
_CAPS = {"title": 2000, "author": 200, "lang": 35, "label": 256, "label name": 64}
URL_CAP = 4096


class BodyFault(ValueError):
    """Nothing of the body can be read."""


class Records(Struct, frozen=True):
    """What a body brought. `faults`: the index (in a file: the line from 1) of each refused record, and why."""

    mentions: list[Mention] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    refused: int = 0
    """How many others came with them and were refused."""

    @property
    def total(self) -> int:
        """How many records there were."""
        return len(self.mentions) + len(self.samples) + len(self.faults)


class WireMention(Struct, kw_only=True):
    """A mention as it travels."""

    id: str
    text: str
    source: str | None = None
    title: str | None = None
    url: str | None = None
    author: str | None = None
    published_at: str | int | float | None = None
    seen_at: str | int | float | None = None
    lang: str | None = None
    labels: dict[str, str] | None = None
    reach: int | None = None


class WireSample(Struct, kw_only=True):
    """A sample as it travels."""

    series: str
    at: str | int | float
    value: float
    source: str | None = None
    seen_at: str | int | float | None = None
    kind: SampleKind | None = None
    span: str | int | float | None = None
    labels: dict[str, str] | None = None


class Reading(Struct, frozen=True):
    """How records are read: the source of those that name none, the zone of bare times, the hour, and whether a
    record's own `seen_at` is believed (files of the past: yes; what others push: no)."""

    source: str
    zone: ZoneInfo
    now: float
    trust_seen: bool = False


def read_mentions(body: bytes, *, source: str, zone: ZoneInfo, now: float, trust_seen: bool = False) -> Records:
    """Mentions of a JSON array or of JSON lines. Raises BodyFault when the body is neither."""
    reading, out = Reading(source, zone, now, trust_seen), Records()
    _each(body, _MENTIONS, _MENTION, lambda wire: out.mentions.append(_mention(wire, reading)), _wire_mention, out)
    return out


def read_samples(body: bytes, *, source: str, zone: ZoneInfo, now: float, trust_seen: bool = False) -> Records:
    """Samples of a JSON array or of JSON lines. Raises BodyFault when the body is neither."""
    reading, out = Reading(source, zone, now, trust_seen), Records()
    _each(body, _SAMPLES, _SAMPLE, lambda wire: out.samples.append(_sample(wire, reading)), _wire_sample, out)
    return out


def read_any(
    lines: Iterable[bytes], *, source: str, zone: ZoneInfo, now: float, trust_seen: bool = True, batch: int = 1000
) -> Iterator[Records]:
    """Mentions and samples mixed, from JSON lines, in batches as they come. Empty lines are passed over."""
    reading, numbered = Reading(source, zone, now, trust_seen), enumerate(lines, 1)
    while some := list(islice(numbered, batch)):
        out = Records()
        for number, line in some:
            if line.strip():
                _line(number, line, reading, out)
        yield out


def record_of(thing: object, reading: Reading) -> Mention | Sample:
    """A JSON object as a mention, or as a sample where it bears a series. ValueError says what is wrong with it."""
    if isinstance(thing, dict) and "series" in thing and "text" not in thing:
        return _sample(_wire_sample(thing), reading)
    return _mention(_wire_mention(thing), reading)


def open_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, gzip or not; an endless one comes in pieces. Raises OSError, EOFError or zlib.error."""
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if zipped else cast(IO[bytes], raw)
        while line := stream.readline(LINE_CAP):
            yield line


_MENTIONS: msgspec.json.Decoder[list[WireMention]] = msgspec.json.Decoder(list[WireMention])
_MENTION: msgspec.json.Decoder[WireMention] = msgspec.json.Decoder(WireMention)
_SAMPLES: msgspec.json.Decoder[list[WireSample]] = msgspec.json.Decoder(list[WireSample])
_SAMPLE: msgspec.json.Decoder[WireSample] = msgspec.json.Decoder(WireSample)


def _each(
    body: bytes, whole: Any, one: Any, take: Callable[[Any], None], loosely: Callable[[Any], Any], out: Records
) -> None:
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    wires: Iterable[Any]
    try:
        wires = whole.decode(body) if body[:1] == b"[" else one.decode_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        wires = (_Loose(thing, loosely) for thing in _things(body))
    for index, wire in enumerate(wires):
        try:
            take(wire() if isinstance(wire, _Loose) else wire)
        except (ValueError, OverflowError) as error:
            out.faults.append((index, why(error)))


class _Loose:
    """A record that is read alone: a JSON value, or the fault of its line."""

    __slots__ = ("loosely", "thing")

    def __init__(self, thing: Any, loosely: Callable[[Any], Any]) -> None:
        self.thing, self.loosely = thing, loosely

    def __call__(self) -> Any:
        if isinstance(self.thing, ValueError):
            raise self.thing
        return self.loosely(self.thing)


def _things(body: bytes) -> Iterator[Any]:
    if body[:1] != b"[":
        return (_thing(line) for line in body.splitlines() if line.strip())
    whole = _thing(body)
    if isinstance(whole, ValueError):
        raise BodyFault(Told("body", text=why(whole)))
    return iter(whole)


def _thing(text: bytes) -> Any:
    """A JSON value, or the ValueError that says why it is none. Python's own reader also takes NaN."""
    try:
        return json.loads(text.decode("utf-8", "surrogateescape"))
    except RecursionError:
        return ValueError(Told("too_deep"))
    except ValueError as error:
        return ValueError(Told("no_json", text=short(str(error))))


def _line(number: int, line: bytes, reading: Reading, out: Records) -> None:
    try:
        if b'"series"' in line:
            _mixed(line, _SAMPLE, reading, out)
        else:
            _mixed(line, _MENTION, reading, out)
    except (ValueError, OverflowError) as error:
        out.faults.append((number, why(error)))


def _mixed(line: bytes, decoder: Any, reading: Reading, out: Records) -> None:
    try:
        wire = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        thing = _thing(line.removeprefix(b"\xef\xbb\xbf"))
        is_sample = isinstance(thing, dict) and "series" in thing and "text" not in thing
        wire = _Loose(thing, _wire_sample if is_sample else _wire_mention)()
    if isinstance(wire, WireSample):
        out.samples.append(_sample(wire, reading))
    else:
        out.mentions.append(_mention(wire, reading))


def _mention(wire: WireMention, reading: Reading) -> Mention:
    """A wire mention as the noun. ValueError says what is wrong with it."""
    if not wire.id or len(wire.id) > ID_CAP:
        raise ValueError(Told("bad_id", name="id", most=ID_CAP))
    seen = None
    if reading.trust_seen and wire.seen_at is not None:
        seen = _moment("seen_at", wire.seen_at, reading.zone)
    clock = reading.now if seen is None else seen
    published = None
    if wire.published_at is not None and wire.published_at != "":
        published = _not_ahead("published_at", _start(wire.published_at, reading.zone), clock)
    if seen is None:
        seen = published if reading.trust_seen and published is not None else reading.now
    if seen == math.inf:
        raise ValueError(Told("no_time"))
    return Mention(
        id=clean(wire.id),
        text=clean(wire.text, TEXT_CAP),
        seen_at=seen,
        source=wire.source or reading.source,
        title=clean(wire.title, _CAPS["title"]) if wire.title else "",
        url=web_link(wire.url) if wire.url else "",
        author=clean(wire.author, _CAPS["author"]) if wire.author else "",
        published_at=published,
        lang=clean(wire.lang, _CAPS["lang"]) if wire.lang else "",
        labels=clean_labels(wire.labels) if wire.labels else {},
        reach=_reach(wire.reach) if wire.reach else 0,
    )


def _sample(wire: WireSample, reading: Reading) -> Sample:
    """A wire sample as the noun. ValueError says what is wrong with it."""
    if not wire.series or len(wire.series) > ID_CAP:
        raise ValueError(Told("bad_id", name="series", most=ID_CAP))
    if not math.isfinite(wire.value):
        raise ValueError(Told("not_finite", value=str(wire.value)))
    seen = None
    if reading.trust_seen and wire.seen_at is not None:
        seen = _moment("seen_at", wire.seen_at, reading.zone)
    clock = reading.now if seen is None else seen
    at, span = sample_time(wire.at, wire.span, reading.zone, clock)
    return Sample(
        series=clean(wire.series),
        at=at,
        value=wire.value,
        seen_at=seen if seen is not None else at if reading.trust_seen else reading.now,
        source=wire.source or reading.source,
        kind=wire.kind or "gauge",
        span=span,
        labels=clean_labels(wire.labels) if wire.labels else {},
    )


def sample_time(
    at: str | int | float, span: str | int | float | None, zone: ZoneInfo, clock: float
) -> tuple[float, float]:
    """End and span of a sample; a bare date is that whole local day. ValueError: no time, absurd, or still ahead."""
    if is_bare_date(at):
        start, end = _day(str(at), zone)
        if end > clock + AHEAD:
            raise ValueError(Told("day_not_over", day=short(at)))
        return min(end, clock), end - start
    end = _not_ahead("at", _moment("at", at, zone), clock)
    return end, _span(span)


def _span(value: str | int | float | None) -> float:
    if value is None or value == "":
        return 0.0
    seconds = duration(value) if isinstance(value, str) else float(value)
    if not 0 <= seconds <= 366 * DAY:
        raise ValueError(Told("bad_span", value=short(value)))
    return float(seconds)


def _start(value: str | int | float, zone: ZoneInfo) -> float:
    return _day(str(value), zone)[0] if is_bare_date(value) else _moment("published_at", value, zone)


def _day(value: str, zone: ZoneInfo) -> tuple[float, float]:
    try:
        start, end = day_span(value, zone)
    except ValueError:
        raise ValueError(Told("no_time_in", name="at", value=short(value))) from None
    instant(start, zone)
    return start, end


def _moment(name: str, value: str | int | float, zone: ZoneInfo) -> float:
    try:
        return instant(value, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(Told("bad_time", name=name, text=short(str(error), 160))) from None


def _not_ahead(name: str, at: float, clock: float) -> float:
    """An instant that is not ahead of the clock; up to AHEAD seconds ahead counts as now."""
    if at > clock + AHEAD:
        raise ValueError(Told("ahead", name=name, at=rfc3339(at), now=rfc3339(clock)))
    return min(at, clock)


def _reach(value: int) -> int:
    if not 0 <= value <= 10**12:
        raise ValueError(Told("bad_reach", value=short(value)))
    return value


def clean(text: str, most: int = TEXT_CAP) -> str:
    """A text that every store takes: no lone surrogates, no NUL, at most `most` characters."""
    if len(text) > most:
        text = text[:most]
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def web_link(url: str) -> str:
    """A URL that may be shown as a link: http(s) and of bearable length; "" otherwise."""
    return clean(url) if len(url) <= URL_CAP and url[:8].lower().startswith(("http://", "https://")) else ""


def clean_labels(labels: Labels) -> Labels:
    """Labels within their caps. ValueError when there are too many."""
    if len(labels) > LABELS_CAP:
        raise ValueError(Told("many_labels", n=len(labels), most=LABELS_CAP))
    return {clean(k, _CAPS["label name"]): clean(v, _CAPS["label"]) for k, v in labels.items()}


def _wire_mention(thing: Any) -> WireMention:
    return cast(WireMention, _wire(thing, WireMention, ("id", "reach")))


def _wire_sample(thing: Any) -> WireSample:
    return cast(WireSample, _wire(thing, WireSample, ()))


def _wire(thing: Any, kind: type[Struct], numbers: tuple[str, ...]) -> Struct:
    """One record read with some leave: numbers as ids and labels, a whole number written as 12.0."""
    if not isinstance(thing, dict):
        raise ValueError(Told("no_object", value=short(thing)))
    if any(isinstance(v, str) and any("\udc80" <= c <= "\udcff" for c in v) for v in thing.values()):
        raise ValueError(Told("no_utf8"))
    for name in ("id", "text") if kind is WireMention else ("series", "at", "value"):
        if name not in thing:
            raise ValueError(Told("missing", name=name))
    loose = dict(thing)
    if "id" in numbers and _number(loose.get("id")):
        loose["id"] = str(loose["id"])
    if "reach" in numbers and isinstance(loose.get("reach"), float) and float(loose["reach"]).is_integer():
        loose["reach"] = int(loose["reach"])
    if isinstance(loose.get("labels"), dict):
        loose["labels"] = {k: _label(v) for k, v in loose["labels"].items() if v is not None}
    try:
        return msgspec.convert(loose, kind)
    except msgspec.ValidationError as error:
        raise ValueError(Told("wrong_type", text=short(str(error).replace("`$.", "`"), 160))) from None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if _number(value) else value
