"""What was put off for one person goes out as one message; nothing else is merged."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Owed, Recipient, Tier
from monitor.store import incidents, outbox
from tests.store.store_world import owed, recipient


def put_off(connection: Connection, seq: int, tier: Tier, to: Recipient, *, drill: bool = False) -> None:
    made = owed(to, seq=seq, tier=tier)
    outbox.owe(connection, Owed(facts=replace(made.facts, drill=drill), to=made.to), 100.0)


def test_the_gravest_carries_the_rest_and_says_so(connection: Connection) -> None:
    for seq, tier in ((1, Tier.YELLOW), (2, Tier.RED), (3, Tier.ORANGE)):
        put_off(connection, seq, tier, recipient(after=500.0))
    assert outbox.claim(connection, 499.0) == []
    ids = outbox.claim(connection, 500.0)
    ((delivery, note),) = outbox.get(connection, ids)
    assert delivery.incident == "INC-2026-0002"
    assert [(a.incident, a.tier) for a in note.also] == [("INC-2026-0003", Tier.ORANGE), ("INC-2026-0001", Tier.YELLOW)]
    ended = {d.incident: d for d in outbox.recent(connection, state="superseded")}
    assert set(ended) == {"INC-2026-0001", "INC-2026-0003"}
    assert {d.answer for d in ended.values()} == {"told with INC-2026-0002/1/zhang"}
    (line,) = incidents.timeline(connection, "INC-2026-0001")
    assert line.entry.kind == "delivery.entry.gathered" and line.entry.args["other"] == "INC-2026-0002"


def test_others_drills_and_retries_are_not_merged(connection: Connection) -> None:
    put_off(connection, 1, Tier.RED, recipient("zhang", after=500.0))
    put_off(connection, 2, Tier.RED, recipient("li", after=500.0))
    put_off(connection, 3, Tier.RED, recipient("zhang", after=500.0), drill=True)
    tried = outbox.owe(connection, owed(recipient("zhang"), seq=4), 100.0)
    outbox.settle(connection, tried[0], "retrying", 110.0, next_at=400.0)
    found = outbox.get(connection, outbox.claim(connection, 500.0))
    assert len(found) == 4 and all(note.also == () for _, note in found)


def test_what_somebody_was_owed_lately_leaves_out_what_never_went(connection: Connection) -> None:
    put_off(connection, 1, Tier.ORANGE, recipient(after=500.0))
    outbox.owe(connection, owed(recipient(), seq=1, notice=2, tier=Tier.RED), 200.0)
    assert outbox.owed_since(connection, ["zhang", "li"], 50.0) == [("zhang", 200.0, "INC-2026-0001", Tier.RED)]
    assert outbox.owed_since(connection, ["zhang"], 200.0) == []
