"""Kind `seasonal`: how unusual a count is for its time of day and week, told as a rarity of the series' own past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import asdict, replace

from monitor.detectors.amounts import AMOUNTS, counted
from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Detector, Rarity
from monitor.detectors.kept import JUST_BEFORE, Kept, window_of
from monitor.detectors.occasions import Almanac, Lift, plain
from monitor.detectors.track import Look, Tracks, uneven
from monitor.model import Score
from monitor.series import Series, share_covered
from monitor.times import DAY, MINUTE, Duration, floor_to

CLAIMED = 5
"""A return period is claimed up to this many times the history seen."""
USUAL = 30 * DAY
LEAST_COVERED = 0.5


class Seasonal(Detector, frozen=True, kw_only=True, tag="seasonal", tag_field="kind"):
    """`days` of history are looked at; nothing is called rare before `learn`.

    `smooth`: over how long a span `detect` looks at files of shorter steps (a rule looks at its own window).
    `calendar`: whose working days hold; "" = none, left out = the organisation's.
    """

    rarity: ClassVar[Rarity] = "own"

    days: int = 91
    learn: Duration = Duration(2 * DAY)
    smooth: Duration = Duration(30 * MINUTE)
    calendar: str | None = None

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure as value and level; the return period counts alarms over all series of the rule."""
        step, parts = self.steps(asked)
        kept = asked.kept if asked.kept is not None else self.keep(asked)
        keys, almanac, begun = [s.key for s in batch], kept.almanac, floor_to(now - JUST_BEFORE, step)
        followed = kept.follow(batch, begun, now - self.days * DAY)
        tracks = followed.only([kept.keys[key] for key in keys])
        tracks.heights.learn_from(followed.heights)
        value, part, partial = readings(batch, now, asked, begun)
        window = window_of(np.column_stack([kept.before(batch), part])) if asked.measure in AMOUNTS else value
        window = np.where(np.isnan(window), value, window)
        lift = almanac.lift(tracks, keys, begun + step, parts)
        look = tracks.look(part, window, almanac.read(begun + step / 2), lift)
        if parts > 1:  # the running part is still short when it begins
            look = look._replace(z=np.maximum(look.z, tracks.heights.before))
        middles = [now - (k + 0.5) * step for k in range(parts)]
        shown = almanac.lift(tracks, keys, now, parts)
        normal = (uneven(tracks.normal(almanac.read(at))) for at in middles)
        expected = shown.expected if shown else np.asarray(sum(normal))
        scores = told(look, expected, tracks, asked, self.learn, partial, asked.series or len(batch), value)
        return promoted(scores, shown)

    def almanac(self, asked: Asked) -> Almanac:
        """What is known of days."""
        return plain(asked.zone)

    def within(self, almanac: Almanac) -> Seasonal:
        """The same, knowing of days."""
        return Knowing(**{**asdict(self), "known": almanac})

    def steps(self, asked: Asked) -> tuple[float, int]:
        """How long a part of the window is, in whole minutes, and how many there are."""
        if asked.measure not in AMOUNTS:  # of what does not add up there are no parts
            return max(MINUTE, floor_to(asked.window, MINUTE)), 1
        return asked.part, max(1, round(asked.window / asked.part))

    def keep(self, asked: Asked) -> Kept:
        """What is to be kept from one judgement to the next."""
        return Kept(*self.steps(asked), self.almanac(asked))

    def lookback(self, asked: Asked) -> float:
        """The days asked; with what is kept, only what has come since."""
        return self.days * DAY + 2 * asked.window + MINUTE

    def needs(self, asked: Asked, now: float) -> float:
        """Only what has come since, where something is kept."""
        back = asked.kept.back(now) if asked.kept is not None else None
        return self.lookback(asked) if back is None else max(back, asked.window) + 2 * MINUTE


class Knowing(Seasonal, frozen=True, kw_only=True, tag="seasonal", tag_field="kind"):
    """`seasonal` with the days a config tells of."""

    known: Almanac

    def almanac(self, asked: Asked) -> Almanac:
        """What is known of days."""
        return self.known


