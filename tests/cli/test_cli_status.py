"""`status` fits on a screen and leaves nothing out that is not calm."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.cli.status import MOST, screen
from tests.web.web_fakes import a_crisis, an_app, browser

pytestmark = pytest.mark.anyio


async def told(lang: str = "en") -> dict[str, Any]:
    async with browser(an_app(a_crisis()), accept_language=lang) as client:
        found: dict[str, Any] = (await client.get("/api/v1/status")).json()
        return found


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("well", "Open incidents", "To know")), ("zh", ("运行正常", "须知"))]
)
async def test_a_crisis_on_one_screen(lang: str, words: tuple[str, ...]) -> None:
    found = await told(lang)
    lines = screen(found, lang)
    text = "\n".join(lines)
    assert len(lines) <= 40 and max(map(len, lines)) < 200
    assert all(word in text for word in words), text
    assert all(row["number"] in text for row in found["incidents"])
    assert all(row["text"] in text for row in found["findings"])


async def test_calm_rules_are_counted_and_the_rest_named() -> None:
    found = await told()
    found["rules"] = [{"rule": f"calm-{n}", "tier": "calm"} for n in range(30)] + [
        {"rule": "hot", "tier": "red"}, {"rule": "blind", "tier": None}
    ]  # fmt: skip
    text = "\n".join(screen(found, "en"))
    assert "Rules: 32, 1 above calm, 1 without data" in text
    assert "hot: 🔴 red" in text and "calm-1" not in text


async def test_what_is_wrong_with_the_service_stands_first() -> None:
    found = await told()
    found["service"] |= {"stuck": ["judge"], "missing": ["store"]}
    assert screen(found, "en")[0].endswith("✗ stuck: judge; not there: store")


async def test_much_of_a_kind_is_cut_and_counted() -> None:
    found = await told()
    found["sources"] = [{"source": f"s{n}", "up": False, "error": "500"} for n in range(MOST + 5)]
    assert any("… and 5 more" in line for line in screen(found, "en"))
