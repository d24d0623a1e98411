"""What Alertmanager's webhook sends (version 4; Grafana's contact points alike): POST /api/v1/alertmanager.

A 200 is given after the commit. Alerts of our own making are refused: they would go round in a circle.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from monitor.model import Reported
from monitor.times import instant
from monitor.web.answers import json_answer, problem
from monitor.web.asking import Asking
from monitor.web.body import read_body

OURS = ("generator", "crisis-monitor")
SUMMARY = 1000
"""Characters kept of an alert's summary."""
Labels = dict[str, str]


class Alert(Struct, frozen=True, kw_only=True):
    """One alert of a message. Fields of later versions are passed over."""

    status: str
    fingerprint: str
    labels: Labels
    starts_at: str = field(name="startsAt")
    ends_at: str = field(name="endsAt", default="")
    annotations: Labels = field(default_factory=dict)
    generator_url: str = field(name="generatorURL", default="")


class Message(Struct, frozen=True, kw_only=True):
    """One group, all its alerts that fire and those that just ended."""

    group_key: str = field(name="groupKey")
    alerts: tuple[Alert, ...]
    group_labels: Labels = field(name="groupLabels", default_factory=dict)
    receiver: str = ""
    truncated: int = field(name="truncatedAlerts", default=0)


async def take(request: Request) -> Response:
    """Takes one message."""
    asking = Asking.of(request)
    body = await read_body(request)
    try:
        message = msgspec.json.decode(body, type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        return problem(422, "body", asking.say("denied.request", why=str(fault)))
    told, rejected = [], []
    for index, alert in enumerate(message.alerts):
        found = _read(message, alert, asking)
        if isinstance(found, Reported):
            told.append(found)
        else:
            rejected.append({"index": index, "error": asking.say(f"denied.{found}")})
    done = await asking.site.acts.report(told) if told else None
    counts = {"accepted": done.accepted, "duplicates": done.duplicates} if done else {"accepted": 0, "duplicates": 0}
    return json_answer({**counts, "rejected": rejected}, 422 if rejected and not told else 200)


def _read(message: Message, alert: Alert, asking: Asking) -> Reported | str:
    """The alert, or the reason why not."""
    if alert.labels.get(OURS[0]) == OURS[1]:
        return "own-alert"
    starts = _instant(alert.starts_at)
    if starts is None or alert.status not in ("firing", "resolved"):
        return "no-alert"
    ended = None if alert.status == "firing" else _instant(alert.ends_at) or asking.now
    how = asking.config.alertmanager
    return Reported(
        group=message.group_key,
        fingerprint=alert.fingerprint,
        name=alert.labels.get("alertname") or "unnamed",
        key=tuple(sorted(message.group_labels.items())),
        severity=alert.labels.get(how.label, ""),
        starts_at=starts,
        ends_at=ended,
        heard_at=asking.now,
        summary=(alert.annotations.get("summary") or alert.annotations.get("description") or "")[:SUMMARY],
        url=alert.generator_url,
    )


def _instant(text: str) -> float | None:
    """None where nothing usable stands: an alert that fires ends in the year 1."""
    try:
        return instant(text, ZoneInfo("UTC"))
    except ValueError:
        return None
