"""Rules that know of days: whose working days hold, and which promotions are planned."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.config.schema import Config
from monitor.detectors import Seasonal
from monitor.detectors.occasions import Almanac, Occasion
from monitor.incidents.workdays import calendar_of
from monitor.rules.promotions import occasion
from monitor.rules.rule import Rule


def knowing(config: Config) -> tuple[Rule, ...]:
    """The rules of a config, each `seasonal` one with what it may know of days."""
    return tuple(_knowing(rule, config) for rule in config.rule)


def _knowing(rule: Rule, config: Config) -> Rule:
    if not isinstance(rule.detector, Seasonal):
        return rule
    zone = ZoneInfo(config.settings.timezone)
    found = (occasion(promotion, rule, zone) for promotion in config.promotion)
    almanac = almanac_of(config, rule.detector.calendar, [each for each in found if each is not None])
    return replace(rule, detector=rule.detector.within(almanac)) if almanac.kinds else rule


def almanac_of(config: Config, calendar: str | None, promotions: list[Occasion]) -> Almanac:
    """What is known of days where a detector asks for that calendar; None = the organisation's."""
    name = config.incident.calendar if calendar is None else calendar
    days = calendar_of(name, config.calendar) if name else None
    return Almanac(ZoneInfo(config.settings.timezone), days, promotions)
