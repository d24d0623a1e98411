"""The night that docs/response.md walks through is one that happened: its notices are those of the running service.

`python -m tests.daemon.test_response_doc` writes them anew into the page.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from monitor.web.acts import Acknowledge, Resolve, StartClock, Step
from tests.daemon.night import night

PAGE = Path(__file__).resolve().parents[2] / "docs" / "response.md"
CONFIG = """
[incident]
drill_to = ["wang"]
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


async def blocks(folder: Path) -> dict[str, str]:
    """Name -> the notice as its reader found it, or the timeline."""
    out: dict[str, str] = {}
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
        await here.to("40m")
        await here.act("wang", Resolve("batch stopped, owners called"))
        out["resolved"] = shown(here.letters("chen@")[-1])
        await here.to("2h1m")
        out["clock"] = shown(here.letters("chen@")[-1])
        out["timeline"] = "\n".join(_settled(await here.timeline()))
        await here.to("3h")
        await here.service.practice.start("li", "general", here.clock.now())
        await here.to("3h5m")
        out["drill"] = shown(here.letters("wang@")[-1])
    return out


def _settled(lines: list[str]) -> list[str]:
    """Deliveries of one minute come in any order: here by name."""
    order = [(line[:5], "accepted for" in line, line if "accepted for" in line else "") for line in lines]
    return [line for _, line in sorted(zip(order, lines, strict=True), key=lambda pair: pair[0])]


def shown(mail: EmailMessage) -> str:
    """Subject and text, the ack link's token left out."""
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    return re.sub(r"/a/[\w.=-]+", "/a/…", f"{mail['to']}\n{mail['subject']}\n\n{text}").strip()


def placed(page: str, found: dict[str, str]) -> str:
    """The page with these blocks behind their marks."""
    for name, text in found.items():
        block = f"<!-- {name} -->\n```text\n{text}\n```"
        page = re.sub(rf"<!-- {name} -->\n```text\n.*?\n```", lambda _, block=block: block, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


@pytest.mark.anyio
async def test_the_notices_of_the_page_are_those_of_the_service(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = await blocks(tmp_path)
    assert [name for name in found if f"<!-- {name} -->" not in page] == []
    assert placed(page, found) == page, "write it anew: python -m tests.daemon.test_response_doc"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(blocks(Path(folder)))
    PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