def promoted(scores: list[Score], lift: Lift | None) -> list[Score]:
    """The scores, with the promotion that each stands in."""
    if lift is None:
        return scores
    return [
        score if promotion is None or score.expected is None else replace(score, promotion=promotion)
        for score, promotion in zip(scores, lift.promotions(), strict=True)
    ]


def readings(batch: Sequence[Series], now: float, asked: Asked, begun: float) -> tuple[Floats, Floats, list[bool]]:
    """The measure of the whole window and since `begun`, as counted; NaN without data. And what is partial."""
    start, end = asked.span(now)
    middle = max(start, begun)
    window, part = np.full(len(batch), np.nan), np.full(len(batch), np.nan)
    partial = [True] * len(batch)
    adding = [i for i, s in enumerate(batch) if s.measure in AMOUNTS]
    sums = counted([batch[i] for i in adding], np.array([start, middle, end]))
    shares: dict[int, tuple[float, float]] = {}
    for i, (before, newest) in zip(adding, sums.tolist(), strict=True):
        series = batch[i]
        at = id(series.covered)
        if at not in shares:
            shares[at] = share_covered(series.covered, start, end), share_covered(series.full, start, end)
        covered, full = shares[at]
        partial[i] = min(full, covered) < 0.999
        if covered >= LEAST_COVERED or before or newest:
            window[i], part[i] = before + newest, newest
    for i, series in enumerate(batch):
        if series.measure not in AMOUNTS:
            whole = series.reading(start, end)
            partial[i] = whole.partial
            if whole.value is not None:
                window[i] = part[i] = whole.value
    return window, part, partial


def told(
    look: Look,
    expected: Floats,
    tracks: Tracks,
    asked: Asked,
    learn: float,
    partial: Sequence[bool],
    among: int = 1,
    value: Floats | None = None,
) -> list[Score]:
    """Looks as scores. Periods are those of `among` series together. `value`: the measure, where it isn't the window.

    A bound is the value that there would be if what is missing came now.
    """
    value = look.window if value is None else value
    tail = tracks.tail()
    days = tail.return_period(look.z)
    seen = tracks.taken * tracks.step
    period = days * DAY / among
    claimed = np.minimum(period, CLAIMED * seen)
    rarities = asked.rarities or (USUAL,)
    bounds = np.stack(
        [_bound(tail.z_at(np.full(len(seen), r * among / DAY)), tracks, look, value) for r in rarities], axis=1
    )
    p = -np.expm1(-tracks.step / DAY / days)
    rows = zip(
        value.tolist(),
        expected.tolist(),
        p.tolist(),
        claimed.tolist(),
        period.tolist(),
        seen.tolist(),
        (tracks.heights.days >= 2).tolist(),
        bounds.tolist(),
        partial,
        strict=True,
    )
    return [_score(row, asked.rarities, learn) for row in rows]


def _bound(z: Floats, tracks: Tracks, look: Look, value: Floats) -> Floats:
    """The value at which a z was reached; where it was not, the value and what is missing, would it come now."""
    there = tracks.value_at(z, look)
    return np.asarray(np.where(look.z >= z, np.minimum(there, value), np.maximum(value + there - look.window, 0.0)))


Row = tuple[float, float, float, float, float, float, bool, list[float], bool]


def _score(row: Row, rarities: tuple[float, ...], learn: float) -> Score:
    value, expected, p, claimed, period, seen, known, bounds, partial = row
    if value != value:
        return Score(value=None, partial=partial)
    if seen < learn or not known:
        return Score(value=value, level=value, partial=partial, learning=(min(seen, learn), max(learn, seen)))
    return Score(
        value=value,
        level=value,
        expected=expected,
        upper=max(bounds[0], expected),
        p_value=p,
        return_period=claimed,
        beyond=period if period > claimed else None,
        history=seen,
        bounds=tuple(zip(rarities, bounds, strict=False)),
        partial=partial,
    )
