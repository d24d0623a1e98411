"""`fetch`: what a source or preset brings live, from what it is dated, what is refused, which topics match."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from tests.channels.fakes import Fake, Received, Reply

CONFIG = """
[settings]
timezone = "Asia/Shanghai"
[[source]]
name = "forum"
kind = "json_api"
url = "URL"
allow_private = true
timezone = "America/New_York"
items = "$.posts"
fields = { id = "id", title = "title", text = "body", published_at = "at", reach = "views" }
[[source]]
name = "news"
preset = "statuspage"
base = "URL"
allow_private = true
[[source]]
name = "guarded"
kind = "rss"
url = "URL"
[[source]]
name = "desk"
kind = "push"
[[source]]
name = "orders"
kind = "json_api"
url = "URL"
allow_private = true
items = "$.days"
fields = { at = "day", value = "orders" }
series = "orders"
[[topic]]
name = "fire"
query = "起火 OR smoke"
"""
ANSWER: dict[str, Any] = {
    "posts": [
        {"id": 1, "title": "It smokes", "body": "<b>smoke</b>", "at": "2026-03-01 08:00", "views": "1.2万"},
        {"id": 2, "title": "zoned", "at": "2026-03-01T08:00:00+08:00"},
        {"id": 3, "title": "undated"},
        {"id": 4, "title": "absurd", "at": "1970-01-01"},
    ],
    "days": [{"day": "2026-03-01", "orders": 12}],
    "incidents": [],
}


class Site(Fake):
    """Answers everything alike."""

    def judge(self, request: Received) -> Reply:
        return Reply(body=ANSWER)


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Path]:
    with Site() as site:
        path = tmp_path / "rules.toml"
        path.write_text(CONFIG.replace("URL", site.url.rstrip("/")), encoding="utf-8")
        yield path


def fetch(*words: str) -> Result:
    return CliRunner().invoke(main, ["fetch", *words, "--lang", "en"])


def test_all_that_came_is_told_with_what_each_date_was_read_from(rules: Path) -> None:
    done = fetch("forum", "--config", str(rules), "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["error"], told["preset"]) == (0, None, None)
    first, second, third = told["mentions"]
    assert (first["text"], first["reach"], first["topics"]) == ("smoke", 12000, ["fire"])
    assert first["published_at"] == "2026-03-01T21:00:00+08:00"
    assert first["dated"] == {"field": "at", "text": "2026-03-01 08:00", "zone": "America/New_York"}
    assert second["dated"]["zone"] is None and second["published_at"] == "2026-03-01T08:00:00+08:00"
    assert (third["published_at"], third["dated"]) == (None, None)
    (refused,) = told["refused"]
    assert "1970-01-01" in refused


def test_people_read_the_same_in_lines(rules: Path) -> None:
    lines = fetch("forum", "--config", str(rules)).output.splitlines()
    assert lines[1] == "read 3 mentions (1 without a date) and 0 samples; 1 refused"
    assert '  2026-03-01T21:00:00+08:00 (from at: "2026-03-01 08:00", read in America/New_York)' in lines
    assert "  topics: fire" in lines and "  no date: counts when first seen" in lines


def test_a_source_of_a_preset_says_that_nobody_tried_it_live(rules: Path) -> None:
    done = fetch("news", "--config", str(rules))
    assert done.exit_code == 0 and "never tried live (checked = false)" in done.output
    told = json.loads(fetch("news", "--config", str(rules), "--json").output)
    assert (told["preset"], told["checked"]) == ("statuspage", False)


def test_a_preset_is_tried_without_any_config(rules: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("monitor.cli.fetch.PLACES", (tmp_path / "none.toml",))
    url = rules.read_text().partition('base = "')[2].partition('"')[0]
    done = fetch("statuspage", "--with", f"base={url}", "--with", "allow_private=true")
    assert done.exit_code == 0 and "read 0 mentions" in done.output


def test_samples_are_shown_too(rules: Path) -> None:
    told = json.loads(fetch("orders", "--config", str(rules), "--json").output)
    (sample,) = told["samples"]
    assert (sample["series"], sample["value"], sample["at"]) == ("orders", 12, "2026-03-02T00:00:00+08:00")


def test_what_cannot_be_read_is_exit_code_1_with_the_reason(rules: Path) -> None:
    done = fetch("guarded", "--config", str(rules))
    assert done.exit_code == 1 and "127.0.0.1" in done.output


def test_wrong_use_is_exit_code_2_and_says_what_would_be_right(rules: Path) -> None:
    for words, said in (
        (("forun",), "did you mean forum?"),
        (("desk",), "nothing to fetch"),
        (("gdelt",), "--with: query is missing"),
        (("gdelt", "--with", "query=x", "--with", "every=1s"), "one request every 5m"),
        (("youtube_channel", "--with", "channel=3"), "write such as UC_x5"),
        (("statuspage", "--with", "base=nowhere"), "url: "),
    ):
        done = fetch(*words, "--config", str(rules))
        assert done.exit_code == 2 and said in done.output, words


def test_a_faulty_config_tells_its_faults(rules: Path) -> None:
    rules.write_text("[[source]]\nname = 3\n")
    done = fetch("gdelt", "--config", str(rules))
    assert done.exit_code == 1 and f"{rules}:" in done.output
