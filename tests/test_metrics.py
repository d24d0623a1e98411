"""The exported metrics: names, labels, first values, what goes away, and what never comes in."""

from __future__ import annotations

import shutil
import subprocess
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.metrics import FINDING_KINDS, PREFIX, TABLE, TIERS, TRANSITIONS, Metrics
from monitor.model import Tier, Transition

CONTRACT = {
    "rule_tier_level": {"rule"}, "rule_tier": {"rule", "tier"}, "rule_value": {"rule"}, "rule_expected": {"rule"},
    "rule_upper": {"rule"}, "series_tier_level": {"rule", "series"}, "rule_learning": {"rule"},
    "rule_evaluations_total": {"rule"}, "rule_evaluation_failures_total": {"rule"}, "incidents_open": {"tier"},
    "incident_transitions_total": {"transition"}, "findings_open": {"kind"}, "ack_seconds": {"tier"},
    "source_up": {"source"}, "source_last_success_timestamp_seconds": {"source"},
    "source_fetches_total": {"source", "result"}, "source_records_total": {"source", "result"},
    "source_lag_seconds": {"source"}, "notices_total": {"tier", "transition"},
    "deliveries_total": {"channel", "result"}, "deliveries_pending": {"channel"},
    "outbox_oldest_timestamp_seconds": set(), "event_to_notice_seconds": set(), "timers_due": set(),
    "loop_last_advance_timestamp_seconds": {"loop"}, "config_last_reload_successful": set(), "config_info": {"hash"},
    "clock_remaining_seconds": {"clock"}, "drills_last_success_timestamp_seconds": set(), "build_info": {"version"},
}  # fmt: skip


def configured(**more: object) -> Metrics:
    metrics = Metrics()
    names = {"rules": ["surge", "returns"], "sources": ["helpdesk"], "channels": ["mail"], "clocks": ["recall"]}
    metrics.configure(**(names | more), hash="abc")  # type: ignore[arg-type]
    metrics.describe(
        {"surge": ("product-safety", "count", "live"), "returns": ("product-quality", "share", "shadow")},
        {"helpdesk": 60},
    )
    return metrics


def busy() -> Metrics:
    metrics = configured()
    metrics.rule("surge", Tier.RED, value=186, expected=21, upper=38, learning=True)
    metrics.series("surge", {"X1": 4, "X2": -1})
    metrics.evaluated("surge", failed=True)
    metrics.source("helpdesk", up=True, last_success=1e9, lag=2.5)
    metrics.quality("helpdesk", {"duplicates": 0.5})
    metrics.fetched("helpdesk", "ok")
    metrics.records("helpdesk", "accepted", 7)
    metrics.incidents({Tier.RED: 1})
    metrics.transition("NO DATA")
    metrics.findings({"source-silent": 2, "something-new": 1})
    metrics.acknowledged(Tier.RED, 95)
    metrics.notice(Tier.RED, "RAISED")
    metrics.delivered("mail", "sent")
    metrics.outbox({"mail": 3}, 1e9)
    metrics.event_to_notice(0.04)
    metrics.render_failed()
    metrics.timers_due(1)
    metrics.advanced("judge", 1e9)
    metrics.clocks({"recall": 1e9 - 30})
    metrics.tick(1e9)
    metrics.drill_succeeded(1e9)
    return metrics


