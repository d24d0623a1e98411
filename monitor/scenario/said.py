"""What a person does in a scenario, read from the words of the command line: `raise product-safety --tier red`."""

from __future__ import annotations

import shlex

from msgspec import Struct

from monitor.model import Labels, Tier
from monitor.times import duration
from monitor.web.acts import Acknowledge, Act, Cancel, Comment, Lower, PassOn, Raise, Resolve, Undo

VERBS = ("ack", "pass", "undo", "resolve", "cancel", "raise", "lower", "comment", "silence")
PLAIN: dict[str, type[Acknowledge | PassOn | Undo | Resolve | Cancel]] = {
    "ack": Acknowledge,
    "pass": PassOn,
    "undo": Undo,
    "resolve": Resolve,
    "cancel": Cancel,
}
OPTIONS = {
    "--tier": "tier",
    "--scope": "scope",
    "--for": "for",
    "--up-to": "up-to",
    "--comment": "comment",
    "--reason": "comment",
    "-m": "comment",
}
TIERS = ("blue", "yellow", "orange", "red")


class Unsaid(ValueError):
    """The words make no act: `id` names a text of messages/scenario.toml, `args` fill it."""

    def __init__(self, id: str, **told: str) -> None:
        super().__init__(id)
        self.id, self.told = id, told


class Quiet(Struct, frozen=True, kw_only=True):
    """A silence of so many seconds."""

    matchers: Labels
    span: float
    up_to: Tier
    comment: str = ""


class Doing(Struct, frozen=True, kw_only=True):
    """One act. `which`: the number or the risk of an incident, "" = the only open one; `scope` sets it apart."""

    act: Act | Quiet
    which: str = ""
    scope: Labels = {}


def read_act(text: str) -> Doing:
    """The act that the words say; Unsaid where they say none."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise Unsaid("act_words", text=text) from None
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb not in VERBS:
        raise Unsaid("act_verb", verb=verb, verbs=", ".join(VERBS))
    plain, pairs, options = _parts(rest)
    comment = options.get("comment", "")
    if verb == "silence":
        return Doing(act=_quiet(pairs, options, comment))
    tier = _tier(options.get("tier", ""), plain)
    which = plain[0] if plain else ""
    if verb in PLAIN:
        return Doing(act=PLAIN[verb](comment=comment), which=which, scope=pairs)
    if verb == "comment":
        return Doing(act=Comment(comment=comment or " ".join(plain[1:])), which=which, scope=pairs)
    if verb == "raise" and tier is None:
        raise Unsaid("act_tier")
    act = Raise(tier=tier, comment=comment) if verb == "raise" and tier else Lower(tier=tier, comment=comment)
    return Doing(act=act, which=which, scope=pairs)


def _parts(words: list[str]) -> tuple[list[str], Labels, dict[str, str]]:
    """Words, `name=value` pairs (also those of --scope), and options with their value."""
    plain: list[str] = []
    pairs: Labels = {}
    options: dict[str, str] = {}
    left = iter(words)
    for word in left:
        if word in OPTIONS:
            value = next(left, "")
            if OPTIONS[word] != "scope":
                options[OPTIONS[word]] = value
                continue
            word = value
        elif word.startswith("-"):
            raise Unsaid("act_option", option=word, options=", ".join(OPTIONS))
        name, equals, value = word.partition("=")
        if equals:
            pairs[name] = value
        else:
            plain.append(word)
    return plain, pairs, options


def _tier(option: str, plain: list[str]) -> Tier | None:
    """The tier of --tier, or a bare one among the words, which is taken out of them."""
    bare = next((word for word in plain if word in TIERS), "")
    if bare and not option:
        plain.remove(bare)
    word = option or bare
    if word and word not in TIERS:
        raise Unsaid("act_tier")
    return Tier.of(word) if word else None


def _quiet(matchers: Labels, options: dict[str, str], comment: str) -> Quiet:
    if not matchers or "for" not in options or options.get("up-to") not in TIERS:
        raise Unsaid("act_silence")
    try:
        span = duration(options["for"])
    except ValueError:
        raise Unsaid("act_silence") from None
    return Quiet(matchers=matchers, span=span, up_to=Tier.of(options["up-to"]), comment=comment)
