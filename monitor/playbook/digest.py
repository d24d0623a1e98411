"""A digest as a notice: what began, stands, ended and is hidden among the quiet tiers, gravest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.messages import say
from monitor.model import Facts, Line, Link, Notice, Part, Quoted, Summary, SummaryRow, Text, Tier
from monitor.playbook.notice import voice_of
from monitor.playbook.voice import Voice

SHOWN = 12
"""Incidents of a section that are named; the rest is a number."""
SECTIONS = ("opened", "still_open", "ended", "hidden")


def digest_notice(
    facts: Facts, summary: Summary, *, language: str, base: str, names: Mapping[str, str], key: str
) -> Notice:
    """The letter. `base`: what links to incidents begin with, "" = none."""
    voice = voice_of(facts, language, names)
    counts = {name: len(getattr(summary, name)) for name in SECTIONS}
    lines = [line for name in SECTIONS for line in _section(name, getattr(summary, name), voice, base)]
    lines += [_finding(kind, subject, voice) for kind, subject in summary.findings[:SHOWN]]
    return Notice(
        key=key, incident=facts.incident, number=facts.notice, transition=facts.transition, tier=facts.tier,
        previous_tier=Tier.CALM, language=language, title=(Text(say(language, "digest.title", **counts)),),
        lines=tuple(lines), at=facts.at, since=summary.since, labels={"digest": facts.risk}, drill=False,
    )  # fmt: skip


def _section(name: str, rows: Sequence[SummaryRow], voice: Voice, base: str) -> list[Line]:
    if not rows:
        return []
    head = Line(id=f"{name}.head", parts=(Text(say(voice.language, f"digest.{name}", n=len(rows))),), vital=True)
    out = [head, *(_row(f"{name}.{n}", row, voice, base) for n, row in enumerate(rows[:SHOWN], 1))]
    if len(rows) > SHOWN:
        more = say(voice.language, "digest.more", n=len(rows) - SHOWN)
        out.append(Line(id=f"{name}.more", parts=(Text(more),), priority=4))
    return out


def _row(id: str, row: SummaryRow, voice: Voice, base: str) -> Line:
    """One incident: its tier and peak, risk, scope (from outside), since when."""
    scope: list[Part] = [Quoted(" ".join(f"{name}={value}" for name, value in row.scope.items()))] if row.scope else []
    told = {"sign": voice.sign(row.tier), "number": row.incident, "peak": voice.tier(row.peak)}
    said = say(voice.language, "digest.row", **told, risk=row.risk, since=voice.moment(row.since))
    link: list[Part] = [Text(" "), Link(voice.say("link.detail"), f"{base}/i/{row.incident}")] if base else []
    parts: list[Part] = [Text(said + (" " if scope else "")), *scope, *link]
    return Line(id=id, parts=tuple(parts), priority=6)


def _finding(kind: str, subject: str, voice: Voice) -> Line:
    text = say(voice.language, f"finding.{kind}", subject="")
    return Line(id=f"finding.{kind}", parts=(Text(text + " "), Quoted(subject)), priority=8)
