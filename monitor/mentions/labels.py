"""Labels that a mention bears by rules of the config: product, channel, region, kind of order, out of text or fields.

What the record itself says of a label stands; a rule only fills what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from msgspec import Struct, field

from monitor.mentions.signs import LABEL
from monitor.mentions.topic import Topic
from monitor.model import Labels, Mention

FIELDS = ("text", "title", "url", "author", "source", "lang", "id")
OWN = "labels."
LOOKED_AT, LONGEST = 2000, 80
"""Characters of a field that are looked at, and of a value that is taken."""


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One `[[label]]`: the label `name`, out of the text by queries or out of a field by a pattern.

    `values`: value -> query; the first that holds is taken. `field`: text, title, url, author, source, lang, id or
    `labels.NAME`; `pattern`: a regular expression, of which the first group (without one the whole) is the value.
    `otherwise`: the value where nothing else is found; "" = none.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    field: str = ""
    pattern: str = ""
    otherwise: str = ""
    note: str = ""

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern; re.error for one that is wrong."""
        return re.compile(self.pattern)

    def queries(self) -> Iterator[Topic]:
        """The queries as topics, each named after its label and value."""
        for value, query in self.values.items():
            yield Topic(name=f"{LABEL}{self.name}={value}", query=query)

    def of(self, mention: Mention, held: Collection[str]) -> str:
        """The value for a mention of which these queries hold; "" where nothing says it."""
        for value in self.values:
            if f"{LABEL}{self.name}={value}" in held:
                return value
        if self.pattern and (found := self.compiled.search(_field(mention, self.field)[:LOOKED_AT])):
            value = found[1] if found.re.groups else found[0]
            if value and value.strip():
                return value.strip()[:LONGEST]
        return self.otherwise


def _field(mention: Mention, name: str) -> str:
    if name.startswith(OWN):
        return mention.labels.get(name.removeprefix(OWN), "")
    return str(getattr(mention, name))


def labels_of(rules: Sequence[Label], mention: Mention, held: Collection[str]) -> Labels:
    """All labels of a mention: its own, and those that rules find."""
    labels = dict(mention.labels)
    for rule in rules:
        if not labels.get(rule.name) and (value := rule.of(mention, held)):
            labels[rule.name] = value
    return labels
