"""The labelled texts on which the shipped topics are measured, and what docs/reading.md says came out."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from monitor.config.load import load
from monitor.mentions.topics import Topics

ROOT = Path(__file__).resolve().parents[2]
spec = spec_from_file_location("benchmark_topics", ROOT / "benchmarks/topics.py")
assert spec and spec.loader
bench = sys.modules["benchmark_topics"] = module_from_spec(spec)
spec.loader.exec_module(bench)


def test_labels_name_shipped_topics_and_each_text_once() -> None:
    labels = bench.labels()
    assert len({label.id for label in labels}) == len(labels) >= 300
    assert frozenset().union(*(label.about for label in labels)) == set(bench.TOPICS)
    assert set(bench.TOPICS) < {topic.name for topic in load(ROOT / "rules.toml").config.topic}


def test_without_the_texts_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["topics.py", "--data", str(tmp_path)])
    bench.main()
    assert capsys.readouterr().out.startswith(f"not measured: {bench.TITLES}, {bench.TWEETS} not in {tmp_path}")


@pytest.mark.skipif(not bench.DATA.is_dir(), reason="the public sets of texts are not beside the checkout")
def test_the_page_tells_the_figures_of_the_shipped_queries() -> None:
    page = (ROOT / "docs/reading.md").read_text(encoding="utf-8").split("## How well the shipped topics read")[1]
    told, topic = [], ""
    for row in re.findall(r"^\|(.*)\| (titles|tweets) \| (\d+) of (\d+).* \| \d+ of (\d+)", page, re.MULTILINE):
        topic = row[0].strip("` ") or topic
        told.append((topic, {"titles": "zh", "tweets": "en"}[row[1]], *map(int, row[2:])))
    scores = bench.scores(bench.texts(bench.DATA), Topics(load(ROOT / "rules.toml").config.topic))
    found = [(s.topic, s.lang, s.right, s.right + len(s.wrong), s.right + len(s.missed)) for s in scores]
    assert told == [row for row in found if any(row[2:])]
