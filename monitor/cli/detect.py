"""`crisis-monitor detect`: a detector over files of timestamp and value, as it would have judged row by row."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import click
import msgspec
from msgspec import Struct, field

from monitor.cli.language import lang_option, told
from monitor.config.convert import convert_table, wrong
from monitor.config.fault import Problem, Said
from monitor.config.knowing import almanac_of
from monitor.config.load import ConfigFault, load
from monitor.config.schema import Config
from monitor.detectors import Asked, Detector, DetectorKind, Seasonal
from monitor.detectors.arrays import Floats, np
from monitor.detectors.kept import window_of
from monitor.detectors.occasions import Almanac, plain
from monitor.detectors.rated import in_turn
from monitor.detectors.rise import Rises, score_of
from monitor.detectors.seasonal import told as score_of_looks
from monitor.detectors.track import Look, Tracks, surprise, uneven
from monitor.incidents.workdays import is_country
from monitor.messages import say
from monitor.model import Score
from monitor.rules.promotions import Promoted, occasion
from monitor.rules.rule import Rule
from monitor.series import Bucket, Series, join_intervals
from monitor.times import DAY, MINUTE, duration, instant, is_bare_date

COLUMNS = ("timestamp", "value", "expected", "upper", "p_value", "return_period_s", "anomaly_score", "alarm")
MONTH = 30 * DAY
FORGOTTEN = 3000
"""More missing rows than these in a row tell no more."""


class Wrong(Exception):
    """What was asked can't be done; the text is for people."""


class Row(Struct, frozen=True):
    """A row as it was written and as it is read; `value` None where it is empty."""

    timestamp: str
    written: str
    at: float
    value: float | None


class How(Struct, frozen=True):
    """The detector, how rare an alarm is or above which level it is one, and the zone."""

    detector: Detector
    rarer_than: float
    above: float | None
    zone: ZoneInfo
    bucket: float | None = None
    almanac: Almanac = field(default_factory=lambda: plain(ZoneInfo("UTC")))


@click.command("detect", help=told("rules.help.detect"))
@click.argument("source", type=click.Path(path_type=Path, exists=True), metavar="FILE|DIR")
@click.option("--detector", "kind", default="seasonal", show_default=True, help=told("rules.help.detector"))
@click.option("--options", default="{}", help=told("rules.help.options"))
@click.option("--bucket", help=told("rules.help.bucket"))
@click.option("--config", type=click.Path(path_type=Path), help=told("check.help.config"))
@click.option("--out", type=click.Path(path_type=Path), required=True, help=told("rules.help.out"))
@lang_option
def detect(
    source: Path, kind: str, options: str, bucket: str | None, config: Path | None, out: Path, lang: str
) -> None:
    """Exit code 2 where an option, a file or a row can't be read."""
    try:
        how = _how(kind, options, bucket, config, lang)
        for file, target in _files(source, out):
            write(target, judge(read(file, how.zone, lang), how))
    except Wrong as fault:
        click.echo(str(fault), err=True)
        sys.exit(2)


def _how(kind: str, options: str, bucket: str | None, config: Path | None, lang: str) -> How:
    try:
        given = json.loads(options)
        if not isinstance(given, dict):
            raise TypeError(_said(wrong(given, "a_table", ()), lang))
        rarity = given.pop("rarer_than", None)
        rarer = duration(str(rarity or "1mo"))
        above = given.pop("above", None)
        detector, problems = convert_table({**given, "kind": kind}, DetectorKind, ())
        if problems:
            raise ValueError("; ".join(_said(problem, lang) for problem in problems))
        known = load(config).config if config else Config()
        zone = ZoneInfo(known.settings.timezone)
        own = None if isinstance(detector, Seasonal) or rarity else detector.alarms
        level = own if above is None else float(above)
        almanac = _almanac(known, detector.calendar) if isinstance(detector, Seasonal) else plain(zone)
        return How(detector, rarer, level, zone, duration(bucket) if bucket else None, almanac)
    except (TypeError, ValueError, AttributeError, ConfigFault, OSError) as fault:
        raise Wrong(say(lang, "rules.detect.wrong", fault=fault)) from None


