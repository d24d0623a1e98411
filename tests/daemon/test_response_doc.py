"""The night that docs/response.md walks through is one that happened: its notices are those of the running service.

`python -m tests.daemon.test_response_doc` writes them anew into the page of each language.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.review import sheet as review_sheet
from monitor.cli.statement import sheet as statement_sheet
from monitor.web.acts import Acknowledge, Resolve, RuleOutClock, StartClock, Step
from monitor.web.review_acts import NewAction, Note
from monitor.web.statement_acts import Approve, Confirm, Publish, Verify, Write
from tests.daemon.night import Night, night

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"en": DOCS / "response.md", "zh": DOCS / "response.zh-CN.md"}
WORDS = "INC-2026-0001-s1"
TEXT = "我们已停止销售 X1 充电宝的相关批次，正在逐一联系买家。请先停用。18:00 前公布进展。"
LEARNT = {
    "cause": "a seal that gives way",
    "why": "it caught fire > the seal gave way > lots are not weighed > nobody owns that check",
    "badly": "fifteen minutes until somebody answered",
}
CONFIG = """
[incident]
drill_to = ["wang"]
[[team]]
name = "words"
roles = { product = ["wang"], legal = ["chen"], spokesperson = ["li"] }
[[escalation]]
name = "night"
[[escalation.step]]
to = ["crisis/leader"]
wait = "5m"
[[escalation.step]]
to = ["wang"]
wait = "10m"
[[escalation.step]]
to = ["crisis/sponsor"]
wait = "10m"
[[route]]
tier = ["orange", "red"]
escalation = "night"
[[route]]
to = ["li"]
"""


async def blocks(folder: Path) -> dict[str, dict[str, str]]:
    """Language of a page -> name -> a notice as its reader found it, or what a command shows in that language."""
    out: dict[str, str] = {}
    screens: dict[str, dict[str, str]] = {language: {} for language in PAGES}
    async with night(folder, CONFIG) as here:
        await here.burn(10)
        await here.to("16m")
        out["leader"] = shown(here.letters("li@")[0])
        out["deputy"] = shown(here.letters("wang@")[0])
        out["sponsor"] = shown(here.letters("chen@")[0])
        await here.act("wang", Acknowledge("on it"))
        await here.to("20m")
        await here.act("wang", Step("confirm", "three photos, one injured"))
        await here.act("chen", StartClock("cn-cyber-operator", here.clock.now() - 1200, comment="aware since 02:50"))
        await words(here)
        for language, screen in screens.items():
            screen["statement"] = await on_screen(here, f"/api/v1/statements/{WORDS}", statement_sheet, language)
        await here.to("40m")
        await here.act("wang", Resolve("batch stopped, owners called"))
        out["resolved"] = shown(here.letters("chen@")[-1])
        await here.to("2h1m")
        out["clock"] = shown(here.letters("chen@")[-1])
        for kind, text in LEARNT.items():
            await here.service.reviewing.act("wang", "INC-2026-0001", Note(kind, text), here.clock.now())  # type: ignore[arg-type]
        weigh = NewAction(
            text="weigh each lot", owner="wang", due_at=here.start + 7 * 86400, metric="burning", wanted=2
        )
        await here.service.reviewing.act("wang", "INC-2026-0001", weigh, here.clock.now())
        for language, screen in screens.items():
            screen["review"] = await on_screen(here, "/api/v1/incidents/INC-2026-0001/review", review_sheet, language)
            screen["timeline"] = "\n".join(_settled(await here.timeline(language=language)))
        await here.to("3h")
        await here.service.practice.start("li", "general", here.clock.now())
        await here.to("3h5m")
        out["drill"] = shown(here.letters("wang@")[-1])
    return {language: out | screen for language, screen in screens.items()}


async def words(here: Night) -> None:
    """A statement goes from hand to hand."""
    gate, now = here.service.publishing, here.clock.now
    await gate.write("li", "INC-2026-0001", Write(audience="customers", language="zh", text=TEXT), now())
    for act in (Confirm("tickets", "helpdesk"), Confirm("own records", "quality lab"), Verify()):
        await gate.act("wang", WORDS, act, now())
    await gate.act("chen", WORDS, Approve(), now())
    for clock in here.service.desk().playbooks.plans["product-safety"].clocks:
        await here.act("chen", RuleOutClock(clock, "no defect is confirmed"))
    await here.to("35m")
    await gate.act("li", WORDS, Publish("https://example.com/news/1"), now())


async def on_screen(here: Night, path: str, sheet: Callable[[dict[str, Any], str], Iterator[str]], lang: str) -> str:
    """What a command shows of an answer."""
    answer = await here.request(f"{path}?lang={lang}", method="GET")
    return "\n".join(line.rstrip() for line in sheet(json.loads(answer.body), lang))


def _settled(lines: list[str]) -> list[str]:
    """Deliveries of one minute come in any order: here by name."""
    sent = [re.search("accepted for|送达", line) is not None for line in lines]
    order = [(line[:5], told, line if told else "") for line, told in zip(lines, sent, strict=True)]
    return [line for _, line in sorted(zip(order, lines, strict=True), key=lambda pair: pair[0])]


def shown(mail: EmailMessage) -> str:
    """Subject and text, the ack link's token left out."""
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    return re.sub(r"/a/[\w.=-]+", "/a/…", f"{mail['to']}\n{mail['subject']}\n\n{text}").strip()


def placed(page: str, found: dict[str, str]) -> str:
    """The page with these blocks behind their marks."""
    for name, text in found.items():
        block = f"<!-- {name} -->\n```text\n{text}\n```"
        page = re.sub(rf"<!-- {name} -->\n```text\n.*?```", lambda _, block=block: block, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


@pytest.mark.anyio
async def test_the_notices_of_the_page_are_those_of_the_service(tmp_path: Path) -> None:
    for language, found in (await blocks(tmp_path)).items():
        page = PAGES[language].read_text(encoding="utf-8")
        assert [name for name in found if f"<!-- {name} -->" not in page] == []
        assert placed(page, found) == page, "write it anew: python -m tests.daemon.test_response_doc"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(blocks(Path(folder)))
    for language, page in PAGES.items():
        page.write_text(placed(page.read_text(encoding="utf-8"), made[language]), encoding="utf-8")
