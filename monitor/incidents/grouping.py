"""Which incident an alert belongs to: key (risk, scope), joined where one scope contains the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.model import Incident, Labels

Scope = frozenset[tuple[str, str]]


class Scopes:
    """Incidents by risk and scope, so that a storm of a thousand finds its places without looking at all of them.

    Drills and real ones are never in the same book.
    """

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        self._by_risk: dict[tuple[str, bool], dict[int, dict[Scope, Incident]]] = {}
        for incident in incidents:
            self.add(incident)

    def add(self, incident: Incident) -> None:
        """Puts one in; of two of the same scope the one opened last counts."""
        book = self._by_risk.setdefault((incident.risk, incident.drill), {})
        page, scope = book.setdefault(len(incident.scope), {}), frozenset(incident.scope.items())
        known = page.get(scope)
        if known is None or known.opened_at <= incident.opened_at:
            page[scope] = incident

    def narrow(self, incident: Incident, scope: Labels) -> None:
        """A wider incident took a narrower scope: from now on it stands under that."""
        book = self._by_risk[incident.risk, incident.drill]
        book[len(incident.scope)].pop(frozenset(incident.scope.items()), None)
        book.setdefault(len(scope), {})[frozenset(scope.items())] = incident

    def home(self, risk: str, scope: Labels, drill: bool = False) -> tuple[Incident | None, tuple[str, ...]]:
        """The incident a scope belongs to, and the numbers it should be linked with when it stands alone.

        The same scope wins. A wider one joins the only narrower incident; with several it stands alone and links them.
        A narrower one joins a wider incident that is the only one of its risk (which then narrows): so the order in
        which the two appear does not matter.
        """
        book, wanted = self._by_risk.get((risk, drill), {}), frozenset(scope.items())
        exact = book.get(len(wanted), {}).get(wanted)
        if exact is not None:
            return exact, ()
        narrower = [i for n, page in book.items() if n > len(wanted) for s, i in page.items() if wanted < s]
        if len(narrower) == 1:
            return narrower[0], ()
        if not narrower and sum(map(len, book.values())) == 1:
            ((stands, only),) = (one for page in book.values() for one in page.items())
            if stands < wanted:
                return only, ()
        return None, tuple(i.number for i in narrower)


def closed_lately(recent: Sequence[Incident], now: float, reopen_within: float) -> list[Incident]:
    """The closed incidents whose number would be taken up again."""
    return [i for i in recent if i.state != "open" and i.closed_at is not None and now - i.closed_at <= reopen_within]
