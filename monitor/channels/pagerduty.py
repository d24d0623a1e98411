"""Kind `pagerduty`: Events API v2. Each tier of an incident is an alert there, so that a raise rings anew."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from monitor.channels.channel import Channel, Retry
from monitor.channels.dialect import PLAIN
from monitor.channels.exchange import Exchange, reading
from monitor.channels.fit import cut, whole
from monitor.channels.links import buttons, url_faults
from monitor.channels.payload import over
from monitor.http import Http
from monitor.model import WARNING_TIERS, Notice, Receipt, Target, Tier
from monitor.secret import Secret
from monitor.times import rfc3339

SUMMARY = 1024
Severity = Literal["critical", "error", "warning", "info"]
_SEVERITIES: dict[Tier, Severity] = {
    Tier.CALM: "info",
    Tier.BLUE: "info",
    Tier.YELLOW: "warning",
    Tier.ORANGE: "error",
    Tier.RED: "critical",
}


class PagerDuty(Channel, frozen=True, kw_only=True, tag="pagerduty", tag_field="kind"):
    """`routing_key`: of the service's integration. `url`: another one for accounts in the EU."""

    rings: ClassVar[bool] = True

    routing_key: Secret
    url: str = "https://events.pagerduty.com/v2/enqueue"

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Triggers and resolves as the notice asks, in that order; the last answer is the receipt."""
        way = Exchange(http, self.timeout, now)
        key, url, receipt = way.reveal(self.routing_key), way.url(self.url), Receipt()
        for event in events(notice):
            answer = await way.post(url, msgspec.json.encode({"routing_key": key, **event}))
            way.accept(answer)
            found = reading(answer)
            if found.get("status") != "success":
                raise Retry(f"no success in the answer: {way.said(answer)}", sent=True)
            receipt = Receipt(provider_id=str(found.get("dedup_key", ""))[:255], answer=way.said(answer))
        return receipt

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """The address must be one."""
        return url_faults(self.url, language)


def events(notice: Notice) -> list[dict[str, Any]]:
    """What a notice says to PagerDuty. Repeating them changes nothing there."""
    if over(notice):
        return [_resolve(notice, tier) for tier in reversed(WARNING_TIERS)]
    left = [notice.previous_tier] if notice.previous_tier not in (Tier.CALM, notice.tier) else []
    return [_trigger(notice), *(_resolve(notice, tier) for tier in left)]


def _key(notice: Notice, tier: Tier) -> str:
    return f"crisis-monitor/{notice.incident}/{tier.word}"


def _resolve(notice: Notice, tier: Tier) -> dict[str, Any]:
    return {"event_action": "resolve", "dedup_key": _key(notice, tier)}


def _trigger(notice: Notice) -> dict[str, Any]:
    fitted = whole(notice)
    return {
        "event_action": "trigger",
        "dedup_key": _key(notice, notice.tier),
        "client": "crisis-monitor",
        **({"client_url": notice.urls["detail"]} if notice.urls.get("detail") else {}),
        "links": [{"href": url, "text": label} for label, url in buttons(notice)],
        "payload": {
            "summary": cut(fitted.heading(PLAIN), SUMMARY - 1),
            "source": "crisis-monitor",
            "severity": _SEVERITIES[notice.tier],
            "timestamp": rfc3339(notice.at),
            "component": notice.labels.get("risk", ""),
            "group": notice.incident,
            "class": notice.labels.get("rule", ""),
            "custom_details": {
                "notice": notice.number,
                "transition": notice.transition,
                "tier": notice.tier.word,
                "drill": notice.drill,
                "lines": fitted.written(PLAIN),
            },
        },
    }
