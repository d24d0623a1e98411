"""What docs/reading.md says of queries and danger words is tried out."""

from __future__ import annotations

import re
from pathlib import Path

from monitor.mentions.query import parse
from monitor.mentions.severity import shipped

PAGE = (Path(__file__).resolve().parents[2] / "docs/reading.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_every_query_of_the_page_can_be_read() -> None:
    queries = [re.findall(r"`([^`]+)`", row[0])[0] for row in table("Topics")]
    assert len(queries) >= 10
    for query in queries:
        parse(query)


def test_danger_words_are_read_as_the_page_says() -> None:
    rows = table("Danger words")
    assert len(rows) >= 7
    for texts, standing in rows:
        for text in re.findall(r"`([^`]+)`", texts):
            assert [d.standing for d in shipped().find("", text)] == [standing], text


def test_the_counts_of_the_page_are_those_of_the_files() -> None:
    cases = Path(__file__).parent / "severity"
    for name, kind in (("negatives", "harmless"), ("positives", "harmful")):
        count = len((cases / f"{name}.txt").read_text(encoding="utf-8").splitlines())
        assert re.search(rf"{count} {kind}", PAGE), (name, count)
