"""Our writer of metrics beside prometheus-client's own: the same text, sooner."""

from __future__ import annotations

import time

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from monitor.exposition import OPENMETRICS, PLAIN, Writer, content_type
from monitor.metrics import Metrics

VALUES = [0, 1, -1, 0.5, 1e-9, 999_999, 1_000_000, 1_234_567.5, 1e15, 1e21, float("inf"), float("-inf"), float("nan")]


def filled() -> CollectorRegistry:
    disable_created_metrics()
    registry = CollectorRegistry()
    gauge = Gauge("a_gauge", 'what "it" says\\ and\nmore', ["name", "also"], registry=registry)
    for i, value in enumerate(VALUES):
        gauge.labels(f'规则 "{i}"\\n\n', "x").set(value)
    Gauge("plain", "no labels", registry=registry).set(7)
    Counter("things", "counted", ["kind"], registry=registry).labels("a").inc(3)
    Histogram("taken_seconds", "how long", ["tier"], buckets=(0.1, 60), registry=registry).labels("red").observe(5)
    return registry


@pytest.mark.parametrize("openmetrics", [False, True])
def test_it_writes_what_the_library_writes(openmetrics: bool) -> None:
    registry, writer = filled(), Writer()
    wanted = generate_openmetrics(registry) if openmetrics else generate_latest(registry)
    for _ in range(2):  # the second time from memory
        assert writer.write(registry.collect(), openmetrics=openmetrics).decode() == wanted.decode()


def test_what_prometheus_asks_for_is_what_it_gets() -> None:
    asks = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    assert content_type(asks) == OPENMETRICS
    assert content_type("text/plain;version=0.0.4") == content_type("") == PLAIN


def test_what_is_remembered_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.exposition.KEPT", 10)
    registry, writer = filled(), Writer()
    once = writer.write(registry.collect(), openmetrics=False)
    assert writer.write(registry.collect(), openmetrics=False) == once
    assert len(writer._heads) < 40


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0"])
def test_ten_thousand_series_are_told_quickly(accept: str) -> None:
    metrics = Metrics()
    metrics.configure(rules=[f"rule-{i}" for i in range(1100)])
    metrics.exposition(accept)
    spent = []
    for _ in range(3):
        start = time.process_time()
        body, _ = metrics.exposition(accept)
        spent.append(time.process_time() - start)
    assert body.count(b"\n") > 10_000
    assert min(spent) < 0.15, "60 ms on a quiet machine"
