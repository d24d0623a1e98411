"""The story: weeks of ordinary days, a promotion, and a power bank that begins to smoke. All of it made up, by seed.

Every text is built from phrases written for this demo. Nothing here knows the rules that will judge it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor_demo import phrases

ZONE = ZoneInfo("Asia/Shanghai")
BEGINS = datetime(2026, 3, 2, tzinfo=ZONE)
"""A Monday. Four weeks of history follow, then the 72 hours that are lived."""
HISTORY_DAYS = 28
LIVED = 72 * 3600.0
START = (BEGINS + timedelta(days=HISTORY_DAYS)).timestamp()
END = START + LIVED
HOUR = 3600.0

SMOULDERS = START + 16 * HOUR
"""The first complaint that smells of smoke; before it only the odd one, as in all weeks."""
PRESS = START + 51 * HOUR
REGULATOR = START + 62 * HOUR
RECALL = START + 66 * HOUR
"""Wednesday 18:00: the company recalls."""
PROMOTION = (START, START + 24 * HOUR)

PRODUCTS = (("充电宝X1", 0.34), ("充电器C2", 0.22), ("耳机E5", 0.2), ("数据线L1", 0.14), ("台灯D3", 0.1))
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 14, 12, 13, 14, 14, 13, 12, 11, 12, 13, 11, 8, 4)
DAYS = (1.08, 1.0, 0.98, 1.0, 1.05, 0.92, 0.88)
TICKETS_A_DAY, POSTS_A_DAY, ARTICLES_A_DAY, BULLETINS_A_DAY = 150.0, 220.0, 3.0, 2.0


class Told(Struct, frozen=True):
    """One record on its way: where it appears, when, and what it says, in the form of the wire."""

    at: float
    source: str
    record: dict[str, object]


class Story(Struct, frozen=True):
    """The whole of it: what was before, what is lived, and numbers by the day."""

    seed: int
    crisis: bool
    history: list[Told] = field(default_factory=list)
    lived: list[Told] = field(default_factory=list)


def tell(seed: int, *, crisis: bool = True) -> Story:
    """The story of a seed; without the crisis the same weeks go on."""
    dice = random.Random(seed)
    told = [*_tickets(dice, crisis), *_posts(dice, crisis), *_articles(dice, crisis), *_bulletins(dice, crisis)]
    told += list(_numbers(dice, crisis))
    told.sort(key=lambda t: (t.at, t.source, str(t.record.get("id", ""))))
    history = [t for t in told if t.at < START]
    return Story(seed, crisis, history, [t for t in told if START <= t.at <= END])


def _hours() -> Iterator[float]:
    at = BEGINS.timestamp()
    while at < END:
        yield at
        at += HOUR


def rhythm(at: float) -> float:
    """How busy an hour is: by the hour of the day and the day of the week; 1 on the mean."""
    local = datetime.fromtimestamp(at, ZONE)
    return HOURS[local.hour] * 24 / sum(HOURS) * DAYS[local.weekday()]


def _many(dice: random.Random, mean: float) -> int:
    """A count around a mean, more spread than chance alone: days have moods."""
    mean *= dice.gammavariate(12, 1 / 12)
    if mean > 50:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, n = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        n += 1
    return n


def _within(dice: random.Random, hour: float) -> float:
    return math.floor(hour + dice.random() * HOUR)


def promoted(at: float, factor: float) -> float:
    """The promotion day lifts everything that follows from more orders."""
    return factor if PROMOTION[0] <= at < PROMOTION[1] else 1.0


def _ramp(at: float, begin: float, per_hour: float, doubling: float, most: float) -> float:
    """Nothing before it begins, then so many an hour, doubling, to a ceiling."""
    if at < begin:
        return 0.0
    return float(min(most, per_hour * 2 ** ((at - begin) / doubling)))


def _tickets(dice: random.Random, crisis: bool) -> Iterator[Told]:
    number = 0
    for hour in _hours():
        for _ in range(_many(dice, TICKETS_A_DAY / 24 * rhythm(hour) * promoted(hour, 2.8))):
            number += 1
            product = dice.choices([p for p, _ in PRODUCTS], [w for _, w in PRODUCTS])[0]
            busy = PROMOTION[0] <= hour < PROMOTION[1] and dice.random() < 0.6
            text = phrases.promotion(dice, product) if busy else phrases.complaint(dice, product)
            yield _ticket(dice, number, _within(dice, hour), product, text)
        smoke = 0.012 + (_ramp(hour, SMOULDERS, 0.22, 9 * HOUR, 14.0) if crisis else 0.0)
        for _ in range(_many(dice, smoke * (0.4 + 0.6 * rhythm(hour)))):
            number += 1
            hurt = crisis and hour > SMOULDERS + 26 * HOUR and dice.random() < 0.12
            text = phrases.hurt(dice) if hurt else phrases.smoke(dice)
            yield _ticket(dice, number, _within(dice, hour), PRODUCTS[0][0], text)


def _ticket(dice: random.Random, number: int, at: float, product: str, text: str) -> Told:
    flag = "abnormal" if dice.random() < 0.02 else ""
    labels = {"product": product, "channel": dice.choice(phrases.CHANNELS), **({"flag": flag} if flag else {})}
    author = f"C{dice.randrange(10_000, 99_999)}"
    record: dict[str, object] = {"id": f"T-{number:06d}", "text": text, "author": author, "labels": labels}
    return Told(at, "tickets", record)


def _posts(dice: random.Random, crisis: bool) -> Iterator[Told]:
    number = 0
    for hour in _hours():
        for _ in range(_many(dice, POSTS_A_DAY / 24 * rhythm(hour) * promoted(hour, 2.5))):
            number += 1
            text = phrases.post(dice, promotion=PROMOTION[0] <= hour < PROMOTION[1])
            yield _post(dice, number, _within(dice, hour), text, 400)
        if not crisis:
            continue
        early = _ramp(hour, SMOULDERS + 10 * HOUR, 0.25, 8 * HOUR, 8.0)
        storm = _ramp(hour, PRESS, 12.0, 5 * HOUR, 90.0)
        for _ in range(_many(dice, (early + storm) * (0.4 + 0.6 * rhythm(hour)))):
            number += 1
            yield _post(dice, number, _within(dice, hour), phrases.alarm(dice, after=hour >= PRESS), 900)


def _post(dice: random.Random, number: int, at: float, text: str, reach: int) -> Told:
    seen = int(min(reach * dice.paretovariate(1.1), 3_000_000))
    author = f"用户{dice.randrange(100_000, 999_999)}"
    return Told(at, "social", {"id": f"W-{number:06d}", "text": text, "author": author, "reach": seen})


def _articles(dice: random.Random, crisis: bool) -> Iterator[Told]:
    number = 0
    for hour in _hours():
        for _ in range(_many(dice, ARTICLES_A_DAY / 24 * rhythm(hour))):
            number += 1
            yield _article(number, _within(dice, hour), *phrases.article(dice))
        if crisis and hour >= PRESS:
            for _ in range(_many(dice, 0.9 if hour < RECALL else 3.0)):
                number += 1
                yield _article(number, _within(dice, hour), *phrases.report(dice, recalled=hour >= RECALL))
    if crisis:
        yield _article(number + 1, PRESS + 900, *phrases.FIRST_REPORT)


def _article(number: int, at: float, title: str, text: str) -> Told:
    url = f"https://news.example.com/{number:05d}"
    return Told(at, "press", {"id": f"N-{number:05d}", "title": title, "text": text, "url": url})


def _bulletins(dice: random.Random, crisis: bool) -> Iterator[Told]:
    number = 0
    for hour in _hours():
        for _ in range(_many(dice, BULLETINS_A_DAY / 24 * rhythm(hour))):
            number += 1
            title, text = phrases.bulletin(dice)
            yield Told(_within(dice, hour), "regulator", {"id": f"R-{number:05d}", "title": title, "text": text})
    if crisis:
        for at, (title, text) in ((REGULATOR, phrases.INQUIRY), (RECALL, phrases.RECALL)):
            number += 1
            yield Told(at, "regulator", {"id": f"R-{number:05d}", "title": title, "text": text})


def _numbers(dice: random.Random, crisis: bool) -> Iterator[Told]:
    """Orders and returns by the day and product; satisfaction and times by the hour."""
    day = BEGINS
    while day.timestamp() < END:
        ends = (day + timedelta(days=1)).timestamp()
        for product, weight in PRODUCTS:
            orders = max(1, round(900 * weight * promoted(day.timestamp(), 4.0) * dice.gauss(1, 0.06)))
            yield _sample(ends, "orders", orders, "delta", "1d", product)
            yield _sample(ends, "returns", _many(dice, orders * 0.021), "delta", "1d", product)
        day += timedelta(days=1)
    for hour in _hours():
        busy = promoted(hour, 1.25)
        rated = _many(dice, 9 * rhythm(hour))
        good = sum(dice.random() < 0.94 / math.sqrt(busy) for _ in range(rated))
        solved = sum(dice.random() < 0.9 / math.sqrt(busy) for _ in range(rated))
        yield _sample(hour + HOUR, "csat_all", rated, "delta", "1h")
        yield _sample(hour + HOUR, "csat_good", good, "delta", "1h")
        yield _sample(hour + HOUR, "csat_low", max(0, rated - good - round(dice.random())), "delta", "1h")
        yield _sample(hour + HOUR, "fcr_all", rated, "delta", "1h")
        yield _sample(hour + HOUR, "fcr_solved", solved, "delta", "1h")
        yield _sample(hour + HOUR, "aht_seconds", round(dice.gauss(152, 9) * busy), "gauge", "")
        yield _sample(hour + HOUR, "first_response_seconds", round(dice.gauss(140, 20) * busy), "gauge", "")


def _sample(at: float, series: str, value: float, kind: str, span: str, product: str = "") -> Told:
    labels = {"product": product} if product else {}
    record: dict[str, object] = {"series": series, "at": at, "value": value, "kind": kind, "labels": labels}
    return Told(at, "kpi", record | ({"span": span} if span else {}))
