"""When a notice could not reach the one it was owed to: everybody else who can be reached is told."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.incidents import routes
from monitor.incidents.change import MONITOR, Change
from monitor.incidents.context import Context
from monitor.model import Alert, Entry, Incident, Outcome

REASON = "delivery.reason.undelivered"
ENTRY = "delivery.entry.undelivered"


def undelivered(
    incident: Incident, person: str, tried: Sequence[str], now: float, context: Context, *,
    notice: int, alerts: Sequence[Alert] = (),
) -> Outcome:  # fmt: skip
    """Tells the people and groups that a failed channel does not stand between; of the incident first, else anybody.

    `person` "" = a channel itself was to be told. `tried`: the channels that failed.
    """
    change = Change(incident, context, now, alerts=alerts)
    told = {"person": person or tried[0], "notice": notice}
    change.entries.append(Entry(incident=incident.number, at=now, actor=MONITOR, kind=ENTRY, args=told))
    own = [name for step in incident.steps for name in step.contacts]
    groups = [routes.CHANNEL + name for name, channel in context.channels.items() if channel.group]
    for some in ([*own, *groups], list(context.people)):
        to = [name for name in dict.fromkeys(some) if name != person and _open_way(name, tried, context)]
        if to and change.tell("UPDATE", to, REASON, person=person or tried[0], channels=", ".join(tried)):
            break
    else:
        change.finding("unreachable", person=person)
    return change.outcome()


def _open_way(name: str, tried: Sequence[str], context: Context) -> bool:
    if name.startswith(routes.CHANNEL):
        return name.removeprefix(routes.CHANNEL) not in tried
    return name in context.people and any(c not in tried for c in routes.reach(context.people[name], context))
