"""What the audience sees: a running account, a chart, the notices as phones show them, a summary."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width

import click

from monitor.config.schema import Config
from monitor.mentions.topics import Topics
from monitor.messages import say
from monitor_demo.play import Cue, Played
from monitor_demo.setting import shipped_rules
from monitor_demo.story import END, PRESS, PROMOTION, RECALL, REGULATOR, SMOULDERS, START, ZONE, Story, Told
from monitor_demo.world import Rung

HOUR = 3600.0
COLUMN = 3 * HOUR
BARS = " ▁▂▃▄▅▆▇█"
HIGH = 6
PHONE = 44
TIERS = ("blue", "yellow", "orange", "red")
SIGNS = {"blue": "🔵", "yellow": "🟡", "orange": "🟠", "red": "🔴"}
EVENTS = (
    (PROMOTION[0], "promotion"), (SMOULDERS, "smoulders"), (PRESS, "press"), (REGULATOR, "regulator"),
    (RECALL, "recall"),
)  # fmt: skip


class Stage:
    """Tells it in one language; `silent` for machines."""

    def __init__(self, story: Story, lang: str, *, silent: bool = False) -> None:
        self.story, self.lang, self.silent = story, lang, silent
        self._events = list(EVENTS) if story.crisis else [EVENTS[0]]
        self._told: set[tuple[str, int]] = set()

    def say(self, id: str, **args: Any) -> None:
        """One line of the account."""
        self.line(say(self.lang, f"demo.say.{id}", **args))

    def line(self, text: str = "") -> None:
        """A line as it stands."""
        if not self.silent:
            click.echo(text)

    def opens(self, config: Config) -> None:
        """What is going to be played, and by which rules."""
        self.say("title" if self.story.crisis else "quiet", seed=self.story.seed)
        digest = hashlib.sha256(shipped_rules().encode()).hexdigest()[:12]
        self.say("rules", topics=len(config.topic), rules=len(config.rule), hash=digest)

    def cue(self, cue: Cue) -> None:
        """Something happened."""
        while self._events and self._events[0][0] <= cue.at and cue.kind != "history":
            at, name = self._events.pop(0)
            self._at(at, say(self.lang, f"demo.say.event_{name}"))
        match cue.kind:
            case "history":
                self.say("history", **cue.data)
                self.say("begins")
            case "told":
                self._notice(cue)
            case "kill" | "back":
                self._at(cue.at, say(self.lang, f"demo.say.{cue.kind}"))
            case "ack":
                self._at(cue.at, say(self.lang, "demo.say.ack", **{k: cue.data[k] for k in ("who", "incident")}))

    def _notice(self, cue: Cue) -> None:
        note = cue.data["note"]
        number = (note["incident"], note["notice"])
        if note["tier"] in ("calm", "blue") or number in self._told:
            return
        self._told.add(number)
        door = cue.data["door"]
        told = {"door": door, "title": note["title"], "incident": note["incident"], "notice": note["notice"]}
        self._at(cue.at, say(self.lang, "demo.say.told", **told))
        if cue.data["refused"] and len(self._told) == 1:
            self.say("refused")

    def _at(self, at: float, text: str) -> None:
        self.line(f"{clock(at)}  {text}")

    def closes(self, played: Played, rival: Sequence[float], config: Config) -> None:
        """The chart, the phones, the sum."""
        self.line()
        for row in chart(self.story, config, played.tiers, rival, self.lang):
            self.line(row)
        self.line()
        before = sum(at < PRESS for at in rival)
        self.say("rival_said", n=len(rival), before=before if self.story.crisis else len(rival))
        if self.story.crisis:
            self._phones(played.rung)
        self._sum(played)

    def _phones(self, rung: Sequence[Rung]) -> None:
        red = [r for r in rung if r.body["data"]["tier"] == "red"]
        shown = [next((r for r in red if r.door.endswith(who)), None) for who in ("zhang-wei", "chen-jie")]
        self.line()
        self.say("phones")
        for one in shown:
            if one is not None:
                for row in phone(one.body["data"]):
                    self.line("  " + row)

    def _sum(self, played: Played) -> None:
        self.line()
        for tier in TIERS:
            at = played.tiers.get(tier)
            word = f"{SIGNS[tier]} {say(self.lang, 'client.tier.' + tier).split(' ')[-1]}"
            if at is None:
                self.say("never", tier=word)
            else:
                self.say("first", tier=word, at=clock(at), hour=f"{(at - START) / HOUR:.1f}")
        if not self.story.crisis:
            if "orange" not in played.tiers:
                self.say("calm")
        elif "red" in played.tiers and played.tiers["red"] < RECALL:
            orange = (PRESS - played.tiers["orange"]) / HOUR
            self.say("lead", hours=f"{(RECALL - played.tiers['red']) / HOUR:.1f}", orange=f"{orange:.1f}")
        else:
            self.say("no_lead")
        told = {"notices": played.notices, "lost": played.lost, "twice": played.twice, **played.deliveries}
        self.say("delivered", **told)
        if played.acknowledged is not None and "orange" in played.tiers:
            at, who = played.acknowledged
            self.say("acked", who=who, minutes=round((at - played.tiers["orange"]) / 60))
        self.say("took", seconds=f"{played.seconds:.0f}", steps=played.steps)


def clock(at: float) -> str:
    """The hour on the stage's wall."""
    return datetime.fromtimestamp(at, ZONE).strftime("%m-%d %H:%M")


