"""The desk: a config made ready for work. Compiled once, swapped whole at a reload."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from monitor.channels import Channel
from monitor.config.knowing import knowing
from monitor.config.load import Loaded
from monitor.config.paths import context_of
from monitor.config.reading import reader_of
from monitor.config.schema import Config
from monitor.daemon.path_acts import spec_of
from monitor.detectors import Spread
from monitor.incidents.axes import NATURES
from monitor.incidents.context import Context, RuleInfo
from monitor.incidents.routes import everybody_of
from monitor.mentions.reading import Reader
from monitor.messages import LANGUAGES
from monitor.model import REPORTED, Delivery, Facts, Incident, Notice, Silence, Step, Target, Tier
from monitor.playbook import Playbooks, TemplateFault
from monitor.playbook.digest import digest_notice
from monitor.rules.buckets import Compiled, compile_rules
from monitor.rules.reported import Reporting
from monitor.rules.rule import Rule
from monitor.rules.select import RULES, Selection, asks, asks_stories, by_term, selections
from monitor.secret import KINDS, conceal, reveal
from monitor.shipped import shipped
from monitor.sources import Source
from monitor.web.tokens import sign

log = structlog.get_logger("desk")

FLOOD = "coordinated"
"""The finding that asks for stories too."""
LINK_LIVES = 7 * 86400.0


class Desk(Struct, frozen=True, kw_only=True):
    """Everything the loops ask of the config.

    `counted`: the selections that are counted, by id; `asked`: rule -> its (numerator, denominator). `counting`: the id
    under which a selection is counted with the topics as they now are: a changed topic counts anew.
    """

    config: Config
    hash: str
    zone: ZoneInfo
    reader: Reader
    playbooks: Playbooks
    key: bytes
    context: Context
    sources: dict[str, Source]
    channels: dict[str, Channel]
    rules: dict[str, Rule]
    asked: dict[str, tuple[Selection, Selection | None]]
    counted: dict[int, Selection]
    counting: dict[int, int]
    compiled: Compiled
    stories: bool
    meanings: dict[str, str]
    playbook_homes: tuple[Path, ...] = ()

    def family(self, source: str) -> str:
        """The family of a source; of one no longer configured, its own name."""
        return self.sources[source].family if source in self.sources else source

    def with_silences(self, silences: tuple[Silence, ...]) -> Context:
        """What planning may know, with the silences now in force."""
        return replace(self.context, silences=silences)

    def target(self, channel: Channel, delivery: Delivery, incident: Incident | None) -> Target:
        """Whom a delivery reaches over a channel: by the incident's own snapshot first, then by the config."""
        person = self.context.people.get(delivery.person)
        contact = next((s.contacts[delivery.person] for s in _steps(incident) if delivery.person in s.contacts), None)
        language = channel.language or (contact.language if contact else "") or (person.language if person else "")
        address = contact.addresses.get(channel.name, "") if contact else ""
        if not address and person is not None and channel.address_of:
            address = getattr(person, channel.address_of, "")
        return Target(
            channel=channel.name,
            person=delivery.person,
            display=(contact.display if contact else "") or (person.display if person else "") or delivery.person,
            address=reveal(address),
            language=language or self.config.settings.language,
        )

    def target_of(self, channel: Channel, person: str) -> Target:
        """Whom a message reaches over a channel that belongs to no incident; `person` "" = the channel itself."""
        known = self.context.people.get(person)
        address = str(getattr(known, channel.address_of, "")) if known is not None and channel.address_of else ""
        return Target(
            channel=channel.name, person=person, display=self.display(person), address=reveal(address),
            language=channel.language or (known.language if known else "") or self.config.settings.language,
        )  # fmt: skip

    def render(
        self, delivery: Delivery, note: Facts, incident: Incident | None, to: Target
    ) -> tuple[Notice, str | None]:
        """The notice in the target's language; where the playbook's text fails a plain one, and what failed."""
        acknowledged = None
        if incident is not None and incident.acknowledged_by and incident.acknowledged_at is not None:
            acknowledged = (self.display(incident.acknowledged_by), incident.acknowledged_at)
        urls = self.urls(note.incident, delivery.person or f"channel:{delivery.channel}", note.at)
        names, key, language = self.names(), delivery.key, to.language
        if not self._is_front_line(delivery):
            note = nameless(note)
        book = self.playbooks
        if note.digest is not None:
            base = self.config.server.public_url.rstrip("/")
            return digest_notice(note, note.digest, language=language, base=base, names=names, key=key), None
        try:
            made = book.render(note, language=language, urls=urls, acknowledged=acknowledged, key=key, names=names)
            return made, None
        except TemplateFault as fault:
            made = book.plain(note, language=language, urls=urls, acknowledged=acknowledged, key=key, names=names)
            return made, str(fault)

    def _is_front_line(self, delivery: Delivery) -> bool:
        """Whether a delivery may say who a customer is: to a channel named for it, or to a person of it alone."""
        named = everybody_of(self.config.reading.front_line, self.context)
        if f"channel:{delivery.channel}" in named:
            return True
        info = self.context.channels.get(delivery.channel)
        return delivery.person in named and info is not None and not info.group

    def urls(self, incident: str, person: str, at: float) -> dict[str, str]:
        """The links of ours in a notice: to acknowledge, and to the incident's page."""
        base = self.config.server.public_url.rstrip("/")
        if not base:
            return {}
        return {
            "ack": f"{base}/a/{sign(self.key, incident, person, at + LINK_LIVES)}",
            "detail": f"{base}/i/{incident}",
        }

    def title(self, playbook: str, language: str) -> str:
        """What a playbook's crisis is called; "" where none bears the name."""
        plan = self.playbooks.plans.get(playbook)
        return plan.title.say(language) if plan is not None else ""

    def display(self, person: str) -> str:
        """A person's name as people read it."""
        return self.names().get(person, person)

    def names(self) -> dict[str, str]:
        """name -> display name."""
        return {p.name: p.display or p.name for p in self.config.person}


