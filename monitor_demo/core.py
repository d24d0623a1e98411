"""The story stepped through the pure core, without the process: for many seeds, and for the rule everyone has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from monitor.config.knowing import knowing
from monitor.config.load import load
from monitor.config.reading import reader_of
from monitor.config.schema import Config
from monitor.detectors import Change
from monitor.mentions.duplicates import Stories
from monitor.model import Mention, Sample, Tier
from monitor.rules.replay import replay
from monitor.rules.rule import Rule, Rung, Where
from monitor.shipped import shipped
from monitor.times import Bound, Duration, duration
from monitor_demo.story import END, RECALL, START, ZONE, Story, Told, tell

FAMILIES = {"tickets": "tickets", "social": "social", "press": "press", "regulator": "regulator", "kpi": "kpi"}
HOUR = 3600.0


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one story: when each tier was first reached, by which rule, and by each; the rival's alarms."""

    seed: int
    first: dict[str, tuple[float, str]]
    by_rule: dict[str, dict[str, float]]
    rival: tuple[float, ...] = ()

    @property
    def lead_hours(self) -> float | None:
        """Recall minus first red."""
        return (RECALL - self.first["red"][0]) / HOUR if "red" in self.first else None


def shipped_config() -> Config:
    """The shipped rules.toml, as it is."""
    return load(shipped("rules.toml")).config


def records(told: Sequence[Told]) -> list[Mention | Sample]:
    """The nouns of what was told: seen when it was said."""
    return [_record(t) for t in told]


def _record(t: Told) -> Mention | Sample:
    r = t.record
    labels = {str(k): str(v) for k, v in dict(r.get("labels") or {}).items()}  # type: ignore[call-overload]
    if t.source == "kpi":
        span = duration(str(r["span"])) if r.get("span") else 0.0
        kind = "delta" if r["kind"] == "delta" else "gauge"
        return Sample(
            series=str(r["series"]), at=t.at, value=float(str(r["value"])), seen_at=t.at, source=t.source, kind=kind,
            span=span, labels=labels,
        )  # fmt: skip
    return Mention(
        id=str(r["id"]), text=str(r["text"]), title=str(r.get("title", "")), author=str(r.get("author", "")),
        seen_at=t.at, published_at=t.at, source=t.source, labels=labels, reach=int(str(r.get("reach", 0))),
    )  # fmt: skip


def step(config: Config, story: Story) -> Outcome:
    """Judges the lived hours with all that was before as history."""
    stories = Stories()
    first: dict[str, tuple[float, str]] = {}
    by_rule: dict[str, dict[str, float]] = {}
    rules = [rule for rule in knowing(config) if rule.mode == "live"]
    reader = reader_of(config.reading, config.topic, config.label, rules, Path())
    steps = replay(
        rules, records([*story.history, *story.lived]), families=FAMILIES,
        read=reader.read,
        story_is_new=lambda m: stories.assign(m.source, m.id, m.title, m.text, m.at)[1],
        start=START, end=END, zone=ZONE,
    )  # fmt: skip
    for judged in steps:
        for alert in judged.alerts:
            for tier in range(1, alert.tier + 1):
                first.setdefault(Tier(tier).word, (judged.now, judged.rule.name))
                by_rule.setdefault(judged.rule.name, {}).setdefault(Tier(tier).word, judged.now)
    return Outcome(seed=story.seed, first=first, by_rule=by_rule, rival=rival(story))


RIVAL = Rule(
    name="three-times-yesterday",
    risk="mass-complaints",
    where=Where(family=("tickets",)),
    window=Duration(HOUR),
    every=Duration(300),
    detector=Change(against="yesterday"),
    red=Rung(above=Bound(3.0)),
)
"""The rule everyone has: complaints of the last hour, more than three times the same hour yesterday."""


def rival(story: Story) -> tuple[float, ...]:
    """When the rule everyone has cries: the beginning of each alarm."""
    begins: list[float] = []
    steps = replay([RIVAL], records([*story.history, *story.lived]), families=FAMILIES, start=START, end=END, zone=ZONE)
    for judged in steps:
        begins += [a.since for a in judged.alerts if a.tier and a.since not in begins]
    return tuple(begins)


def many(seeds: Sequence[int], *, crisis: bool = True) -> list[Outcome]:
    """Several stories, one after the other."""
    config = shipped_config()
    return [step(config, tell(seed, crisis=crisis)) for seed in seeds]
