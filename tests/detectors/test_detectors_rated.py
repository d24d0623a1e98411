"""Every detector's answer is rated on the past of its own levels: how rare it is, as often as it says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec import structs

from benchmarks.detection.rated import Case, run
from monitor.detectors import Absence, Asked, Change, Cusum, Detector, Ears, Highest, Seasonal, Threshold
from monitor.detectors.rated import KeptLevels, in_turn, keep, lookback, needs, score
from monitor.detectors.tail import LEVELS, level_over, level_under, tail_of
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, aligned
from tests.detectors.test_detectors_all import EACH, NAMES, NOW, daily, fitting

MONTH, BERLIN = 30 * DAY, ZoneInfo("Europe/Berlin")
BY_DAY = Asked(window=DAY, align=DAY, rarities=(MONTH,), series=1)
LONG, SHORT = 400, 150


def quiet(seed: int = 1, mean: float = 6.0, days: int = LONG) -> list[float | None]:
    rng = np.random.default_rng(seed)
    return [None if rng.random() < 0.03 else float(rng.poisson(mean)) for _ in range(days)]


def rated(detector: Detector, counts: list[float | None], asked: Asked = BY_DAY, now: float = NOW) -> Score:
    return score(detector, [fitting(detector, daily(counts))], now, asked)[0]


@pytest.mark.parametrize("detector", EACH, ids=NAMES)
def test_each_answers_with_what_is_expected_a_bound_a_p_value_and_a_return_period(detector: Detector) -> None:
    asked = BY_DAY if detector.rarity == "rated" else structs.replace(BY_DAY, align=None)
    told = rated(detector, [*quiet()[:-1], 7.0], asked)
    assert told.value is not None and told.level is not None and told.learning is None
    assert told.expected is not None and told.upper is not None
    assert told.p_value is not None and 0 < told.p_value <= 1
    assert told.return_period is not None and told.history is not None and told.history > 20 * DAY
    if told.return_period < MONTH:
        bounds = dict(told.bounds)
        assert MONTH in bounds and (bounds[MONTH] >= told.level or isinstance(detector, Seasonal | Highest))


@pytest.mark.parametrize("detector", [Threshold(), Ears(), Cusum(), Highest(days=365)], ids=str)
def test_what_was_never_seen_is_rare_and_what_is_usual_is_not(detector: Detector) -> None:
    past = quiet()[:-1]
    usual, much = rated(detector, [*past, 6.0]), rated(detector, [*past, 60.0])
    assert usual.return_period is not None and usual.return_period < MONTH / 3
    assert much.return_period is not None and much.return_period > 300 * DAY
    assert much.beyond is not None


def test_five_over_nothing_are_rarer_than_one_over_nothing_and_often_nothing_makes_no_factor_usual() -> None:
    """Where a third of the days brings nothing, a factor of infinity comes every few days."""
    detector, past = Change(against="yesterday"), [float(n) for n in np.random.default_rng(4).poisson(1.0, LONG)]
    told = {n: rated(detector, [*past[:-2], 0.0, n]) for n in (1.0, 5.0, 40.0)}
    periods = [told[n].return_period or 0.0 for n in (1.0, 5.0, 40.0)]
    assert periods == sorted(set(periods)) and periods[0] < 7 * DAY and periods[2] > 300 * DAY
    assert all(score.level == told[1.0].level for score in told.values())
    over_two = rated(detector, [*past[:-2], 2.0, 40.0])
    assert (over_two.return_period or 0.0) > 100 * DAY


def test_an_average_knows_no_half_a_record() -> None:
    score, average = Score(value=0.9, level=1.5, expected=0.6), structs.replace(BY_DAY, measure="avg")
    assert Change().height(score, average) == Change().level_at(1.5, score, average) == 1.5
    assert Change().height(score, BY_DAY) == pytest.approx(1.4 / 1.1)


@pytest.mark.parametrize("base", [0.0, 2.0, 9.0])
def test_a_bound_of_change_is_the_factor_of_the_value_that_is_so_rare(base: float) -> None:
    detector, past = Change(against="yesterday"), [float(n) for n in np.random.default_rng(4).poisson(1.0, LONG)]
    told = rated(detector, [*past[:-2], base, 6.0])
    bound = dict(told.bounds)[MONTH]
    wanted = detector.value_at(bound, told)
    assert wanted == told.upper and wanted is not None
    reached = rated(detector, [*past[:-2], base, np.ceil(wanted + 1e-6)])
    missed = rated(detector, [*past[:-2], base, np.ceil(wanted) - 1])
    assert (reached.return_period or 0) >= MONTH > (missed.return_period or 0)
    assert reached.level is not None and missed.level is not None
    if base:
        assert reached.level >= bound > missed.level


@pytest.mark.parametrize("detector", EACH, ids=NAMES)
def test_nothing_is_rated_that_is_not_asked_for(detector: Detector) -> None:
    series, asked = [fitting(detector, daily(quiet()))], structs.replace(BY_DAY, rarities=())
    assert score(detector, series, NOW, asked) == detector.score(series, NOW, asked)
    assert lookback(detector, asked) == detector.lookback(asked)


@pytest.mark.parametrize("detector", [Threshold(), Ears(), Cusum()], ids=str)
def test_tiers_rise_with_the_value_and_a_gap_never_raises(detector: Detector) -> None:
    past = quiet(3, days=SHORT)[:-1]
    periods = [rated(detector, [*past, float(n)]).return_period or 0.0 for n in range(0, 40, 5)]
    assert periods == sorted(periods) and periods[0] < periods[-1]
    steady: list[float | None] = [6.0] * SHORT
    for ago in (2, 40):
        holed = [None if i == SHORT - ago else c for i, c in enumerate(steady)]
        before, after = (rated(detector, counts).return_period or 0.0 for counts in (steady, holed))
        assert after <= before + 1e-6


@pytest.mark.parametrize("detector", [Threshold(), Ears(), Cusum()], ids=str)
def test_what_comes_later_changes_nothing(detector: Detector) -> None:
    counts = quiet(5)
    told = rated(detector, counts)
    later = structs.replace(daily([*counts, 90.0, 90.0], last=NOW + 2 * DAY), denominator=None)
    assert score(detector, [later], NOW, BY_DAY) == [told]


def by_hour(seed: int, days: int, start: float, mean: float = 4.0) -> Series:
    """Counts of minutes, one an hour."""
    n = np.random.default_rng(seed).poisson(mean, days * 24)
    buckets = tuple(Bucket(start + i * HOUR, 60.0, float(x), float(x)) for i, x in enumerate(n.tolist()) if x)
    covered = ((start, start + days * DAY),)
    return Series(key=(("p", str(seed)),), measure="count", buckets=buckets, covered=covered, full=covered)


def cut(series: Series, now: float, back: float = 1e12) -> Series:
    """As known at an instant, so far back."""
    covered = ((max(series.covered[0][0], now - back), now),)
    buckets = tuple(b for b in series.buckets if now - back - 60 <= b.start < now)
    return structs.replace(series, buckets=buckets, covered=covered, full=covered)


@pytest.mark.parametrize("asked", [Asked(window=6 * HOUR, rarities=(MONTH,)), BY_DAY], ids=["sliding", "aligned"])
def test_what_is_remembered_is_what_the_buckets_give(asked: Asked) -> None:
    start = NOW - 26 * DAY
    whole = [by_hour(i, 26, start) for i in range(3)]
    asked = structs.replace(asked, series=3, zone=BERLIN)
    kept = keep(Threshold(), asked)
    assert isinstance(kept, KeptLevels)
    going = structs.replace(asked, kept=kept)
    for now in np.arange(NOW - 1.5 * DAY, NOW, 3.7 * HOUR).tolist():
        batch = [cut(series, now, needs(Threshold(), going, now)) for series in whole]
        went_on = score(Threshold(), batch, now, going)
        anew = score(Threshold(), [cut(series, now) for series in whole], now, asked)
        assert [s.value for s in went_on] == [s.value for s in anew]
        for a, b in zip(went_on, anew, strict=True):
            assert a.return_period == pytest.approx(b.return_period) and a.return_period is not None
    assert needs(Threshold(), going, NOW) < 7 * DAY < lookback(Threshold(), asked)


def test_it_is_written_down_and_taken_up_again() -> None:
    whole, asked = [by_hour(1, 26, NOW - 26 * DAY)], Asked(window=6 * HOUR, rarities=(MONTH,))
    kept = keep(Threshold(), asked)
    assert kept is not None
    before = NOW - 9 * HOUR
    score(Threshold(), [cut(whole[0], before)], before, structs.replace(asked, kept=kept))
    saved = kept.save(before)
    again = keep(Threshold(), asked)
    assert saved is not None and again is not None
    again.load(saved)
    back = needs(Threshold(), structs.replace(asked, kept=again), NOW)
    assert back < 2 * DAY
    told = score(Threshold(), [cut(whole[0], NOW, back)], NOW, structs.replace(asked, kept=again))
    anew = score(Threshold(), [cut(whole[0], NOW)], NOW, asked)
    assert told[0].return_period == pytest.approx(anew[0].return_period)
    elsewhere = keep(Threshold(), structs.replace(asked, zone=BERLIN))
    assert elsewhere is not None
    elsewhere.load(saved)
    assert elsewhere.back(NOW) is None, "days began at other hours: what was learned of them is not gone on from"


def test_days_begin_where_the_zone_says_also_when_they_have_23_or_25_hours() -> None:
    kept = keep(Threshold(), structs.replace(BY_DAY, zone=BERLIN))
    assert isinstance(kept, KeptLevels)
    start = aligned(1_742_900_000.0, DAY, BERLIN)  # 2025-03-25; the clock is put forward on the 30th
    edges = kept.edges(start, aligned(start + 8.5 * DAY, DAY, BERLIN))
    assert [round(x / HOUR) for x in np.diff(edges)] == [24, 24, 24, 24, 24, 23, 24, 24]
    autumn = aligned(1_761_300_000.0, DAY, BERLIN)  # 2025-10-24; put back on the 26th
    assert [round(x / HOUR) for x in np.diff(kept.edges(autumn, aligned(autumn + 4.5 * DAY, DAY, BERLIN)))] == [
        24, 24, 25, 24,
    ]  # fmt: skip


def test_a_rule_of_many_series_looks_back_less_where_nothing_is_remembered() -> None:
    batch = [by_hour(i, 20, NOW - 20 * DAY) for i in range(2)]
    asked = Asked(window=6 * HOUR, rarities=(MONTH,))
    few = score(Threshold(), batch, NOW, asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.detectors.rated.MOST", 2 * 24 * 4)
        less = score(Threshold(), batch, NOW, asked)
    assert few[0].history == pytest.approx(20 * DAY, rel=0.02) and less[0].history == pytest.approx(4 * DAY, rel=0.02)


def test_in_turn_is_what_the_detector_would_have_said_each_day() -> None:
    counts = [c if c is not None else 0.0 for c in quiet(2, days=60)]
    asked = structs.replace(BY_DAY, measure="sum")
    ends = [NOW - (len(counts) - 1 - i) * DAY for i in range(len(counts))]
    plain = [Score(value=c, level=c) for c in counts]
    found = in_turn(Threshold(), plain, ends, asked)
    for i in (30, 59):
        alone = rated(Threshold(), list(counts[: i + 1]), asked, NOW) if i == 59 else None
        if alone is not None:
            assert alone.return_period == pytest.approx(found[i].return_period)
        assert found[i].return_period is not None


CASES: list[tuple[Case, int, float]] = [
    (Case("cusum", Cusum(), DAY, "cox", 0.3), 10, 6),
    (Case("ears", Ears(), DAY, "cox", 0.3), 10, 6),
    (Case("threshold", Threshold(), HOUR, "cox", 10.0), 10, 1.5),
]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "series", "years"), CASES, ids=[c[0].name for c in CASES])
def test_quiet_series_alarm_about_as_often_as_is_claimed(case: Case, series: int, years: float) -> None:
    found = run(case, series, years, seed=7).later
    assert 0.4 <= found["1w"] <= 1.6 and 0.4 <= found["1mo"] <= 2 and found["3mo"] <= 2


def test_an_average_of_what_comes_seldom_is_rare_by_the_calendar() -> None:
    """A record in a day of four: three days of nothing are time in which nothing rose, but an outage is none."""
    rng, at = np.random.default_rng(8), float(aligned(NOW, DAY, ZoneInfo("UTC")))
    values = [float(v) if rng.random() < 0.25 else None for v in rng.gamma(2.0, 1.0, 600)]
    buckets = [Bucket(at - (600 - i) * DAY, DAY, 1, 0, v, v, v, v) for i, v in enumerate(values) if v is not None]
    watched = ((at - 600 * DAY, at),)
    asked = structs.replace(BY_DAY, measure="avg", zone=ZoneInfo("UTC"))
    whole = Series(key=(), measure="avg", buckets=(*buckets, Bucket(at - DAY, DAY, 1, 0, 4.0, 4.0, 4.0, 4.0)),
                   covered=watched, full=watched)  # fmt: skip
    holes = tuple((b.start, b.start + DAY) for b in whole.buckets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.detectors.rated.HISTORY", 599 * DAY)
        seldom, broken = (score(Threshold(), [structs.replace(whole, covered=c, full=c)], at, asked)[0]
                          for c in (watched, holes))  # fmt: skip
    assert seldom.return_period is not None and broken.return_period is not None
    assert 2.5 < seldom.return_period / broken.return_period < 5


def spoken(days: int, start: float, seed: int = 3) -> Series:
    """A record each ten minutes or so from eight to twenty-two; every tenth day none before ten."""
    rng, times = np.random.default_rng(seed), []
    for day in range(days):
        times += sorted(start + day * DAY + rng.uniform((10 if day % 10 == 0 else 8) * HOUR, 22 * HOUR, 90))
    buckets = tuple(Bucket(t - t % 60, 60.0, 1, last_at=t) for t in times)
    ever = ((start, start + days * DAY),)
    return Series(key=(), measure="count", buckets=buckets, covered=ever, full=ever, last_at=times[-1])


def until(series: Series, now: float, back: float = 1e12) -> Series:
    """As known at an instant; of the last record before it is known what lies further back."""
    last = max(b.last_at for b in series.buckets if b.last_at <= now)
    return structs.replace(cut(series, now, back), last_at=last)


def test_a_night_is_no_rare_silence_and_a_day_is() -> None:
    start = NOW - 41 * DAY
    whole, asked = spoken(40, start), Asked(window=HOUR, rarities=(MONTH,))

    def told(now: float) -> Score:
        return score(Absence(), [until(whole, now)], now, asked)[0]

    night = told(start + 39 * DAY + 6 * HOUR + 1234)
    assert night.value is not None and night.value > 7 * HOUR
    assert night.return_period is not None and night.return_period < 7 * DAY
    assert night.p_value is not None and night.expected is not None
    noon = told(start + 39 * DAY + 12 * HOUR + 1)
    assert noon.return_period is not None and noon.return_period < 2 * DAY, "it speaks again: that is no silence"
    whole_day = told(start + 41 * DAY)
    bound = dict(whole_day.bounds)[MONTH]
    assert whole_day.value == whole_day.level and (whole_day.level or 0) > bound == whole_day.upper
    assert 10 * HOUR < bound < 20 * HOUR and (whole_day.return_period or 0) > MONTH


def test_silences_that_are_remembered_are_those_of_the_records() -> None:
    start = NOW - 30 * DAY
    whole, asked = spoken(30, start), Asked(window=6 * HOUR, rarities=(MONTH,))
    kept = keep(Absence(), asked)
    going = structs.replace(asked, kept=kept)
    for now in np.arange(start + 24 * DAY, start + 28 * DAY, 5.3 * HOUR).tolist():
        batch = [until(whole, now, needs(Absence(), going, now))]
        went_on, anew = score(Absence(), batch, now, going), score(Absence(), [until(whole, now)], now, asked)
        assert went_on[0].return_period is not None
        assert went_on[0].return_period == pytest.approx(anew[0].return_period)


@pytest.mark.parametrize("z", [1e-5, 0.1, 0.25])
def test_the_least_that_stands_above_the_usual_is_as_rare_as_any_rise(z: float) -> None:
    """A slow sum rises above its usual once in weeks: each such rise is that rare, however low."""
    reached = np.zeros((LEVELS, 1))
    reached[0] = 30.0
    tail, one = tail_of(np.full(1, 900.0), reached), np.array([z])
    assert float(tail.return_period(level_under(one))[0]) > 15
    assert float(level_over(tail.z_at(np.full(1, 15.0)))[0]) <= z


def test_counts_of_few_heights_alarm_no_more_often_than_is_claimed() -> None:
    """A baseline of nothing makes any count a height of its own: as rare as that height came, and no rarer."""
    found = run(Case("ears", Ears(), DAY, "cox", 0.3), series=4, years=3, seed=7)
    assert found.later["1mo"] <= 2 and found.nearest["1mo"] >= 0.5
