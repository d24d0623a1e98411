"""Numbers, spans and moments as people of a language write them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.messages import say
from monitor.times import UNITS, local

_SHOWN = ("y", "mo", "w", "d", "h", "m", "s")
_EXACT = ("d", "h", "m", "s")


def number(value: float) -> str:
    """At most three significant decimals, thousands set apart: 1,234 · 21.5 · 0.08."""
    decimals = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share as percent, one decimal: 0.083 -> 8.3%. Below one percent two decimals."""
    text = f"{share * 100:,.{1 if abs(share) >= 0.01 else 2}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def factor(value: float) -> str:
    """How many times: 8.9 · 12 · 1,240."""
    text = f"{value:,.{1 if value < 10 else 0}f}"
    return text.removesuffix(".0")


def span(seconds: float, language: str) -> str:
    """A span in its two largest units: 7800 -> 2 小时 10 分钟 / 2 h 10 min."""
    left, out = round(seconds), list[str]()
    for unit in _EXACT:
        n, left = divmod(left, round(UNITS[unit]))
        if n or (unit == "s" and not out):
            out.append(say(language, f"explain.unit.{unit}", n=n))
        if len(out) == 2 or (out and unit == "h" and n >= 24):
            break
    return " ".join(out)


def rough_span(seconds: float, language: str) -> str:
    """A span in its one fitting unit: 7.9e6 -> 3 个月 / 3 mo."""
    unit = next((u for u in _SHOWN if seconds >= UNITS[u] * 0.95), "s")
    return say(language, f"explain.unit.{unit}", n=round(seconds / UNITS[unit]))


def moment(at: float, zone: ZoneInfo, language: str) -> str:
    """Day and minute on the clock of a zone: 11月21日 22:15 / 21 Nov 22:15."""
    t = local(at, zone)
    name = say(language, "explain.months").split()[t.month - 1]
    return say(language, "explain.moment", month=t.month, day=t.day, name=name, hour=t.hour, minute=t.minute)


def zone_mark(at: float, zone: ZoneInfo) -> str:
    """The offset of a zone at an instant: UTC+8, UTC-3:30, UTC."""
    offset = local(at, zone).utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")
