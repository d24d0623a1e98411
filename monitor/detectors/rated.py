"""How rare a detector's answer is on the series' own past: any kind's levels, looked at step by step and counted.

`seasonal` tells a rarity of its own. Of the others the level that the ladder asks for (or its `height`, where that
tells more) is looked at as each step ends: each aligned step, else each sixth of a window. How high it stands is told
in standard deviations of its own daily highests, and how rare that is from the rises so far (`heights`), whatever the
method believes of its own p-values. Many methods know few heights (a baseline of nothing, a handful of counts), so that
a height is told as rare as the level of the tail under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.detector import Asked, Detector
from monitor.detectors.heights import Heights, height, unwide, wide
from monitor.detectors.kept import JUST_BEFORE, NOBODY, Kept, alike
from monitor.detectors.occasions import plain
from monitor.detectors.seasonal import CLAIMED, LEAST_COVERED
from monitor.detectors.tail import Tail, level_over, level_under
from monitor.model import Key, Score
from monitor.series import Series, share_covered
from monitor.times import DAY, HOUR, aligned

HISTORY, STEPS, MOST = 91 * DAY, 104, 40_000
"""How far back levels are looked at where none are remembered: so long and so many steps, but no more answers."""
LEARN = 2 * DAY
MEAN = 1 - 0.5 ** (1 / 20)
"""How fast the mean is learned, a day."""


class Levels:
    """The levels of n series after the steps taken so far, `step` seconds each; `state` is all of it, with `day`."""

    def __init__(self, step: float, state: Floats, day: int = -1) -> None:
        self.step, self.state, self.day = step, state, day
        self.taken, self.broken, self.mean = state[:3]
        """`mean`: what the measure usually comes to."""
        self.heights = Heights(step, state[3:], 1)

    @classmethod
    def fresh(cls, step: float) -> Levels:
        """One series of which nothing has been seen."""
        out = cls(step, np.zeros((3 + height(1), 1)))
        out.heights.begin()
        return out

    def of(self, state: Floats, day: int) -> Levels:
        """The same of another state."""
        return Levels(self.step, state, day)

    def only(self, columns: Sequence[int]) -> Levels:
        """Some of the series, by their columns, in that order."""
        return self.of(self.state[:, list(columns)], self.day)

    def copy(self) -> Levels:
        """The same state, to go on by itself."""
        return self.of(self.state.copy(), self.day)

    def z(self, levels: Floats) -> Floats:
        """How high levels stand."""
        return self.heights.z(wide(levels)[None])

    def level_at(self, z: Floats) -> Floats:
        """The level at a z; those of 0 and less are told as 0."""
        return unwide(self.heights.at(z)[0])

    def take(self, levels: Floats, values: Floats, day: int, empty: Truths | None = None) -> None:
        """What was found as the next step ended; NaN is a gap, but where it is `empty`."""
        if day != self.day:
            if self.day >= 0:
                self.heights.turn(self._rounded())
            self.day = day
        self.heights.learn(self.z(levels), wide(levels)[None], empty)
        known = ~np.isnan(levels)
        self.taken += known
        self.broken += known & (levels != np.rint(levels))
        rate = np.maximum(MEAN * min(1.0, self.step / DAY), 1 / np.maximum(self.taken, 1))
        self.mean += np.where(known & ~np.isnan(values), rate * (np.nan_to_num(values) - self.mean), 0.0)

    def _rounded(self) -> Floats:
        """The variance that highests of whole levels hide by being whole (Sheppard 1898)."""
        one = np.log1p(np.exp(-np.clip(self.heights.usual, np.log(2), 700.0)))
        return np.asarray(np.where(2 * self.broken < self.taken, one**2 / 12, 0.0))


class KeptLevels(Kept):
    """The levels of all series of one rule, as its detector found them."""

    def __init__(self, detector: Detector, asked: Asked) -> None:
        self.detector, self.asked, self.align = detector, structs.replace(asked, kept=None, rarities=()), asked.align
        step = asked.part if asked.align is None else float(asked.align)
        super().__init__(step, 1, plain(asked.zone))
        self._found: dict[float, tuple[Floats, Truths]] = {}

    def fresh(self) -> Levels:
        """One series of which nothing has been seen."""
        return Levels.fresh(self.step)

    def begun(self, at: float) -> float:
        """When the step began that an instant lies in, by the rule's zone where it is aligned."""
        return super().begun(at) if self.align is None else aligned(at, self.align, self.asked.zone)

    def ends(self, begun: float) -> float:
        """When a step ends."""
        if self.align is None:
            return begun + self.step
        return self.begun(begun + self.step + (2 * HOUR if self.step >= DAY else 0.0))  # a day may have 25 hours

    def edges(self, start: float, end: float) -> Floats:
        """The edges of the steps between two of them."""
        out = [start]
        while out[-1] < end:
            out.append(self.ends(out[-1]))
        return np.array(out)

    def values(self, batch: Sequence[Series], edges: Floats) -> Floats:
        """The level of each series as each step ended, NaN where there was none; in the order of `keys`."""
        out = np.full((len(self.keys), len(edges) - 1), np.nan)
        everybody = [_nobody(batch), *batch]
        places, self._found = [self.keys[s.key] for s in everybody], {}
        for k, (begun, end) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
            found = self.detector.reached(everybody, begun, end, self.asked)
            stood = standings(self.detector, found, self.asked)
            measured, empty = measures(found), empties(found, everybody, end, self.asked)
            out[:, k] = self._of_all(stood, places)
            self._found[begun] = self._of_all(measured, places), self._of_all(empty, places)
        return out

    def _of_all(self, found: Any, places: Sequence[int]) -> Any:
        """What was found of some series, the first of them nobody, for each of `keys`: the others are as nobody."""
        out = np.full(len(self.keys), found[0])
        out[places] = found
        return out

    def take(self, tracks: Levels, keys: Sequence[Key], at: float, block: Floats) -> None:
        """What was found as the step that begins at an instant ended."""
        measured, empty = self._found[at]
        tracks.take(block[:, 0], measured, self.almanac.read(at + self.step / 2).day, empty)


