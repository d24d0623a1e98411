"""The first page `/`: how things stand, in one look."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.config.schema import Config
from monitor.incidents.evidence import factor
from monitor.messages.explain import explain
from monitor.messages.words import factor as times
from monitor.messages.words import span
from monitor.model import Evidence, Incident, Score, Tier
from monitor.web.asking import Asking
from monitor.web.people import display
from monitor.web.sparkline import sparkline
from monitor.web.templates import render
from monitor.web.views import Overview, RuleState, SourceState
from monitor.web.words import Words

FEW = 8
"""So many rules are all shown; of more, the calm ones fold away."""
DEAD = 10
"""So many undeliverable notices are listed."""
_NOTHING = Score(value=None)


class Row(Struct, frozen=True, kw_only=True):
    """A rule as a line of the table, in words."""

    rule: str
    tier: Tier | None
    mode: str
    learning: str
    key: str
    more: int
    why: str
    value: str
    expected: str
    factor: str
    spark: Markup


async def page(request: Request) -> Response:
    """Server-rendered; a small script fetches it anew now and then, and without script the browser does."""
    asking = Asking.of(request)
    overview = await asking.site.reads.overview(asking.now)
    incidents = overview.incidents
    rows = [_row(state, asking) for state in sorted(overview.rules, key=_weight, reverse=True)]
    shown = len(rows) if len(rows) <= FEW else sum(row.tier != Tier.CALM or bool(row.learning) for row in rows)
    body = render(
        "overview.html",
        asking,
        o=overview,
        highest=max((incident.tier for incident in incidents), default=Tier.CALM),
        counts=[(tier, sum(i.tier == tier for i in incidents)) for tier in reversed(list(Tier)[1:])],
        waiting=sum(incident.acknowledged_by is None for incident in incidents),
        moving=rows[:shown],
        calm=rows[shown:],
        sources=_sources(overview, asking.config),
        title=lambda i: title_of(asking, i),
        names=lambda actor: display(asking.config, actor, asking.language),
        problems=_problems(overview),
        dead=await asking.site.reads.deliveries("dead", DEAD) if overview.dead else (),
        done=request.query_params.get("done") if request.query_params.get("done") in ("resent", "ended") else "",
    )
    return HTMLResponse(body)


async def resend(request: Request) -> Response:
    """The button beside an undeliverable notice."""
    asking = Asking.of(request)
    await asking.site.acts.resend(asking.actor, request.path_params["id"], asking.now)
    return RedirectResponse(f"/?done=resent&lang={asking.language}", 303)


async def end_silence(request: Request) -> Response:
    """The button beside a silence."""
    asking = Asking.of(request)
    await asking.site.acts.end_silence(asking.actor, request.path_params["id"], asking.now)
    return RedirectResponse(f"/?done=ended&lang={asking.language}", 303)


def title_of(asking: Asking, incident: Incident) -> str:
    """What an incident is about, in words; the risk's id where no playbook names it."""
    return asking.site.title(incident.playbook, asking.language) or incident.risk


def _problems(overview: Overview) -> int:
    """Findings, undeliverable notices, and sources that are down without a finding that says so."""
    told = {finding.subject for finding in overview.findings}
    down = sum(source.up is False and source.source not in told for source in overview.sources)
    return len(overview.findings) + overview.dead + down


def _weight(state: RuleState) -> tuple[float, bool, float, float]:
    """How much a rule asks to be looked at: tier, live before shadow, the rarest, the furthest from normal.

    No data stands above calm: it is something to look at.
    """
    score = state.lead.score if state.lead else _NOTHING
    level = 0.5 if state.tier is None else float(state.tier)
    return level, state.mode == "live", score.return_period or 0.0, factor(score) or 0.0


def _row(state: RuleState, asking: Asking) -> Row:
    lead = state.lead
    score = lead.score if lead else _NOTHING
    words = Words(asking.language, asking.zone, asking.now)
    ratio = factor(score)
    unit = _unit(lead)
    return Row(
        rule=state.rule,
        tier=state.tier,
        mode=state.mode,
        learning=_learning(score, asking.language),
        key=" · ".join(value for _, value in lead.key) if lead else "",
        more=max(0, state.worrying - 1),
        why=explain(lead, asking.language) if lead else asking.say("rule.unjudged"),
        value=words.number(score.level if unit == "seconds" else score.value, unit),
        expected=words.number(score.expected, unit),
        factor="–" if ratio is None else f"×{times(ratio)}",
        spark=sparkline(state.trail),
    )


def _unit(lead: Evidence | None) -> str:
    if lead is None:
        return ""
    return "seconds" if lead.detector == "absence" else "ratio" if lead.measure in ("ratio", "share") else ""


def _learning(score: Score, language: str) -> str:
    if score.learning is None:
        return ""
    seen, needed = score.learning
    return f"{span(seen, language)} / {span(needed, language)}"


def _sources(overview: Overview, config: Config) -> list[tuple[str, SourceState]]:
    """Sources with their family, those in trouble first."""
    families = {source.name: source.family for source in config.source}
    ordered = sorted(overview.sources, key=lambda s: (s.up is not False, not s.error, not s.saturated))
    return [(families.get(source.source, ""), source) for source in ordered]
