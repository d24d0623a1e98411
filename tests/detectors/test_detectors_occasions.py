"""`seasonal` that knows of days: holidays, made-up days, planned promotions; what they teach, what stays unusual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.detectors import Asked, Seasonal
from monitor.detectors.kept import Kept, window_of
from monitor.detectors.occasions import ALLOWANCE, BACK, OFF, UNTOLD, Almanac, Occasion
from monitor.detectors.track import Tracks
from monitor.incidents.workdays import Calendar, calendar_of
from monitor.model import Key, Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, day_span

CHINA = ZoneInfo("Asia/Shanghai")
CN = calendar_of("CN")
START = day_span("2025-04-28", CHINA)[0]  # a Monday
ASKED = Asked(window=6 * HOUR, zone=CHINA, rarities=(7 * DAY, 30 * DAY))
LAMP: Key = (("product", "lamp"),)


def midnight(day: str) -> float:
    return day_span(day, CHINA)[0]


def promotion(first: str, last: str, **more: object) -> Occasion:
    return Occasion(**{"kind": "618", "start": midnight(first), "end": day_span(last, CHINA)[1], **more})


def counts(days: int, seed: int = 1, least: float = 20.0) -> np.ndarray:
    """An hour a step, with a rhythm of the day, over-dispersed."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    mean = least * (1 + 0.8 * np.sin(2 * np.pi * (hours % 24 - 9) / 24))
    return rng.negative_binomial(mean, 0.5).astype(float)


def lifted(values: np.ndarray, first: str, hours: int, times: float) -> np.ndarray:
    """So many times as much from a midnight on."""
    at = round((midnight(first) - START) / HOUR)
    out = values.copy()
    out[at : at + hours] = np.round(out[at : at + hours] * times)
    return out


def hourly(values: np.ndarray, key: Key = LAMP) -> Series:
    buckets = tuple(Bucket(START + i * HOUR, HOUR, n, n, n) for i, n in enumerate(values.tolist()) if not math.isnan(n))
    covered = ((START, START + len(values) * HOUR),)
    return Series(key=key, measure="count", buckets=buckets, covered=covered, full=covered)


def judged(
    values: np.ndarray, at: float, occasions: Sequence[Occasion] = (), days: Calendar | None = None,
    kept: Kept | None = None,
) -> Score:  # fmt: skip
    return several([hourly(values)], at, occasions, days, kept)[0]


def several(
    batch: list[Series], at: float, occasions: Sequence[Occasion] = (), days: Calendar | None = None,
    kept: Kept | None = None,
) -> list[Score]:  # fmt: skip
    """As at an instant, from what was there then."""
    seen = [
        replace(s, buckets=tuple(b for b in s.buckets if b.start < at), covered=((START, at),), full=((START, at),))
        for s in batch
    ]
    detector = Seasonal().within(Almanac(CHINA, days, occasions))
    return detector.score(seen, at, replace(ASKED, kept=kept))


def rare(score: Score, period: float = 30 * DAY) -> bool:
    assert score.return_period is not None
    return score.return_period >= period


# days


def test_a_holiday_counts_as_the_last_day_of_the_weekend_and_a_made_up_day_as_the_working_day_beside_it() -> None:
    almanac = Almanac(CHINA, CN)
    as_what = {day: almanac.weekday(date.fromisoformat(day).toordinal()) for day in (
        "2025-10-01", "2025-10-04", "2025-09-28", "2025-10-11", "2025-10-10", "2025-10-18",
    )}  # fmt: skip
    assert list(as_what.values()) == [6, 5, 0, 4, 4, 5]


def test_days_off_are_one_occasion_and_the_first_day_after_a_long_stretch_is_another() -> None:
    found = Almanac(CHINA, CN).on(midnight("2025-09-25"), midnight("2025-10-15"))
    told = [(o.kind, o.start, o.end) for o in found]
    assert told == [
        (OFF, midnight("2025-10-01"), midnight("2025-10-09")),
        (BACK, midnight("2025-10-09"), midnight("2025-10-10")),
    ]


def test_a_day_off_alone_is_followed_by_no_first_day_back() -> None:
    own = Calendar(off=frozenset({"2025-06-11"}))
    found = Almanac(CHINA, own).on(midnight("2025-06-02"), midnight("2025-06-23"))
    assert [o.kind for o in found] == [OFF]


def test_without_a_calendar_and_promotions_nothing_is_known() -> None:
    almanac = Almanac(CHINA)
    assert almanac.kinds == () and almanac.on(midnight("2025-09-25"), midnight("2025-10-15")) == []
    assert [almanac.weekday(day) for day in range(739000, 739007)] == [
        date.fromordinal(day).weekday() for day in range(739000, 739007)
    ]