def _almanac(config: Config, calendar: str | None) -> Almanac:
    """What is known of days: the promotions of the config that say nothing of which series they lift."""
    if calendar and calendar not in config.calendar and not is_country(calendar):
        raise ValueError(calendar)
    zone = ZoneInfo(config.settings.timezone)
    found = [occasion(each, Rule(name="", risk=""), zone) for each in config.promotion if each.where == Promoted()]
    return almanac_of(config, calendar, [each for each in found if each is not None])


def _said(problem: Problem, lang: str) -> str:
    return ": ".join([*map(str, problem.path), Said(problem.id, problem.args).text(lang)])


def _files(source: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    if source.is_file():
        yield source, out
        return
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.glob("*.csv")):
        yield file, out / file.name


def read(file: Path, zone: ZoneInfo, lang: str = "en") -> list[Row]:
    """The rows of a CSV with the columns timestamp and value. Raises Wrong."""
    out = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                stamp, written = row["timestamp"], (row["value"] or "").strip()
                value = float(written) if written else None
                if value is not None and not abs(value) < 1e300:
                    value = None
                out.append(Row(stamp, row["value"] or "", instant(stamp, zone), value))
    except (KeyError, ValueError, TypeError, OSError) as fault:
        place = f"{file}:{len(out) + 2}" if not isinstance(fault, OSError) else file
        raise Wrong(say(lang, "rules.detect.bad_row", file=place, fault=fault)) from None
    return out


def judge(rows: Sequence[Row], how: How) -> list[list[str]]:
    """What the detector says of each row, in the order of the file, knowing only the rows before it in time."""
    newest = {row.at: i for i, row in enumerate(rows)}
    order = [newest[at] for at in sorted(newest)]
    times = [rows[i].at for i in order]
    step = how.bucket or (median(b - a for a, b in pairwise(times)) if len(times) > 1 else 60.0)
    steps = [(times[k], rows[i].value) for k, i in enumerate(order)]
    whole_days = bool(rows) and is_bare_date(rows[0].timestamp)
    if isinstance(how.detector, Seasonal):
        found = _tracked(steps, step, how, ends=whole_days)
    else:
        asked = Asked(window=step, measure="sum", zone=how.zone)
        plain_scores, ends = list(_asked(steps, step, how, asked)), [at for at, _ in steps]
        scores = in_turn(how.detector, plain_scores, ends, msgspec.structs.replace(asked, rarities=(how.rarer_than,)))
        found = [(score, _period(score, step)) for score in scores]
    rises, said = Rises(step), {}
    for (at, _), (score, period) in zip(steps, found, strict=True):
        said[at] = _cells(score, score_of(rises.peak(at, period)), _is_alarm(score, how))
    return [[row.timestamp, row.written, *said[row.at]] for row in rows]


def _tracked(
    steps: Sequence[tuple[float, float | None]], step: float, how: How, *, ends: bool
) -> list[tuple[Score, float]]:
    """`seasonal`: one track over all rows, its scores and surprises. Rows of one bucket add up to its value so far.

    `ends`: rows bear the ends of their steps, as whole days do; else their beginnings.
    """
    detector = how.detector
    assert isinstance(detector, Seasonal)
    parts = max(1, round(detector.smooth / step))
    looks, states, expected = _followed(steps, step, parts, how.almanac, step if ends else 0.0)
    if not looks:
        return []
    look = Look(*(np.concatenate(field, axis=-1) for field in zip(*looks, strict=True)))
    asked = Asked(window=step, zone=how.zone, rarities=(how.rarer_than,))
    as_series = Tracks(step, np.array(states).T)  # each row is a series as it stood then
    scores = score_of_looks(look, np.concatenate(expected), as_series, asked, detector.learn, [False] * len(looks))
    before = (look.window - look.part).tolist()
    rows = zip(scores, (surprise(look.z) * DAY).tolist(), before, (value for _, value in steps), strict=True)
    return [_of_row(*row) for row in rows]


