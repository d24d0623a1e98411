"""Which incident an alert belongs to: key (risk, scope), joined where one scope contains the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.model import Incident, Labels


def contains(wide: Labels, narrow: Labels) -> bool:
    """`{}` contains all; {product: X1} contains {product: X1, region: east}. A scope contains itself."""
    return wide.items() <= narrow.items()


def home(risk: str, scope: Labels, incidents: Iterable[Incident]) -> tuple[Incident | None, tuple[str, ...]]:
    """The incident a scope belongs to, and the numbers it should be linked with when it stands alone.

    The same scope wins. A wider one joins the only narrower incident; with several it stands alone and links them.
    A narrower one joins a wider incident that is the only one of its risk (which then narrows): so the order in which
    the two appear does not matter.
    """
    same_risk = [i for i in incidents if i.risk == risk]
    exact = [i for i in same_risk if i.scope == scope]
    if exact:
        return max(exact, key=lambda i: i.opened_at), ()
    narrower = [i for i in same_risk if contains(scope, i.scope)]
    if len(narrower) == 1:
        return narrower[0], ()
    if not narrower and len(same_risk) == 1 and contains(same_risk[0].scope, scope):
        return same_risk[0], ()
    return None, tuple(i.number for i in narrower)


def closed_lately(recent: Sequence[Incident], now: float, reopen_within: float) -> list[Incident]:
    """The closed incidents whose number would be taken up again."""
    return [i for i in recent if i.state != "open" and i.closed_at is not None and now - i.closed_at <= reopen_within]