def test_a_weekend_elsewhere_is_another() -> None:
    assert calendar_of("AE").weekend() != calendar_of("IL").weekend()
    assert calendar_of("CN").weekend() == calendar_of("").weekend() == frozenset({5, 6})


# promotions


def test_an_announced_rise_stays_quiet_and_more_than_that_does_not() -> None:
    at = midnight("2025-06-16") + 18 * HOUR
    quiet = lifted(counts(60), "2025-06-16", 24, 3.0)
    crisis = lifted(quiet, "2025-06-16", 24, 2.5)
    known = [promotion("2025-06-16", "2025-06-18", expect=3.0)]
    assert rare(judged(quiet, at)) and not rare(judged(quiet, at, known), 2 * DAY)
    assert rare(judged(crisis, at, known))


def test_what_is_expected_and_the_promotion_are_told() -> None:
    at = midnight("2025-06-16") + 12 * HOUR
    values = lifted(counts(60), "2025-06-16", 24, 3.0)
    plain, known = judged(counts(60), at), judged(values, at, [promotion("2025-06-16", "2025-06-18", expect=3.0)])
    assert known.expected == pytest.approx(3 * plain.expected, rel=0.05) and known.promotion == ("618", 3.0)
    assert plain.promotion is None and known.upper > plain.upper


def test_a_bound_is_where_its_rarity_begins_in_a_promotion_too() -> None:
    at = midnight("2025-06-16") + 3 * HOUR  # half of the window lies before it
    series, known = hourly(counts(50)), [promotion("2025-06-16", "2025-06-18", expect=4.0)]
    last = next(b.n for b in series.buckets if b.start == at - HOUR)
    for rarity, bound in several([series], at, known)[0].bounds:
        for more, reached in ((1.01, True), (0.99, False)):
            grown = replace(series, buckets=(*(b for b in series.buckets if b.start < at), Bucket(at - 60, 60, 0.0)))
            value = several([grown], at, known)[0].value
            grown = replace(grown, buckets=(*grown.buckets[:-1], Bucket(at - 60, 60, bound * more - value)))
            score = several([grown], at, known)[0]
            assert score.value == pytest.approx(bound * more) and rare(score, rarity) == reached
    assert last >= 0


def test_a_promotion_teaches_nothing_of_ordinary_days() -> None:
    later = midnight("2025-06-20") + 15 * HOUR
    values = counts(60)
    raised = lifted(values, "2025-06-16", 72, 3.0)
    known = [promotion("2025-06-16", "2025-06-18", expect=3.0)]
    assert judged(raised, later, known).expected == pytest.approx(judged(values, later, known).expected)
    assert judged(raised, later).expected > 1.2 * judged(values, later).expected


def test_what_an_earlier_promotion_of_the_name_brought_is_expected_of_the_next() -> None:
    values = lifted(lifted(counts(60), "2025-05-20", 48, 4.0), "2025-06-16", 48, 4.0)
    seen, other = promotion("2025-05-20", "2025-05-21"), promotion("2025-05-20", "2025-05-21", kind="double-11")
    now, at = promotion("2025-06-16", "2025-06-17"), midnight("2025-06-16") + 20 * HOUR
    assert judged(values, at, [other, now]).promotion == ("618", UNTOLD)
    name, times = judged(values, at, [seen, now]).promotion
    assert name == "618" and times == pytest.approx(4.0, rel=0.15)
    assert not rare(judged(values, at, [seen, now]), 2 * DAY) and rare(judged(values, at, [other, now]))


def test_a_crisis_in_one_promotion_does_not_make_the_next_deaf() -> None:
    values = lifted(lifted(counts(60), "2025-05-20", 48, 2.0), "2025-05-20", 24, 50.0)
    occasions = [promotion("2025-05-20", "2025-05-21"), promotion("2025-06-16", "2025-06-17")]
    _, times = judged(values, midnight("2025-06-17"), occasions).promotion
    assert times < 4.5


def test_a_part_of_a_step_is_lifted_in_part_and_the_largest_of_several_counts() -> None:
    at = midnight("2025-06-16") + 6 * HOUR
    values = counts(60)
    whole, half = (
        judged(values, at, [Occasion(kind="p", start=midnight("2025-06-16") + h * HOUR, end=at, expect=3.0)]).expected
        for h in (0, 3)
    )
    usual = judged(values, at).expected
    assert whole == pytest.approx(3 * usual, rel=0.05) and usual < half < whole
    both = [promotion("2025-06-16", "2025-06-16", kind=kind, expect=n) for kind, n in (("a", 5.0), ("b", 3.0))]
    assert judged(values, at, both).expected == pytest.approx(5 * usual, rel=0.05)


