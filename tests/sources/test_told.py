"""Texts of faults: every one there is stands in both languages, with the same places to fill."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from monitor.http import Answer
from monitor.messages import catalogue
from monitor.sources.json_api import Haul, JsonApi
from monitor.sources.told import Told, tell

SOURCES = Path(__file__).parents[2] / "monitor" / "sources"


def test_every_text_that_is_said_stands_in_both_languages() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    said = {f"sources.{id}" for id in re.findall(r'Told\(\s*"([\w.]+)"', code)}
    assert len(said) > 40 and said <= catalogue().keys()
    for id, texts in catalogue().items():
        if id.startswith("sources."):
            places = {lang: {name for _, name, _, _ in Formatter().parse(texts[lang]) if name} for lang in ("zh", "en")}
            assert places["zh"] == places["en"], id


def test_a_text_is_english_as_a_string_and_can_be_said_in_chinese() -> None:
    text = Told("entry", entry="x", text=Told("too_deep"))
    assert text == "entry x: nested too deep" and tell(text, "zh") == "条目 x：嵌套过深"
    assert tell("plain", "zh") == "plain"
    assert tell(pickle.loads(pickle.dumps(text)), "zh") == tell(text, "zh")


def test_a_fault_within_a_fault_is_said_in_the_language_too() -> None:
    haul = Haul(JsonApi(name="a", url="https://e.com", fields={"text": "t"}), set(), ZoneInfo("UTC"), 1.8e9)
    haul.take(Answer(200, {}, b'[{"x":1}]'), 1)
    assert "都没有取到值" in tell(haul.faults[0], "zh")