def keep(detector: Detector, asked: Asked) -> Kept | None:
    """What is to be kept of a rule's series from one judgement to the next, None where nothing is."""
    return KeptLevels(detector, asked) if _is_rated(detector, asked) else detector.keep(asked)


def lookback(detector: Detector, asked: Asked) -> float:
    """How many seconds before `now` must be seen."""
    if not _is_rated(detector, asked):
        return detector.lookback(asked)
    kept = KeptLevels(detector, asked)
    return detector.lookback(asked) + _history(kept) + 2 * kept.step


def needs(detector: Detector, asked: Asked, now: float) -> float:
    """The same with what is kept."""
    if not isinstance(asked.kept, KeptLevels):
        return detector.needs(asked, now) if asked.kept is not None else lookback(detector, asked)
    back = asked.kept.back(now)
    return lookback(detector, asked) if back is None else detector.lookback(asked) + back + asked.kept.step


def score(detector: Detector, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
    """What a detector answers, with how rare it is where a rarity is asked."""
    if not _is_rated(detector, asked):
        return detector.score(batch, now, asked)
    kept = asked.kept if isinstance(asked.kept, KeptLevels) else KeptLevels(detector, asked)
    scores = detector.score(batch, now, kept.asked)
    if not batch:
        return scores
    begun = kept.begun(now - JUST_BEFORE)
    followed = kept.follow(batch, begun, now - _history(kept, len(batch)))
    levels = followed.only([kept.keys[series.key] for series in batch])
    levels.heights.learn_from(followed.heights)
    if kept.align is None and not detector.grows:
        # the step that runs, with what has come so far, and the one before: those that are counted
        running = detector.score(batch, kept.ends(begun), kept.asked)
        z = np.fmax(levels.z(standings(detector, running, asked)), levels.heights.before)
    else:
        z = levels.z(standings(detector, scores, asked))
    return told(scores, z, levels, asked, detector)


def in_turn(detector: Detector, scores: Sequence[Score], ends: Sequence[float], asked: Asked) -> list[Score]:
    """The scores of one series, of steps that end then, each with how rare it is on those before it."""
    if not asked.rarities:
        return list(scores)
    almanac, levels = plain(asked.zone), Levels.fresh(asked.window)
    z, states = [], []
    for one, end in zip(scores, ends, strict=True):
        level = standings(detector, [one], asked)
        z.append(levels.z(level))
        states.append(levels.state[:, 0].copy())
        levels.take(level, measures([one]), almanac.read(end - levels.step / 2).day)
    each = Levels(levels.step, np.array(states).T)  # each score is a series as it stood then
    return told(scores, np.concatenate(z), each, structs.replace(asked, series=1), detector)


def told(scores: Sequence[Score], z: Floats, levels: Levels, asked: Asked, detector: Detector) -> list[Score]:
    """The scores with how rare they are; periods are those of all series of the rule together."""
    among, tail = asked.series or len(scores), levels.heights.tail()
    days = tail.return_period(level_under(z))
    p = -np.expm1(-levels.step / DAY / days)
    seen = levels.taken * levels.step
    bounds = [_bounds(tail, levels, r * among / DAY) for r in asked.rarities]
    out = []
    for i, one in enumerate(scores):
        if one.value is None or one.level is None:
            out.append(one)
            continue
        if seen[i] < LEARN or levels.heights.days[i] < 2:
            out.append(structs.replace(one, learning=one.learning or (float(min(seen[i], LEARN)), LEARN)))
            continue
        period = float(days[i]) * DAY / among
        claimed = min(period, CLAIMED * float(seen[i]))
        at = tuple((r, detector.level_at(float(b[i]), one, asked)) for r, b in zip(asked.rarities, bounds, strict=True))
        out.append(
            structs.replace(
                one,
                expected=float(levels.mean[i]) if one.expected is None else one.expected,
                upper=detector.value_at(at[0][1], one) if one.upper is None else one.upper,
                p_value=float(p[i]) if one.p_value is None else one.p_value,
                return_period=claimed,
                beyond=period if period > claimed else None,
                history=float(seen[i]),
                bounds=at,
            )
        )
    return out


def _bounds(tail: Tail, levels: Levels, days: float) -> Floats:
    """The level at which a rarity begins, of each series."""
    return levels.level_at(level_over(tail.z_at(np.full(len(levels.taken), days))))


def _is_rated(detector: Detector, asked: Asked) -> bool:
    return bool(asked.rarities) and detector.rarity == "rated"


def _history(kept: KeptLevels, series: int = 1) -> float:
    return min(max(HISTORY, STEPS * kept.step), MOST // max(1, series) * kept.step)


def _nobody(batch: Sequence[Series]) -> Series:
    """The series that nobody wrote to."""
    first = batch[0]
    covered, full = (first.covered, first.full) if alike(batch) else ((), ())
    return Series(key=NOBODY, measure=first.measure, covered=covered, full=full)


def standings(detector: Detector, scores: Sequence[Score], asked: Asked) -> Floats:
    """How high scores stand, NaN where one does not."""
    heights = (None if score.value is None else detector.height(score, asked) for score in scores)
    return np.array([np.nan if height is None else height for height in heights])


def measures(scores: Sequence[Score]) -> Floats:
    """The values of scores, NaN where there is none."""
    return np.array([np.nan if score.value is None else score.value for score in scores])


def empties(scores: Sequence[Score], batch: Sequence[Series], end: float, asked: Asked) -> Truths:
    """Which scores have no value though their window was watched: an average of nothing, which is no gap."""
    start, _ = asked.span(end)
    pairs = zip(scores, batch, strict=True)
    return np.array([s.value is None and share_covered(x.covered, start, end) >= LEAST_COVERED for s, x in pairs])
