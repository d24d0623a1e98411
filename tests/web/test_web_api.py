"""The JSON API: what it tells, what it does, and how it says no."""

from __future__ import annotations

import json
import math
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from web_fakes import CONFIG, NOW, World, a_crisis, an_app, browser, with_tokens

from monitor.model import Entry, Tier
from monitor.sources.told import Told
from monitor.times import Duration
from monitor.web.acts import (
    Acknowledge,
    Busy,
    Cancel,
    Comment,
    Hush,
    Link,
    Lower,
    Opening,
    PassOn,
    Raise,
    Resolve,
    RuleOutClock,
    SetAxes,
    StartClock,
    Step,
    SubmitClock,
    Undo,
)
from monitor.web.answers import json_answer, plain
from monitor.web.review_acts import CheckEffect, NewAction, Note
from monitor.web.statement_acts import Approve, Confirm, Publish, Verify, Write

pytestmark = pytest.mark.anyio
ONE = "/api/v1/incidents/INC-2026-0042"


async def get(path: str, world: World | None = None) -> Any:
    async with browser(an_app(world or a_crisis()), accept_language="en") as client:
        return await client.get(path)


async def post(path: str, body: Any = None, world: World | None = None) -> Any:
    async with browser(an_app(world or a_crisis()), accept_language="en") as client:
        return await client.post(path, json=body) if body is not None else await client.post(path)


async def test_status_tells_the_whole_state_in_words_and_rfc_3339() -> None:
    told = (await get("/api/v1/status")).json()
    assert told["at"] == "2026-03-01T11:01:05+08:00"
    assert [i["tier"] for i in told["incidents"]] == ["red", "orange", "blue"]
    assert told["rules"][0]["lead"]["score"]["value"] == 186
    assert told["rules"][-1]["tier"] is None
    assert told["notices"][0]["facts"]["transition"] == "RAISED"
    assert told["notices"][0]["deliveries"][0]["state"] == "refused"
    assert told["sources"][2]["up"] is False


def test_spans_and_told_texts_are_plain_and_what_is_no_number_is_null() -> None:
    told = {"window": Duration(90), "upper": math.inf, "why": Told("too_deep"), "tier": Tier.RED, "until": 0.0}
    answer = json.loads(json_answer(plain(told, ZoneInfo("UTC"))).body)
    assert answer == {"window": 90, "upper": None, "why": str(Told("too_deep")), "tier": "red", "until": 0.0}


async def test_addresses_of_people_never_leave() -> None:
    text = (await get("/api/v1/status")).text + (await get(ONE)).text
    assert "contacts" not in text and "addresses" not in text and '"steps"' not in text


async def test_incidents_are_the_open_ones_unless_all_are_asked_for() -> None:
    assert len((await get("/api/v1/incidents")).json()["incidents"]) == 3
    assert len((await get("/api/v1/incidents?state=all")).json()["incidents"]) == 4
    assert len((await get("/api/v1/incidents?state=all&limit=2")).json()["incidents"]) == 2
    assert (await get("/api/v1/incidents?limit=x")).status_code == 422


async def test_one_incident_comes_with_all_that_belongs_to_it() -> None:
    told = (await get(ONE)).json()
    assert told["incident"]["number"] == "INC-2026-0042"
    assert {"entries", "notices", "evidence", "examples", "timers"} <= set(told)
    assert told["timers"][0]["due_at"] == "2026-03-01T11:08:05+08:00"
    missing = await get("/api/v1/incidents/INC-1999-0001")
    assert (missing.status_code, missing.json()["error"]) == (404, "no_incident")


