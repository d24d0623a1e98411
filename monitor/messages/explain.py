"""Why a rule says what it says, as one plain sentence: "186 in 1 h, normal 21, ×8.9; 3 families"."""

from __future__ import annotations

from monitor.messages import say
from monitor.messages.words import factor, number, percent, rough_span, span
from monitor.model import Evidence, Reason, Score, Tier
from monitor.times import DAY, UNITS

COUNTED = ("count", "stories", "authors", "families", "reach")
PERCENT = ("ratio", "share")
AGAINST = ("before", "average", "yesterday", "last_week", "highest")
SPREAD = ("source", "family", "author", "region")
PLAIN = ("threshold", "spread", "ratio")
"""Kinds that compare the measure with a number: that is told, also where the past says what is usual."""
RAREST = 10 * UNITS["y"]


def explain(evidence: Evidence, language: str) -> str:
    """The numbers behind a verdict, against normal, in words a person on a phone understands."""
    facts = say(language, "explain.join").join(_clauses(evidence, language))
    return say(language, "explain.tail").join([facts, *_remarks(evidence, language)])


def value_of(evidence: Evidence, language: str) -> str:
    """The value with its window, and of what where the rule bears a title: "satisfaction, 74.4 % in 1 d"."""
    title = evidence.title.get(language, "")
    value = _value(evidence, language)
    return say(language, "explain.titled", title=title, value=value) if title else value


def _value(evidence: Evidence, language: str) -> str:
    if evidence.detector == "absence" and evidence.score.level is not None:
        return say(language, "explain.silence", span=span(evidence.score.level, language))
    value = evidence.score.value
    if value is None:
        return say(language, "explain.no_data")
    if evidence.measure == "rules":
        return _together(evidence, language)
    shown = amount(_whole(evidence, value), evidence.measure, language)
    if evidence.measure == "spread":
        over = say(language, f"explain.over.{evidence.against}") if evidence.against in SPREAD else evidence.against
        return say(language, "explain.spread", window=span(evidence.window, language), amount=shown, over=over)
    if evidence.score.partial and evidence.measure in COUNTED:
        shown = say(language, "explain.at_least", amount=shown)
    kind = "counted" if evidence.measure in COUNTED else f"level.{evidence.measure}"
    if not evidence.window and evidence.measure in COUNTED:
        kind = "standing.count"
    text = say(language, f"explain.{kind}", window=span(evidence.window, language), amount=shown)
    return text + _parts(evidence, language)


def _together(evidence: Evidence, language: str) -> str:
    """The rules that stand, the gravest first, each with its tier."""
    parts = sorted(evidence.score.parts, key=lambda part: -part[1])
    named = [(evidence.over.get(name, {}).get(language) or name, Tier(tier)) for name, tier in parts]
    told = [say(language, "explain.stands", rule=name, tier=say(language, f"tier.{t.word}")) for name, t in named]
    return say(language, "explain.list").join(told) if told else say(language, "explain.none_stands")


def amount(value: float, measure: str, language: str) -> str:
    """A value in the unit of its measure: 186 条, 3 families, 8.3%."""
    if measure in PERCENT:
        return percent(value)
    kind = measure if measure in COUNTED else "plain"
    return say(language, f"explain.amount.{kind}", value=number(value))


def _clauses(evidence: Evidence, language: str) -> list[str]:
    score = evidence.score
    first = value_of(evidence, language)
    if evidence.detector == "absence" and score.level is not None:
        return [first, *_bound(evidence, language), *_rarity(evidence, language)]
    if score.value is None or evidence.measure == "rules":
        return [first]
    if evidence.detector == "target":
        return [first, *_missed(evidence, language), *_rarity(evidence, language)]
    if evidence.detector == "new_term":
        return [first, *_new(score, language), *_rarity(evidence, language)]
    if score.expected is None or evidence.detector in PLAIN:
        usual = [] if score.expected is None else [_normal(evidence, score.expected, language)]
        bound = [*_bound(evidence, language), *_chance(evidence, language)]
        return [first, *usual, *bound, *_rarity(evidence, language)]
    return [
        first,
        _normal(evidence, score.expected, language),
        *_times(evidence, language),
        *_adds_up(evidence, language),
        *_rarity(evidence, language),
    ]


def _missed(evidence: Evidence, language: str) -> list[str]:
    """The goal, by how much it is surely missed, and for how long."""
    score = evidence.score
    goal = say(language, "explain.goal", amount=amount(score.expected or 0.0, evidence.measure, language))
    if not score.level or score.level <= 0 or score.lasting is None:
        return [goal]
    lasting = span(score.lasting, language)
    return [goal, say(language, "explain.missed", percent=percent(score.level), span=lasting)]


def _new(score: Score, language: str) -> list[str]:
    """That it was not there before, or that it was."""
    if score.level is None:
        return []
    if score.before is not None and score.level > 0:
        known, seen = score.before
        return [say(language, "explain.new_in", n=number(known), span=span(seen, language))]
    return [say(language, "explain.is_new" if score.level > 0 or not score.value else "explain.is_known")]


