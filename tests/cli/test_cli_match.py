"""`match` as it is called from outside."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main

TOPICS = """
[[topic]]
name = "battery-fire"
query = '("充电宝" OR "power bank") AND (爆炸 OR 起火 OR recall) NOT 招聘'

[[topic]]
name = "phone"
query = "iPhone"
"""
TEXTS = [
    {"id": "1", "text": "我的充电宝爆炸了"},
    {"id": 2, "title": "新聞", "text": "用iPhone充电，充電寶起火", "url": "ignored"},
    {"id": "3", "text": "天气很好"},
]


def call(tmp_path: Path, topics: str, texts: bytes, name: str = "texts.jsonl", lang: str = "en") -> Result:
    (tmp_path / "topics.toml").write_text(topics, encoding="utf-8")
    (tmp_path / name).write_bytes(texts)
    args = ["match", "--topics", str(tmp_path / "topics.toml"), str(tmp_path / name), "--lang", lang]
    return CliRunner().invoke(main, args)


def lines(records: list[dict[str, object]]) -> bytes:
    return "\n".join(json.dumps(r, ensure_ascii=False) for r in records).encode()


def test_each_line_gets_its_topics_and_why(tmp_path: Path) -> None:
    result = call(tmp_path, TOPICS, lines(TEXTS))
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": "1", "topics": ["battery-fire"], "why": {"battery-fire": [[2, 5], [5, 7]]}},
        {
            "id": 2,
            "topics": ["battery-fire", "phone"],
            "why": {"battery-fire": [[13, 16], [16, 18]], "phone": [[4, 10]]},
        },
        {"id": "3", "topics": [], "why": {}},
    ]


def test_a_packed_file_is_read_alike(tmp_path: Path) -> None:
    plain, packed = (
        call(tmp_path, TOPICS, lines(TEXTS)),
        call(tmp_path, TOPICS, gzip.compress(lines(TEXTS)), "t.jsonl.gz"),
    )
    assert plain.stdout == packed.stdout


def test_a_line_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    result = call(
        tmp_path,
        TOPICS,
        b'\xef\xbb\xbf{"id":"1","text":"iPhone"}\n\nnonsense\n{"id":"2"}\n{"id":"3","text":"iPhone"}\n',
    )
    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["1", "3"]
    told = result.stderr.splitlines()
    assert [f"texts.jsonl:{n}: text: " in line for n, line in zip((3, 4), told, strict=True)] == [True, True]


def test_a_torn_packed_file_says_so(tmp_path: Path) -> None:
    result = call(tmp_path, TOPICS, gzip.compress(lines(TEXTS))[:-9], "t.jsonl.gz")
    assert result.exit_code == 1
    assert "t.jsonl.gz:" in result.stderr


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_fault_of_the_topics_is_told_on_its_line(tmp_path: Path, lang: str) -> None:
    faulty = (
        TOPICS + '\n[[topic]]\nname = "bad"\nquery = "a and b"\n\n[[topic]]\nname = "phone"\nquery = "(x"\ncolour = 1\n'
    )
    result = call(tmp_path, faulty, lines(TEXTS), lang=lang)
    assert result.exit_code == 1 and result.stdout == ""
    told = "\n".join(result.stderr.splitlines())
    assert f'{tmp_path}/topics.toml:12: topic "bad": query: ' in told
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == ["12", "15", "16", "17"]


def test_the_rest_of_a_rules_file_is_passed_over(tmp_path: Path) -> None:
    assert call(tmp_path, TOPICS + '\n[[rule]]\nname = "unfinished"\n', lines(TEXTS)).exit_code == 0


def test_no_topics_and_no_files_are_told(tmp_path: Path) -> None:
    assert "topics.toml:1: topic: " in call(tmp_path, "", lines(TEXTS)).stderr
    result = CliRunner().invoke(main, ["match", "--topics", str(tmp_path / "none.toml"), "x.jsonl"])
    assert result.exit_code == 2 and "none.toml" in result.stderr