def chart(story: Story, config: Config, tiers: dict[str, float], rival: Sequence[float], lang: str) -> list[str]:
    """Bars of danger words by three hours, below them when each tier came, and when the rule everyone has cried."""
    topics = Topics([topic for topic in config.topic if topic.name == "danger"])
    counts = [0] * round((END - START) / COLUMN)
    for told in story.lived:
        if told.source in ("tickets", "social") and _dangerous(topics, told):
            counts[min(len(counts) - 1, int((told.at - START) // COLUMN))] += 1
    most = max([*counts, 1])
    rows = [say(lang, "demo.say.chart")]
    for level in range(HIGH, 0, -1):
        cells = [BARS[max(0, min(8, round((n / most * HIGH - level + 1) * 8)))] * 2 for n in counts]
        rows.append(f"{(str(most) if level == HIGH else ''):>5} ┤" + "".join(cells))
    rows.append("      └" + "──" * len(counts))
    hours = "".join(f"{h:<8}" for h in range(0, 72, 12))
    rows.append("       " + hours + "h")
    rows.append(
        "       "
        + _marks(len(counts), [(at, SIGNS[t]) for t, at in tiers.items()])
        + "  "
        + say(lang, "demo.say.marks")
    )
    rows.append("       " + _marks(len(counts), [(at, "✗ ") for at in rival]) + "  " + say(lang, "demo.say.rival"))
    return rows


def _dangerous(topics: Topics, told: Told) -> bool:
    return bool(topics.match("", str(told.record.get("text", ""))))


def _marks(columns: int, marks: Sequence[tuple[float, str]]) -> str:
    cells = ["  "] * columns
    for at, sign in marks:
        cells[min(columns - 1, int((at - START) // COLUMN))] = sign
    return "".join(cells)


def phone(note: dict[str, Any]) -> list[str]:
    """A notice in the width of a phone."""
    rows = ["╭" + "─" * (PHONE + 2) + "╮"]
    for text in (note["title"], *[line if isinstance(line, str) else line["text"] for line in note["lines"]]):
        rows += [f"│ {part}{' ' * (PHONE - width(part))} │" for part in wrapped(text)]
    return [*rows, "╰" + "─" * (PHONE + 2) + "╯"]


def width(text: str) -> int:
    """Columns a terminal gives a text."""
    return sum(0 if c in "\ufe0f\u200d" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str) -> list[str]:
    """A text in lines of at most PHONE columns; links are shortened."""
    rows, row = [], ""
    for word in _pieces(text):
        if width(row) + width(word) > PHONE:
            rows.append(row.rstrip())
            row = ""
        row += word
    return [*rows, row.rstrip()]


def _pieces(text: str) -> list[str]:
    out = []
    for word in (
        textwrap.wrap(text, 10_000, break_long_words=False, break_on_hyphens=False)[0].split(" ") if text else []
    ):
        if word.startswith("http") and len(word) > PHONE:
            word = word[: PHONE - 1] + "…"
        wide = any(east_asian_width(c) in "WF" for c in word)
        out += [*word, " "] if wide else [word + " "]
    return out
