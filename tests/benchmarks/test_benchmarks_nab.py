"""The score of labelled windows: 100 for who finds all at once, 0 for who says nothing, less for who cries all day."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.detection.nab import File, best, caught, measure, place, score
from monitor.cli.detect import Row
from monitor.times import MINUTE

N, WINDOWS = 2000, [(600, 800), (1500, 1700)]


def file(*detected: int) -> File:
    rows = [Row("", "1", i * 5 * MINUTE, 1.0) for i in range(N)]
    scores = np.zeros(N)
    scores[list(detected)] = 0.9
    return place(rows, scores.tolist(), [(a * 5 * MINUTE, b * 5 * MINUTE) for a, b in WINDOWS])


def test_who_finds_all_at_once_has_100_and_who_finds_late_less() -> None:
    assert score([file(600, 1500)], 0.5) == pytest.approx(100)
    assert 50 < score([file(600, 1690)], 0.5) < 100
    assert score([file()], 0.5) == score([file(600)], 0.95) == 0


def test_false_alarms_cost_the_more_the_farther_behind_a_window() -> None:
    near, far = score([file(600, 810, 1500)], 0.5), score([file(600, 1400, 1500)], 0.5)
    assert 100 > near > far > 90


def test_rows_in_the_probation_count_for_nothing() -> None:
    assert score([file(10, 600, 1500)], 0.5) == pytest.approx(100)


def test_the_threshold_left_out_is_that_of_the_other_files() -> None:
    loud = file(600, 1500)
    quiet = loud._replace(score=loud.score / 2)
    assert best([loud]) == pytest.approx(0.9) and best([quiet]) == pytest.approx(0.45)
    found = measure([loud, quiet])
    assert found.own == pytest.approx(100) and found.left_out == pytest.approx(50) and found.hit == found.windows == 4


def test_windows_found_are_those_at_few_false_alarms() -> None:
    assert caught([file(600, 1500)]) == 2
    assert caught([file(*range(0, N, 13))]) == 0
