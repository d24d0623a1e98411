"""What is written out loads to the same config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config.dump import dump
from monitor.config.load import load
from monitor.config.schema import Config, Server, Settings, Token
from monitor.detectors import Absence, Change, Ratio, Threshold
from monitor.incidents.people import Person, Team
from monitor.mentions.topic import Topic
from monitor.rules.rule import Leave, Rule, Rung, Where
from monitor.sources import File, Push
from monitor.times import Bound, Duration, duration

WORDS = st.text("abxyz充电宝-_. ", min_size=1, max_size=8).map(str.strip).filter(bool)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SPANS = st.integers(1, 10_000).map(lambda minutes: Duration(minutes * 60)) | st.sampled_from([Duration(0.25)])
NUMBERS = st.floats(0, 1e9, allow_nan=False) | st.integers(0, 1000)


def span_bound(text: str) -> Bound:
    bound = Bound(duration(text))
    bound.text = text
    return bound


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    relative, silent = draw(st.booleans()), draw(st.booleans())
    detector: Any = Threshold()
    if silent:
        detector = Absence()
    elif relative:
        detector = Ratio()
    elif draw(st.booleans()):
        detector = Change(against=draw(st.sampled_from(["before", "yesterday", "last_week"])), add=draw(NUMBERS))
    bounds = [span_bound("2h"), span_bound("1d12h")] if silent else [Bound(0.1), Bound(0.5)]
    rungs = [Rung(above=b, floor=draw(st.none() | NUMBERS), for_=draw(SPANS)) for b in bounds]
    return Rule(
        name=name,
        risk=draw(WORDS),
        measure="ratio" if relative and not silent else "count",
        per="orders" if relative and not silent else "",
        where=Where(source=("in",), labels=draw(st.dictionaries(TEXTS, st.lists(TEXTS).map(tuple), max_size=3))),
        window=Duration(draw(st.integers(1, 5000)) * 60),
        by=draw(st.sampled_from([(), ("product",)])),
        detector=detector,
        yellow=rungs[0],
        orange=rungs[1],
        leave=Leave(below=draw(st.floats(0.01, 1)), dwell=draw(SPANS)),
        mode=draw(st.sampled_from(["live", "shadow"])),
    )


@st.composite
def configs(draw: st.DrawFn) -> Config:
    sources = (
        Push(name="in", expect_every=draw(st.none() | SPANS), labels=draw(st.dictionaries(TEXTS, TEXTS, max_size=3))),
        File(name="drop", path="x/*.csv", fields=draw(st.just({}) | st.just({"labels.a b": "列"}))),
    )
    names = draw(st.lists(WORDS.filter(lambda w: not set(w) & set("/:=*,")), unique=True, max_size=3))
    return Config(
        settings=Settings(organisation=draw(TEXTS), timezone=draw(st.sampled_from(["UTC", "Asia/Shanghai"]))),
        server=Server(token=tuple(Token(name=n, hash="0" * 64) for n in names)),
        source=sources,
        topic=tuple(Topic(name=n, query="a OR b", note=draw(TEXTS)) for n in names),
        rule=tuple(draw(rules(n)) for n in names),
        person=(Person(name="p", display=draw(TEXTS)),),
        team=(Team(name="t", roles={n: ("p",) for n in names}),),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dump")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs())
def test_a_dumped_config_loads_to_the_same(folder: Path, config: Config) -> None:
    path = folder / "rules.toml"
    path.write_text(dump(config), encoding="utf-8", newline="\n")
    assert load(path).config == config
