"""Which days are worked: weekends, public holidays, Chinese make-up days, and an organisation's own days.

Own rows win, then the country's calendar, then the weekend. Past the last year that a calendar knows, the weekend rule
holds; `known_until` tells when that begins, so that a check can warn in time.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

from msgspec import Struct, field

Kind = Literal["work", "off", "weekend"]


class CalendarDays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[calendar.NAME]`: own days that win over the country's, as ISO dates. `country` = NAME unless set."""

    country: str = ""
    work: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


class Calendar(Struct, frozen=True, kw_only=True):
    """A calendar ready for asking. Country "" knows weekends only."""

    country: str = ""
    work: frozenset[str] = field(default_factory=frozenset)
    off: frozenset[str] = field(default_factory=frozenset)

    def kind(self, day: date) -> Kind:
        """`off` = a holiday; `weekend` = an ordinary Saturday or Sunday; `work` = all else, make-up days too."""
        if (own := day.isoformat()) in self.work:
            return "work"
        if own in self.off:
            return "off"
        return _country_kind(self.country.upper(), day)

    def weekend(self) -> frozenset[int]:
        """The weekdays that are usually not worked, Monday = 0."""
        known = None if self.country.upper() == "CN" or not self.country else _holidays_of(self.country.upper())
        return frozenset({5, 6} if known is None else known.weekend)

    def is_workday(self, day: date) -> bool:
        """True on a day that is worked."""
        return self.kind(day) == "work"

    def plus_workdays(self, day: date, n: int) -> date:
        """The n-th working day after a day; the day itself is not counted."""
        while n > 0:
            day += timedelta(days=1)
            n -= self.is_workday(day)
        return day

    def next_workday(self, day: date) -> date:
        """This day if it is worked, else the first one after it that is."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day


def calendar_of(name: str, own: dict[str, CalendarDays] | None = None) -> Calendar:
    """The calendar a person or a clock names ("CN", "DE", "" = weekends), with the organisation's own days."""
    days = (own or {}).get(name, CalendarDays())
    country = days.country or ("" if name in (own or {}) and not is_country(name) else name)
    return Calendar(country=country, work=frozenset(days.work), off=frozenset(days.off))


@cache
def is_country(name: str) -> bool:
    """True for a country whose holidays are known (ISO 3166, such as CN, DE, US)."""
    return name.upper() == "CN" or _holidays_of(name.upper()) is not None


def known_until(name: str) -> date | None:
    """The last day for which a country's days are settled; None = computed for any year, or weekends only."""
    if name.upper() != "CN":
        return None
    import chinese_calendar

    return date(max(day.year for day in chinese_calendar.constants.holidays), 12, 31)


@cache
def _country_kind(country: str, day: date) -> Kind:
    weekend = day.weekday() >= 5
    if country == "CN":
        return _chinese(day, weekend)
    known = _holidays_of(country) if country else None
    if known is not None and day in known:
        return "off"
    if known is not None and day in known.weekend_workdays:
        return "work"
    return "weekend" if (weekend if known is None else day.weekday() in known.weekend) else "work"


def _chinese(day: date, weekend: bool) -> Kind:
    import chinese_calendar

    try:
        free, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return "weekend" if weekend else "work"
    if not free:
        return "work"
    return "off" if name else "weekend"


@cache
def _holidays_of(country: str) -> Any:
    import holidays

    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None
