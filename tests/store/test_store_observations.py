"""Mentions and samples: identity, duplicates, corrections."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Mention, Sample
from monitor.store import observations
from monitor.store.observations import Stored


def mention(id: str, at: float | None = 100.0, **more: object) -> Stored:
    made = Mention(id=id, text=f"充电宝起火 {id}", seen_at=200.0, source="desk", published_at=at)
    return Stored(seq=0, mention=replace(made, **more), story=f"s-{id}", new_story=True)


def test_a_mention_comes_back_as_it_went_in(connection: Connection) -> None:
    said = mention(
        "1", title="标题 \U0001f525", url="https://x", author="客户", lang="zh", labels={"产品": "X1"}, reach=7
    )
    observations.insert(connection, [said])
    found = observations.known(connection, "desk", ["1", "2"])
    assert found["1"].mention == said.mention
    assert (found["1"].story, found["1"].new_story, found["1"].counted) == ("s-1", True, True)


def test_an_undated_mention_stays_undated(connection: Connection) -> None:
    observations.insert(connection, [mention("1", None), replace(mention("2", None), counted=False)])
    found = observations.known(connection, "desk", ["1", "2"])
    assert found["1"].mention.published_at is None
    assert found["1"].mention.at == 200.0
    assert [found[id].counted for id in ("1", "2")] == [True, False]


def test_the_same_id_of_another_source_is_another_mention(connection: Connection) -> None:
    observations.insert(connection, [mention("1"), mention("1", source="press")])
    assert observations.known(connection, "press", ["1"])["1"].mention.source == "press"
    assert observations.last_seq(connection) - observations.known(connection, "desk", ["1"])["1"].seq == 1


def test_a_correction_takes_the_place_of_what_stood(connection: Connection) -> None:
    observations.insert(connection, [mention("1")])
    stood = observations.known(connection, "desk", ["1"])["1"]
    observations.correct(connection, replace(stood, mention=replace(stood.mention, text="误报"), counted=False))
    now = observations.known(connection, "desk", ["1"])["1"]
    assert (now.seq, now.mention.text, now.counted) == (stood.seq, "误报", False)


def test_many_ids_are_asked_for_in_parts(connection: Connection) -> None:
    observations.insert(connection, [mention(str(n)) for n in range(1200)])
    assert len(observations.known(connection, "desk", [str(n) for n in range(1300)])) == 1200


def test_mentions_are_walked_in_order_of_arrival(connection: Connection) -> None:
    observations.insert(connection, [mention(str(n), at=1000.0 - n) for n in range(5)])
    last = observations.last_seq(connection)
    walked = observations.between(connection, last - 4, last - 1, 2)
    assert [s.mention.id for s in walked] == ["1", "2"]


def test_a_window_shows_the_newest_first(connection: Connection) -> None:
    observations.insert(connection, [mention(str(n), at=10.0 * n) for n in range(5)])
    assert [s.mention.id for s in observations.window(connection, 10, 30)] == ["3", "2", "1"]
    assert [s.mention.id for s in observations.window(connection, 10, 30, limit=1)] == ["3"]


def test_recent_stories_come_oldest_first_with_their_text(connection: Connection) -> None:
    observations.insert(connection, [mention("1", title="T"), mention("2", at=50.0), replace(mention("3"), story="")])
    assert observations.recent_stories(connection, 60) == [("s-1", "T\n充电宝起火 1", 100.0)]


def sample(at: float, value: float, **more: object) -> Sample:
    made = Sample(series="orders", at=at, value=value, seen_at=at, source="shop", kind="delta", span=60.0)
    return replace(made, **more)


def test_a_sample_known_already_is_no_news_and_a_changed_one_is(connection: Connection) -> None:
    fresh, known = observations.put_samples(connection, [sample(60, 1.5), sample(120, 2.5)])
    assert (len(fresh), known) == (2, 0)
    fresh, known = observations.put_samples(connection, [sample(60, 1.5), sample(120, 3.5)])
    assert ([s.value for s in fresh], known) == ([3.5], 1)
    assert [s.value for s in observations.all_samples(connection, "orders")] == [1.5, 3.5]


def test_of_two_samples_of_one_identity_in_a_batch_the_last_wins(connection: Connection) -> None:
    observations.put_samples(connection, [sample(60, 1.0), sample(60, 2.0)])
    assert [s.value for s in observations.all_samples(connection, "orders")] == [2.0]


def test_labels_in_another_order_are_the_same_labels(connection: Connection) -> None:
    observations.put_samples(connection, [sample(60, 1.0, labels={"b": "2", "a": "1"})])
    _, known = observations.put_samples(connection, [sample(60, 1.0, labels={"a": "1", "b": "2"})])
    assert known == 1


def test_samples_around_bring_their_neighbours(connection: Connection) -> None:
    observations.put_samples(connection, [sample(60.0 * n, n) for n in range(1, 8)])
    around = observations.samples_around(connection, "orders", {}, 180, 240)
    assert [s.at for s in around] == [120, 180, 240, 300]
    assert [s.at for s in observations.samples_around(connection, "orders", {}, 60, 60)] == [60, 120]


def test_mentions_are_read_back_in_bites_that_leave_none_out(connection: Connection) -> None:
    times = [10.0, 20.0, 20.0, 30.0, 30.0, 40.0]
    rows = [mention(str(i), at) for i, at in enumerate(times)]
    observations.insert(connection, [*rows, replace(mention("not counted", 25.0), counted=False)])
    found, before = [], 40.0
    while before > 15.0:
        part, before = observations.back(connection, 15.0, before, 3)
        found += [row.mention.id for row in part]
    assert sorted(found) == ["1", "2", "3", "4"]
