"""Words for the outside and the look back, over the real service: commands of several people, letters, findings."""

from __future__ import annotations

import asyncio
import hashlib
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.store import findings, reviews, statements
from monitor.web.acts import Resolve
from tests.daemon.night import Night, night

pytestmark = pytest.mark.anyio
PEOPLE = ("li", "wang", "chen", "zhao")
INCIDENT, ONE = "INC-2026-0001", "INC-2026-0001-s1"


def token(name: str) -> str:
    return f"""
[[server.token]]
name = "{name}"
hash = "{hashlib.sha256(name.encode()).hexdigest()}"
scopes = ["read", "act"]
"""


BASE = Path(__file__).with_name("night.py").read_text(encoding="utf-8").partition('BASE = """')[2].partition('"""')[0]
for person in PEOPLE[:3]:
    BASE = BASE.replace(
        f'email = "{person}@example.com"', f'email = "{person}@example.com"\nacts_as = ["token:{person}"]'
    )
CONFIG = (
    "".join(map(token, PEOPLE))
    + """
[incident]
banned_words = ["竞品"]
[[person]]
name = "zhao"
email = "zhao@example.com"
acts_as = ["token:zhao"]
[[team]]
name = "words"
roles = { product = ["wang"], legal = ["chen", "zhao"], spokesperson = ["zhao"] }
[[route]]
to = ["li"]
"""
)


async def run(here: Night, who: str, *args: str, code: int = 0) -> str:
    """A command as one person types it, over the web."""
    asked = [*args, "--url", f"http://{here.listen}", "--token", who, "--lang", "en"]
    done: Result = await asyncio.to_thread(CliRunner().invoke, main, asked)
    await here.settle()
    assert done.exit_code == code, done.output
    return done.output


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()  # type: ignore[union-attr,no-any-return]


def body(here: Night, person: str) -> str:
    """The last letter somebody got."""
    return text_of(here.letters(person)[-1])


async def kinds(here: Night) -> set[tuple[str, str]]:
    return {(f.kind, f.subject) for f in await here.service.db.read(findings.open)}


