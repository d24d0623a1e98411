"""The reference of the API and of the metrics, written from the code: `python -m monitor.web.reference docs`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from monitor.metrics import (
    FINDING_KINDS,
    MEASURES,
    MODES,
    PREFIX,
    SERIES_A_RULE,
    TABLE,
    TIERS,
    TRANSITIONS,
    Loop,
    Metric,
    Metrics,
)
from monitor.web.app import ACK, API, HEALTH, INGEST, PAGES
from monitor.web.body import CAP, DEADLINE
from monitor.web.door import Door
from monitor.web.headers import HEADERS

_WRITTEN = "<!-- Written from the code by `python -m monitor.web.reference docs`; a test fails when it is stale. -->"


def api() -> str:
    """docs/api.md."""
    parts = [_WRITTEN, "# HTTP: pages, API, ingest, health", _API_INTRO]
    for title, doors in (
        ("Ingest", INGEST),
        ("Reading and acting", API),
        ("Health and metrics", HEALTH),
        ("Pages", PAGES),
        ("Acknowledging", ACK),
    ):
        parts += [f"## {title}", *(_door(door) for door in doors)]
    parts += ["## Headers of every answer", "\n".join(f"- `{name}: {value}`" for name, value in HEADERS.items())]
    return "\n\n".join(parts) + "\n"


def metrics() -> str:
    """docs/metrics.md."""
    rows = "\n".join(_metric(metric) for metric in TABLE)
    parts = [
        _WRITTEN,
        "# Metrics",
        _METRICS_INTRO,
        f"| metric | type | labels | what it says |\n|---|---|---|---|\n{rows}",
    ]
    return "\n\n".join([*parts, "## Values of labels", _values(), "## How many series", _cardinality()]) + "\n"


def _door(door: Door) -> str:
    scope = {
        "open": "the address itself is the key",
        "signed": "the signature is the key",
        "any": "any token, or this machine",
    }.get(door.scope, f"scope `{door.scope}`")
    lines = [f"### {door.method} {door.path}", f"{door.says} ({scope})"]
    if door.takes:
        lines.append(f"```json\n{door.takes}\n```")
    if door.gives:
        lines.append(f"Answers {door.gives}.")
    return "\n\n".join(lines)


def _metric(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    return f"| `{metric.full_name}` | {metric.kind} | {labels} | {metric.help} |"


def _values() -> str:
    fixed = {
        "rule, risk, source, channel, clock": "the names in the config and its playbooks, nothing else",
        "series": f"the series a rule names for export, at most {SERIES_A_RULE} a rule",
        "tier": ", ".join(f"`{tier}`" for tier in TIERS[1:]) + "; `calm` too on `rule_tier` and `notices_total`",
        "transition": ", ".join(f"`{name}`" for name in TRANSITIONS),
        "kind": ", ".join(f"`{kind}`" for kind in FINDING_KINDS),
        "loop": ", ".join(f"`{loop}`" for loop in get_args(Loop)),
        "measure": ", ".join(f"`{measure}`" for measure in MEASURES),
        "mode": ", ".join(f"`{mode}`" for mode in MODES),
    }
    fixed |= {
        f"result of {metric.name}": ", ".join(f"`{value}`" for value in metric.results)
        for metric in TABLE
        if metric.results
    }
    return "\n".join(f"- **{name}**: {values}" for name, values in fixed.items())


def _cardinality() -> str:
    """Counted, not estimated: everything a config can bring is brought once."""
    each = {label: _lines(**{label: 2}) - _lines(**{label: 1}) for label in ("rules", "sources", "channels", "clocks")}
    rows = "\n".join(f"| each of the {label} | {n} |" for label, n in each.items())
    return _CARDINALITY.format(fixed=_lines(), rows=rows, series=SERIES_A_RULE)


def _lines(**how_many: int) -> int:
    """Series of a service whose config names so many of each, all that may be absent being there."""
    names = {label: [f"{label}-{i}" for i in range(n)] for label, n in how_many.items()}
    metrics = Metrics()
    metrics.configure(**names, hash="-")
    metrics.describe(
        {r: ("-", "count", "live") for r in names.get("rules", ())}, dict.fromkeys(names.get("sources", ()), 1.0)
    )
    for rule in names.get("rules", ()):
        metrics.rule(rule, 0, value=0, expected=0, upper=0)
    for source in names.get("sources", ()):
        metrics.source(source, up=True, lag=0)
    metrics.clocks(dict.fromkeys(names.get("clocks", ()), 0.0))
    metrics.tick(0)
    families = metrics.registry.collect()
    return sum(s.name.startswith(PREFIX) for family in families for s in family.samples)


_CARDINALITY = """\
| | series at most |
|---|---|
| whatever the config says | {fixed} |
{rows}

A rule may name up to {series} of its series (`export`), which come on top: values of `by` become labels only there.
The shipped config makes some 700.
`promtool check metrics --extended < scrape` lists what a running service has."""

_API_INTRO = f"""\
Everything is served at `[server] listen` (default `127.0.0.1:9464`). Bodies and answers are JSON in UTF-8;
instants are RFC 3339 with zone (or epoch seconds or milliseconds going in), tiers are words: `calm`, `blue`,
`yellow`, `orange`, `red`.

**Who may.** A token goes in as `Authorization: Bearer TOKEN`; a browser asks for it as the password (any user
name). `crisis-monitor token new NAME` makes one; the config holds only its SHA-256 and its scopes: `ingest`,
`read`, `act`, `metrics`. A scope that no configured token bears is open to this machine itself: over loopback,
addressed as `localhost` or by its loopback address, and without `Forwarded` or `X-Forwarded-*` headers. Over
the admin socket the caller is the user at its other end. Who acted stands in the timeline: `token:NAME`,
`user:NAME`, `local`, or the person of an ack link.

**Errors** are `{{"error": "code", "message": "for people"}}`, the message in the language of `Accept-Language`
or `?lang=` (`zh`, `en`): 401 no or an unknown token, 403 not allowed, 404 no such thing, 409 it stands
otherwise, 413 larger than {CAP // (1024 * 1024)} MB packed or unpacked, 408 not all there within {DEADLINE:g}
s, 422 cannot be understood, 503 with `Retry-After` when nothing can be written just now (nothing was stored:
send it again, the same record counts once)."""

_METRICS_INTRO = f"""\
`GET /metrics`, in the text format or OpenMetrics. All names begin with `{PREFIX}`; beside them stand the usual
`process_*`. Values of labels come from the config or from the lists below, never from texts, so the number of
series is bounded by the config. Counters start at 0 for every combination. A gauge whose value is not known has
no series: no data is not 0. Series of removed rules, sources and channels are gone at the next scrape."""


def main() -> None:
    """Writes the pages into a folder."""
    folder = Path(sys.argv[1])
    (folder / "api.md").write_text(api(), encoding="utf-8")
    (folder / "metrics.md").write_text(metrics(), encoding="utf-8")


if __name__ == "__main__":
    main()