def test_only_the_series_that_it_is_about_is_lifted() -> None:
    at, labels = midnight("2025-06-16") + 12 * HOUR, (("product", ("lamp",)),)
    batch = [hourly(counts(60)), hourly(counts(60), (("product", "drill"),))]
    lamp, drill = several(batch, at, [promotion("2025-06-16", "2025-06-16", expect=3.0, labels=labels)])
    assert lamp.expected == pytest.approx(3 * drill.expected, rel=0.05) and drill.promotion is None


# what is kept


EVERYTHING = [
    promotion("2025-05-20", "2025-05-21"),
    promotion("2025-06-16", "2025-06-17"),
    promotion("2025-06-02", "2025-06-03", kind="lamps", expect=2.0, labels=(("product", ("lamp",)),)),
]


def keeping(occasions: Sequence[Occasion], days: Calendar | None = CN) -> Kept:
    return Seasonal().within(Almanac(CHINA, days, occasions)).keep(ASKED)


def test_going_on_equals_beginning_anew() -> None:
    values, kept = lifted(counts(60), "2025-05-20", 48, 4.0), keeping(EVERYTHING)
    for hour in range(450, 1400, 130):
        at = START + hour * HOUR
        assert judged(values, at, EVERYTHING, CN, kept) == judged(values, at, EVERYTHING, CN)


def test_a_series_that_comes_up_after_a_promotion_of_its_own_was_in_it() -> None:
    values, late = counts(60), counts(60, seed=2)
    late[: 40 * 24] = math.nan  # it begins on June 7
    batch, at = [hourly(values, (("product", "drill"),)), hourly(late)], START + 42 * DAY
    kept = keeping(EVERYTHING)
    several(batch[:1], START + 39 * DAY, EVERYTHING, CN, kept)
    assert several(batch, at, EVERYTHING, CN, kept) == several(batch, at, EVERYTHING, CN)


def test_what_was_written_down_goes_on_and_a_promotion_to_come_changes_nothing_of_it() -> None:
    values, kept, at = counts(60), keeping(EVERYTHING[:1]), START + 40 * DAY
    judged(values, at, EVERYTHING[:1], CN, kept)
    saved = kept.save(at)
    coming = [promotion("2025-06-12", "2025-06-13", kind="new", expect=2.0), *EVERYTHING[:2]]
    again = keeping(coming)
    again.load(saved)
    assert again.points and again.back(at) is not None
    for later in (at, midnight("2025-06-12") + 9 * HOUR, midnight("2025-06-17")):
        assert judged(values, later, coming, CN, again) == judged(values, later, coming, CN)


@pytest.mark.parametrize(
    "other", [([promotion("2025-05-20", "2025-05-22")], CN), ([], CN), (EVERYTHING[:1], None)], ids=str
)
def test_what_was_learned_by_other_days_is_not_taken_up(other: tuple[list[Occasion], Calendar | None]) -> None:
    values, kept, at = counts(60), keeping(EVERYTHING[:1]), START + 40 * DAY
    judged(values, at, EVERYTHING[:1], CN, kept)
    again = keeping(*other)
    again.load(kept.save(at))
    assert again.points == []


# what holds for all


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 50))
def test_it_never_reads_the_future(after: int) -> None:
    values, at = counts(20), midnight("2025-05-10") + 7 * HOUR
    known = [promotion("2025-05-10", "2025-05-12")]
    changed = values.copy()
    changed[round((at - START) / HOUR) :] = after
    assert judged(values, at, known, CN) == judged(changed, at, known, CN)
    later = [*known, promotion("2025-05-14", "2025-05-15", expect=9.0)]
    assert judged(values, at, known, CN) == judged(values, at, later, CN)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.one_of(st.floats(-1e12, 1e12), st.just(math.nan)), min_size=30, max_size=120))
def test_it_is_finite_for_all_inputs(values: list[float]) -> None:
    wild = np.concatenate([counts(10), np.array(values)])
    known = [promotion("2025-05-01", "2025-05-03"), promotion("2025-05-08", "2025-05-20")]
    score = judged(wild, START + len(wild) * HOUR, known, CN)
    told = (score.value, score.expected, score.upper, score.return_period, score.p_value)
    assert all(n is None or math.isfinite(n) for n in told)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=2, max_size=4))
def test_rarity_rises_with_the_value(values: list[int]) -> None:
    base, known = counts(50), [promotion("2025-06-16", "2025-06-18")]
    at, periods = midnight("2025-06-16") + 5 * HOUR, []
    for value in sorted(values):
        base[round((at - START) / HOUR) - 1] = value
        periods.append(judged(base, at, known, CN).return_period)
    assert periods == sorted(periods)


