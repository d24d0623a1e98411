"""`[reading]`: which lexicons or model texts are read by, and whose messages are followed; and the reader it makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from monitor.mentions import mood, ngrams, severity
from monitor.mentions.labels import Label
from monitor.mentions.mood import Moods
from monitor.mentions.reading import MoodReader, Reader
from monitor.mentions.severity import Dangers
from monitor.mentions.topic import Topic
from monitor.rules.rule import Rule
from monitor.rules.select import asks, selections


class ReadingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[reading]`: files beside the config; "" = what is shipped.

    `mood`: a lexicon (`.toml`) or a model made by `crisis-monitor mood train`. `danger`: a lexicon of danger words.
    `customers`: families whose authors are customers of ours, to be followed one by one; `front_line`: people, roles,
    channels that are told who they are.
    """

    mood: str = ""
    danger: str = ""
    customers: tuple[str, ...] = ()
    front_line: tuple[str, ...] = ()


class ReadingFault(ValueError):
    """A lexicon or model can't be used. `key`: which of `[reading]`."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"reading.{key}: {text}")
        self.key, self.text = key, text


def moods_of(settings: ReadingSettings, folder: Path) -> MoodReader:
    """The reader of moods. ReadingFault where its file is none."""
    if not settings.mood:
        return mood.shipped()
    try:
        content = (folder / settings.mood).read_bytes()
        return Moods(content.decode()) if settings.mood.endswith(".toml") else ngrams.load(content)
    except (OSError, ValueError) as fault:
        raise ReadingFault("mood", str(fault)) from None


def dangers_of(settings: ReadingSettings, folder: Path) -> Dangers:
    """The finder of danger words. ReadingFault where its file is none."""
    if not settings.danger:
        return severity.shipped()
    try:
        return Dangers((folder / settings.danger).read_text(encoding="utf-8"))
    except (OSError, ValueError, re.error) as fault:
        raise ReadingFault("danger", str(fault)) from None


def asked_of(rules: Sequence[Rule], settings: ReadingSettings) -> tuple[bool, bool]:
    """Whether anybody asks for moods, and for dangers."""
    parts = [selections(rule)[0] for rule in rules if rule.of == "mentions"]
    followed = bool(settings.customers)
    wants_mood = followed or any(asks(part, "mood") for part in parts)
    read = any(rule.nature == "read" for rule in rules)
    return wants_mood, followed or read or any(asks(part, "danger") for part in parts)


def reader_of(
    settings: ReadingSettings, topics: Sequence[Topic], labels: Sequence[Label], rules: Sequence[Rule], folder: Path
) -> Reader:
    """The reader that a config's rules need; what no rule asks is not read. ReadingFault for a file that is none."""
    wants_mood, wants_danger = asked_of(rules, settings)
    moods = moods_of(settings, folder) if wants_mood else None
    return Reader(topics, labels, moods, dangers_of(settings, folder) if wants_danger else None)