def nameless(note: Facts) -> Facts:
    """The facts without who a customer is."""
    return replace(note, examples=tuple(replace(e, identity="") for e in note.examples))


def _steps(incident: Incident | None) -> tuple[Step, ...]:
    return incident.steps if incident is not None else ()


def compile_desk(loaded: Loaded, folder: Path, key: bytes, *, tried: bool = True) -> Desk:
    """Makes a config ready. `folder` is where relative paths of the config begin.

    The shipped playbooks stand behind the config's own, file by file. `tried`: playbooks are rendered on samples, and
    what is wrong with them is logged: a notice that can't be rendered goes out plain.
    """
    config = loaded.config
    reader = reader_of(config.reading, config.topic, config.label, config.rule, folder)
    playbooks, faults = Playbooks.load(folder / config.settings.playbooks, shipped("playbooks"), tried=tried)
    for fault in faults:
        log.error("playbook_faulty", fault=fault.write(config.settings.language))
    asked = {rule.name: selections(rule) for rule in config.rule}
    compiled = compile_rules(config.rule)
    counted = {s.id: s for pair in asked.values() for s in pair if s is not None and not by_term(s)}
    return Desk(
        config=config,
        hash=loaded.hash,
        zone=ZoneInfo(config.settings.timezone),
        reader=reader,
        playbooks=playbooks,
        key=key,
        context=_context(config, playbooks, _natures(reader)),
        sources={source.name: source for source in config.source},
        channels={channel.name: channel for channel in config.channel},
        rules={rule.name: rule for rule in knowing(config)},
        asked=asked,
        counted=counted,
        counting={s.id: _counting_id(s, reader, config, compiled.dangers) for s in counted.values()},
        compiled=compiled,
        stories=asks_stories(config.rule) or any(FLOOD in rule.where.kind for rule in config.rule),
        meanings={rule.name: meaning(rule) for rule in config.rule},
        playbook_homes=(folder / config.settings.playbooks, shipped("playbooks")),
    )


def _natures(reader: Reader) -> dict[str, int]:
    """The level of nature of each kind of danger: what one credible mention of it says of the matter."""
    if reader.dangers is None:
        return {}
    return {kind: max(0, min(tier, Tier.ORANGE) - Tier.BLUE) for kind, tier in reader.dangers.tiers.items()}


def _counting_id(selection: Selection, reader: Reader, config: Config, read: frozenset[int]) -> int:
    """The number under which a selection is counted: another one when a topic, label or lexicon it asks for changes."""
    every = tuple(topic.name for topic in config.topic) if "topic" in selection.by and not selection.where.topic else ()
    names = (*selection.topics, *every)
    labels = {*selection.where.labels, *selection.by}
    revision = reader.revision(
        names, labels if selection.kind == "mentions" else (), mood=asks(selection, "mood"),
        danger=asks(selection, "danger") or selection.id in read,
    )  # fmt: skip
    if not revision:
        return selection.id
    said = f"{selection.id}\0{revision}"
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest()) >> 1


def meaning(rule: Rule) -> str:
    """A hash of what a rule judges: who is told and whether it is live are no part of it."""
    nature = "read" if rule.nature == "read" else "ordinary"
    judged = replace(rule, mode="live", playbook="", risk="", nature=nature, certain_with=0, export=())
    said = msgspec.json.encode(judged, order="deterministic", enc_hook=str)
    return hashlib.blake2b(said, digest_size=8).hexdigest()


def _context(config: Config, playbooks: Playbooks, natures: dict[str, int]) -> Context:
    _conceal_addresses(config)
    return replace(
        context_of(config),
        rules={rule.name: _rule(rule, config) for rule in config.rule},
        playbooks={name: playbooks.revision(name) for name in playbooks.names},
        clocks={id: spec_of(clock) for id, clock in playbooks.clocks.items()},
        natures=natures,
        reported=_reported(config.alertmanager),
    )


def _reported(how: Reporting) -> RuleInfo:
    return RuleInfo(
        name=REPORTED,
        risk=how.risk,
        playbook=how.playbook,
        scope_labels=None,
        unscoped=("channel", "region", how.label),
        detector="alertmanager",
    )


def _conceal_addresses(config: Config) -> None:
    """People's addresses stay out of the log; what is a name in the config as well must be readable there."""
    names = {person.name for person in config.person}
    fields = {channel.address_of for channel in config.channel if channel.address_of}
    for address in {str(getattr(person, name, "")) for person in config.person for name in fields} - names:
        if address.partition(":")[0] not in KINDS:
            conceal(address)


def _told_as(rule: Rule) -> str:
    """What the value of a rule's verdicts is: its measure, or how many rules stand, or how far something has spread."""
    return RULES if rule.of == RULES else "spread" if isinstance(rule.detector, Spread) else rule.measure


def _rule(rule: Rule, config: Config) -> RuleInfo:
    return RuleInfo(
        name=rule.name,
        risk=rule.risk,
        mode=rule.mode,
        playbook=rule.playbook,
        scope_labels=rule.scope_labels(),
        measure=_told_as(rule),
        window=rule.window,
        detector=str(type(rule.detector).__struct_config__.tag),
        unit=rule.detector.unit,
        against=getattr(rule.detector, "against", getattr(rule.detector, "over", "")),
        families_known=len({source.family for source in config.source}),
        title={language: title for language in LANGUAGES if (title := rule.title_in(language))},
        nature=0 if rule.nature == "read" else NATURES.index(rule.nature),
        certain_with=rule.certain_with,
    )