def scrape(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = metrics.exposition()[0].decode()
    return {
        (s.name.removeprefix(PREFIX), tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return scrape(metrics).get((name, tuple(sorted(labels.items()))))


def test_every_metric_of_the_contract_is_there_with_its_labels() -> None:
    table = {metric.name: set(metric.labels) for metric in TABLE}
    assert {name: table.get(name) for name in CONTRACT} == CONTRACT
    assert set(table) - set(CONTRACT) == {
        "notice_render_failures_total", "rule_info", "source_expected_every_seconds", "incidents_unacknowledged",
        "drill_transitions_total", "clock_running", "time_seconds", "source_quality_ratio",
    }  # fmt: skip


def test_all_of_it_shows_once_it_is_used() -> None:
    shown = {name for name, _ in scrape(busy())}
    for metric in TABLE:
        wanted = f"{metric.name}_count" if metric.kind == "histogram" else metric.name
        assert wanted in shown, metric.name


def test_counters_begin_at_nought_for_every_combination() -> None:
    found = scrape(configured())
    for metric in TABLE:
        if metric.kind == "counter":
            mine = [v for (name, _), v in found.items() if name == metric.name]
            assert mine and set(mine) == {0.0}, metric.name
    assert ("deliveries_total", (("channel", "mail"), ("result", "dead"))) in found
    assert ("notices_total", (("tier", "calm"), ("transition", "CLEARED"))) in found


def test_no_data_is_not_nought() -> None:
    metrics = configured()
    assert value(metrics, "rule_tier_level", rule="surge") == -1
    assert value(metrics, "rule_value", rule="surge") is None
    metrics.rule("surge", Tier.BLUE, value=5, expected=2)
    assert value(metrics, "rule_value", rule="surge") == 5
    assert value(metrics, "rule_tier", rule="surge", tier="blue") == 1
    metrics.rule("surge", None)
    assert value(metrics, "rule_tier_level", rule="surge") == -1
    assert value(metrics, "rule_value", rule="surge") is None
    assert value(metrics, "rule_tier", rule="surge", tier="blue") == 0


def test_what_the_config_names_no_more_is_gone_at_the_next_scrape() -> None:
    metrics = busy()
    metrics.configure(rules=["returns"], sources=["helpdesk"], channels=["mail"], clocks=["recall"], hash="def")
    labels = [dict(labels) for _, labels in scrape(metrics)]
    assert not [found for found in labels if found.get("rule") == "surge"]
    assert value(metrics, "config_info", hash="abc") is None
    assert value(metrics, "config_info", hash="def") == 1


def test_a_reload_keeps_what_stays() -> None:
    metrics = busy()
    metrics.configure(rules=["surge", "new"], sources=["helpdesk"], channels=["mail"], hash="def")
    assert value(metrics, "rule_tier_level", rule="surge") == 4
    assert value(metrics, "source_records_total", source="helpdesk", result="accepted") == 7
    assert value(metrics, "rule_evaluations_total", rule="new") == 0


def test_names_that_are_not_configured_never_become_labels() -> None:
    metrics = configured()
    before = set(scrape(metrics))
    metrics.rule("other", Tier.RED, value=1)
    metrics.series("other", {"x": 1})
    metrics.evaluated("other")
    metrics.source("other", up=True)
    metrics.fetched("other", "ok")
    metrics.records("other", "accepted", 1)
    metrics.delivered("other", "sent")
    metrics.outbox({"other": 1}, None)
    metrics.clocks({"other": 5})
    metrics.describe({"other": ("other", "count", "live")}, {"other": 1})
    metrics.findings({"made-up": 3})
    assert set(scrape(metrics)) == before
    assert value(metrics, "findings_open", kind="other") == 3


def test_at_most_twenty_series_of_a_rule() -> None:
    metrics = configured()
    metrics.series("surge", {f"s{i}": 1 for i in range(50)})
    assert len([name for name, _ in scrape(metrics) if name == "series_tier_level"]) == 20
    metrics.series("surge", {"s7": 2})
    assert [v for (name, _), v in scrape(metrics).items() if name == "series_tier_level"] == [2.0]


def test_drills_are_not_counted_as_notices() -> None:
    metrics = configured()
    metrics.notice(Tier.RED, "NEW", drill=True)
    assert value(metrics, "notices_total", tier="red", transition="NEW") == 0


def test_a_drill_counts_as_a_drill_and_as_nothing_else() -> None:
    metrics = configured()
    metrics.transition("NEW", drill=True)
    assert value(metrics, "drill_transitions_total", transition="NEW") == 1
    assert value(metrics, "incident_transitions_total", transition="NEW") == 0


def test_what_nobody_took_is_told_beside_what_is_open() -> None:
    metrics = configured()
    metrics.incidents({4: 2, 1: 1}, {4: 1})
    assert value(metrics, "incidents_open", tier="red") == 2
    assert value(metrics, "incidents_unacknowledged", tier="red") == 1
    assert value(metrics, "incidents_unacknowledged", tier="blue") == 0


def test_a_legal_clock_counts_down_by_itself_until_it_ends() -> None:
    metrics = configured()
    metrics.clocks({"recall": 1000})
    metrics.tick(400)
    assert value(metrics, "clock_remaining_seconds", clock="recall") == 600
    metrics.tick(1100)
    assert value(metrics, "clock_remaining_seconds", clock="recall") == -100
    assert value(metrics, "clock_running", clock="recall") == 1
    metrics.clocks({})
    metrics.tick(1200)
    assert value(metrics, "clock_remaining_seconds", clock="recall") is None
    assert value(metrics, "clock_running", clock="recall") == 0


def test_a_scrape_tells_the_service_own_time() -> None:
    metrics = configured()
    metrics.tick(12345)
    assert value(metrics, "time_seconds") == 12345


def test_a_rule_that_changed_what_it_is_about_has_one_row_of_it() -> None:
    metrics = configured()
    metrics.describe({"surge": ("publicity", "number", "shadow")}, {})
    rows = [dict(labels) for name, labels in scrape(metrics) if name == "rule_info" and dict(labels)["rule"] == "surge"]
    assert rows == [{"rule": "surge", "risk": "publicity", "measure": "number", "mode": "shadow"}]


def test_nothing_is_expected_of_a_source_without_a_rhythm() -> None:
    metrics = configured()
    assert value(metrics, "source_expected_every_seconds", source="helpdesk") == 60
    metrics.describe({}, {"helpdesk": None})
    assert value(metrics, "source_expected_every_seconds", source="helpdesk") is None


def test_kinds_written_with_underscores_are_the_same_kinds() -> None:
    metrics = configured()
    metrics.findings({"clock_overdue": 1})
    assert value(metrics, "findings_open", kind="clock-overdue") == 1
    assert value(metrics, "findings_open", kind="other") == 0


def test_a_refused_reload_shows() -> None:
    metrics = configured()
    assert value(metrics, "config_last_reload_successful") == 1
    metrics.reloaded(False)
    assert value(metrics, "config_last_reload_successful") == 0


def test_two_services_in_one_process_keep_apart() -> None:
    one, other = busy(), configured()
    assert value(one, "timers_due") == 1
    assert value(other, "timers_due") == 0


@pytest.mark.promtool
@pytest.mark.parametrize("state", [Metrics, configured, busy])
def test_promtool_finds_nothing(state: object) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    body, _ = state().exposition()  # type: ignore[operator]
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_kinds_of_findings_are_words_a_dashboard_can_show() -> None:
    assert all(kind == kind.lower() and " " not in kind for kind in FINDING_KINDS)


def test_tiers_and_transitions_are_those_of_the_nouns() -> None:
    assert tuple(tier.word for tier in Tier) == TIERS
    assert get_args(Transition) == TRANSITIONS