@pytest.mark.parametrize(
    ("verb", "body", "act"),
    [
        ("ack", None, Acknowledge()),
        ("ack", {"comment": "on it"}, Acknowledge("on it")),
        ("pass", {"comment": "on leave"}, PassOn("on leave")),
        ("cancel", {"comment": "test data"}, Cancel("test data")),
        ("resolve", {}, Resolve()),
        ("raise", {"tier": "red", "comment": "recall"}, Raise(Tier.RED, "recall")),
        ("lower", {"tier": "blue", "comment": "one shop"}, Lower(Tier.BLUE, "one shop")),
        ("lower", {"comment": "as ruled"}, Lower(None, "as ruled")),
        ("comment", {"comment": "called the maker"}, Comment("called the maker")),
    ],
)
async def test_every_act_has_its_address(verb: str, body: Any, act: Any) -> None:
    world = a_crisis()
    answer = await post(f"{ONE}/{verb}", body, world)
    assert answer.status_code == 200, answer.text
    assert world.acted == [("local", "INC-2026-0042", act)]
    assert answer.json()["incident"]["number"] == "INC-2026-0042"


async def test_the_actor_is_the_name_of_the_token() -> None:
    world = a_crisis()
    async with browser(an_app(world, with_tokens()), host="10.0.0.7") as client:
        for name, status in (("bot", 200), ("wall", 403), ("helpdesk", 403)):
            answer = await client.post(f"{ONE}/ack", headers={"authorization": f"Bearer secret-{name}"})
            assert answer.status_code == status
    assert [actor for actor, _, _ in world.acted] == ["token:bot"]


async def test_undo_takes_back_and_says_when_there_is_nothing() -> None:
    world = a_crisis()
    await post(f"{ONE}/ack", None, world)
    assert (await post(f"{ONE}/undo", None, world)).status_code == 200
    assert world.acted[-1][2] == Undo()
    nothing = await post(f"{ONE}/undo", None, world)
    assert (nothing.status_code, nothing.json()["error"]) == (409, "nothing_to_undo")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{ONE}/raise", {"tier": "purple"}),
        (f"{ONE}/raise", {}),
        (f"{ONE}/raise", {"tier": 9}),
        (f"{ONE}/comment", {}),
        (f"{ONE}/comment", {"comment": 7}),
        (f"{ONE}/comment", {"comment": "x" * 2001}),
        (f"{ONE}/ack", {"commment": "misspelt"}),
        (f"{ONE}/ack", [1]),
        ("/api/v1/incidents", {"tier": "red"}),
        ("/api/v1/incidents", {"risk": "x", "tier": "calm"}),
        ("/api/v1/incidents", {"risk": "x", "tier": "red", "scope": {"a": 1}}),
        ("/api/v1/silences", {"for": "1h", "up_to": "red", "comment": "x", "matchers": {}}),
        ("/api/v1/silences", {"for": "soon", "up_to": "red", "comment": "x", "matchers": {"risk": "x"}}),
        (
            "/api/v1/silences",
            {"until": "2020-01-01T00:00:00Z", "up_to": "red", "comment": "", "matchers": {"risk": "x"}},
        ),
        ("/api/v1/silences", {"up_to": "red", "comment": "", "matchers": {"risk": "x"}}),
    ],
)
async def test_a_wrong_request_is_422_says_why_and_does_nothing(path: str, body: Any) -> None:
    world = a_crisis()
    before = len(world.hushes)
    answer = await post(path, body, world)
    assert answer.status_code == 422
    assert len(answer.json()["message"]) > 20
    assert world.acted == [] and len(world.hushes) == before


async def test_a_body_that_is_no_json_is_422() -> None:
    async with browser(an_app(a_crisis())) as client:
        assert (await client.post(f"{ONE}/ack", content=b"{")).status_code == 422
        assert (await client.post(f"{ONE}/ack", content=b"x" * 70_000)).status_code == 413


async def test_an_unknown_verb_names_those_there_are() -> None:
    answer = await post(f"{ONE}/delete")
    assert answer.status_code == 404
    assert "resolve" in answer.json()["message"]


async def test_an_incident_is_raised_by_hand() -> None:
    world = World()
    body = {"risk": "publicity", "tier": "orange", "scope": {"brand": "A"}, "comment": "a journalist called"}
    answer = await post("/api/v1/incidents", body, world)
    assert answer.status_code == 201
    assert world.acted[0][2] == Opening(
        risk="publicity", tier=Tier.ORANGE, scope={"brand": "A"}, comment="a journalist called"
    )


