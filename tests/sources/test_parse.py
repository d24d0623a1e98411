"""What a file would bring: entries, or one error, never an exception."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.sources.file import File
from monitor.sources.json_api import JsonApi
from monitor.sources.parse import parse_file

ZONE = ZoneInfo("Asia/Shanghai")
FEED = "<rss version='2.0'><channel>{}</channel></rss>".format(
    "<item><title>充电宝</title><pubDate>2026/03/01 10:00</pubDate></item>"
)


def test_each_format_gives_the_same_shape(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(FEED, encoding="utf-8")
    (tmp_path / "b.json").write_text('{"d":[{"n":1,"t":"充电宝"}]}', encoding="utf-8")
    (tmp_path / "c.csv").write_text("工单号,内容\n1,充电宝\n", encoding="gb18030")
    api = JsonApi(name="a", url="https://e.com", items="d", fields={"id": "n", "title": "t"})
    export = File(name="c", path="", fields={"id": "工单号", "title": "内容"})
    for name, source in (("a.xml", None), ("b.json", api), ("c.csv", export)):
        found = parse_file(tmp_path / name, None, source, zone=ZONE, now=1.8e9)
        assert found["error"] is None and set(found) == {"file", "entries", "error"}
        (entry,) = found["entries"]
        assert set(entry) == {"id", "title", "url", "published_at", "text", "author"} and entry["title"] == "充电宝"
    assert parse_file(tmp_path / "a.xml", "rss", None, zone=ZONE, now=1.8e9)["entries"][0]["published_at"] == (
        "2026-03-01T02:00:00+00:00"
    )


@pytest.mark.parametrize("name", ["a.xml", "a.jsonl", "a.xlsx", "a.json", "missing.xml"])
@pytest.mark.parametrize("form", ["rss", "json_api", "file"])
def test_garbage_is_an_error_in_the_answer(tmp_path: Path, name: str, form: str) -> None:
    if name != "missing.xml":
        (tmp_path / name).write_bytes(b"\x00\xff\xfe<garbage")
    found = parse_file(tmp_path / name, form, None, zone=ZONE, now=1.8e9)  # type: ignore[arg-type]
    assert found["entries"] == [] and found["error"]
