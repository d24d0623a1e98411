"""The ack page: reading changes nothing, a press acts, everything can be taken back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from web_fakes import KEY, NOW, World, a_crisis, an_app, an_incident, browser, config

from monitor.channels.ntfy import Ntfy
from monitor.model import Tier
from monitor.web.acts import Acknowledge, Busy, Cancel, Comment, PassOn, Undo
from monitor.web.app import ACK
from monitor.web.tokens import sign
from tests.channels.samples import notice, person

pytestmark = pytest.mark.anyio
NUMBER = "INC-2026-0042"


def link(person: str = "zhang-wei", number: str = NUMBER, lives: float = 3600.0) -> str:
    return "/a/" + sign(KEY, number, person, NOW + lives)


async def get(world: World, path: str, **headers: str) -> Any:
    async with browser(an_app(world), host="203.0.113.9", **headers) as client:
        return await client.get(path)


async def press(world: World, path: str, **form: str) -> Any:
    async with browser(an_app(world), host="203.0.113.9", origin="https://warn.example.com") as client:
        return await client.post(path, data=form)


async def test_the_page_tells_tier_in_symbol_word_and_colour_and_who_has_it() -> None:
    page = (await get(a_crisis(), link())).text
    assert "红色" in page and NUMBER in page and "产品安全" in page and "X1 充电宝" in page
    assert "t-red" in page and "<svg" in page
    assert "还没有人接手" in page
    assert "11:08" in page, "until when"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_changes_nothing_however_often(method: str) -> None:
    world = a_crisis()
    async with browser(an_app(world), host="203.0.113.9", purpose="prefetch", sec_purpose="prefetch") as client:
        for query in ("", "?done=ack", "?do=ack"):
            assert (await client.request(method, link() + query)).status_code == 200
    assert world.acted == []


@pytest.mark.parametrize(
    ("do", "act"),
    [
        ("ack", Acknowledge("busy")),
        ("pass", PassOn("busy")),
        ("cancel", Cancel("busy")),
        ("comment", Comment("busy")),
    ],
)
async def test_a_press_acts_as_the_one_the_link_was_sent_to(do: str, act: Any) -> None:
    world = a_crisis()
    answer = await press(world, link(), do=do, comment="busy")
    assert world.acted == [("zhang-wei", NUMBER, act)]
    assert answer.status_code == 303
    assert answer.headers["location"] == link() + f"?done={do}"


async def test_after_the_press_the_page_says_who_has_it() -> None:
    world = a_crisis()
    await press(world, link(), do="ack")
    page = (await get(world, link() + "?done=ack")).text
    assert "已由您接手" in page and "张伟" in page
    assert 'value="ack"' not in page and 'value="undo"' in page
    other = (await get(world, link("li-na"))).text
    assert "张伟" in other and 'value="undo"' not in other


@pytest.mark.parametrize("done", ["ack", "cancel", "resolve", "<b>", "nonsense"])
async def test_a_kept_address_confirms_nothing_that_is_not_so(done: str) -> None:
    assert 'role="status"' not in (await get(a_crisis(), f"{link()}?done={done}")).text


async def test_a_second_press_changes_nothing_and_says_so() -> None:
    world = a_crisis()
    await press(world, link(), do="ack")
    answer = await press(world, link("li-na"), do="ack")
    assert answer.headers["location"].endswith("?done=unchanged")
    assert world.incidents[NUMBER].acknowledged_by == "zhang-wei"


async def test_an_acknowledgement_and_a_false_alarm_can_be_taken_back() -> None:
    world = a_crisis()
    for do in ("ack", "cancel"):
        await press(world, link(), do=do)
        assert 'value="undo"' in (await get(world, link())).text
        await press(world, link(), do="undo")
    assert world.incidents[NUMBER].state == "open"
    assert world.incidents[NUMBER].acknowledged_by is None
    assert world.acted[-1] == ("zhang-wei", NUMBER, Undo())


async def test_a_false_alarm_without_words_says_where_it_came_from() -> None:
    world = a_crisis()
    assert (await press(world, link(), do="cancel")).status_code == 303
    assert world.acted == [("zhang-wei", NUMBER, Cancel("误报（张伟，确认页）"))]


async def test_one_tap_on_an_ntfy_button_acknowledges() -> None:
    world = a_crisis()
    tapped = notice(urls={"ack": f"https://warn.example.com{link()}"})
    tap = json.loads(Ntfy(name="c").body(tapped, person("zhang-wei-7Fq"), "zhang-wei-7Fq"))["actions"][0]
    async with browser(an_app(world), host="203.0.113.9") as client:
        headers = {"content-type": "text/plain", **tap.get("headers", {})}
        answer = await client.request(
            tap["method"], tap["url"].removeprefix("https://warn.example.com"), content=tap["body"], headers=headers
        )
    assert answer.status_code < 400
    assert world.acted == [("zhang-wei", NUMBER, Acknowledge())]


async def test_nothing_to_take_back_is_said_on_the_page() -> None:
    answer = await press(a_crisis(), link(), do="undo")
    assert answer.status_code == 409
    assert "没有可撤销的操作" in answer.text


async def test_a_refusal_of_the_incidents_own_reaches_the_page_in_words() -> None:
    world = a_crisis()
    await press(world, link(), do="cancel")
    answer = await press(world, link("mary"), do="cancel")
    assert answer.status_code == 409
    assert "false alarm" in answer.text and "closed" in answer.text


@pytest.mark.parametrize("form", [{}, {"do": "resolve"}, {"do": "comment"}, {"do": "comment", "comment": "  "}])
async def test_a_form_that_says_nothing_known_does_nothing(form: dict[str, str]) -> None:
    world = a_crisis()
    assert (await press(world, link(), **form)).status_code == 422
    assert world.acted == []


@pytest.mark.parametrize(
    "token", ["x", "a" * 60, "%00", "INC-2026-0042", sign(b"other", NUMBER, "zhang-wei", NOW + 60)]
)
async def test_a_forged_link_is_403_to_read_and_to_press(token: str) -> None:
    world = a_crisis()
    for answer in (await get(world, f"/a/{token}"), await press(world, f"/a/{token}", do="ack")):
        assert answer.status_code == 403
        assert "<h1>" in answer.text
    assert world.acted == []


async def test_an_expired_link_is_410_and_says_what_to_do() -> None:
    world = a_crisis()
    for answer in (await get(world, link(lives=-120)), await press(world, link(lives=-120), do="ack")):
        assert answer.status_code == 410
        assert "已过期" in answer.text
    assert world.acted == []


async def test_a_link_of_one_incident_does_not_reach_another() -> None:
    world = a_crisis()
    await press(world, link(number="INC-2026-0040"), do="ack")
    assert world.incidents[NUMBER].acknowledged_by is None


async def test_an_incident_that_is_gone_is_404() -> None:
    assert (await get(World(), link())).status_code == 404


async def test_the_language_is_the_recipients_own() -> None:
    page = (await get(a_crisis(), link("mary"), accept_language="zh")).text
    assert 'lang="en"' in page and "I take it" in page and "Product safety" in page
    assert "我来处理" in (await get(a_crisis(), link("mary") + "?lang=zh")).text
    assert "我来处理" in (await get(a_crisis(), link("zhang-wei"), accept_language="en")).text


async def test_a_group_that_shares_a_link_says_who_acts() -> None:
    world = a_crisis()
    page = (await get(world, link("channel:ops"))).text
    assert '<select name="who" required>' in page and "李娜" in page
    assert (await press(world, link("channel:ops"), do="ack")).status_code == 422
    assert (await press(world, link("channel:ops"), do="ack", who="nobody")).status_code == 422
    assert world.acted == []
    assert (await press(world, link("channel:ops"), do="ack", who="li-na")).status_code == 303
    assert world.acted == [("li-na", NUMBER, Acknowledge())]


async def test_nobody_presses_in_anothers_name_over_a_personal_link() -> None:
    world = a_crisis()
    await press(world, link("mary"), do="ack", who="zhang-wei")
    assert world.acted[0][0] == "mary"


async def test_a_store_that_cannot_write_is_503_and_promises_nothing() -> None:
    world = a_crisis()
    world.refuse = Busy()
    answer = await press(world, link(), do="ack")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert world.incidents[NUMBER].acknowledged_by is None


async def test_hostile_words_stay_words() -> None:
    world = World()
    world.add(an_incident(scope={"product": "<script>alert(1)</script>{{7*7}}"}))
    page = (await get(world, link())).text
    assert "<script>" not in page and "&lt;script&gt;" in page and "{{7*7}}" in page


async def test_the_page_stands_alone_on_its_own_listener() -> None:
    async with browser(an_app(a_crisis(), None, ACK), host="203.0.113.9") as client:
        assert (await client.get(link())).status_code == 200
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/api/v1/mentions", json=[])).status_code == 404


@pytest.mark.parametrize("tier", list(Tier)[1:])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", ["open", "cleared", "resolved", "cancelled"])
async def test_it_renders_in_every_state(tier: Tier, language: str, state: Any) -> None:
    world = World()
    world.add(an_incident(tier=tier, state=state, closed_at=None if state == "open" else NOW, drill=True))
    page = (await get(world, f"{link()}?lang={language}")).text
    assert f"t-{tier.word}" in page
    assert not re.search(r"web\.|\{[a-z_]+\}|None|Undefined", page)
    assert ("演练" if language == "zh" else "DRILL") in page
    assert ('value="ack"' in page) == (state == "open")


async def test_a_person_that_left_the_config_still_reads_and_acts() -> None:
    world = a_crisis()
    async with browser(an_app(world, config(person=[])), host="203.0.113.9") as client:
        assert (await client.get(link("zhang-wei"))).status_code == 200
        assert (await client.post(link("zhang-wei"), data={"do": "ack"})).status_code == 303