def _parts(evidence: Evidence, language: str) -> str:
    score = evidence.score
    if evidence.measure not in PERCENT or not score.denominator or score.value is None:
        return ""
    part, whole = number(round(score.value * score.denominator)), number(score.denominator)
    return say(language, "explain.of", part=part, whole=whole)


def _normal(evidence: Evidence, expected: float, language: str) -> str:
    if evidence.detector == "share":
        return say(language, "explain.normal", amount=percent(expected))
    basis = evidence.against if evidence.against in AGAINST else "normal"
    text = say(language, f"explain.{basis}", amount=amount(_whole(evidence, expected), evidence.measure, language))
    score, value = evidence.score, evidence.score.value or 0.0
    if value < expected and score.lower is not None:
        return text + _edge("down_to", evidence, score.lower, language)
    if (
        value >= expected and score.upper is not None and evidence.detector != "ratio"
    ):  # that is the end of its interval
        return text + _edge("up_to", evidence, score.upper, language)
    return text


def _edge(kind: str, evidence: Evidence, value: float, language: str) -> str:
    return say(language, f"explain.{kind}", amount=amount(_whole(evidence, value), evidence.measure, language))


def _whole(evidence: Evidence, value: float) -> float:
    """Counts from ten up are told without decimals: nobody files 21.4 complaints."""
    return float(round(value)) if evidence.measure in COUNTED and value >= 10 else value


def _times(evidence: Evidence, language: str) -> list[str]:
    value, expected = evidence.score.value or 0.0, evidence.score.expected or 0.0
    if expected <= 0:
        return [say(language, "explain.more", amount=amount(value - expected, evidence.measure, language))]
    times = value / expected
    if times >= 1:
        return [say(language, "explain.factor", factor=factor(times))]
    return [say(language, "explain.fraction", percent=f"{round(times * 100)}%")]


def _bound(evidence: Evidence, language: str) -> list[str]:
    reason = _deciding(evidence)
    if reason is None:
        return []
    wanted = (
        span(reason.wanted, language)
        if evidence.detector == "absence"
        else amount(reason.wanted, evidence.measure, language)
    )
    return [say(language, f"explain.{reason.condition if reason.held else 'inside'}", amount=wanted)]


def _deciding(evidence: Evidence) -> Reason | None:
    """The bound that speaks for the tier: one that held before one that did not."""
    bounds = [r for r in evidence.reasons if r.condition in ("above", "below")]
    return next((r for r in bounds if r.held), bounds[0] if bounds else None)


def _chance(evidence: Evidence, language: str) -> list[str]:
    """For a ratio: the end of the interval that was compared, since a handful of cases proves little."""
    reason, score = _deciding(evidence), evidence.score
    if evidence.detector != "ratio" or reason is None or not reason.held:
        return []
    if reason.condition == "below" and score.level_low is not None:
        return [say(language, "explain.surely_below", amount=percent(score.level_low))]
    if reason.condition == "above" and score.level is not None and score.level != score.value:
        return [say(language, "explain.surely_above", amount=percent(score.level))]
    return []


def _adds_up(evidence: Evidence, language: str) -> list[str]:
    """That a single step need not look like much."""
    adds = evidence.detector == "cusum" and (evidence.score.level or 0.0) > 1
    return [say(language, "explain.adds_up")] if adds else []


def _rarity(evidence: Evidence, language: str) -> list[str]:
    period, history = evidence.score.return_period, evidence.score.history
    if evidence.score.beyond is not None and history is not None and history >= DAY:
        return [say(language, "explain.beyond", days=number(round(history / DAY)))]
    if period is None or period < DAY:
        return []
    kind = "rarest" if period > RAREST else "rarity"
    return [say(language, f"explain.{kind}", span=rough_span(min(period, RAREST), language))]


def _learning(seen: float, needed: float, language: str) -> str:
    if needed < 2 * DAY:
        return say(language, "explain.learning.short", seen=span(seen, language), needed=span(needed, language))
    days = (number(round(s / DAY, 1)) for s in (seen, needed))
    return say(language, "explain.learning", **dict(zip(("seen", "needed"), days, strict=True)))


def _remarks(evidence: Evidence, language: str) -> list[str]:
    out = []
    if evidence.score.partial and evidence.measure not in COUNTED:
        out.append(say(language, "explain.partial"))
    if evidence.score.learning is not None:
        out.append(_learning(*evidence.score.learning, language))
    if evidence.score.promotion is not None:
        name, times = evidence.score.promotion
        out.append(say(language, "explain.promotion", name=name, factor=factor(times)))
    for reason in evidence.reasons:
        if reason.held and reason.condition == "sources" and reason.found:
            out.append(say(language, "explain.sources", n=number(reason.found)))
        if reason.held and reason.condition == "acceleration" and reason.found is not None:
            out.append(say(language, "explain.accelerates", amount=number(reason.found)))
    if n := len(evidence.families):
        out.append(say(language, "explain.families.one" if n == 1 else "explain.families.many", n=n))
    return out