async def test_silences_begin_are_listed_and_end() -> None:
    world = a_crisis()
    world.hushes = []
    body = {"matchers": {"risk": "publicity"}, "for": "1h30m", "up_to": "yellow", "comment": "launch"}
    made = await post("/api/v1/silences", body, world)
    assert made.status_code == 201
    assert (made.json()["until"], made.json()["up_to"]) == ("2026-03-01T12:31:05+08:00", "yellow")
    assert made.json()["hides"] == []
    assert len((await get("/api/v1/silences", world)).json()["silences"]) == 1
    assert (await post(f"/api/v1/silences/{made.json()['id']}/end", None, world)).status_code == 200
    assert (await get("/api/v1/silences", world)).json() == {"silences": []}
    assert (await post("/api/v1/silences/s9/end", None, world)).status_code == 404


async def test_what_a_silence_would_hide_is_shown_without_making_it() -> None:
    world = a_crisis()
    before = len(world.hushes)
    body = {"matchers": {"risk": "mass-complaint"}, "for": "1h", "up_to": "red", "comment": "x", "preview": True}
    answer = await post("/api/v1/silences", body, world)
    assert answer.status_code == 200 and len(world.hushes) == before
    assert [i["number"] for i in answer.json()["hides"]] == ["INC-2026-0041"]


async def test_a_raise_keeps_what_it_rests_on() -> None:
    world = a_crisis()
    await post(f"{ONE}/raise", {"tier": "red", "comment": "rising", "evidence": "https://example.com/v/1"}, world)
    assert world.acted[-1][2] == Raise(Tier.RED, "rising", "https://example.com/v/1")


async def test_how_fast_people_answer_is_told_per_person_tier_and_channel() -> None:
    world = a_crisis()
    (row,) = (await get("/api/v1/answers?days=2", world)).json()["answers"]
    assert world.acted[-1][2] == NOW - 2 * 86400
    assert (row["person"], row["tier"], row["channel"], row["median"]) == ("li-na", "red", "sms", 90.0)
    assert (await get("/api/v1/answers?days=x")).status_code == 422


async def test_the_silence_of_an_incident_takes_its_labels_and_tier() -> None:
    world = a_crisis()
    world.hushes = []
    answer = await post(f"{ONE}/silence", {"for": "2h", "comment": "known"}, world)
    assert answer.status_code == 201
    made = world.hushes[0]
    assert made.matchers == {"risk": "product-safety", "product": "X1 充电宝"}
    assert (made.up_to, made.until, made.comment) == (Tier.RED, NOW + 7200, "known")


async def test_dead_letters_are_listed_and_sent_anew() -> None:
    told = (await get("/api/v1/deliveries?state=dead")).json()["deliveries"]
    assert [d["id"] for d in told] == [7]
    assert (await post("/api/v1/deliveries/7/resend")).json()["state"] == "queued"
    assert (await post("/api/v1/deliveries/8/resend")).status_code == 404
    assert (await get("/api/v1/deliveries?state=lost")).status_code == 422


async def test_a_store_that_cannot_write_is_503_for_acts_too() -> None:
    world = a_crisis()
    world.refuse = Busy(retry_after=0.2)
    answer = await post(f"{ONE}/ack", None, world)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_errors_are_told_in_the_callers_language() -> None:
    async with browser(an_app(World())) as client:
        told = [
            (await client.get("/api/v1/incidents/x", headers={"accept-language": tag})).json()["message"]
            for tag in ("en-GB,en;q=0.9", "zh-CN,zh;q=0.9,en;q=0.8", "de", "en;q=0.1,zh;q=0.9")
        ]
    assert told[0] == "There is no incident x."
    assert told[1] == told[2] == told[3] == "没有编号为 x 的事件。"


def test_hush_holds_what_the_store_needs() -> None:
    assert Hush(matchers={"a": "b"}, until=NOW, up_to=Tier.RED, comment="").starts_at is None


