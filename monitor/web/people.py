"""Names of people and actors as pages show them. Pure."""

from __future__ import annotations

from monitor.config.schema import Config
from monitor.incidents.people import Person
from monitor.messages import say

CHANNEL = "channel:"


def person_of(config: Config, name: str) -> Person | None:
    """The person of a name."""
    return next((person for person in config.person if person.name == name), None)


def acting(config: Config, actor: str) -> str:
    """The person whose token or system account acts; else the actor as it is."""
    return next((person.name for person in config.person if actor in person.acts_as), actor)


def display(config: Config, actor: str | None, language: str) -> str:
    """A person's display name; other actors in words."""
    if not actor:
        return ""
    person = person_of(config, actor)
    if person is not None:
        return person.display or person.name
    kind, _, name = actor.partition(":")
    if kind in ("token", "user", "channel") and name:
        return say(language, f"web.actor.{kind}", name=name)
    if actor in ("local", "machine", "monitor", "daemon", "system"):
        return say(language, f"web.actor.{'local' if actor == 'local' else 'machine'}")
    return actor


def language_for(config: Config, person: str) -> str:
    """The language of a recipient: their own, their channel's, else the settings'."""
    found = person_of(config, person)
    if found is not None:
        return found.language or config.settings.language
    channel = next((c for c in config.channel if CHANNEL + c.name == person), None)
    return (channel.language if channel else "") or config.settings.language
