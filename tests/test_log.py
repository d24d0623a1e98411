"""Log lines: one form, priorities for the journal, no secrets, no personal data, and never a crash."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor.log import bound, set_up
from monitor.secret import Secret, concealed


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers, logging.root.level
    yield
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def line(*args: str, style: str = "json", name: str = "poll", **told: Any) -> Any:
    out = io.StringIO()
    set_up(style, stream=out, environ={})
    structlog.get_logger(name).info(*args, **told)
    return json.loads(out.getvalue()) if style == "json" else out.getvalue()


def test_a_line_says_when_how_grave_who_and_what() -> None:
    told = line("source_failing", source="helpdesk", failures=3)
    assert told.pop("timestamp").endswith("Z")
    assert told == {"level": "info", "part": "poll", "event": "source_failing", "source": "helpdesk", "failures": 3}


def test_logfmt_is_one_line_whatever_comes() -> None:
    text = line("source_failing", style="logfmt", fault='two\nlines and "quotes"', up=False)
    assert text.count("\n") == 1
    assert "level=info part=poll event=source_failing" in text
    assert "up=false" in text


def test_bound_ids_stand_in_every_line_of_their_work() -> None:
    with bound(incident="INC-2026-0042"):
        assert line("sent")["incident"] == "INC-2026-0042"
    assert "incident" not in line("sent")


@pytest.mark.parametrize(
    ("told", "secret"),
    [
        ({"path": "/a/j90Yw7YLT0_TIKIDdWZ_6AHCumZJTkMtMjAyNi0wMDQy"}, "j90Yw7"),
        ({"url": "https://oapi.dingtalk.com/robot/send?access_token=abc123def&timestamp=1&sign=s3cr"}, "abc123def"),
        ({"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx"}, "693a91f6"),
        ({"url": "https://open.feishu.cn/open-apis/bot/v2/hook/1234abcd-5678-efgh"}, "1234abcd"),
        ({"url": "https://hooks.slack.com/services/T0000/B0000/XXXXsecretXXXX"}, "XXXXsecret"),
        ({"url": "postgresql://monitor:hunter2@db/monitor"}, "hunter2"),
        ({"header": "Authorization: Bearer eyJhbGciOi.x.y"}, "eyJhbGciOi"),
        ({"token": "plain"}, "plain"),
        ({"channel_secret": "SEC1"}, "SEC1"),
        ({"headers": {"Authorization": "abc", "accept": "x"}}, "abc"),
        ({"smtp_password": "hunter2"}, "hunter2"),
        ({"said": "call me: 13812345678"}, "13812345678"),
        ({"said": "call +86 13812345678 now"}, "13812345678"),
        ({"said": "call +44 7700 900461 now"}, "900461"),
        ({"said": "to=+14155550100&x=1"}, "4155550100"),
        ({"said": "mail li.na@example.com"}, "li.na@"),
        ({"said": "id 11010519491231002X"}, "11010519491231002X"),
        ({"key": b"32 bytes"}, "32 bytes"),
        ({"text": "somebody's complaint"}, "complaint"),
        ({"many": ["fine", "Bearer abcdef"]}, "abcdef"),
    ],
)
def test_secrets_and_personal_data_never_reach_the_log(told: dict[str, Any], secret: str) -> None:
    assert secret not in json.dumps(line("sent", **told), ensure_ascii=False)
    assert secret not in line(
        "sent", style="logfmt", **{k: str(v) if k == "headers" else v for k, v in told.items()}
    ) or ("headers" in told)


def test_a_secret_in_an_exception_is_hidden_too() -> None:
    out = io.StringIO()
    set_up("json", stream=out, environ={})
    try:
        raise RuntimeError("POST https://x.example/send?access_token=abc123 failed")
    except RuntimeError:
        structlog.get_logger("deliver").exception("failed")
    assert "RuntimeError" in out.getvalue()
    assert "abc123" not in out.getvalue()


@pytest.mark.parametrize(
    "told", [{"n": 13812345678}, {"at": 1772334065.123}, {"number": "INC-2026-0042"}, {"source": "helpdesk"}]
)
def test_what_is_no_secret_stays(told: dict[str, Any]) -> None:
    assert told.items() <= line("sent", **told).items()


def test_numbers_within_numbers_are_no_phones() -> None:
    assert line("x", said="1772334065.12345678901 and 20260301138123456789")["said"].count("[") == 0


def test_under_the_journal_a_line_bears_its_priority_and_no_time(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+") as out:
        found = os.fstat(out.fileno())
        set_up(stream=out, environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        log = structlog.get_logger("judge")
        log.info("one")
        log.warning("two")
        log.error("three")
        out.seek(0)
        lines = out.read().splitlines()
    assert [text[:3] for text in lines] == ["<6>", "<4>", "<3>"]
    assert lines[0] == "<6>level=info part=judge event=one"


def test_a_stream_that_was_redirected_is_no_journal(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as out:
        set_up(stream=out, environ={"JOURNAL_STREAM": "1:2"})
        structlog.get_logger().info("one")
        out.seek(0)
        assert out.read().startswith("timestamp=")


def test_what_was_revealed_is_blanked_wherever_it_turns_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIN", "  no look of a key  ")
    out = io.StringIO()
    set_up("json", stream=out, environ={}, concealed=concealed)
    assert Secret("env:PIN").reveal() == "no look of a key"
    try:
        raise RuntimeError("they said: no look of a key, and no%20look%20of%20a%20key")
    except RuntimeError:
        structlog.get_logger("deliver").exception("failed", many=["no look of a key"], inner={"x": "no look of a key"})
    assert "look of" not in out.getvalue() and "20look" not in out.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    out = io.StringIO()
    set_up(stream=out, environ={}, level="warning")
    log = structlog.get_logger()
    log.info("polled")
    log.warning("late")
    assert out.getvalue().count("\n") == 1


def test_what_libraries_log_goes_the_same_way() -> None:
    out = io.StringIO()
    set_up("json", stream=out, environ={})
    logging.getLogger("library.part").warning("slow %s", "Bearer abcdef")
    logging.getLogger("sqlalchemy").info("not shown")
    told = json.loads(out.getvalue())
    assert (told["part"], told["level"], told["event"]) == ("library.part", "warning", "slow Bearer …")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    out = io.StringIO()
    set_up(stream=out, environ={})
    log = structlog.get_logger()
    out.close()
    log.error("still here")
