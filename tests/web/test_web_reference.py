"""The reference is true: written from the code, and its examples are taken by the code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from web_fakes import CONFIG, a_crisis, an_app, browser, config

from monitor.web.app import API, DOORS, INGEST
from monitor.web.reference import api, metrics

DOCS = Path(__file__).resolve().parents[2] / "docs"
VERBS = {"/statements/": "source", "/review/": "note"}


@pytest.mark.parametrize(("name", "write"), [("api.md", api), ("metrics.md", metrics)])
def test_the_page_is_not_stale(name: str, write: object) -> None:
    told = f"write it anew: python -m monitor.web.reference {DOCS.name}"
    assert (DOCS / name).read_text(encoding="utf-8") == write(), told  # type: ignore[operator]


def test_every_door_is_told() -> None:
    text = api()
    assert [door.path for door in DOORS if f"### {door.method} {door.path}" not in text] == []


@pytest.mark.anyio
@pytest.mark.parametrize("door", [door for door in INGEST + API if door.takes], ids=lambda door: door.path)
async def test_the_examples_are_taken(door: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "a word")
    hook = {"name": "crm", "kind": "webhook", "scheme": "token", "secret": "env:HOOK_TOKEN", "header": "X-Token"}
    fields = {"id": "ticket.no", "text": "ticket.body"}
    settings = config(source=[*CONFIG["source"], hook | {"fields": fields}])
    verb = next((verb for part, verb in VERBS.items() if part in door.path), "raise")  # type: ignore[attr-defined]
    names = {"number": "INC-2026-0042", "verb": verb, "id": "s1", "source": "crm", "name": "sheet"}
    path = door.path.format(**names)  # type: ignore[attr-defined]
    query = "?source=helpdesk" if door in INGEST else ""
    async with browser(an_app(a_crisis(), settings)) as client:
        body = json.loads(door.takes)  # type: ignore[attr-defined]
        answer = await client.post(path + query, json=body, headers={"x-token": "a word"})
    assert answer.status_code in (200, 201), answer.text
    if door in INGEST:
        assert answer.json()["accepted"] == 1
