"""The notice without templates: terse, from the catalogue alone, for the night a template is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from monitor.model import Part
from monitor.playbook.notice import GROUPS, Group
from monitor.playbook.template import Mixed, to_parts
from monitor.playbook.voice import Voice

Values = Mapping[str, Any]
Write = Callable[[Values, Voice], list[Any]]


def plain_lines(values: Values, voice: Voice) -> dict[str, tuple[Part, ...]]:
    """Line id -> parts, for the lines that a group of transitions has."""
    group = GROUPS[values["transition"]]
    written = {id: to_parts(write(values, voice)) for id, write in WRITERS.items() if id in LINES[group]}
    return {id: parts for id, parts in written.items() if parts}


def _title(v: Values, voice: Voice) -> list[Any]:
    words = voice.say(f"title.{v['transition']}", sign=v["sign"], tier=v["tier"])
    scope = [voice.say("colon"), v["scope"]] if v["scope"] else []
    return [words, voice.say("dot"), v["subject"], *scope]


def _head(v: Values, voice: Voice) -> list[Any]:
    what = voice.say(f"transition.{v['transition']}", tier=v["tier"], previous=v["previous_tier"], peak=v["peak"])
    return [voice.say("dot").join((v["incident"], v["notice"], v["when"], what))]


def _note(v: Values, voice: Voice) -> list[Any]:
    out: list[Any] = []
    out += [voice.say("test")] if v["transition"] == "TEST" else []
    out += [voice.say("note.drill")] if v["drill"] else []
    out += [voice.say("note.late", span=v["late"])] if v["late"] else []
    out += [voice.say("note.unsent", tier=v["unsent"])] if v["unsent"] else []
    out += [voice.say("note.silence", tier=v["silenced"])] if v["silenced"] else []
    if v["reason"]:
        by = voice.say("note.by", actor=v["actor"]) if v["actor"] else ""
        out.append(Mixed([voice.say("note.reason"), v["reason"], by]))
    return [piece for n, sentence in enumerate(out) for piece in ((" ", sentence) if n else (sentence,))]


def _extent(v: Values, voice: Voice) -> list[Any]:
    scope = [v["scope"], voice.say("comma")] if v["scope"] else []
    if v["transition"] == "NO DATA":
        return [voice.say("extent"), *scope, voice.say("extent.blind")]
    unknown = [voice.say("comma"), voice.say("unknown", what=v["unknown"])] if v["unknown"] and not _over(v) else []
    return [voice.say("extent"), *scope, v["value"] or voice.say("extent.none"), *unknown]


def _over(v: Values) -> bool:
    return v["transition"] in ("CLEARED", "CANCELLED", "RESOLVED")


def _since(v: Values, voice: Voice) -> list[Any]:
    if not v["lasted"]:
        return [voice.say("since.now", moment=v["since"])]
    return [voice.say("lasted" if _over(v) else "since", moment=v["since"], span=v["lasted"])]


def _evidence(v: Values, voice: Voice) -> list[Any]:
    if not v["why"] or v["transition"] == "NO DATA":
        return []
    age = [voice.say("comma"), v["age"]] if v["age"] else []
    return [voice.say("evidence", why=""), v["why"], v["families"], *age]


def _more(v: Values, voice: Voice) -> list[Any]:
    return [piece for n, why in enumerate(v["more"]) for piece in ((voice.say("dot"), why) if n else (why,))]


def _lead(v: Values, voice: Voice) -> list[Any]:
    kind = (
        ("lead.backup" if v["backup"] else "lead") if v["lead"] else "lead.only_backup" if v["backup"] else "lead.none"
    )
    return [voice.say(kind, lead=v["lead"], backup=v["backup"])]


def _ack(v: Values, voice: Voice) -> list[Any]:
    if v["acknowledged"]:
        return [voice.say("ack.done", who=v["acknowledged"]["who"], moment=v["acknowledged"]["at"])]
    if not v["ack_by"]:
        return [voice.say("ack.none" if GROUPS[v["transition"]] == "relief" else "ack.open")]
    if not v["ack_within"]:
        return [voice.say("ack.now", moment=v["ack_by"])]
    next_one = v["backup"] or voice.say("ack.next")
    return [voice.say("ack.by", moment=v["ack_by"], span=v["ack_within"], next=next_one)]


def _next(v: Values, voice: Voice) -> list[Any]:
    step = v["step"]
    if not step or _over(v):
        return []
    script = voice.say("next.script", script=step["script"]) if step["script"] else ""
    return [voice.say("next", phase=step["phase"], role=step["role"], do=step["do"]), script, v["reviewed"]]


def _clock(v: Values, voice: Voice) -> list[Any]:
    return [v["clock"]]


def _public(v: Values, voice: Voice) -> list[Any]:
    return [voice.say("public", what=v["public"])] if v["public"] else []


WRITERS: dict[str, Write] = {
    "title": _title,
    "head": _head,
    "note": _note,
    "extent": _extent,
    "since": _since,
    "evidence": _evidence,
    "more": _more,
    "lead": _lead,
    "ack": _ack,
    "next": _next,
    "clock": _clock,
    "public": _public,
}
_ALARM = frozenset(WRITERS)
LINES: dict[Group, frozenset[str]] = {
    "alarm": _ALARM,
    "relief": _ALARM - {"public", "more", "clock"},
    "data": _ALARM - {"more", "next", "clock", "public"},
    "test": frozenset({"title", "head", "note"}),
}
