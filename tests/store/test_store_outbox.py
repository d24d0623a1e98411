"""The outbox: at least once, never forgotten, never two at a time to the same one."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Connection

from monitor.model import Tier
from monitor.store import outbox
from monitor.store.database import Conflict
from tests.store.store_world import owed, recipient


def states(connection: Connection) -> list[str]:
    return [d.state for d in reversed(outbox.recent(connection))]


def test_a_notice_owed_is_claimed_in_the_same_transaction(connection: Connection) -> None:
    first, second = outbox.owe(connection, owed(recipient("zhang"), recipient("", "hook")), 100)
    (one, note), (two, _) = outbox.get(connection, [first, second])
    assert (one.state, one.attempts, one.key) == ("sending", 1, "INC-2026-0001/1/zhang")
    assert (two.key, two.person, two.route) == ("INC-2026-0001/1/hook", "", ("hook",))
    assert (note.scope, one.route) == ({"product": "充电宝"}, ("robot", "mail"))


def test_who_is_not_to_be_woken_is_told_after_their_quiet_hours(connection: Connection) -> None:
    assert outbox.owe(connection, owed(recipient(after=500.0)), 100) == []
    assert (outbox.next_due(connection), outbox.claim(connection, 499)) == (500.0, [])
    (id,) = outbox.claim(connection, 500)
    assert outbox.get(connection, [id])[0][0].attempts == 1


def test_one_without_a_channel_is_not_owed(connection: Connection) -> None:
    outbox.owe(connection, owed(recipient("zhang").__class__(person="li", channels=())), 100)
    assert states(connection) == []


def test_a_newer_notice_ends_an_unsent_older_one_and_tells_its_tier(connection: Connection) -> None:
    (red,) = outbox.owe(connection, owed(recipient(), tier=Tier.RED), 100)
    outbox.settle(connection, red, "retrying", 101, next_at=200.0)
    (cleared,) = outbox.owe(connection, owed(recipient(), notice=2, tier=Tier.CALM), 150)
    assert states(connection) == ["superseded", "sending"]
    assert outbox.get(connection, [cleared])[0][1].supersedes_unsent == Tier.RED
    outbox.settle(connection, cleared, "retrying", 151, next_at=200.0)
    (third,) = outbox.owe(connection, owed(recipient(), notice=3, tier=Tier.BLUE), 160)
    assert outbox.get(connection, [third])[0][1].supersedes_unsent == Tier.RED


def test_what_is_being_sent_is_not_ended_by_a_newer_one(connection: Connection) -> None:
    outbox.owe(connection, owed(recipient()), 100)
    outbox.owe(connection, owed(recipient(), notice=2), 150)
    assert states(connection) == ["sending", "sending"]


def test_another_person_and_another_channel_are_left_alone(connection: Connection) -> None:
    ids = outbox.owe(connection, owed(recipient("zhang"), recipient("", "hook")), 100)
    for id in ids:
        outbox.settle(connection, id, "retrying", 101, next_at=200.0)
    outbox.owe(connection, owed(recipient("li"), recipient("", "other"), notice=2), 150)
    assert states(connection) == ["retrying", "retrying", "sending", "sending"]


def test_the_gravest_due_is_claimed_first(connection: Connection) -> None:
    tiers = {1: Tier.BLUE, 2: Tier.RED, 3: Tier.YELLOW}
    for seq, tier in tiers.items():
        (id,) = outbox.owe(connection, owed(recipient(), seq=seq, tier=tier), 100)
        outbox.settle(connection, id, "retrying", 101, next_at=110.0 + seq)
    assert outbox.next_due(connection) == 111.0
    claimed = outbox.claim(connection, 200, limit=2)
    assert [d.tier for d, _ in outbox.get(connection, claimed)] == [Tier.RED, Tier.YELLOW]
    assert outbox.claim(connection, 200, limit=2) != claimed


def test_what_was_being_sent_at_the_end_is_sent_again_with_its_key(connection: Connection) -> None:
    (id,) = outbox.owe(connection, owed(recipient()), 100)
    assert outbox.reclaim(connection, 300) == [id]
    again = outbox.get(connection, [id])[0][0]
    assert (again.key, again.attempts, again.claimed_at) == ("INC-2026-0001/1/zhang", 2, 300)


def test_an_attempt_is_settled_once(connection: Connection) -> None:
    (id,) = outbox.owe(connection, owed(recipient()), 100)
    outbox.settle(connection, id, "sent", 101, channel="mail", answer="ok")
    sent = outbox.get(connection, [id])[0][0]
    assert (sent.state, sent.sent_at, sent.channel, sent.answer) == ("sent", 101, "mail", "ok")
    with pytest.raises(Conflict):
        outbox.settle(connection, id, "dead", 102)


def test_a_dead_one_is_sent_anew_from_its_first_channel(connection: Connection) -> None:
    (id,) = outbox.owe(connection, owed(recipient()), 100)
    assert not outbox.resend(connection, id, 150)
    outbox.settle(connection, id, "dead", 101, tried=("robot", "mail"), channel="mail")
    assert outbox.resend(connection, id, 150)
    assert outbox.claim(connection, 150) == [id]
    again = outbox.get(connection, [id])[0][0]
    assert (again.channel, again.tried) == ("robot", ())


def test_pending_says_how_many_and_since_when(connection: Connection) -> None:
    assert outbox.pending(connection) == ({}, None)
    outbox.owe(connection, owed(recipient(), recipient("li", "mail")), 100)
    (id,) = outbox.owe(connection, owed(recipient(), seq=2), 50)
    assert outbox.pending(connection) == ({"robot": 2, "mail": 1}, 50.0)
    outbox.settle(connection, id, "sent", 60)
    assert outbox.pending(connection)[1] == 100.0
    assert (outbox.count(connection, "sent"), outbox.count(connection, "sending")) == (1, 2)


def test_what_is_put_off_does_not_wait_before_its_time(connection: Connection) -> None:
    outbox.owe(connection, owed(recipient(after=500.0)), 100)
    assert outbox.waits_since(connection, 499) is None
    assert outbox.waits_since(connection, 560) == 500.0
    outbox.claim(connection, 570)
    assert outbox.waits_since(connection, 580) == 570.0


def test_what_is_tried_again_waits_since_it_was_made(connection: Connection) -> None:
    (id,) = outbox.owe(connection, owed(recipient()), 100)
    assert outbox.waits_since(connection, 110) == 100.0
    outbox.settle(connection, id, "retrying", 110, next_at=300.0)
    outbox.claim(connection, 300)
    assert outbox.waits_since(connection, 305) == 100.0
    outbox.settle(connection, id, "sent", 310)
    assert outbox.waits_since(connection, 320) is None


def test_notices_and_their_deliveries_are_found_again(connection: Connection) -> None:
    outbox.owe(connection, owed(recipient(), recipient("li")), 100)
    outbox.owe(connection, owed(recipient(), notice=2), 150)
    newest, oldest = outbox.notices_of(connection, "INC-2026-0001")
    assert (newest[1].notice, oldest[1].notice) == (2, 1)
    by_notice = outbox.deliveries_of(connection, [newest[0], oldest[0]])
    assert [d.person for d in by_notice[oldest[0]]] == ["zhang", "li"]
    assert [n.notice for _, n in outbox.recent_notices(connection, 1)] == [2]
    assert [d.notice for d in outbox.recent(connection, 9, "sending", "INC-2026-0001")] == [2, 1, 1]


def test_the_texts_of_a_revision_are_kept_once(connection: Connection) -> None:
    outbox.keep_texts(connection, "r1", "battery", {"notice.zh": "甲"})
    outbox.keep_texts(connection, "r1", "battery", {"notice.zh": "乙"})