async def test_a_statement_goes_from_hand_to_hand_and_out_only_when_nothing_is_in_the_way(tmp_path: Path) -> None:
    async with night(tmp_path, CONFIG, base=BASE) as here:
        await here.burn(10)
        drafted = await run(here, "li", "statement", "draft", INCIDENT, "--audience", "customers", "--in", "zh")
        assert "a blank is left" in drafted and "to approve: chen (zhao) as legal" in drafted
        text = "我们已停止销售该批次充电宝，正在逐一联系买家；请先停用。18:00 前公布进展。"
        await run(here, "li", "statement", "edit", ONE, "--text", text + "比竞品好。")
        await run(here, "li", "statement", "edit", ONE, "--text", text)
        await run(here, "wang", "statement", "source", ONE, "--family", "tickets", "--origin", "helpdesk")
        refused = await run(here, "wang", "statement", "verify", ONE, code=1)
        assert "2 are needed" in refused
        await run(here, "wang", "statement", "source", ONE, "--family", "own records", "--origin", "quality lab")
        assert "nobody verifies" in await run(here, "li", "statement", "verify", ONE, code=1)
        await run(here, "wang", "statement", "verify", ONE)
        assert "waits for your approval" in here.letters("chen@")[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        early = await run(here, "zhao", "statement", "approve", ONE, code=1)
        assert "chen holds legal and has until 03-14 03:05" in early
        await run(here, "chen", "statement", "approve", ONE)
        held_up = await run(here, "zhao", "statement", "publish", ONE, "--where", "weibo", code=1)
        assert "legal clock" in held_up and "neither started nor ruled out" in held_up
        clocks = here.service.desk().playbooks.plans["product-safety"].clocks
        await run(here, "chen", "clock", "rule-out", INCIDENT, *clocks, "-m", "no defect is confirmed")
        assert "does not hold" in await run(here, "li", "statement", "publish", ONE, "--where", "weibo", code=1)
        out = await run(here, "zhao", "statement", "publish", ONE, "--where", "https://example.com/news/1")
        assert "published by zhao" in out and "✗" not in out
        assert "what went out is not changed" in await run(here, "li", "statement", "edit", ONE, "--text", "x", code=1)
        fixed = await run(here, "li", "statement", "correct", ONE, "--text", text)
        assert fixed.startswith(f"{INCIDENT}-s2  version 1  ")
        versions = await here.service.db.read(lambda c: statements.versions(c, ONE))
        assert [v.version for v in versions] == [3, 2, 1] and versions[1].text.endswith("比竞品好。")
        lines = "\n".join(await here.timeline())
        for said in ("li: statement INC-2026-0001-s1: drafted", "version 3: verified", "version 3: approved as sponsor",
                     "version 3: approved as legal", "published to customers at https://example.com/news/1",
                     "zhao: statement", "corrects INC-2026-0001-s1"):  # fmt: skip
            assert said in lines, lines


async def test_a_backup_approves_once_the_first_had_their_time_also_after_a_restart(tmp_path: Path) -> None:
    async with night(tmp_path, CONFIG, base=BASE) as here:
        await here.burn(10)
        await run(here, "li", "statement", "draft", INCIDENT, "--audience", "press", "--text", "我们正在核查。")
        for family, origin in (("tickets", "helpdesk"), ("own records", "lab")):
            await run(here, "wang", "statement", "source", ONE, "--family", family, "--origin", origin)
        await run(here, "wang", "statement", "verify", ONE)
        assert not here.letters("zhao@")
        await here.restart("16m")
        assert "您现在可以代为批准" in body(here, "zhao@")
        await here.restart("18m")
        assert len(here.letters("zhao@")) == 1
        shown = await run(here, "zhao", "statement", "approve", ONE, "--role", "legal")
        assert "approved by zhao as legal" in shown
        (stands,) = await here.service.publishing.of(INCIDENT)
        assert stands.statement.approvals[0].substitute and stands.stage == "verified"


async def test_a_review_is_due_found_overdue_held_and_its_actions_are_followed(tmp_path: Path) -> None:
    async with night(tmp_path, CONFIG, base=BASE) as here:
        await here.burn(10)
        assert "is not over" in await run(here, "li", "review", "show", INCIDENT, code=1)
        await here.act("li", Resolve("stopped"))
        await here.to("10m")
        assert await here.service.db.read(lambda c: reviews.get(c, INCIDENT)) is not None
        due = await run(here, "li", "review", "list")
        assert "red at its peak): due 2026-03-19T00:00:00+08:00" in due  # three working days after a Saturday
        await here.restart("5d")
        assert ("review-overdue", INCIDENT) in await kinds(here)
        assert "复盘已逾期" in body(here, "li@")
        await run(here, "wang", "review", "note", INCIDENT, "why", "no test > no time > no owner")
        assert "no action" in await run(here, "wang", "review", "hold", INCIDENT, code=1)
        assert "no person ghost" in await run(
            here, "wang", "review", "action", INCIDENT, "test", "--owner", "ghost", "--due", "2026-03-20", code=1
        )
        await run(here, "wang", "review", "action", INCIDENT, "weigh", "--owner", "zhao", "--due", "2026-03-21",
                  "--metric", "burning", "--wanted", "2", "--before", "10", "--check", "2026-03-22")  # fmt: skip
        asked = (await here.service.reviewing.get(INCIDENT, here.clock.now())).questions
        assert len(asked) > 2 and "question 1 has no answer" in await run(
            here, "wang", "review", "hold", INCIDENT, code=1
        )
        for n in range(1, len(asked) + 1):
            await run(here, "wang", "review", "answer", INCIDENT, str(n), f"answer {n}")
        assert "by wang" in await run(here, "wang", "review", "hold", INCIDENT)
        assert ("review-overdue", INCIDENT) not in await kinds(here)
        await here.restart("8d")
        assert ("action-overdue", f"{INCIDENT}/a1") in await kinds(here)
        assert "您负责的改进措施 a1 已逾期:weigh" in body(here, "zhao@")
        await here.restart("8d1h")
        assert len([m for m in here.letters("zhao@") if "已逾期" in text_of(m)]) == 1, "told once"
        await run(here, "zhao", "review", "done", INCIDENT, "a1")
        await here.restart("9d")
        assert ("effect-unchecked", f"{INCIDENT}/a1") in await kinds(here)
        await here.burn(1)
        assert "it works" in await run(here, "zhao", "review", "check", INCIDENT, "a1")  # the rule's own value: 1
        assert "it relapsed" in await run(here, "zhao", "review", "check", INCIDENT, "a1", "--value", "7")
        assert ("action-relapsed", f"{INCIDENT}/a1") in await kinds(here)
        lines = "\n".join(await here.timeline())
        assert "review, why: no test > no time > no owner" in lines and "review held, 1 actions" in lines
