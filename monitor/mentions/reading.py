"""All that a mention says: the text takes its normal form a single time for topics, labels, mood and danger words.

Mood and dangers are read only where somebody asks for them; nobody pays for what nobody counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from monitor.mentions.labels import Label, labels_of
from monitor.mentions.mood import Mood
from monitor.mentions.normalize import normalize
from monitor.mentions.severity import Danger, Dangers
from monitor.mentions.signs import CHILD, DANGER, LABEL, MOOD
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics
from monitor.model import Mention, Said

KEPT_WORDS, KEPT_LENGTH = 12, 40
"""Words of a reading that are stored with a mention, and characters of one."""


class MoodReader(Protocol):
    """The lexicon or a trained model. `revision` changes with what it says of any text."""

    revision: str

    def read_normal(self, normal: str) -> Mood:
        """The mood of a text in normal form."""


class Reading(NamedTuple):
    """What one mention says. `mention`: with all its labels; `said`: its topics by name, mood and dangers marked.

    A danger is in `said` only where the text tells of it as having happened; `dangers` holds all that were looked at.
    `mood` None: not asked.
    """

    mention: Mention
    said: frozenset[str]
    mood: Mood | None = None
    dangers: tuple[Danger, ...] = ()

    def kept(self) -> Said | None:
        """What is stored of it; None where no more than topics was found."""
        if self.mood is None and not self.dangers:
            return None
        against = [heard.text for heard in self.mood.why if heard.weight > 0] if self.mood else []
        return Said(
            mood=round(self.mood.score, 3) if self.mood else None,
            words=tuple(against[:KEPT_WORDS]),
            dangers=tuple((d.kind, d.text[:KEPT_LENGTH], d.standing) for d in self.dangers[:KEPT_WORDS]),
        )


class Reader:
    """Reads mentions by the topics and labels of a config, and by the lexicons that are given."""

    def __init__(
        self,
        topics: Iterable[Topic] = (),
        labels: Sequence[Label] = (),
        moods: MoodReader | None = None,
        dangers: Dangers | None = None,
    ) -> None:
        self.labels, self.moods, self.dangers = tuple(labels), moods, dangers
        self._topics = Topics([*topics, *(query for label in labels for query in label.queries())])
        self._queried = any(label.values for label in labels)
        self._more = bool(labels or moods or dangers)

    @property
    def own_words(self) -> frozenset[str]:
        """What topics and labels look for, in normal form."""
        return self._topics.words

    def read(self, mention: Mention) -> Reading:
        """The reading of a mention."""
        if not self._more:
            return Reading(mention, self._topics.match(mention.title, mention.text))
        head, body = normalize(mention.title) if mention.title else "", normalize(mention.text)
        said = self._topics.match_normal(head, body)
        if self.labels:
            mention, said = self._labelled(mention, said)
        if self.moods is None and self.dangers is None:
            return Reading(mention, said)
        whole = f"{head}. {body}" if head else body
        mood = self.moods.read_normal(whole) if self.moods is not None else None
        dangers = tuple(self.dangers.find_normal(whole)) if self.dangers is not None else ()
        return Reading(mention, said.union(_signs(mood, dangers)), mood, dangers)

    def _labelled(self, mention: Mention, said: frozenset[str]) -> tuple[Mention, frozenset[str]]:
        labels = labels_of(self.labels, mention, said)
        if labels != mention.labels:
            mention = replace(mention, labels=labels)
        return mention, frozenset(each for each in said if not each.startswith(LABEL)) if self._queried else said

    def revision(self, topics: Iterable[str] = (), labels: Iterable[str] = (), *, mood: bool, danger: bool) -> str:
        """A mark of what these topics and labels, mood and dangers mean: it changes when a text may count otherwise.

        "" where nothing is asked that a config can change.
        """
        said = [f"{name}={self._topics.revision(name)}" for name in sorted(topics)]
        asked = set(labels)
        mine = [label for label in self.labels if label.name in asked]
        said += [f"{LABEL}{label!r}" for label in mine]
        said += [f"{q.name}={self._topics.revision(q.name)}" for label in mine for q in label.queries()]
        if mood and self.moods is not None:
            said.append(MOOD + self.moods.revision)
        if danger and self.dangers is not None:
            said.append(DANGER + self.dangers.revision)
        return "\0".join(said)


def _signs(mood: Mood | None, dangers: Iterable[Danger]) -> set[str]:
    """What mood and dangers add to what a mention says."""
    signs = set()
    if mood is not None:
        signs.add(f"{MOOD}{'negative' if mood.negative else 'positive' if mood.score < 0.5 else 'neutral'}")
    for danger in dangers:
        if danger.standing == "told":
            signs.add(DANGER + danger.kind)
            if danger.child:
                signs.add(CHILD)
    return signs
