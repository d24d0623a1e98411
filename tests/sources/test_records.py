"""Wire records: what is taken, what is refused and why, and that a bad record costs only itself."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.records import (
    BodyFault,
    Records,
    open_lines,
    read_any,
    read_mentions,
    read_samples,
)
from monitor.sources.told import Told, tell
from monitor.times import DAY, instant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-01T12:00:00+08:00", ZONE)


def mentions(body: Any, **options: Any) -> Records:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_mentions(raw, source="desk", zone=ZONE, now=NOW, **options)


def samples(body: Any, **options: Any) -> Records:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_samples(raw, source="desk", zone=ZONE, now=NOW, **options)


def test_a_full_mention_is_read_with_its_arrival_now() -> None:
    wire = {
        "id": "1",
        "text": "充电宝冒烟",
        "source": "app",
        "title": "t",
        "url": "https://e.com/1",
        "author": "a",
        "published_at": "2026-03-01T11:00:00+08:00",
        "seen_at": "2020-01-01T00:00:00Z",
        "lang": "zh",
        "labels": {"product": "X1"},
        "reach": 7,
    }
    (mention,) = mentions([wire]).mentions
    assert (mention.id, mention.text, mention.source, mention.labels, mention.reach) == (
        "1",
        "充电宝冒烟",
        "app",
        {"product": "X1"},
        7,
    )
    assert mention.seen_at == NOW and mention.published_at == NOW - 3600


def test_lines_and_array_read_the_same_and_the_default_source_is_given() -> None:
    rows = [{"id": str(i), "text": "x"} for i in range(3)]
    lines = b"\n".join(json.dumps(row).encode() for row in rows) + b"\n\n"
    assert mentions(rows) == mentions(lines)
    assert {m.source for m in mentions(rows).mentions} == {"desk"}


@pytest.mark.parametrize("body", [b"", b"[]", b"  \n", b"\xef\xbb\xbf[]"])
def test_an_empty_push_is_no_fault(body: bytes) -> None:
    assert mentions(body) == Records()


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"id": "", "text": "x"}, "empty"),
        ({"id": "x" * 600, "text": "x"}, "longer than 512"),
        ({"text": "x"}, "id is missing"),
        ({"id": "1"}, "text is missing"),
        ({"id": "1", "text": 5}, "text"),
        ({"id": ["1"], "text": "x"}, "id"),
        ({"id": True, "text": "x"}, "id"),
        ({"id": "1", "text": "x", "published_at": 0}, "1990"),
        ({"id": "1", "text": "x", "published_at": "1970-01-01T00:00:00Z"}, "1990"),
        ({"id": "1", "text": "x", "published_at": "2099-01-01T00:00:00Z"}, "ahead"),
        ({"id": "1", "text": "x", "published_at": "2026-03-01T12:06:00+08:00"}, "ahead"),
        ({"id": "1", "text": "x", "published_at": "2026-02-30"}, "no date"),
        ({"id": "1", "text": "x", "published_at": "yesterday"}, "RFC 3339|2026-01-31"),
        ({"id": "1", "text": "x", "published_at": float("nan")}, "published_at"),
        ({"id": "1", "text": "x", "reach": -1}, "reach"),
        ({"id": "1", "text": "x", "labels": {str(i): "v" for i in range(99)}}, "labels"),
        ({"id": "1", "text": "x", "labels": {"a": ["b"]}}, "labels"),
        ("just text", "no record"),
        (None, "no record"),
    ],
)
def test_a_bad_mention_is_refused_with_a_reason_and_costs_only_itself(record: Any, why: str) -> None:
    import re

    good = {"id": "ok", "text": "fine"}
    read = mentions([good, record, good])
    assert len(read.mentions) == 2
    ((index, text),) = read.faults
    assert index == 1 and re.search(why, text)
    assert isinstance(text, Told) and tell(text, "zh") != text


def test_what_is_a_little_ahead_counts_as_now() -> None:
    (mention,) = mentions([{"id": "1", "text": "x", "published_at": "2026-03-01T12:04:00+08:00"}]).mentions
    assert mention.at == NOW and mention.published_at == NOW


def test_times_without_zone_are_local_and_epochs_may_be_seconds_or_milliseconds() -> None:
    times = ["2026-03-01T11:00:00", NOW - 3600, (NOW - 3600) * 1000, "2026-03-01"]
    read = mentions([{"id": str(i), "text": "x", "published_at": t} for i, t in enumerate(times)])
    assert [m.published_at for m in read.mentions] == [NOW - 3600] * 3 + [NOW - 12 * 3600]


def test_numbers_pass_as_ids_and_labels() -> None:
    (mention,) = mentions(
        [{"id": 17, "text": "x", "labels": {"n": 3, "yes": True, "none": None}, "reach": 4.0}]
    ).mentions
    assert (mention.id, mention.labels, mention.reach) == ("17", {"n": "3", "yes": "true"}, 4)


def test_texts_are_cut_and_cleaned_for_every_store() -> None:
    (mention,) = mentions([{"id": "1", "text": "a\x00" + "漢" * 200_000, "title": "\ud83d!"}]).mentions
    assert len(mention.text) == 100_000 and "\x00" not in mention.text
    assert mention.title.encode() == b"?!"


def test_a_line_in_another_encoding_is_refused_alone() -> None:
    bad = '{"id":"2","text":"充电宝"}'.encode("gbk")
    read = mentions(b'{"id":"1","text":"x"}\n' + bad + b'\n{"id":"3","text":"x"}')
    assert [m.id for m in read.mentions] == ["1", "3"] and "UTF-8" in read.faults[0][1]


@pytest.mark.parametrize("body", [b"[{", b"[1,2", b"[" * 100_000])
def test_a_broken_array_is_a_fault_of_the_body(body: bytes) -> None:
    with pytest.raises(BodyFault, match="JSON"):
        mentions(body)


def test_a_bare_date_of_a_sample_is_that_whole_local_day() -> None:
    (sample,) = samples([{"series": "orders", "at": "2026-02-28", "value": 12}]).samples
    assert sample.at == instant("2026-03-01T00:00:00+08:00", ZONE) and sample.span == DAY


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"series": "s", "at": "2026-03-01", "value": 1}, "not over"),
        ({"series": "s", "at": NOW, "value": float("nan")}, "finite"),
        ({"series": "s", "at": NOW, "value": float("inf")}, "finite"),
        ({"series": "s", "at": NOW, "value": "12"}, "value"),
        ({"series": "s", "at": NOW, "value": 1, "kind": "total"}, "kind"),
        ({"series": "s", "at": NOW, "value": 1, "span": -5}, "span"),
        ({"series": "s", "at": NOW, "value": 1, "span": "5 parsecs"}, "duration"),
        ({"series": "", "at": NOW, "value": 1}, "empty"),
        ({"series": "s", "value": 1}, "at is missing"),
    ],
)
def test_a_bad_sample_is_refused_with_a_reason(record: Any, why: str) -> None:
    read = samples([record, {"series": "s", "at": NOW, "value": 1, "span": "5m", "kind": "delta"}])
    assert [s.span for s in read.samples] == [300.0]
    assert read.faults[0][0] == 0 and why in read.faults[0][1]


def test_files_of_the_past_keep_their_own_arrival_and_fall_back_to_event_time() -> None:
    lines = [
        b'{"id":"1","text":"x","published_at":"2025-01-01T00:00:00Z","seen_at":"2025-01-01T00:10:00Z"}\n',
        b'{"id":"2","text":"x","published_at":"2025-01-01T00:00:00Z"}\n',
        b'{"series":"s","at":"2025-01-01T00:00:00Z","value":3}\n',
        b"\n",
        b'{"id":"3","text":"series of faults","labels":{"series":"A"},"published_at":"2025-01-01"}\n',
        b"nonsense\n",
    ]
    (read,) = read_any(lines, source="old", zone=ZONE, now=NOW)
    event = instant("2025-01-01T00:00:00Z", ZONE)
    assert [m.seen_at for m in read.mentions] == [event + 600, event, event - 8 * 3600]
    assert [s.seen_at for s in read.samples] == [event]
    assert [number for number, _ in read.faults] == [6]


def test_lines_of_plain_and_gzipped_files_are_the_same(tmp_path: Path) -> None:
    lines = b'{"id":"1","text":"x"}\n{"id":"2","text":"y"}\n'
    (tmp_path / "a.jsonl").write_bytes(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines))
    assert list(open_lines(tmp_path / "a.jsonl")) == list(open_lines(tmp_path / "b.jsonl.gz"))


@given(st.binary(max_size=200))
def test_garbage_never_raises_anything_but_a_body_fault(body: bytes) -> None:
    for read in (mentions, samples):
        with contextlib.suppress(BodyFault):
            read(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "text", "published_at", "labels", "reach", "series", "at", "value", "span"]), JSON
        )
    )
)
def test_every_record_is_either_taken_or_refused(records: list[dict[str, Any]]) -> None:
    for read in (mentions, samples):
        assert read(records).total == len(records)
