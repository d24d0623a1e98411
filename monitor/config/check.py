"""The register of cross checks: what no table can know of itself.

A check takes the draft and yields problems. One that could follow from another fault says what it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitor.config.check_kinds import wrong_detectors, wrong_parts
from monitor.config.check_names import duplicate_names, ill_named, unknown_names
from monitor.config.check_paths import uncovered_hours, wrong_path_hours, wrong_paths, wrong_rotas
from monitor.config.check_people import fallback_loops, poor_addresses, unreachable_people, wrong_actors, wrong_hours
from monitor.config.check_places import (
    unknown_zones,
    unresolved_secrets,
    unsafe_listeners,
    wrong_options,
    wrong_tokens,
    wrong_urls,
)
from monitor.config.check_playbooks import missing_playbooks, unfilled_roles, wrong_reporting
from monitor.config.check_promotions import unforeseen, wrong_calendars, wrong_promotions
from monitor.config.check_routes import (
    ack_links_to_nowhere,
    hidden_routes,
    nobody_told,
    only_chat_or_mail,
    reports_unheard,
)
from monitor.config.check_rules import (
    unknown_series,
    wrong_counting,
    wrong_exports,
    wrong_selections,
    wrong_spans,
    wrong_tiers,
    wrong_weights,
)
from monitor.config.check_topics import unknown_dangers, wrong_labels, wrong_lexicons, wrong_queries
from monitor.config.draft import Draft
from monitor.config.fault import Problem

Check = Callable[[Draft], Iterator[Problem]]

NAMES: tuple[Check, ...] = (duplicate_names, ill_named, unknown_names, unknown_series, wrong_paths)
"""Whoever names what is not there: much else would only follow from that."""

CHECKS: tuple[Check, ...] = (
    wrong_queries,
    wrong_labels,
    wrong_lexicons,
    unknown_dangers,
    wrong_selections,
    wrong_counting,
    wrong_weights,
    wrong_spans,
    wrong_exports,
    wrong_tiers,
    wrong_detectors,
    wrong_parts,
    wrong_promotions,
    wrong_calendars,
    missing_playbooks,
    wrong_reporting,
    poor_addresses,
    wrong_hours,
    wrong_actors,
    unreachable_people,
    fallback_loops,
    wrong_rotas,
    wrong_path_hours,
    ack_links_to_nowhere,
    hidden_routes,
    nobody_told,
    reports_unheard,
    only_chat_or_mail,
    wrong_urls,
    wrong_options,
    wrong_tokens,
    unsafe_listeners,
    unknown_zones,
    unresolved_secrets,
)


LAST: tuple[Check, ...] = (uncovered_hours, unforeseen, unfilled_roles)
"""What can only be told of a config that is sound so far."""


def cross_check(draft: Draft) -> None:
    """Adds to the draft whatever the checks find, first of all the names."""
    for checks in (NAMES, CHECKS, LAST):
        draft.add([problem for check in checks for problem in check(draft)])
