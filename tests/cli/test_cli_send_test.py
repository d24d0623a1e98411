from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from tests.channels.fakes import FakeDingTalk, FakeWebhook, Reply

RULES = """
[settings]
organisation = "示例公司"
timezone = "Asia/Shanghai"
[server]
public_url = "https://warn.example.com"
[[channel]]
name = "ops"
kind = "dingtalk"
url = "{url}"
[[channel]]
name = "hook"
kind = "webhook"
url = "{hook}"
language = "en"
[[channel]]
name = "mail"
kind = "email"
host = "localhost"
from = "warn@example.com"
[[person]]
name = "zhang-wei"
dingtalk_mobile = "13900000000"
"""


def call(tmp_path: Path, *args: str, url: str = "http://localhost:9/x", hook: str = "http://localhost:9/x") -> Result:
    config = tmp_path / "rules.toml"
    config.write_text(RULES.format(url=url, hook=hook), encoding="utf-8")
    return CliRunner().invoke(main, ["send-test", *args, "--config", str(config)])


@pytest.mark.parametrize(("lang", "words"), [("zh", "对方已接收"), ("en", "accepted by the other side")])
def test_a_yes_is_shown_with_its_answer(tmp_path: Path, lang: str, words: str) -> None:
    with FakeDingTalk() as fake:
        result = call(tmp_path, "ops", "--lang", lang, url=fake.url)
    assert result.exit_code == 0, result.output
    assert words in result.output
    assert '"errcode": 0' in result.output
    sent = fake.received[0].json["markdown"]
    assert "测试消息" in sent["title"]
    assert "[打开控制台](https://warn.example.com/)" in sent["text"]


def test_a_no_is_shown_with_advice(tmp_path: Path) -> None:
    with FakeDingTalk(secret="SECx") as fake:
        result = call(tmp_path, "ops", "--lang", "zh", url=fake.url)
    assert result.exit_code == 1
    assert "拒收" in result.output
    assert "310000" in result.output
    assert "检查 secret" in result.output


def test_nobody_there_is_worth_another_try(tmp_path: Path) -> None:
    result = call(tmp_path, "ops", "--lang", "en")
    assert result.exit_code == 1
    assert "worth another try" in result.output
    assert "check address" in result.output


def test_each_test_is_a_message_of_its_own_and_in_the_channels_language(tmp_path: Path) -> None:
    with FakeWebhook() as fake:
        call(tmp_path, "hook", hook=fake.url)
        call(tmp_path, "hook", hook=fake.url)
    first, second = fake.received
    assert first.headers["webhook-id"] != second.headers["webhook-id"]
    assert first.json["data"]["transition"] == "TEST"
    assert "Test message" in first.json["data"]["title"]


def test_a_person_is_written_to_at_their_address(tmp_path: Path) -> None:
    with FakeDingTalk() as fake:
        assert call(tmp_path, "ops", "--to", "zhang-wei", url=fake.url).exit_code == 0
        assert json.loads(fake.received[0].body)["at"]["atMobiles"] == []  # a test calls nobody by name
        assert call(tmp_path, "mail", "--to", "zhang-wei").exit_code == 2
        assert call(tmp_path, "ops", "--to", "nobody").exit_code == 2


def test_a_wrong_name_gets_a_guess(tmp_path: Path) -> None:
    result = call(tmp_path, "opps", "--lang", "en")
    assert result.exit_code == 2
    assert "did you mean ops?" in result.output


def test_no_secret_stands_in_the_answer(tmp_path: Path) -> None:
    with FakeWebhook() as fake:
        fake.script(Reply(400, f"bad key in {fake.url}"))
        result = call(tmp_path, "hook", hook=fake.url)
    assert "k3y-of-the-robot" not in result.output
    assert "***" in result.output
