"""Alerts of Alertmanagers: said again nothing is new, whatever the order in which members speak."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Reported
from monitor.store import reported

FIRING = Reported(
    group="{}:{}", fingerprint="f1", name="Down", key=(("service", "shop"),), severity="critical", starts_at=100.0,
    ends_at=None, heard_at=110.0,
)  # fmt: skip
OVER = replace(FIRING, ends_at=200.0, heard_at=210.0)
AGAIN = replace(FIRING, starts_at=300.0, heard_at=310.0)


@pytest.mark.parametrize(
    ("old", "new", "says_more"),
    [
        (None, FIRING, True),
        (None, OVER, True),
        (FIRING, FIRING, False),
        (FIRING, OVER, True),
        (FIRING, AGAIN, True),
        (FIRING, replace(OVER, starts_at=90.0), True),
        (OVER, FIRING, False),
        (OVER, OVER, False),
        (OVER, AGAIN, True),
        (AGAIN, OVER, False),
        (OVER, replace(FIRING, starts_at=200.0), True),
    ],
    ids=[
        "first", "first heard when it was over", "the same", "it ended", "it began anew", "two made one",
        "told late by another member", "over said again", "fires once more", "an end before it began", "right after it",
    ],
)  # fmt: skip
def test_what_says_more_than_is_known(old: Reported | None, new: Reported, says_more: bool) -> None:
    assert reported.follows(old, new) is says_more


@pytest.mark.parametrize("order", list(itertools.permutations([FIRING, OVER, AGAIN])))
def test_in_whatever_order_it_is_told_the_newest_stands(order: tuple[Reported, ...], connection: Connection) -> None:
    for told in order:
        reported.take(connection, [told])
    assert [row.starts_at for row in reported.firing(connection)] == [300.0]


def test_said_again_it_is_a_sign_of_life_and_nothing_new(connection: Connection) -> None:
    assert reported.take(connection, [FIRING, replace(FIRING, fingerprint="f2")]) == 2
    assert reported.take(connection, [replace(FIRING, heard_at=500.0)]) == 0
    assert {row.fingerprint: row.heard_at for row in reported.firing(connection)} == {"f1": 500.0, "f2": 110.0}


def test_one_alert_in_two_groups_is_told_twice(connection: Connection) -> None:
    reported.take(connection, [FIRING])
    assert reported.take(connection, [replace(FIRING, group="{}/{}:{}")]) == 1
    assert reported.take(connection, [OVER]) == 1
    assert [row.group for row in reported.firing(connection)] == ["{}/{}:{}"]
