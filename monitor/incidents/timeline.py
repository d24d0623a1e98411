"""An entry in the words of a reader: tiers, spans and instants put into their language and zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitor.messages import say
from monitor.model import Entry
from monitor.times import local, write_duration

TIERS = ("tier", "previous", "up_to", "now")
INSTANTS = ("until", "since", "calm_since", "due_at", "at")
SPANS = ("calm_for",)


def write(entry: Entry, language: str, zone: ZoneInfo) -> str:
    """One line of the timeline, without time and actor. Comments stand as they were written."""
    told = {"evidence": "", **words(entry.args, language, zone)}
    return say(language, entry.kind, **told).strip()


def words(args: dict[str, Any], language: str, zone: ZoneInfo) -> dict[str, Any]:
    """Arguments of entries, reasons and refusals as people read them."""
    return {name: _word(name, value, language, zone) for name, value in args.items()}


def _word(name: str, value: Any, language: str, zone: ZoneInfo) -> Any:
    if name in TIERS and isinstance(value, str):
        return say(language, f"incident.tier.{value}")
    if name in ("transition", "state"):
        return say(language, f"incident.{name}.{value}")
    if name in INSTANTS and isinstance(value, int | float):
        return local(value, zone).strftime("%m-%d %H:%M")
    if name == "due_at":
        return say(language, "incident.word.no_number")
    if name == "late":
        return say(language, "incident.word.late") if value else ""
    if name == "block":  # what stands in the way: (message under incident.block, its arguments)
        return say(language, f"incident.block.{value[0]}", **words(value[1], language, zone))
    if name == "evidence":
        return say(language, "incident.word.evidence", evidence=value) if value else ""
    if name in SPANS:
        return write_duration(value)
    if name == "axis":
        return f"({say(language, f'incident.reason.axis_{value}')})" if value else ""
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return value
