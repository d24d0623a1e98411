"""`crisis-monitor parse`: a line a file, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from monitor.cli.parse import parse

FEED = "<rss version='2.0'><channel><item><title>充电宝</title></item></channel></rss>"


def test_the_command_prints_a_line_a_file_and_fails_if_one_did(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(FEED, encoding="utf-8")
    (tmp_path / "b.xml").write_text("<html>", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.xml", "b.xml")]
    done = CliRunner().invoke(parse, ["--format", "rss", "--lang", "en", *files])
    first, second = map(json.loads, done.output.splitlines())
    assert done.exit_code == 1 and first["error"] is None and "HTML" in second["error"]
    assert CliRunner().invoke(parse, ["--source", "x", str(tmp_path / "a.xml")]).exit_code == 2


def test_with_its_source_a_feed_is_mapped_as_the_source_maps_it(tmp_path: Path) -> None:
    rules, feed = tmp_path / "rules.toml", tmp_path / "a.xml"
    rules.write_text('[[source]]\nname = "news"\npreset = "google_news"\nquery = "x"\n')
    item = "<title>召回</title><link>http://a.example/1</link><source url='http://b.example'>示例日报</source>"
    feed.write_text(FEED.replace("<title>充电宝</title>", item), encoding="utf-8")
    done = CliRunner().invoke(parse, ["--config", str(rules), "--source", "news", str(feed)])
    (entry,) = json.loads(done.output)["entries"]
    assert (entry["author"], entry["title"], entry["url"]) == ("示例日报", "召回", "http://a.example/1")
