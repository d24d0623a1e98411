"""Dates as feeds, APIs and exports write them, read in the source's own zone. No clock is read here."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

from monitor.sources.records import AHEAD
from monitor.sources.told import Told, short
from monitor.times import rfc3339

EARLIEST, LATEST = 631152000.0, 4133980800.0
"""1990 and 2101: what lies outside is a filler (1970) or a slip, not a date."""

_EAST = ("Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Macau", "PRC", "ROC", "Hongkong")
_NAMED = {"BST": 1, "CET": 1, "CEST": 2, "MSK": 3, "IST": 5.5, "HKT": 8, "SGT": 8, "AWST": 8, "KST": 9, "JST": 9}
_NAMED |= {"AEST": 10, "AEDT": 11, "WIB": 7, "ICT": 7, "NZST": 12, "NZDT": 13, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3}
_NAMED |= {"MET": 1, "MEZ": 1, "MEST": 2, "MESZ": 2, "AST": -4, "ADT": -3, "AKST": -9, "AKDT": -8, "HST": -10}
_NUMBER = re.compile(r"-?\d{9,10}(?:\.\d+)?|-?\d{12,14}")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[T ]?(?:(\d\d):?(\d\d)(?::?(\d\d))?)?")
_PARTS = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})(?:\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?号?)?"
    r"(?:[T,，\s]*(?:星期.|周.)?[\s]*(?P<half>上午|下午|中午|晚上|凌晨|早上)?\s*"
    r"(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2})?(?:\s*[:：分]\s*(?P<second>\d{1,2})(?:[.,]\d+)?)?\s*[分秒]?)?"
    r"\s*(?P<after>am|pm)?\s*(?P<zone>z|utc|gmt|[a-z]{3,4}|(?:utc|gmt)?[+-]\d{1,2}:?\d{0,2})?",
    re.IGNORECASE,
)

_UNITS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("秒", "秒钟", "second", "sec"), 1),
    (("分", "分钟", "minute", "min"), 60),
    (("小时", "个小时", "hour"), 3600),
    (("天", "日", "day"), 86400),
    (("周", "星期", "week"), 604800),
)
_AGO = re.compile(
    r"(\d{1,4})\s*(秒钟?|分钟?|个?小时|天|日|周|星期)\s*[之以]?前"
    r"|(\d{1,4})\s*(second|sec|minute|min|hour|day|week)s?\s+ago",
    re.IGNORECASE,
)
_DAYS_BACK = {"昨天": 1, "昨日": 1, "前天": 2, "前日": 2}
_NEAR = re.compile(
    r"(?:(?P<day_word>今天|今日|昨天|昨日|前天|前日)|(?P<month>\d{1,2})\s*[-/月]\s*(?P<day>\d{1,2})\s*日?)?"
    r"\s*(?:(?P<hour>\d{1,2})[:：](?P<minute>\d\d)(?:[:：](?P<second>\d\d))?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s+)?(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m1>[a-z]{3,9})\.?"
    r"|(?P<m2>[a-z]{3,9})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?),?\s+(?P<year>\d{4})"
    r"(?:,?\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<after>am|pm)?)?"
    r"\s*(?P<zone>[a-z]{1,4}|(?:utc|gmt)?[+-]\d{1,2}:?\d{0,2})?",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\([^)]*\)?")
_NUMERIC = re.compile(r"(?:(?<=\s)|(?<=GMT)|(?<=UTC))[+-]\d\d:?\d\d\b")


def read_date(value: object, zone: ZoneInfo, *, chinese: bool = False, now: float | None = None) -> float | None:
    """Unix seconds of whatever stands for a date; None where there is none.

    `chinese`: the feed is in Chinese, so that CST is UTC+8. With `now`, "5分钟前", "昨天 10:00" and "09-01 10:00" are
    dates too. ValueError: unreadable, or outside 1990–2100.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    at = _seconds(value, zone, chinese)
    if at is None and now is not None and isinstance(value, str) and len(value) <= 40:
        at = _relative(value.strip(), zone, now)
    if at is None:
        raise ValueError(Told("bad_date", value=short(value)))
    if not EARLIEST <= at < LATEST:
        raise ValueError(Told("absurd_date", value=short(value)))
    return at


