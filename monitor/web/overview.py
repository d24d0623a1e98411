"""The first page `/`: how things stand, in one look."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from monitor.config.schema import Config
from monitor.model import Incident, Tier
from monitor.rules.rule import Rule
from monitor.web.asking import Asking
from monitor.web.people import display
from monitor.web.sparkline import sparkline
from monitor.web.templates import render
from monitor.web.views import Overview, RuleState


async def page(request: Request) -> Response:
    """Server-rendered; a small script fetches it anew now and then, and without script the browser does."""
    asking = Asking.of(request)
    overview = await asking.site.reads.overview(asking.now)
    rules = {rule.name: rule for rule in asking.config.rule}
    body = render(
        "overview.html",
        asking,
        o=overview,
        highest=max((incident.tier for incident in overview.incidents), default=Tier.CALM),
        counts=[(tier, sum(i.tier == tier for i in overview.incidents)) for tier in reversed(list(Tier)[1:])],
        waiting=sum(_waits(incident) for incident in overview.incidents),
        moving=_moving(overview, rules),
        sources=_sources(overview, asking.config),
        title=lambda i: asking.site.title(i.playbook, asking.language) or i.risk,
        names=lambda actor: display(asking.config, actor, asking.language),
        unit=lambda state: unit_of(rules.get(state.rule)),
        spark=lambda state: sparkline(state.trail),
        problems=_problems(overview),
    )
    return HTMLResponse(body)


def unit_of(rule: Rule | None) -> str:
    """How a rule's measure is written: ratio, seconds or plain."""
    if rule is None:
        return ""
    if rule.measure in ("ratio", "share"):
        return "ratio"
    return "seconds" if getattr(rule.detector, "unit", "") == "seconds" else ""


def _waits(incident: Incident) -> bool:
    return incident.acknowledged_by is None and incident.tier > Tier.CALM


def _moving(overview: Overview, rules: dict[str, Rule]) -> list[RuleState]:
    """Rules by how much they ask to be looked at; live before shadow."""
    del rules

    def weight(state: RuleState) -> tuple[int, int, float]:
        score = state.lead.score if state.lead else None
        rare = score.return_period if score and score.return_period else 0.0
        return (-1 if state.tier is None else int(state.tier), state.mode == "live", rare)

    return sorted(overview.rules, key=weight, reverse=True)


def _sources(overview: Overview, config: Config) -> list[tuple[str, object]]:
    """Sources with their family, those in trouble first."""
    families = {source.name: source.family for source in config.source}
    ordered = sorted(overview.sources, key=lambda s: (s.up is not False, not s.error))
    return [(families.get(source.source, ""), source) for source in ordered]


def _problems(overview: Overview) -> int:
    return len(overview.findings) + overview.dead + sum(source.up is False for source in overview.sources)