# two years


YEARLY = {"38": (3, 6), "618": (6, 16), "double-11": (11, 9), "double-12": (12, 11)}
STEP, PARTS, SERIES = 4 * HOUR, 3, 40
FIRST, LAST = date(2023, 10, 1), date(2025, 12, 31)


def special(day: date) -> str:
    """What a day of the simulated world is."""
    if any(0 <= (day - date(day.year, *first)).days < 3 for first in YEARLY.values()):
        return "promotion"
    if CN.kind(day) == "off":
        return "off"
    before = [CN.kind(day - timedelta(days=k)) for k in (1, 2, 3)]
    if CN.is_workday(day) and "work" not in before and "off" in before:
        return "back"
    return "made up" if CN.is_workday(day) and day.weekday() >= 5 else "ordinary"


def world() -> tuple[list[date], np.ndarray, np.ndarray]:
    """Days, counts (steps x series), and the same with a crisis of three hours' length in each promotion of 2025."""
    rng = np.random.default_rng(7)
    days = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    weekend, holiday = rng.uniform(0.4, 0.9, SERIES), rng.uniform(0.7, 1.2, SERIES)
    back, lift = rng.uniform(1.2, 1.6, SERIES), rng.uniform(2.0, 4.0, (12, SERIES))
    level, rows, struck = np.zeros(SERIES), [], []
    for day in days:
        level = 0.995 * level + rng.normal(0, 0.015, SERIES)
        usual = {"work": np.ones(SERIES), "weekend": weekend, "off": weekend * holiday}[CN.kind(day)]
        what = special(day)
        usual = usual * (back if what == "back" else lift[day.month - 1] if what == "promotion" else 1.0)
        for hour in range(0, 24, 4):
            mean = 150 * (1 + 0.6 * math.sin(2 * math.pi * (hour - 7) / 24)) * np.exp(level) * usual
            mean = mean * rng.gamma(60.0, 1 / 60.0, SERIES)
            crisis = day.year == 2025 and what == "promotion" and special(day - timedelta(days=2)) == "promotion"
            rows.append(rng.poisson(mean))
            struck.append(rng.poisson(mean * (2.5 if crisis and hour == 12 else 1.0)))
    return days, np.array(rows, dtype=float), np.array(struck, dtype=float)


def alarms(almanac: Almanac, days: list[date], rows: np.ndarray) -> dict[str, tuple[float, np.ndarray]]:
    """Of each kind of day in 2024 and 2025 how often a series alarmed once a month and rarer, day by day."""
    tracks, block = Tracks.fresh(SERIES, STEP, almanac.rows), np.full((SERIES, PARTS), math.nan)
    keys: list[Key] = [(("product", str(i)),) for i in range(SERIES)]
    found: dict[str, list[np.ndarray]] = {}
    for i, day in enumerate(days):
        tail, any_, start = tracks.tail(), np.zeros(SERIES, dtype=bool), midnight(day.isoformat())
        for k in range(6):
            block = np.concatenate([block[:, 1:], rows[6 * i + k][:, None]], axis=1)
            look = almanac.take(tracks, keys, start + k * STEP, block, window_of(block))
            any_ |= tail.return_period(look.z) >= 30
        if day.year >= 2024:
            found.setdefault(special(day), []).append(any_)
    return {kind: (float(np.mean(each)), np.array(each)) for kind, each in found.items()}


def test_two_years_of_holidays_and_promotions() -> None:
    """They raise alarms where they are not known of and hardly any where they are; crises in promotions are found."""
    days, rows, struck = world()
    ends = [
        (n, date(y, *first), date(y, *first) + timedelta(days=2))
        for y in (2023, 2024, 2025)
        for n, first in YEARLY.items()
    ]
    planned = [promotion(a.isoformat(), b.isoformat(), kind=name) for name, a, b in ends]
    told = [replace(each, expect=3.0) for each in planned]
    blind = alarms(Almanac(CHINA), days, rows)
    for knowing in (Almanac(CHINA, CN, planned), Almanac(CHINA, CN, told)):
        known = alarms(knowing, days, rows)
        assert blind["promotion"][0] > 0.6 and known["promotion"][0] < 0.25 * blind["promotion"][0]
        assert blind["back"][0] > 0.3 and known["back"][0] < 0.25 * blind["back"][0]
        assert blind["made up"][0] > 2 * known["made up"][0]
        assert known["off"][0] < 0.02
        found = alarms(knowing, days, struck)["promotion"][1] & ~known["promotion"][1]
        assert found[-12:][[2, 5, 8, 11]].mean() > 0.6
    assert ALLOWANCE > 1
