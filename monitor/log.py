"""One call that sets logging up: a line per thing that matters, logfmt or JSON, on stderr; secrets never in it.

Only the shell logs (daemon, web, cli): `log = structlog.get_logger("poll")`, `log.info("source_failing", source=…)`.
Ids that belong to a stretch of work are bound: `with bound(incident=number): …`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars as bound
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor

__all__ = ["bound", "redact", "set_up"]

Style = Literal["logfmt", "json"]
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_FIRST = ("timestamp", "level", "part", "event")
_HIDDEN = "…"
_SECRET_NAMES = re.compile(r"token|secret|passw|authorization|cookie|credential|signature|api_?key|^sign$", re.I)
_PERSONAL_NAMES = re.compile(r"phone|mobile|email|^text$|^body$", re.I)
_IN_TEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/a/)[\w~-]{20,}"), rf"\1{_HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',;]+", re.I), rf"\1 {_HIDDEN}"),
    (re.compile(r"([?&;](?:access_token|token|key|sign|secret|password|signature)=)[^&\s\"']+", re.I), rf"\1{_HIDDEN}"),
    (re.compile(r"(://)[^/\s@\"']+@"), rf"\1{_HIDDEN}@"),
    (re.compile(r"(/(?:services|hook|webhook|bot)/)[\w/:.-]{16,}", re.I), rf"\1{_HIDDEN}"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?!\d)"), "[id]"),
    (re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d{9}(?![\d.])"), "[phone]"),
    (re.compile(r"\+[1-9]\d{0,2}[ (-]{0,2}\d(?:[ ()-]{0,2}\d){5,12}(?!\d)"), "[phone]"),
)


def set_up(
    style: Style | str = "logfmt",
    *,
    level: str = "info",
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
    concealed: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Sets structlog and the standard library's logging to one form. Under journald each line bears its priority.

    `concealed` gives, the longest first, what is blanked wherever it stands.
    """
    out = stream or sys.stderr
    journal = _is_journal(out, environ)
    structlog.configure(
        processors=_processors(style, journal, concealed),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Factory(out),
        cache_logger_on_first_use=True,
    )
    logging.root.handlers = [_Bridge()]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """Secrets by the name of their field, secrets and personal data by their look."""
    return {name: _clean(name, value) for name, value in event.items()}


@lru_cache(maxsize=1000)
def _hides(name: str) -> bool:
    return bool(_SECRET_NAMES.search(name) or _PERSONAL_NAMES.search(name))


def _clean(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes) or _hides(name):
        return _HIDDEN
    if isinstance(value, Mapping):
        return {inner: _clean(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, each) for each in value]
    text = str(value)
    for look, instead in _IN_TEXT:
        text = look.sub(instead, text)
    return text


def _blanks(concealed: Callable[[], Sequence[str]]) -> Processor:
    """Blanks what is known to be secret, whatever its look."""

    def blank(value: Any, known: Sequence[str]) -> Any:
        if isinstance(value, str):
            for each in known:
                value = value.replace(each, _HIDDEN)
        elif isinstance(value, Mapping):
            return {name: blank(inner, known) for name, inner in value.items()}
        elif isinstance(value, list | tuple):
            return [blank(inner, known) for inner in value]
        return value

    def process(_: Any, __: str, event: EventDict) -> EventDict:
        known = concealed()
        return {name: blank(value, known) for name, value in event.items()}

    return process


def _processors(style: str, journal: bool, concealed: Callable[[], Sequence[str]]) -> list[Processor]:
    stamp: list[Processor] = [] if journal else [structlog.processors.TimeStamper(fmt="iso", utc=True)]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if style == "json"
        else structlog.processors.LogfmtRenderer(key_order=_FIRST, drop_missing=True, bool_as_flag=False)
    )
    return [
        merge_contextvars,
        structlog.processors.add_log_level,
        _part,
        *stamp,
        structlog.processors.format_exc_info,
        redact,
        _blanks(concealed),
        last,
        *([_with_priority] if journal else []),
    ]


def _part(logger: Any, _: str, event: EventDict) -> EventDict:
    """Which part of the house speaks."""
    if name := getattr(logger, "name", ""):
        event.setdefault("part", name)
    return event


def _with_priority(_: Any, method: str, line: Any) -> Any:
    return f"<{_PRIORITIES.get(method, 6)}>{line}"


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """systemd tells the device and inode of the journal's socket; a stream that was redirected is none."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class _Factory:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, *names: Any) -> _Lines:
        return _Lines(str(names[0]) if names else "", self._stream)


class _Lines:
    """Writes whole lines; a log that cannot be written stops nobody."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


class _Bridge(logging.Handler):
    """What libraries log goes the same way."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=record.exc_info)
