"""All that a mention says: the text takes its normal form a single time for topics, mood and danger words."""

from __future__ import annotations

from typing import NamedTuple

from monitor.mentions import mood, severity
from monitor.mentions.mood import Mood, Moods
from monitor.mentions.normalize import normalize
from monitor.mentions.severity import Danger, Dangers
from monitor.mentions.topics import Topics


class Reading(NamedTuple):
    """What one mention says."""

    topics: frozenset[str]
    mood: Mood
    dangers: tuple[Danger, ...]


class Reader:
    """Topics of the config, and the lexicons: the shipped ones unless others are given."""

    def __init__(self, topics: Topics, moods: Moods | None = None, dangers: Dangers | None = None) -> None:
        self._topics = topics
        self._moods = moods or mood.shipped()
        self._dangers = dangers or severity.shipped()

    def read(self, title: str, text: str) -> Reading:
        """The reading of a mention."""
        head, body = normalize(title) if title else "", normalize(text)
        whole = f"{head}. {body}" if head else body
        topics = self._topics.match_normal(head, body)
        return Reading(topics, self._moods.read_normal(whole), tuple(self._dangers.find_normal(whole)))
