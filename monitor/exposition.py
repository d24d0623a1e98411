"""Metrics as text, as prometheus-client writes them, but sooner: a series' name and labels are put together once."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.utils import floatToGoString

OPENMETRICS = CONTENT_TYPE_LATEST
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
KEPT = 50_000
"""Heads of series kept at most; past that all are written anew."""


class Writer:
    """Writes families of metrics. What it remembers are heads: `name{label="value"} `."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, ...], str] = {}

    def write(self, families: Iterable[Metric], *, openmetrics: bool) -> bytes:
        """The text of some families in the Prometheus text format 0.0.4, or in OpenMetrics 1.0."""
        if len(self._heads) > KEPT:
            self._heads = {}
        out: list[str] = []
        for family in families:
            name = family.name + "_total" if family.type == "counter" and not openmetrics else family.name
            out.append(
                f"# HELP {name} {_escaped(family.documentation, quotes=openmetrics)}\n# TYPE {name} {family.type}\n"
            )
            self._samples(family, out)
        if openmetrics:
            out.append("# EOF\n")
        return "".join(out).encode()

    def _samples(self, family: Metric, out: list[str]) -> None:
        heads = self._heads
        for sample in family.samples:
            key = (sample.name, *sample.labels.values())
            head = heads.get(key)
            if head is None:
                head = heads[key] = _head(sample.name, sample.labels)
            value = sample.value
            short = 0 <= value < 1_000_000 and value == int(value)
            said = f"{int(value)}.0" if short else floatToGoString(value)  # type: ignore[no-untyped-call]
            out.append(f"{head}{said}\n")


def content_type(accept: str) -> str:
    """What is written for an Accept header: OpenMetrics where it is asked for, else plain text."""
    asked = {kind.split(";")[0].strip() for kind in accept.split(",")}
    return OPENMETRICS if "application/openmetrics-text" in asked else PLAIN


def _head(name: str, labels: dict[str, str]) -> str:
    said = ",".join(f'{label}="{_escaped(value, quotes=True)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{said}}} " if said else f"{name} "


def _escaped(text: str, *, quotes: bool) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text
