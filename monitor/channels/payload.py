"""What the webhook sends: a notice as data, in our own form and in Alertmanager's (webhook version 4). Pure."""

from __future__ import annotations

from typing import Any

from monitor.channels.dialect import PLAIN
from monitor.channels.fit import whole
from monitor.model import Labels, Notice, Tier
from monitor.times import rfc3339

GENERATOR = "crisis-monitor"
"""Alerts that bear it as `generator` come from us; we refuse to take them in again."""
_CLOSED = {"CLEARED", "CANCELLED", "RESOLVED"}
_NEVER = "0001-01-01T00:00:00Z"


def over(notice: Notice) -> bool:
    """True where the notice ends the alarm: closed, or lowered to calm."""
    return notice.transition in _CLOSED or (notice.transition == "LOWERED" and notice.tier == Tier.CALM)


def standard(notice: Notice) -> dict[str, Any]:
    """Our own form. Strangers' words stand in it without effect, in one line each."""
    return {"type": "notice", "timestamp": rfc3339(notice.at), "data": data(notice)}


def data(notice: Notice) -> dict[str, Any]:
    """The notice as plain values."""
    fitted = whole(notice)
    return {
        "incident": notice.incident,
        "notice": notice.number,
        "transition": notice.transition,
        "tier": notice.tier.word,
        "previous_tier": notice.previous_tier.word,
        "labels": _labels(notice),
        "title": fitted.heading(PLAIN),
        "lines": fitted.written(PLAIN),
        "urls": notice.urls,
        "drill": notice.drill,
    }


def alertmanager(notice: Notice, receiver: str) -> dict[str, Any]:
    """Alertmanager's webhook form, version 4, with one alert."""
    status = "resolved" if over(notice) else "firing"
    labels, annotations = alert_labels(notice), alert_annotations(notice)
    detail = notice.urls.get("detail", "")
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(notice.at if notice.since is None else notice.since),
        "endsAt": rfc3339(notice.at) if status == "resolved" else _NEVER,
        "generatorURL": detail,
        "fingerprint": fingerprint({k: v for k, v in labels.items() if k != "tier"}),
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{incident="{notice.incident}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": {"incident": notice.incident},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": detail,
        "alerts": [alert],
    }


def alert_labels(notice: Notice) -> Labels:
    """What tells this alert from others; `alertname` is the rule, or the risk where no rule is named."""
    named = {
        "alertname": notice.labels.get("rule") or notice.labels.get("risk") or GENERATOR,
        "incident": notice.incident,
        "tier": notice.tier.word,
        "generator": GENERATOR,
    }
    return {**_labels(notice), **named, **({"drill": "true"} if notice.drill else {})}


def alert_annotations(notice: Notice) -> Labels:
    """The notice's words, and what else changes from one notice to the next."""
    fitted = whole(notice)
    return {
        "summary": fitted.heading(PLAIN),
        "description": "\n".join(fitted.written(PLAIN)),
        "notice": str(notice.number),
        "transition": notice.transition,
        "previous_tier": notice.previous_tier.word,
        **{f"url_{name}": url for name, url in notice.urls.items()},
    }


def _labels(notice: Notice) -> Labels:
    return {_whole(name): _whole(value) for name, value in notice.labels.items()}


def _whole(text: str) -> str:
    """Values of data as they came, but without half characters, which no JSON holds."""
    return text.encode("utf-8", "replace").decode()


def fingerprint(labels: Labels) -> str:
    """Prometheus' fingerprint of a label set: 64-bit FNV-1a over sorted names and values, each ended by 0xff."""
    sum_ = 14695981039346656037
    for name in sorted(labels):
        for byte in name.encode() + b"\xff" + labels[name].encode() + b"\xff":
            sum_ = ((sum_ ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return f"{sum_:016x}"
