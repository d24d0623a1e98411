"""Every preset: its example loads, its request is the documented one, a recorded shape becomes the right mentions.

`presets/NAME.xml|json` is a synthetic answer in the shape its owner documents; `NAME.toml` says what must come of it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import tomli

from monitor.config.convert import convert_table
from monitor.http import Http
from monitor.messages import LANGUAGES, catalogue
from monitor.model import Cursor, Mention, Page
from monitor.sources import Source, SourceKind, Surroundings
from monitor.sources.presets import Options, expand, presets
from monitor.sources.source import SourceFault
from monitor.times import MINUTE, instant, rfc3339

FOLDER = Path(__file__).parent / "presets"
UTC = ZoneInfo("UTC")
NOW = instant("2026-11-28T12:00:00Z", UTC)


def made(name: str, **more: Any) -> Any:
    preset = presets()[name]
    table: Options = {"name": name, **expand(preset, {**preset.example, **more}), "spacing": "0s"}
    source, problems = convert_table(table, SourceKind, ("source", 0))
    assert problems == [] and list(source.wrong()) == []
    return source


def look(source: Source, *answers: Any, cursor: Cursor | None = None) -> tuple[Page, list[httpx.Request]]:
    """The page of a fetch that is given these answers in turn (the last again and again), and what was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = answers[min(len(asked), len(answers)) - 1]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, content=found)

    async def run() -> Page:
        async with Http(transport=httpx.MockTransport(answer)) as http:
            return await source.fetch(cursor or {}, Surroundings(http, UTC, NOW))

    return asyncio.run(run()), asked


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("zendesk", "freshdesk"):
        (tmp_path / name).write_text("SECRET")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("REDDIT_FEED", "SECRET")


def told(mention: Mention) -> dict[str, Any]:
    """A mention as its expectation is written: what is empty is left out."""
    whole = {
        "id": mention.id, "title": mention.title, "text": mention.text, "url": mention.url, "author": mention.author,
        "published_at": rfc3339(mention.published_at) if mention.published_at is not None else "",
        "lang": mention.lang, "reach": mention.reach, "labels": mention.labels,
    }  # fmt: skip
    return {key: value for key, value in whole.items() if value}


@pytest.mark.parametrize("name", presets())
def test_a_recorded_answer_becomes_the_right_mentions(name: str) -> None:
    (sample,) = (path for path in FOLDER.glob(f"{name}.*") if path.suffix != ".toml")
    expected = tomli.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    page, asked = look(made(name), sample.read_bytes(), b"[]")
    assert str(asked[0].url) == expected["asked"]
    assert asked[0].headers.get("authorization", "") == expected.get("authorization", "")
    assert [told(mention) for mention in page.mentions] == expected["mention"]
    assert page.faults == ()


@pytest.mark.parametrize("name", presets())
def test_each_is_described_in_both_languages(name: str) -> None:
    preset, texts = presets()[name], catalogue()
    wanted = [f"presets.about.{name}", *(f"presets.parameter.{name}.{key}" for key in preset.parameters)]
    assert [id for id in wanted if set(texts.get(id, ())) != set(LANGUAGES)] == []
    assert {key for key, p in preset.parameters.items() if p.default is None} <= preset.example.keys()


def test_what_a_user_searches_for_stays_in_its_place() -> None:
    assert "q=a%26hl%3Den%23x%20b&hl=zh-CN" in made("google_news", query="a&hl=en#x b").url
    assert made("rsshub", route="/weibo/keyword/a?b").url == "https://rsshub.example.com/weibo/keyword/a%3Fb"
    assert made("statuspage", base="https://status.example.com/").url.count("//") == 1


def test_a_story_of_bing_keeps_its_id_from_one_fetch_to_the_next() -> None:
    body = (FOLDER / "bing_news.xml").read_bytes()
    first, _ = look(made("bing_news"), body)
    second, _ = look(made("bing_news"), body.replace(b"tid=6ac5aa01", b"tid=0ther"))
    assert [m.id for m in first.mentions] == [m.id for m in second.mentions]


def test_zendesk_goes_on_from_its_cursor_and_vouches_for_all_but_the_last_minute() -> None:
    source, body = made("zendesk"), (FOLDER / "zendesk.json").read_bytes()
    more = body.replace(b'"end_of_stream": true', b'"end_of_stream": false').replace(b"MTc5", b"AAAA")
    page, asked = look(source, more, body)
    assert [str(r.url).rpartition("?")[2].partition("&")[2][:12] for r in asked] == ["start_time=1", "cursor=AAAAN"]
    assert page.covers_to == NOW - MINUTE and not page.more and not source.shows_a_list()
    again, asked = look(source, body, cursor=page.cursor)
    assert "cursor=MTc5NTg2MzYwMC4wfHwzNTQzNg%3D%3D" in str(asked[0].url) and "start_time" not in str(asked[0].url)
    assert len(asked) == 1 and again.cursor["resume"] == "MTc5NTg2MzYwMC4wfHwzNTQzNg=="


def test_zendesk_is_read_on_at_once_while_there_is_more() -> None:
    source = made("zendesk")
    more = (FOLDER / "zendesk.json").read_bytes().replace(b'"end_of_stream": true', b'"end_of_stream": false')
    page, asked = look(source, more)
    assert len(asked) == 5 and page.more


def test_no_match_is_no_fault() -> None:
    none = httpx.Response(404, json={"error": {"code": "NOT_FOUND", "message": "No matches found!"}})
    assert look(made("fda_enforcement"), none)[0].mentions == ()
    assert look(made("gdelt"), b"{}")[0].mentions == ()


def test_a_refusal_in_words_is_a_fault() -> None:
    with pytest.raises(SourceFault, match="Please limit requests"):
        look(made("gdelt"), b"Please limit requests to one every 5 seconds")
    with pytest.raises(SourceFault):
        look(made("hacker_news"), httpx.Response(404))


def test_a_token_in_the_address_is_neither_kept_nor_told() -> None:
    moved = httpx.Response(301, headers={"location": "https://old.reddit.com/x?feed=SECRET"})
    page, _ = look(made("reddit"), moved, (FOLDER / "reddit.xml").read_bytes())
    assert page.mentions and "SECRET" not in repr(page.cursor)
    with pytest.raises(SourceFault) as gone:
        look(made("reddit"), httpx.Response(410))
    assert "SECRET" not in gone.value.text
