"""Kind file: exports as they really come, each row once, whatever is rewritten, appended, torn or misnamed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.http import Http
from monitor.model import Page
from monitor.sources import file as file_source
from monitor.sources.file import File
from monitor.sources.source import SourceFault, Surroundings
from monitor.times import DAY, instant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-03T12:00:00+08:00", ZONE)
FIELDS = {
    "id": "工单号",
    "published_at": "投诉时间",
    "text": "投诉内容",
    "author": "客户编号",
    "labels.product": "产品",
}
HEADER = "工单号,投诉时间,投诉内容,客户编号,产品\n"


def line(n: int, text: str = "充电宝冒烟") -> str:
    return f"T{n},2026/03/03 10:{n:02d},{text},C{n},X1\n"


class Desk:
    """A file source polled by hand, a minute at a time."""

    def __init__(self, path: Path, **options: Any) -> None:
        options.setdefault("fields", FIELDS)
        self.source = File(name="desk", path=str(path), every=options.pop("every", 60.0), **options)
        self.cursor: dict[str, Any] = {}
        self.now = NOW

    def poll(self) -> Page:
        page = self.source.read(self.cursor, Surroundings(None, ZONE, self.now))  # type: ignore[arg-type]
        self.cursor = page.cursor
        self.now += 60
        return page

    def ids(self) -> list[str]:
        return [m.id for m in self.poll().mentions]


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_an_export_is_read_in_its_encoding_with_its_delimiter(tmp_path: Path, name: str, mark: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + line(1) + line(2, '"带""引号""的"')).replace(",", mark).encode(name))
    first, second = Desk(path).poll().mentions
    assert (first.id, first.text, first.author, first.labels) == ("T1", "充电宝冒烟", "C1", {"product": "X1"})
    assert first.published_at == instant("2026-03-03T10:01:00+08:00", ZONE)
    assert second.text == '带"引号"的' and first.source == "desk"


def test_letters_far_down_an_ascii_file_still_tell_its_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_source, "PAGE", 1_000_000)
    path = tmp_path / "a.csv"
    path.write_bytes(("id,text\n" + "1,plain words\n" * 80_000).encode() + "2,充电宝起火了\n".encode("gbk"))
    assert Desk(path, fields={"id": "id", "text": "text"}).poll().mentions[-1].text == "充电宝起火了"


def test_what_is_appended_is_read_once_and_what_stands_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(1), encoding="utf-8")
    desk = Desk(path)
    assert desk.ids() == ["T1"]
    assert desk.poll().unchanged
    with path.open("a", encoding="utf-8") as out:
        out.write(line(2))
    assert desk.ids() == ["T2"] and desk.poll().unchanged


def test_a_changed_row_is_given_again_so_that_it_corrects(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(1) + line(2), encoding="utf-8")
    desk = Desk(path)
    desk.poll()
    path.write_text(HEADER + line(1, "已解决") + line(2) + line(3), encoding="utf-8")
    assert desk.ids() == ["T1", "T2", "T3"]


def test_two_equal_rows_stay_two_and_an_overlapping_export_adds_none(tmp_path: Path) -> None:
    fields = {"text": "内容"}
    (tmp_path / "1.csv").write_text("内容\na\na\nb\n", encoding="utf-8")
    desk = Desk(tmp_path / "*.csv", fields=fields)
    first = desk.ids()
    assert len(first) == len(set(first)) == 3
    (tmp_path / "2.csv").write_text("内容\na\nb\na\nc\n", encoding="utf-8")
    second = desk.ids()
    assert len(second) == 4 and len(set(second) - set(first)) == 1


def test_key_columns_name_a_row_for_good(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("店,单,内容\nA,1,x\nB,1,y\n", encoding="utf-8")
    desk = Desk(path, fields={"text": "内容"}, key=("店", "单"))
    assert desk.ids() == ["A/1", "B/1"]


def test_a_line_without_its_end_waits_until_the_file_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(1) + "T2,2026/03/03 10:02,充电", encoding="utf-8")
    desk = Desk(path)
    assert desk.ids() == ["T1"]
    with path.open("a", encoding="utf-8") as out:
        out.write("宝起火,C2,X1")
    assert desk.ids() == []
    (late,) = desk.poll().mentions
    assert (late.id, late.text) == ("T2", "充电宝起火") and desk.poll().unchanged


def test_a_row_that_ends_inside_quotes_waits_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(1) + 'T2,2026/03/03 10:02,"first\n', encoding="utf-8")
    desk = Desk(path)
    assert desk.ids() == ["T1"]
    with path.open("a", encoding="utf-8") as out:
        out.write('second",C2,X1\n')
    (late,) = desk.poll().mentions
    assert late.text == "first second"


def test_fast_polls_do_not_take_a_pause_in_writing_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "T2,2026/03/03 10:02,充电", encoding="utf-8")
    desk = Desk(path, every=5.0)
    for _ in range(3):
        desk.now = NOW + 0.1
        assert desk.ids() == []


def test_a_big_file_comes_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_source, "PAGE", 3)
    (tmp_path / "a.csv").write_text(HEADER + "".join(line(n) for n in range(8)), encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEADER + line(8), encoding="utf-8")
    desk, seen, pages = Desk(tmp_path / "*.csv"), [], 0
    while True:
        page = desk.poll()
        assert page.first, "undated rows of a first reading are not counted, on none of its pages"
        seen += [m.id for m in page.mentions]
        pages += 1
        if not page.more:
            break
    assert seen == [f"T{n}" for n in range(9)] and pages == 3
    assert desk.poll().unchanged and not desk.poll().first


def workbook(path: Path, rows: list[list[Any]], sheet: str = "Sheet") -> None:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_a_workbook_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(
        path,
        [["工单号", "投诉时间", "投诉内容", "客户编号", "产品"], [17.0, datetime(2026, 3, 3, 9, 30), "起火", 5, None]],
    )
    (mention,) = Desk(path).poll().mentions
    assert (mention.id, mention.author, mention.labels) == ("17", "5", {})
    assert mention.published_at == instant("2026-03-03T09:30:00+08:00", ZONE)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_title_may_stand_above_the_header(tmp_path: Path, name: str) -> None:
    rows = [["三月投诉明细表"], ["导出人", "张伟"], ["工单号", "投诉内容"], ["T1", "起火"]]
    if name.endswith("xlsx"):
        workbook(tmp_path / name, rows)
    else:
        (tmp_path / name).write_text("\n".join(";".join(row) for row in rows) + "\n", encoding="gb18030")
    page = Desk(tmp_path / name, fields={"id": "工单号", "text": "投诉内容"}).poll()
    assert [(m.id, m.text) for m in page.mentions] == [("T1", "起火")] and page.faults == ()


def test_a_column_of_days_in_a_workbook_makes_samples_of_whole_days(tmp_path: Path) -> None:
    path = tmp_path / "kpi.xlsx"
    workbook(path, [["日期", "满意度"], [date(2026, 3, 1), "91%"], [date(2026, 3, 2), 0.9], [date(2026, 3, 3), 0.1]])
    page = Desk(path, fields={"at": "日期", "value": "满意度"}, series="csat").poll()
    assert [(s.value, s.span) for s in page.samples] == [(0.91, DAY), (0.9, DAY)]
    assert page.covers_to == instant("2026-03-03T00:00:00+08:00", ZONE)


def test_a_torn_workbook_waits_then_is_a_fault_of_its_own(tmp_path: Path) -> None:
    workbook(tmp_path / "good.xlsx", [["工单号", "投诉内容"], ["T1", "x"]])
    whole = (tmp_path / "good.xlsx").read_bytes()
    (tmp_path / "bad.xlsx").write_bytes(whole[: len(whole) // 2])
    desk = Desk(tmp_path / "*.xlsx", fields={"id": "工单号", "text": "投诉内容"})
    page = desk.poll()
    assert [m.id for m in page.mentions] == ["T1"] and page.faults == ()
    assert "bad.xlsx" in desk.poll().faults[0] and desk.poll().unchanged
    (tmp_path / "bad.xlsx").write_bytes(whole)
    assert desk.ids() == ["T1"]


def test_pushed_records_in_json_lines_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":"1","text":"x","source":"other"}\nnonsense\n{"series":"s","at":"2026-03-02","value":1}\n')
    page = Desk(path, fields={}, labels={"brand": "us"}).poll()
    assert [(m.id, m.source, m.labels) for m in page.mentions] == [("1", "desk", {"brand": "us"})]
    assert len(page.samples) == 1 and "row 2" in page.faults[0]


def test_json_lines_with_fields_are_read_by_paths_packed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress('{"t":{"n":5},"say":"冒烟"}\n'.encode()))
    (mention,) = Desk(path, fields={"id": "t.n", "text": "say"}).poll().mentions
    assert (mention.id, mention.text) == ("5", "冒烟")


def test_a_missing_column_names_the_near_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("工单编号,投诉内容\nT1,x\n", encoding="utf-8")
    page = Desk(path, fields={"id": "工单号", "text": "投诉内容"}).poll()
    assert len(page.mentions) == 1 and 'did you mean "工单编号"' in page.faults[0]
    none = Desk(path, fields={"text": "内容正文栏"}).poll()
    assert none.mentions == () and "内容正文栏" in none.faults[0]


def test_bad_rows_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    bad = ["T2,1970-01-01,x,,\n", "T3,2099-01-01,x,,\n", "T4\n", ",,,,\n", "T5,not a date,x,,\n"]
    path.write_text(HEADER + line(1) + "".join(bad) + line(6), encoding="utf-8")
    page = Desk(path).poll()
    assert [m.id for m in page.mentions] == ["T1", "T4", "T6"]
    assert len(page.faults) == 3 and "row 2" in page.faults[0]


def test_the_file_covers_to_its_newest_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(5) + line(3), encoding="utf-8")
    desk = Desk(path)
    first, second = desk.poll(), desk.poll()
    assert first.covers_from == instant("2026-03-03T10:03:00+08:00", ZONE)
    assert first.covers_to == second.covers_to == second.covers_from == instant("2026-03-03T10:05:00+08:00", ZONE)


def test_an_endless_line_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,text\n" + b"x" * (64 << 20), 1))
    assert "longer than" in Desk(path, fields={"id": "id"}).poll().faults[0]


def test_a_missing_file_is_a_fault_and_an_empty_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="no file"):
        Desk(tmp_path / "none.csv").poll()
    assert Desk(tmp_path / "*.csv").poll().unchanged


def test_foreign_files_in_the_folder_are_told_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line(1), encoding="utf-8")
    for name in ("~$a.xlsx", ".a.csv.swp"):
        (tmp_path / name).write_text("lock")
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    page = Desk(tmp_path / "*").poll()
    assert [m.id for m in page.mentions] == ["T1"] and len(page.faults) == 1 and "b.pdf" in page.faults[0]


@pytest.mark.anyio
async def test_reading_leaves_the_loop_free(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line(1), encoding="utf-8")
    async with Http() as http:
        page = await File(name="d", path=str(tmp_path / "a.csv"), fields=FIELDS).fetch(
            {}, Surroundings(http, ZONE, NOW)
        )
    assert len(page.mentions) == 1


@settings(max_examples=40)
@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.xlsx", "a.jsonl", "a.csv.gz", "a.txt"]))
def test_garbage_is_faults_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, body: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("g") / name
    path.write_bytes(body)
    for fields in ({}, {"text": "a"}, {"at": "a", "value": "b"}):
        desk = Desk(path, fields=fields, series="s")
        desk.poll()
        desk.poll()
        os.utime(path, ns=(1, 1))
        desk.poll()


def test_a_kill_between_pages_repeats_no_row_and_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor is stored with the page: reading on from any stored cursor gives exactly the rest."""
    monkeypatch.setattr(file_source, "PAGE", 2)
    path = tmp_path / "a.csv"
    path.write_text("内容\n" + "same\n" * 5, encoding="utf-8")
    whole = Desk(path, fields={"text": "内容"})
    cursors: list[Callable[[], list[str]]] = []
    seen: list[str] = []
    for _ in range(3):
        seen += whole.ids()
        again = Desk(path, fields={"text": "内容"})
        again.cursor = whole.cursor
        cursors.append(again.ids)
    assert len(set(seen)) == 5
    assert [ids() for ids in cursors] == [seen[2:4], seen[4:], []]
