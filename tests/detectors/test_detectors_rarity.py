"""A rarity means what it says: quiet series alarm about as often as claimed."""

from __future__ import annotations

import pytest

from benchmarks.detection import calibration


@pytest.mark.slow
def test_quiet_series_alarm_about_as_often_as_claimed() -> None:
    rows = [calibration.Row(kind, mean) for kind in ("cox", "cluster", "states") for mean in (0.1, 100.0)]
    for row, told in zip(rows, calibration.ratios(rows, series=30, years=3, seed=7), strict=True):
        assert all(0.5 <= told.later[rarity] <= 2 for rarity in ("1w", "1mo", "3mo")), row


def test_counts_that_come_one_by_one_alarm_no_more_often_than_claimed() -> None:
    """Their daily highest is the same count for weeks: that it never varies would make the next count look rare."""
    (told,) = calibration.ratios([calibration.Row("cox", 0.1)], series=60, years=1.5, seed=7)
    assert 0.5 <= told.later["1mo"] <= 1.6 and told.later["3mo"] <= 1.6


@pytest.mark.slow
def test_a_rule_of_many_series_alarms_about_as_often_as_it_claims() -> None:
    (told,) = calibration.ratios([calibration.Row("cox", 1.0, among=20)], series=60, years=1.5, seed=7)
    assert 0.4 <= told.later["1w"] <= 2


@pytest.mark.slow
def test_a_rarity_counts_rises_as_they_are_judged_however_often_that_is() -> None:
    """Judged six times in a step, through the detector: no more alarms than steps make by themselves."""
    told = calibration.judged(days=110, series=6, mean=20.0, seed=7)
    alarms, claimed = told["1w"]
    assert alarms <= 2 * claimed + 3 and alarms >= 0.2 * claimed - 1
