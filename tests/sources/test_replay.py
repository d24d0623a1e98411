"""Kind replay: each record plays when it was first seen, once, the same in every run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.model import Page
from monitor.sources import replay as replay_source
from monitor.sources.replay import Replay
from monitor.sources.source import SourceFault, Surroundings
from monitor.times import instant

ZONE = ZoneInfo("Asia/Shanghai")
T0 = instant("2026-03-01T00:00:00+08:00", ZONE)


def tape(path: Path, *seen: int, **more: Any) -> Path:
    rows = [{"id": f"m{n}", "text": "x", "published_at": T0 + n - 30, "seen_at": T0 + n, **more} for n in seen]
    text = "\n".join(json.dumps(row) for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def play(source: Replay, now: float, cursor: dict[str, Any]) -> Page:
    return source.read(cursor, Surroundings(None, ZONE, now))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_records_play_in_the_order_they_were_seen(tmp_path: Path, name: str) -> None:
    source = Replay(name="past", path=str(tape(tmp_path / name, 180, 60, 120)))
    first = play(source, T0 + 120, {})
    assert [m.id for m in first.mentions] == ["m60", "m120"]
    assert [m.seen_at for m in first.mentions] == [T0 + 60, T0 + 120]
    assert (first.covers_from, first.covers_to) == (T0 + 60, T0 + 120)
    second = play(source, T0 + 9999, first.cursor)
    assert [m.id for m in second.mentions] == ["m180"] and second.covers_to == T0 + 180
    assert play(source, T0 + 9999, second.cursor).unchanged


def test_what_was_seen_before_the_start_is_passed_over(tmp_path: Path) -> None:
    source = Replay(name="past", path=str(tape(tmp_path / "a.jsonl", 0, 60, 120)), start="2026-03-01T00:01:00+08:00")
    assert [m.id for m in play(source, T0 + 999, {}).mentions] == ["m60", "m120"]


def test_records_of_another_source_are_left_to_it(tmp_path: Path) -> None:
    path = tape(tmp_path / "a.jsonl", 0, source="weibo")
    assert play(Replay(name="past", path=str(path)), T0 + 9, {}).mentions == ()
    assert len(play(Replay(name="weibo", path=str(path), labels={"a": "b"}), T0 + 9, {}).mentions) == 1


def test_a_long_stretch_comes_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_source, "PAGE", 2)
    source = Replay(name="past", path=str(tape(tmp_path / "a.jsonl", *range(5))))
    first = play(source, T0 + 99, {})
    second = play(source, T0 + 99, first.cursor)
    third = play(source, T0 + 99, second.cursor)
    assert [len(page.mentions) for page in (first, second, third)] == [2, 2, 1]
    assert [page.more for page in (first, second, third)] == [True, True, False]


def test_a_bad_line_costs_only_itself_and_a_bad_file_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'nonsense\n{"id":"1","text":"undated"}\n{"id":"2","text":"x","published_at":"2026-03-01"}\n')
    page = play(Replay(name="past", path=str(path)), T0 + 9, {})
    assert [m.id for m in page.mentions] == ["2"] and len(page.faults) == 2
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"x" * 999)[:20])
    for name in ("b.jsonl.gz", "none.jsonl"):
        with pytest.raises(SourceFault, match="replay"):
            play(Replay(name="past", path=str(tmp_path / name)), T0, {})