async def test_who_would_be_told_is_asked_by_tier_risk_labels_and_a_time_of_the_week() -> None:
    world = a_crisis()
    told = (await get("/api/v1/who?tier=orange&risk=outage&at=Mon 03:00&label.product=X1", world)).json()
    assert world.acted[-1] == ("", "outage", (Tier.ORANGE, {"product": "X1"}, 1772391600.0))
    assert told["at"] == "2026-03-02T03:00:00+08:00" and told["tier"] == "orange"
    assert told["levels"][0]["to"] == [
        {"person": "zhang-wei", "channels": ["sms"], "after": "2026-03-02T03:01:00+08:00"}
    ]
    assert told["reached"] == [{"person": "zhang-wei", "channel": "sms", "at": "2026-03-01T11:00:05+08:00"}]
    for wrong in ("tier=calm", "tier=pink", "at=someday"):
        assert (await get(f"/api/v1/who?{wrong}")).status_code == 422


@pytest.mark.parametrize(
    ("verb", "body", "wanted"),
    [
        ("link", {"other": "INC-2026-0040", "comment": "one batch"}, Link("INC-2026-0040", "one batch")),
        ("cancel", {"comment": "old video", "evidence": "its date"}, Cancel("old video", "its date")),
        ("lower", {"tier": "blue", "comment": "x", "evidence": "a call"}, Lower(Tier.BLUE, "x", "a call")),
        ("step", {"step": "confirm"}, Step("confirm")),
        ("axes", {"nature": "grave", "certain": False}, SetAxes(nature="grave", certain=False)),
        ("clock-start", {"clock": "gdpr-33", "since": "2026-03-01T09:00"}, StartClock("gdpr-33", NOW - 7265)),
        ("clock-submit", {"clock": "gdpr-33"}, SubmitClock("gdpr-33")),
        ("clock-rule-out", {"clock": "gdpr-33", "comment": "no data"}, RuleOutClock("gdpr-33", "no data")),
    ],
)
async def test_links_steps_axes_and_clocks_go_through_the_same_door(verb: str, body: Any, wanted: Any) -> None:
    world = a_crisis()
    assert (await post(f"{ONE}/{verb}", body, world)).status_code == 200
    assert world.acted[-1] == ("local", "INC-2026-0042", wanted)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{ONE}/raise", {"tier": "red"}),
        (f"{ONE}/raise", {"tier": "red", "comment": " \n"}),
        (f"{ONE}/lower", {"tier": "blue", "evidence": "a call"}),
        (f"{ONE}/lower", {}),
        (f"{ONE}/cancel", None),
        (f"{ONE}/link", {"other": "INC-2026-0041"}),
        ("/api/v1/incidents", {"risk": "product-safety", "tier": "red"}),
    ],
)
async def test_what_others_must_understand_later_asks_for_a_reason(path: str, body: Any) -> None:
    world = a_crisis()
    async with browser(an_app(world)) as client:
        for language, words in (("zh", "请写明理由"), ("en", "Say why")):
            answer = await client.post(path, json=body or {}, headers={"accept-language": language})
            assert (answer.status_code, answer.json()["error"]) == (422, "reason")
            assert answer.json()["message"].startswith(words)
    assert world.acted == []


async def test_a_clock_cannot_be_ruled_out_without_a_reason_nor_run_from_nonsense() -> None:
    assert (await post(f"{ONE}/clock-rule-out", {"clock": "gdpr-33"})).status_code == 422
    assert (await post(f"{ONE}/clock-start", {"clock": "gdpr-33", "since": "lately"})).status_code == 422