def _followed(
    steps: Sequence[tuple[float, float | None]], step: float, parts: int, almanac: Almanac, late: float
) -> tuple[list[Look], list[Floats], list[Floats]]:
    """How each row looked, the state it was held against, and what was expected; stamps are `late` by so much."""
    start = steps[0][0] if steps else 0.0
    track, block, gap = Tracks.fresh(1, step, almanac.rows), np.full((1, parts), np.nan), np.array([np.nan])
    done, last, looks, states, expected = 0, None, [], [], []
    for at, value in steps:
        index = round((at - start) / step)
        for gone in range(done, min(index, done + FORGOTTEN)):
            begun = start + gone * step - late
            when, lift = almanac.read(begun + late / 2), almanac.lift(track, [()], begun + step, parts)
            look = track.look(gap, gap, when) if last is None else last
            almanac.learn(track, look, lift, when, begun + step)
            block, last = np.append(block[:, 1:], [[np.nan]], axis=1), None
        done = index
        if value is not None:
            block[0, -1] = value + (0.0 if last is None or np.isnan(block[0, -1]) else block[0, -1])
        lift = almanac.lift(track, [()], at - late + step, parts)
        last = track.look(block[:, -1], window_of(block), almanac.read(at - late / 2), lift)
        looks.append(last)
        states.append(track.state[:, 0].copy())
        expected.append(uneven(last.normal) * (1.0 if lift is None else lift.times_now))
    return looks, states, expected


def _of_row(score: Score, surprised: float, before: float, value: float | None) -> tuple[Score, float]:
    """A score of the row alone: the window's bound, less what the window held before it."""
    if value is None or score.value is None:
        return Score(value=value), 0.0
    if score.return_period is None or score.upper is None:
        return msgspec.structs.replace(score, value=value), 0.0
    return msgspec.structs.replace(score, value=value, upper=max(0.0, score.upper - before)), surprised


def _asked(steps: Sequence[tuple[float, float | None]], step: float, how: How, asked: Asked) -> Iterator[Score]:
    """Any other detector: each row is a bucket that ends at its stamp, the window is one bucket.

    Stamps are moved onto whole minutes, or the window would hold the seconds beyond as well.
    """
    detector, beyond = how.detector, steps[0][0] % MINUTE if steps else 0.0
    steps = [(at - beyond, value) for at, value in steps]
    known = [(at, value) for at, value in steps if value is not None]
    buckets = [Bucket(at - step, step, 1, 0, value, value, value, value, at) for at, value in known]
    asked = msgspec.structs.replace(asked, kept=detector.keep(asked))
    low = high = 0
    for at, value in steps:
        while high < len(buckets) and buckets[high].last_at <= at:
            high += 1
        back = detector.needs(asked, at)
        while low < high and buckets[low].last_at < at - back:
            low += 1
        if value is None:
            yield Score(value=None)
            continue
        part = tuple(buckets[low:high])
        covered = join_intervals([(b.start, b.start + b.span) for b in part])
        last = part[-2].last_at if len(part) > 1 else None
        series = Series(key=(), measure="sum", buckets=part, covered=covered, full=covered, last_at=last)
        yield detector.score([series], at, asked)[0]


def _period(score: Score, step: float) -> float:
    """What the p-value comes to: unlike the return period it goes on beyond what the history can claim."""
    return step / max(score.p_value, 1e-300) if score.p_value is not None else 0.0


def _is_alarm(score: Score, how: How) -> bool:
    if how.above is None:
        return score.return_period is not None and score.return_period >= how.rarer_than
    return score.level is not None and score.level > how.above


def _cells(score: Score, anomaly: float, alarm: bool) -> list[str]:
    numbers = (score.expected, score.upper, score.p_value, score.return_period)
    return [*("" if n is None else f"{n:.6g}" for n in numbers), f"{anomaly:.6f}", str(int(alarm))]


def write(file: Path, rows: Sequence[Sequence[str]]) -> None:
    """A CSV of the same rows in the same order."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
