"""The first page and the incident's page: empty and full, in both languages, and what their buttons do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from web_fakes import NOW, World, a_crisis, an_app, an_incident, browser, with_tokens

from monitor.messages import catalogue
from monitor.model import Entry, Finding, Tier
from monitor.web.acts import Acknowledge, Busy, Cancel, Comment, Link, Lower, Raise, Resolve
from monitor.web.app import DOORS
from monitor.web.sparkline import sparkline
from monitor.web.views import Overview, Point, RuleState

pytestmark = pytest.mark.anyio
ONE = "/i/INC-2026-0042"


async def get(path: str, world: World | None = None, **headers: str) -> Any:
    async with browser(an_app(world or a_crisis()), **headers) as client:
        return await client.get(path)


async def press(world: World, **form: str) -> Any:
    async with browser(an_app(world)) as client:
        return await client.post(ONE, data=form)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("make", [World, a_crisis])
async def test_pages_render_empty_and_full_without_a_gap_in_the_words(language: str, make: Any) -> None:
    for path in ("/", ONE) if make is a_crisis else ("/",):
        answer = await get(f"{path}?lang={language}", make())
        assert answer.status_code == 200
        assert not re.search(r">\s*(web|incident|finding)\.[a-z]|\{[a-z_]+\}|\bNone\b|Undefined", answer.text)


async def test_the_calm_page_says_calm() -> None:
    page = (await get("/?lang=en", World())).text
    assert "Calm" in page and "No open incident" in page and "No source yet" in page


async def test_the_first_page_shows_it_all() -> None:
    page = (await get("/?lang=en")).text
    for wanted in ("Red", "3 open, 2 waiting for someone", "Product safety", "李娜 has it since", "no data since",
                   "×8.9", "6.3%", "learning 3 d / 14 d", "shadow", "No data", "not judged yet", "ops-dingtalk",
                   "refused", "retrying", "1 undeliverable", "saturated", "row 18", "source sheet has fallen silent",
                   "until 13:01", "up to Yellow", "1 lately closed"):  # fmt: skip
        assert wanted in page, wanted


async def test_a_tier_is_always_shape_word_and_colour() -> None:
    page = (await get("/?lang=en")).text
    chips = re.findall(r'<span class="chip t-(\w+)">(.*?)</span>', page, re.S)
    assert len(chips) > 10
    words = {"red": "Red", "orange": "Orange", "yellow": "Yellow", "blue": "Blue", "calm": "Calm", "none": "No data"}
    for name, inner in chips:
        assert "<svg" in inner and words[name] in inner


async def test_the_gravest_and_those_without_data_come_before_the_calm() -> None:
    page = (await get("/")).text
    places = [
        page.index(f"<b>{rule}</b>")
        for rule in ("complaint-surge", "brand-jump", "return-rate", "csat", "policy-watch")
    ]
    assert places == sorted(places)


async def test_many_calm_rules_fold_away() -> None:
    world = World()
    rules = tuple(RuleState(rule=f"r{i}", tier=Tier.CALM if i else Tier.RED) for i in range(30))
    world.scene = Overview(at=NOW, rules=rules)
    page = (await get("/?lang=en", world)).text
    assert "29 rules are calm" in page
    assert page.index("<b>r0</b>") < page.index("29 rules are calm") < page.index("<b>r7</b>")


async def test_a_source_that_is_down_is_one_problem_not_two() -> None:
    world = a_crisis()
    page = (await get("/?lang=en", world)).text
    assert re.search(r'class="health bad"><b>3</b>', page), "two findings (one is of the source that is down), one dead"


@pytest.mark.parametrize(
    ("header", "language"), [("zh-CN,zh;q=0.9", "zh-CN"), ("en-US,en;q=0.5", "en"), ("fr", "zh-CN"), ("", "zh-CN")]
)
async def test_the_language_is_the_readers_else_the_settings(header: str, language: str) -> None:
    assert f'<html lang="{language}">' in (await get("/", accept_language=header)).text


async def test_hostile_words_in_every_place_stay_words() -> None:
    evil = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    world = a_crisis()
    world.add(an_incident(number="INC-2026-0050", risk=evil, playbook="?", scope={evil: evil}, acknowledged_by=evil))
    world.entries.append(Entry(incident="INC-2026-0050", at=NOW, actor=evil, kind=evil, args={"comment": evil}))
    scene = world.scene
    finding = Finding(kind=evil, subject=evil, since=NOW)
    world.scene = Overview(
        at=NOW, rules=(*scene.rules, RuleState(rule=evil)), findings=(finding,), sources=scene.sources
    )
    for path in ("/", "/i/INC-2026-0050", f"/i/{evil.replace('/', '')}"):
        text = (await get(path, world)).text
        assert "<img src=x" not in text
        assert "{{7*7}}" in text or "49" not in text


async def test_people_in_the_timeline_bear_their_names() -> None:
    page = (await get(f"{ONE}?lang=en")).text
    assert "notice 3 (RAISED, red) to 张伟, ops-dingtalk" in page


async def test_links_of_mentions_are_plain_web_addresses_only() -> None:
    page = (await get(ONE)).text
    assert 'href="https://weibo.example/1" rel="noopener noreferrer nofollow">weibo.example</a>' in page
    assert "javascript:" not in page


@pytest.mark.parametrize(
    ("form", "act"),
    [
        ({"do": "ack"}, Acknowledge()),
        ({"do": "resolve", "comment": "replaced"}, Resolve("replaced")),
        ({"do": "cancel", "comment": "old video"}, Cancel("old video")),
        ({"do": "comment", "comment": "called"}, Comment("called")),
        ({"do": "raise", "tier": "red", "comment": "recall"}, Raise(Tier.RED, "recall")),
        ({"do": "lower", "tier": "blue", "comment": "over"}, Lower(Tier.BLUE, "over")),
        ({"do": "lower", "tier": "", "comment": "as it was"}, Lower(None, "as it was")),
    ],
)
async def test_a_button_acts_and_leads_back(form: dict[str, str], act: Any) -> None:
    world = a_crisis()
    answer = await press(world, **form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{ONE}?done=")
    assert world.acted == [("local", "INC-2026-0042", act)]


@pytest.mark.parametrize(
    ("path", "to", "other"), [("/", "0042", "0040"), (ONE, "0042", "0040"), ("/i/INC-2026-0040", "0040", "0042")]
)
async def test_incidents_that_may_be_one_are_shown_with_the_button_that_links_them(
    path: str, to: str, other: str
) -> None:
    page = (await get(f"{path}?lang=en")).text
    assert "These may be one" in page
    form = re.search(
        r'action="/i/INC-2026-(\d+)\?lang=en"><input type="hidden" name="other" value="INC-2026-(\d+)">', page
    )
    assert form is not None and form.groups() == (to, other)
    assert "These may be one" not in (await get("/i/INC-2026-0041?lang=en")).text


async def test_taking_an_offer_up_asks_for_no_words_and_records_its_reason() -> None:
    world = a_crisis()
    answer = await press(world, do="link", other="INC-2026-0040")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ONE}?done=link")
    ((_, number, act),) = world.acted
    assert (number, act) == ("INC-2026-0042", Link("INC-2026-0040", "发生时间相近、范围相同，按系统提示关联"))
    assert "已关联" in (await get(f"{ONE}?done=link", world)).text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "link"},
        {"do": "cancel"},
        {"do": "raise", "tier": "red"},
        {"do": "raise", "comment": "no tier"},
        {"do": "lower", "tier": "calm", "comment": "x"},
        {"do": "silence", "for": "2h"},
        {"do": "silence", "for": "9y", "comment": "x"},
        {"do": "comment"},
    ],
)
async def test_a_form_without_what_it_needs_does_nothing_and_keeps_the_words(form: dict[str, str]) -> None:
    world = a_crisis()
    world.hushes = []
    answer = await press(world, **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert form.get("comment", "") in answer.text
    assert world.acted == [] and world.hushes == []


async def test_the_silence_button_hides_up_to_the_present_tier() -> None:
    world = a_crisis()
    world.hushes = []
    assert (await press(world, do="silence", **{"for": "2h"}, comment="known")).status_code == 303
    assert (world.hushes[0].up_to, world.hushes[0].until) == (Tier.RED, NOW + 7200)


async def test_a_refusal_is_told_on_the_page() -> None:
    answer = await press(a_crisis(), do="undo")
    assert answer.status_code == 409
    assert "没有可撤销的操作" in answer.text


async def test_a_closed_incident_can_only_be_commented_and_reopened() -> None:
    page = (await get("/i/INC-2026-0039")).text
    assert set(re.findall(r'name="do" value="(\w+)"', page)) == {"comment", "undo"}


async def test_a_dead_letter_is_sent_anew_and_a_silence_ended_from_the_first_page() -> None:
    world = a_crisis()
    page = (await get("/?lang=en", world)).text
    assert "Undeliverable" in page and "timeout" in page
    actions = re.findall(r'action="(/(?:deliveries|silences)/[^"]+)"', page)
    assert actions == ["/deliveries/7/resend?lang=en", "/silences/s1/end?lang=en"]
    async with browser(an_app(world)) as client:
        for action, word in zip(actions, ("Queued to be sent anew", "The silence is over"), strict=True):
            answer = await client.post(action)
            assert answer.status_code == 303
            assert word in (await client.get(answer.headers["location"])).text
        assert (await client.post("/deliveries/8/resend")).status_code == 404
    assert world.hushes[0].ended_at == NOW


async def test_a_store_that_cannot_be_read_is_a_503_page() -> None:
    world = a_crisis()

    async def busy(now: float) -> Any:
        raise Busy()

    world.overview = busy  # type: ignore[method-assign]
    answer = await get("/?lang=en", world)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "try again soon" in answer.text


async def test_pages_ask_for_a_login_where_tokens_are_set() -> None:
    async with browser(an_app(a_crisis(), with_tokens()), host="10.0.0.7") as client:
        for door in DOORS:
            if door.html and door.scope != "open":
                answer = await client.request(door.method, re.sub(r"{\w+(:int)?}", "7", door.path))
                assert answer.status_code == 401, door.path
                assert answer.headers["content-type"].startswith("text/html")


async def test_files_of_ours_are_kept_by_browsers_until_they_change() -> None:
    page = (await get("/")).text
    address = re.search(r'href="(/static/monitor\.css\?\w+)"', page)
    assert address
    answer = await get(address[1])
    assert "immutable" in answer.headers["cache-control"]
    assert (await get("/static/../templates/base.html")).status_code == 404


def test_the_sparkline_breaks_where_data_is_missing() -> None:
    points = [Point(float(i), None if i == 3 else float(i), 2.0) for i in range(7)]
    drawn = sparkline(points)
    assert drawn.count('class="line"') == 2
    assert drawn.count('class="normal"') == 1
    assert "nan" not in drawn and "None" not in drawn


@pytest.mark.parametrize("points", [[], [Point(1, 2)], [Point(1, None), Point(2, None)]])
def test_nothing_is_drawn_of_nothing(points: list[Point]) -> None:
    assert sparkline(points) == ""


@pytest.mark.parametrize("values", [[0, 0, 0], [5, 5], [-3, 4], [1e300, 1]])
def test_any_values_are_drawn_within_the_frame(values: list[float]) -> None:
    drawn = sparkline([Point(float(i), v) for i, v in enumerate(values)])
    for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", re.sub(r'viewBox="[^"]*"', "", drawn)):
        assert 0 <= float(x) <= 132 and 0 <= float(y) <= 30


def test_every_text_of_the_pages_exists_in_both_languages() -> None:
    for id, texts in catalogue().items():
        if id.startswith(("web.", "finding.")):
            assert set(texts) == {"zh", "en"} and all(texts.values()), id
