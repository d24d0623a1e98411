"""What time does to counts, one table over the running service: each row tells its tiers, each guard is needed.

Beside each row stands what would break the very rule that it guards; broken, the row must fail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from monitor.model import Mention, Tier
from tests.daemon.house import House, house

CONFIG = """
[[source]]
name = "feed"
kind = "rss"
url = "FEED"
every = "5m"
family = "press"
allow_private = true
silent_after = "2h"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[source]]
name = "exports"
kind = "file"
path = "FOLDER/drop/*.csv"
every = "5m"
family = "tickets"
timezone = "UTC"
fields = { published_at = "time", text = "text" }
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "talk"
risk = "product-safety"
where = { topic = ["fire"], source = ["SOURCE"] }
window = "1h"
every = "5m"
yellow = { above = 9 }
orange = { above = 19 }
red = { above = 39 }
leave = { below = 0.8, dwell = "10m" }
[[rule]]
name = "blind"
risk = "monitoring"
of = "findings"
where = { kind = ["source-silent"], subject = ["feed"] }
every = "5m"
blue = { above = 0 }
leave = { below = 0.5, dwell = "5m" }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
risk = ["product-safety"]
to = ["channel:hook"]
"""
Row = Callable[[House], Awaitable[None]]
Break = Callable[[pytest.MonkeyPatch], None]


async def opened(here: House) -> None:
    """The feed answers from here on; its first page has been read."""
    here.feed.up = True
    await here.to("10m")


async def first_fetch(here: House) -> None:
    here.show(here.many(-4300, 30, 143))
    await opened(here)
    await here.to("1h")
    assert here.line("talk") == ["calm"]
    assert await here.told() == []


async def backfill(here: House) -> None:
    await opened(here)
    here.show(here.many(-4300, 30, 143), shown="30m")
    await here.to("90m")
    assert here.line("talk") == ["calm"]
    assert await here.told() == []


async def outage_without_a_crisis(here: House) -> None:
    await opened(here)
    here.show(here.many(10, 25, 12))
    await here.to("1h")
    here.feed.up = False
    await here.to("3h")
    here.feed.up = True
    await here.to("4h")
    assert here.line("talk") == ["calm"]
    assert await here.told() == []


async def outage_while_it_burns(here: House) -> None:
    await opened(here)
    here.show(here.many(15, 12, 2))
    await here.to("50m")
    here.feed.up = False
    await here.to("170m")
    assert here.line("talk") == ["calm", "yellow"]
    here.feed.up = True
    await here.to("215m")
    assert here.line("talk") == ["calm", "yellow", "calm"]
    assert here.first("talk", "yellow") < 50
    assert [note.transition for note in await here.told()][:3] == ["NEW", "NO DATA", "DATA BACK"]


async def outage_with_a_crisis_inside(here: House) -> None:
    here.show(here.many(-300, 6, 30))
    await opened(here)
    here.show(here.many(60, 25, 1))
    await here.to("30m")
    here.feed.up = False
    await here.to("170m")
    assert here.line("talk") == ["calm"]
    here.feed.up = True
    await here.to("205m")
    assert here.line("talk")[:2] == ["calm", "orange"]
    assert here.first("talk", "orange") > 170
    new, *rest = await here.told()
    assert (new.transition, new.tier) == ("NEW", Tier.ORANGE)
    assert 80 < new.late_by / 60 < 140
    assert all(note.transition not in ("NEW", "RAISED") for note in rest)
    assert "晚了 1 小时 57 分钟才发现" in here.notice(0)
    assert "1 小时 25 条" in here.notice(0), "the numbers of then, not of now"
    assert "起火" in here.notice(0).split("依据")[1]


async def undated(here: House) -> None:
    here.show(here.many(-10, 15, 0), dated=False)
    await opened(here)
    await here.to("30m")
    assert here.line("talk") == ["calm"]
    here.show(here.many(40, 11, 0), dated=False)
    await here.to("50m")
    assert here.line("talk") == ["calm", "yellow"]


async def re_dated(here: House) -> None:
    records = here.many(-900, 12, 10)
    here.show(records)
    await opened(here)
    await here.to("30m")
    here.show([{**r, "published_at": here.said(29)["published_at"]} for r in records], shown="30m")
    await here.to("1h")
    edited = [{**r, "text": r["text"] + " (更新)", "published_at": here.said(60)["published_at"]} for r in records]
    here.show(edited, shown="61m")
    await here.to("90m")
    assert here.line("talk") == ["calm"]
    assert await here.told() == []


async def re_export(here: House) -> None:
    rows = [f"{r['published_at']},起火 同样的话" for r in here.many(5, 3, 0) + here.many(8, 3, 1)]
    drop = here.folder / "drop"
    drop.mkdir()
    await here.to("20m")
    for name, count in (("a", 6), ("b", 6), ("a", 7)):
        (drop / f"{name}.csv").write_text("\n".join(["time,text", *rows[:count]]) + "\n", encoding="utf-8")
        if name == "a" and count == 7:
            (drop / "a.csv").write_text("\n".join(["time,text", *rows[:6], rows[0]]) + "\n", encoding="utf-8")
        await here.to({6: "30m", 7: "45m"}[count] if name == "a" else "36m")
    assert here.line("talk") == ["calm"]
    score = here.seen("talk")
    assert score == 7, "three equal rows are three, a fourth in a later export is a fourth"


async def late(here: House) -> None:
    await here.to("5m")
    await here.push("desk", here.many(4, 1, 0))
    await here.to("3h")
    await here.push("desk", here.many(30, 25, 1))
    await here.to("200m")
    assert here.line("talk")[:2] == ["calm", "orange"]
    new, *rest = await here.told()
    assert (new.transition, new.tier) == ("NEW", Tier.ORANGE)
    assert new.late_by > 7200
    assert all(note.transition not in ("NEW", "RAISED") for note in rest)


async def corrected(here: House) -> None:
    await here.to("90m")
    records = here.many(75, 12, 1)
    await here.push("desk", records)
    assert here.line("talk") == ["calm", "yellow"]
    await here.push("desk", [{**r, "text": "物流太慢"} for r in records])
    await here.to("105m")
    assert here.line("talk") == ["calm", "yellow", "calm"]
    assert here.seen("talk") == 0


async def clock_skew(here: House) -> None:
    await here.to("10m")
    ahead = await here.push("desk", here.many(130, 30, 0))
    assert ahead.status == 422
    assert here.line("talk") == ["calm"]
    await here.push("desk", here.many(13, 11, 0))
    assert here.line("talk") == ["calm", "yellow"]
    await here.to("150m")
    assert here.line("talk") == ["calm", "yellow", "calm"]


async def saturated(here: House) -> None:
    here.feed.page = 12
    here.show(here.many(-300, 6, 30))
    await opened(here)
    here.show(here.many(12, 18, 0.1))
    await here.to("20m")
    assert here.line("talk") == ["calm", "yellow"]
    assert {(f.kind, f.subject) for f in await here.found()} >= {("source-saturated", "feed")}
    assert "至少 13 条" in here.notice(0)
    here.show(here.many(22, 3, 0.1))
    await here.to("30m")
    assert ("source-saturated", "feed") not in {(f.kind, f.subject) for f in await here.found()}


async def source_silent(here: House) -> None:
    here.show(here.many(-30, 4, 10))
    await opened(here)
    await here.to("110m")
    assert here.line("blind") == ["calm"]
    await here.to("140m")
    assert here.line("blind") == ["calm", "blue"]
    here.show([here.said(145)])
    await here.to("170m")
    assert here.line("blind") == ["calm", "blue", "calm"]
    assert here.line("talk") == ["calm"]


def counting_by_arrival(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Mention, "at", property(lambda mention: mention.seen_at))


def judging_without_coverage(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.daemon.view._coverage", lambda desk, what, sight: (((0.0, sight.now),), ((0.0, sight.now),)))


def not_judging_what_was_missed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.daemon.judge.Judge._missed", lambda *_: [])


def counting_what_bears_no_date(patch: pytest.MonkeyPatch) -> None:
    from monitor.daemon.ingest import Ingest

    new = Ingest._new
    patch.setattr(Ingest, "_new", lambda self, desk, m, *, first: new(self, desk, m, first=False))


def believing_new_dates(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.store.observations.same", lambda old, new: old == new)
    patch.setattr("monitor.daemon.ingest._corrected", lambda old, new: new)


def telling_rows_by_their_file(patch: pytest.MonkeyPatch) -> None:
    from monitor.sources.file_rows import FileRows

    mark, seen = FileRows._mark, iter(range(10_000))
    patch.setattr(FileRows, "_mark", lambda self, row: f"{mark(self, row)}-{next(seen)}")


def not_noticing_what_is_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.daemon.ingest._since", lambda *_: None)


def not_taking_back_what_stood(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.daemon.ingest._swap", lambda *_: None)


def believing_any_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.sources.records.AHEAD", float("inf"))


def believing_every_page_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.sources.schedule.saturated", lambda *_, **__: False)


def endless_patience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("monitor.daemon.tend.patience", lambda source: None)


TABLE: list[tuple[Row, str, Break]] = [
    (first_fetch, "feed", counting_by_arrival),
    (backfill, "feed", counting_by_arrival),
    (outage_without_a_crisis, "feed", counting_by_arrival),
    (outage_while_it_burns, "feed", judging_without_coverage),
    (outage_with_a_crisis_inside, "feed", not_judging_what_was_missed),
    (undated, "feed", counting_what_bears_no_date),
    (re_dated, "feed", believing_new_dates),
    (re_export, "exports", telling_rows_by_their_file),
    (late, "desk", not_noticing_what_is_late),
    (corrected, "desk", not_taking_back_what_stood),
    (clock_skew, "desk", believing_any_clock),
    (saturated, "feed", believing_every_page_whole),
    (source_silent, "feed", endless_patience),
]


def ids(value: object) -> str:
    return value.__name__ if callable(value) else ""


@pytest.mark.anyio
@pytest.mark.parametrize(("row", "source", "breaks"), TABLE, ids=ids)
async def test_the_tiers_are_those_of_the_table(row: Row, source: str, breaks: Break, tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG.replace("SOURCE", source)) as here:
        await row(here)


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize(("row", "source", "breaks"), TABLE, ids=ids)
async def test_without_its_guard_the_row_fails(
    row: Row, source: str, breaks: Break, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    async with house(tmp_path, CONFIG.replace("SOURCE", source)) as here:
        with pytest.raises(AssertionError):
            await row(here)