async def test_a_drill_is_begun_ended_and_told() -> None:
    async with browser(an_app(a_crisis()), accept_language="en") as client:
        begun = await client.post("/api/v1/drills", json={"scenario": "product-safety"})
        assert (begun.status_code, begun.json()["started_by"], begun.json()["everybody"]) == (201, "local", False)
        book = (await client.get("/api/v1/drills")).json()
        assert book["running"]["id"] == "D-0001" and book["scenarios"][0]["title"]["en"] == "fire"
        assert (await client.post("/api/v1/drills/stop")).json()["stopped_at"] == "2026-03-01T11:01:05+08:00"
        card = (await client.get("/api/v1/drills/D-0001")).json()
        assert card["marks"][0]["met"] is True and card["not_reached"] == ["mary"] and card["met"] == 1
        missing = await client.post("/api/v1/drills", json={"scenario": "flood"})
        assert missing.status_code == 404 and "there are: product-safety" in missing.json()["message"]
        assert (await client.get("/api/v1/drills/D-0009")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        (f"{ONE}/statements", {"audience": "press", "kind": "full"}, Write(audience="press", kind="full")),
        ("/api/v1/statements/s1/source", {"family": "press", "origin": "Daily"}, Confirm("press", "Daily")),
        ("/api/v1/statements/s1/verify", {}, Verify()),
        ("/api/v1/statements/s1/approve", {"role": "legal"}, Approve("legal")),
        ("/api/v1/statements/s1/publish", {"where": "weibo"}, Publish("weibo")),
        (f"{ONE}/review/note", {"kind": "why", "text": "a > b"}, Note("why", "a > b")),
        (f"{ONE}/review/action", {"text": "t", "owner": "li-na", "due_at": "2026-03-01T11:01:05"},
         NewAction(text="t", owner="li-na", due_at=NOW)),
        (f"{ONE}/review/check", {"action": "a1", "value": 3}, CheckEffect("a1", 3.0)),
    ],
)  # fmt: skip
async def test_statements_and_reviews_are_acted_on_through_doors_of_their_own(
    path: str, body: Any, wanted: Any
) -> None:
    world = a_crisis()
    assert (await post(path, body, world)).status_code in (200, 201)
    assert world.acted[-1][0] == "local" and world.acted[-1][2] == wanted


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{ONE}/statements", {"audience": "martians"}, 422),
        ("/api/v1/statements/s1/shout", {}, 404),
        ("/api/v1/statements/s1/allow", {"words": "100%"}, 422),
        (f"{ONE}/review/note", {"kind": "gossip", "text": "x"}, 422),
        (f"{ONE}/review/action", {"text": "t", "owner": "li", "due_at": "someday"}, 422),
        (f"{ONE}/review/burn", {}, 404),
    ],
)
async def test_nonsense_about_words_and_reviews_is_refused(path: str, body: Any, status: int) -> None:
    world = a_crisis()
    assert (await post(path, body, world)).status_code == status
    assert world.acted == []


async def test_what_is_in_the_way_is_said_in_the_readers_language() -> None:
    async with browser(an_app(a_crisis()), accept_language="zh") as client:
        (one,) = (await client.get(f"{ONE}/statements")).json()["statements"]
        assert one["blocks"][0]["text"] == "独立来源 0 个，至少需要 2 个" and one["statement"]["tier"] == "red"
        look = (await client.get(f"{ONE}/review")).json()
        assert look["missing"][0]["text"] == "尚未写明原因" and look["course"]["to_ack"] == 480.0
        assert (await client.get("/api/v1/reviews")).json()["reviews"][0]["overdue"] is True


async def test_a_token_acts_as_the_person_it_belongs_to() -> None:
    world = a_crisis()
    mine = [*CONFIG["person"][1:], CONFIG["person"][0] | {"acts_as": ["token:bot"]}]
    app = an_app(world, with_tokens(person=mine))
    async with browser(app, authorization="Bearer secret-bot") as client:
        assert (await client.post(f"{ONE}/comment", json={"comment": "x"})).status_code == 200
    assert world.acted[-1][0] == CONFIG["person"][0]["name"]


async def test_no_drill_to_stop_is_told() -> None:
    answer = await post("/api/v1/drills/stop")
    assert answer.status_code == 409 and answer.json()["message"] == "No drill is running."


async def test_a_timeline_is_told_in_the_readers_words() -> None:
    world = a_crisis()
    told = {"by": "li-na", "tier": "red"}
    line = Entry(incident="INC-2026-0042", at=NOW, actor="monitor", kind="incident.entry.ack_lapsed", args=told)
    world.entries.append(line)
    entries = (await get(ONE, world)).json()["entries"]
    assert entries[-1]["text"] == "the acknowledgement of li-na lapsed: it rose to red"