def day_of(value: object) -> str | None:
    """`2026-01-31` where the value names a day without a time of day, in any of the usual writings."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    found = _PARTS.fullmatch(value.strip()) or _COMPACT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour = found.groups()[:4] if found.re is _COMPACT else found.group("year", "month", "day", "hour")
    if hour is not None or day is None or not "1900" < year < "2200":
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def not_ahead(at: float | None, now: float) -> float | None:
    """The date; up to five minutes ahead of the clock it counts as now. ValueError when it is further ahead."""
    if at is not None and at > now + AHEAD:
        raise ValueError(Told("ahead", name="date", at=rfc3339(at), now=rfc3339(now)))
    return None if at is None else min(at, now)


def _seconds(value: object, zone: ZoneInfo, chinese: bool) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _epoch(float(value))
    if isinstance(value, datetime):
        return _stamp(value, zone)
    if isinstance(value, date):
        return _stamp(datetime(value.year, value.month, value.day), zone)
    text = " ".join(str(value).split())
    if len(text) > 100:
        return None
    for reader in (_iso, _digits, _parts, _mail, _words):
        at = reader(text, zone, chinese)
        if at is not None:
            return at
    return None


def _epoch(number: float) -> float | None:
    if not math.isfinite(number):
        return None
    for divisor in (1, 1e3, 1e6, 1e9):
        if abs(number) / divisor <= 1e11:
            return number / divisor
    return None


def _stamp(stamp: datetime, zone: ZoneInfo) -> float | None:
    try:
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).timestamp()
    except (OverflowError, ValueError, OSError):
        return None


def _iso(text: str, zone: ZoneInfo, chinese: bool) -> float | None:
    if not text[:4].isdigit() or "W" in text[4:7].upper() or text.isdigit():
        return None
    try:
        return _stamp(datetime.fromisoformat(text.replace("z", "Z")), zone)
    except ValueError:
        return None


def _digits(text: str, zone: ZoneInfo, chinese: bool) -> float | None:
    """Epochs, and 20250901 or 202509011000."""
    if _NUMBER.fullmatch(text) and not _COMPACT.fullmatch(text):
        return _epoch(float(text))
    found = _COMPACT.fullmatch(text)
    if found and "1900" < found[1] < "2200":
        at = _built([int(n or 0) for n in found.groups()], zone)
        if at is not None:
            return at
    return _epoch(float(text)) if _NUMBER.fullmatch(text) else None


def _parts(text: str, zone: ZoneInfo, chinese: bool) -> float | None:
    """2025/09/01 10:00, 2025年9月1日 下午3点20分, 2025.9.1, each with or without a zone."""
    found = _PARTS.fullmatch(text)
    if not found:
        return None
    part = found.groupdict()
    hour = _hour(int(part["hour"] or 0), (part["after"] or part["half"] or "").lower())
    numbers = [int(part["year"]), int(part["month"]), int(part["day"] or 1), hour]
    numbers += [int(part["minute"] or 0), int(part["second"] or 0)]
    return _zoned(numbers, part["zone"], zone, chinese)


def _hour(hour: int, half: str) -> int:
    """The hour of 24 from one of twelve: pm, 下午3点, 中午1点, 凌晨12点."""
    if (half in ("pm", "下午", "晚上") and hour < 12) or (half == "中午" and hour < 3):
        return hour + 12
    return 0 if hour == 12 and half in ("am", "凌晨") else hour


def _zoned(numbers: list[int], name: str | None, zone: ZoneInfo, chinese: bool) -> float | None:
    shift = _offset(name, zone, chinese) if name else None
    if name and shift is None:
        return None
    return _built(numbers, timezone(shift) if shift is not None else zone)


def _words(text: str, zone: ZoneInfo, chinese: bool) -> float | None:
    """1 Sep 2025 · September 1st, 2025, 3:20 pm."""
    found = _WORDS.fullmatch(text)
    if not found:
        return None
    part = found.groupdict()
    month = (part["m1"] or part["m2"]).lower()[:3]
    if month not in _MONTHS:
        return None
    hour = _hour(int(part["hour"] or 0), (part["after"] or "").lower())
    numbers = [int(part["year"]), _MONTHS.index(month) + 1, int(part["d1"] or part["d2"]), hour]
    numbers += [int(part["minute"] or 0), int(part["second"] or 0)]
    return _zoned(numbers, part["zone"], zone, chinese)


def _relative(text: str, zone: ZoneInfo, now: float) -> float | None:
    """刚刚 · 5分钟前 · 2 hours ago · 昨天 10:00 · 9月1日 10:00, seen from `now`."""
    if text.lower() in ("刚刚", "刚才", "just now", "now"):
        return now
    ago = _AGO.fullmatch(text)
    if ago:
        unit = next(seconds for words, seconds in _UNITS if (ago[2] or ago[4]).lower() in words)
        return now - float(ago[1] or ago[3]) * unit
    found = _NEAR.fullmatch(text)
    if not found:
        return None
    today = datetime.fromtimestamp(now, zone)
    clock = [int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0)]
    if found["month"] is None:
        day = today - timedelta(days=_DAYS_BACK.get(found["day_word"] or "", 0))
        return _built([day.year, day.month, day.day, *clock], zone)
    numbers = [int(found["month"]), int(found["day"]), *clock]
    at = _built([today.year, *numbers], zone)
    return at if at is not None and at <= now + AHEAD else _built([today.year - 1, *numbers], zone)


def _mail(text: str, zone: ZoneInfo, chinese: bool) -> float | None:
    """RFC 822 and what comes near it: Mon, 01 Sep 2025 10:00:00 GMT. In +0800 (CST) the digits outweigh the name."""
    try:
        found = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if found is None:
        return None
    numeric = _NUMERIC.search(_COMMENT.sub(" ", text))
    name = numeric[0] if numeric else text.rstrip(")").replace("(", " ").split()[-1]
    shift = _offset(name, zone, chinese) if not name[:1].isdigit() else None
    if shift is None and found[9] is not None and re.search(r"GMT|UTC|\b[ECMP][SD]T\b|Z$", text):
        shift = timedelta(seconds=found[9])
    return _built(list(found[:6]), timezone(shift) if shift is not None and abs(shift) < timedelta(days=1) else zone)


def _offset(name: str, zone: ZoneInfo, chinese: bool) -> timedelta | None:
    """The offset a zone's name or digits stand for; None when it is no zone."""
    upper = name.upper()
    if upper in ("Z", "UT", "UTC", "GMT"):
        return timedelta(0)
    if upper == "CST":
        return timedelta(hours=8 if chinese or zone.key in _EAST else -6)
    if upper in _NAMED:
        return timedelta(hours=_NAMED[upper])
    digits = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d\d)?", upper)
    if not digits:
        return None
    shift = timedelta(hours=int(digits[2]), minutes=int(digits[3] or 0))
    return (-shift if digits[1] == "-" else shift) if shift < timedelta(days=1) else None


def _built(numbers: list[int], zone: ZoneInfo | timezone) -> float | None:
    year, month, day, hour, minute, second = (int(n or 0) for n in numbers)
    if hour == 24 and not minute and not second:
        hour, add = 0, timedelta(days=1)
    else:
        add = timedelta(0)
    try:
        stamp = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) + add
        return stamp.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
