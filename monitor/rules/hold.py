"""From what a score reaches to the standing of an alert: `for`, leave bound and dwell, and what no data freezes."""

from __future__ import annotations

from msgspec import structs

from monitor.model import Alert, Score, Tier
from monitor.rules.ladder import Climb, standing
from monitor.rules.rule import Rule, Rung
from monitor.rules.select import RULES


def hold(alert: Alert, reached: Climb, score: Score, rule: Rule, now: float) -> Alert:
    """The alert after one judgement. Raises at once to any tier; lets go after dwell; no data changes no tier.

    A partial score may raise. By being low it starts no clock and lets nothing go: a tier falls only at an instant
    whose window is wholly covered. A value that is not judged (no level, no rarity) lets nothing go either.
    """
    if reached.tier is None:
        return structs.replace(alert, no_data_since=_since(alert.no_data_since, now))
    if alert.idle and not reached.held:
        return alert
    alert = _thawed(alert, now)
    rungs = dict(rule.rungs())
    alert = structs.replace(alert, pending=_pending(alert, reached, now))
    due = [t for t in reached.held if now - alert.pending[t] >= rungs[t].for_]
    top = max(due, default=Tier.CALM)
    if top > alert.tier:
        began = alert.began if alert.tier else now
        alert = structs.replace(alert, tier=top, since=now, began=began)
    return _let_go(alert, reached, score, rule, rungs, now)


def _since(before: float | None, now: float) -> float:
    return now if before is None else before


def _thawed(alert: Alert, now: float) -> Alert:
    """Clocks that stood still without data go on where they stood."""
    if alert.no_data_since is None:
        return alert
    gone = now - alert.no_data_since
    pending = {tier: since + gone for tier, since in alert.pending.items()}
    under = {tier: since + gone for tier, since in alert.under.items()}
    return structs.replace(alert, pending=pending, under=under, no_data_since=None)


def _pending(alert: Alert, reached: Climb, now: float) -> dict[int, float]:
    """Since when each rung's conditions hold without a break; a partial score breaks nothing."""
    kept = alert.pending if reached.partial else {}
    return {**kept, **{int(tier): alert.pending.get(tier, now) for tier in reached.held}}


def _let_go(alert: Alert, reached: Climb, score: Score, rule: Rule, rungs: dict[Tier, Rung], now: float) -> Alert:
    """The tier after dwell was asked: the highest one not undercut, or undercut for less than `dwell`."""
    if score.level is None and score.return_period is None:
        return alert
    stands = {t: standing(rung, rule, score) for t, rung in rungs.items() if t <= alert.tier}
    if rule.of == RULES:
        stands = {t: "under" if t in reached.apart else "above" for t in stands}
    under = {int(t): alert.under.get(t, now) for t, stand in stands.items() if stand == "under"}
    if reached.partial:
        under = {t: since for t, since in under.items() if t in alert.under}
        return structs.replace(alert, under=under, below_since=under.get(alert.tier))
    kept = [t for t in under if now - under[t] < rule.leave.dwell]
    kept += [t for t, stand in stands.items() if stand == "above" or (stand == "unknown" and t == alert.tier)]
    tier = Tier(max(kept, default=Tier.CALM))
    under = {t: since for t, since in under.items() if t <= tier}
    since = alert.since if tier == alert.tier else now
    return structs.replace(alert, tier=tier, since=since, under=under, below_since=under.get(tier))
