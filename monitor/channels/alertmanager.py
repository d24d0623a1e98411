"""Kind `alertmanager`: alerts into Alertmanager, to every member of a cluster, resolved when a tier changes.

An alert there is its labels, and the tier is one of them: a changed tier is a new alert, and the old one is resolved.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import field

from monitor.channels.channel import Channel, ChannelFault, Refused, Retry
from monitor.channels.exchange import Exchange
from monitor.channels.links import url_faults
from monitor.channels.payload import alert_annotations, alert_labels, over
from monitor.http import Http
from monitor.model import WARNING_TIERS, Labels, Notice, Receipt, Target, Tier
from monitor.times import Duration, rfc3339

API = "/api/v2/alerts"
SKEW = 60.0  # seconds: an end that lies ahead of a member's own clock would be no end there, and the alert burn on
_SEVERITIES = {Tier.BLUE: "info", Tier.YELLOW: "warning", Tier.ORANGE: "error", Tier.RED: "critical"}


class Alertmanager(Channel, frozen=True, kw_only=True, tag="alertmanager", tag_field="kind"):
    """`urls`: every member of the cluster. `headers` may hold references. `alive`: how long an alert burns on there
    without a word from us; `keep` gives that word."""

    urls: tuple[str, ...]
    headers: dict[str, str] = field(default_factory=dict)
    alive: Duration = Duration(86400)

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Fires or resolves on all members; one yes is enough, for a member that was away is told again by `keep`."""
        return await self._post(alerts(notice, now, self.alive), http, now)

    async def keep(self, burning: Sequence[Notice], http: Http, now: float) -> Receipt:
        """Says of the last notice of each open incident that it still holds."""
        fresh = [firing(n, now, self.alive) for n in burning if not over(n) and n.tier > Tier.CALM]
        return await self._post(fresh, http, now) if fresh else Receipt()

    async def _post(self, found: list[dict[str, Any]], http: Http, now: float) -> Receipt:
        body = msgspec.json.encode(found)
        told = await asyncio.gather(*(self._member(url, body, http, now) for url in self.urls))
        faults = [fault for fault in told if fault is not None]
        if len(faults) == len(self.urls):
            raise next((f for f in faults if isinstance(f, Retry)), faults[0])
        return Receipt(answer="; ".join([f"{len(told) - len(faults)} of {len(told)} members", *map(str, faults)]))

    async def _member(self, url: str, body: bytes, http: Http, now: float) -> ChannelFault | None:
        way = Exchange(http, self.timeout, now)
        try:
            headers = {name.lower(): way.reveal(value) for name, value in self.headers.items()}
            root = way.url(url).rstrip("/").removesuffix(API)
            way.accept(await way.post(root + API, body, headers=headers))
        except (Refused, Retry) as fault:
            return fault
        return None

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """At least one address, and each must be one."""
        return tuple(fault for url in self.urls or ("",) for fault in url_faults(url, language, "urls"))


def alerts(notice: Notice, now: float, alive: float) -> list[dict[str, Any]]:
    """What a notice changes: the alert of its tier, and the end of those of all other tiers."""
    burning = not over(notice) and notice.tier > Tier.CALM
    ended = [tier for tier in WARNING_TIERS if not burning or tier != notice.tier]
    out = [firing(notice, now, alive)] if burning else []
    return out + [{**_alert(notice, tier, now - SKEW), "endsAt": rfc3339(now - SKEW)} for tier in ended]


def firing(notice: Notice, now: float, alive: float) -> dict[str, Any]:
    """The alert of the notice's tier, burning."""
    return {**_alert(notice, notice.tier, now), "endsAt": rfc3339(now + alive)}


def _alert(notice: Notice, tier: Tier, now: float) -> dict[str, Any]:
    detail = notice.urls.get("detail", "")
    return {
        "labels": _labels(notice, tier),
        "annotations": alert_annotations(notice),
        "startsAt": rfc3339(min(now, notice.at, notice.at if notice.since is None else notice.since)),
        **({"generatorURL": detail} if detail else {}),
    }


def _labels(notice: Notice, tier: Tier) -> Labels:
    labels = {**alert_labels(notice), "tier": tier.word, "severity": _SEVERITIES[tier]}
    return {label_name(name): value for name, value in labels.items() if value}


def label_name(name: str) -> str:
    """A label's name as every Alertmanager takes it; of other alphabets the code points are written."""
    name = re.sub(r"[^A-Za-z0-9_]", lambda m: "_" if m[0].isascii() else f"_u{ord(m[0]):x}", name)
    return f"_{name}" if name[:1].isdigit() else name
