"""The whole log of the real process while everything fails: no key, no address of a person, no word of a customer."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from urllib.parse import unquote

import pytest

from benchmarks.rig import Daemon, ask, until
from tests.channels.fake_mail import FakeMail
from tests.channels.fakes import DROP, Fake, Received, Reply

SECRETS = {
    "hook": "BASE/hooks/T0Q8-hook-path-key-77",
    "robot": "BASE/robot/send?access_token=robot-access-token-01",
    "robot-sign": "SECrobotsigningsecret9",
    "bot": "712345:AAbot-token-of-telegram",
    "api": "Bearer api-bearer-of-vendor-5",
    "beat": "BASE/ping/beat-uuid-4f6a-11aa",
    "sms": "BASE/sms?appkey=sms-application-key-2",
    "phone": "+44 7700 900461",
}
HIDDEN = (
    "T0Q8-hook-path-key-77", "robot-access-token-01", "SECrobotsigningsecret9", "AAbot-token-of-telegram",
    "api-bearer-of-vendor-5", "feed-password-3", "beat-uuid-4f6a-11aa", 
    "sms-application-key-2", "7700 900461", "7700900461", "13900139000", "zhang.wei@corp.example",
    "li.na@corp.example", "13812345678", "customer@home.example", "110105194912310021", "battery melted",
    "query-key-of-the-kpi-77",
)  # fmt: skip
CONFIG = """
[settings]
language = "en"
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[heartbeat]
url = "file:SECRETS/beat"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[source]]
name = "vendor"
kind = "json_api"
url = "BASE/vendor?api_key=query-key-of-the-kpi-77"
headers = { Authorization = "file:SECRETS/api" }
every = "1s"
items = "$"
fields = { id = "id", text = "text" }
allow_private = true
[[source]]
name = "feed"
kind = "rss"
url = "http://reader:feed-password-3@BASEHOST/feed.xml"
every = "1s"
allow_private = true
[[rule]]
name = "hot"
risk = "mass-complaints"
of = "mentions"
window = "10m"
every = "1m"
red = { above = 0 }
[[channel]]
name = "hook"
kind = "webhook"
url = "file:SECRETS/hook"
[[channel]]
name = "robot"
kind = "dingtalk"
url = "file:SECRETS/robot"
secret = "file:SECRETS/robot-sign"
[[channel]]
name = "telegram"
kind = "telegram"
token = "file:SECRETS/bot"
chat = "99887766"
url = "BASE"
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = MAILPORT
security = "none"
from = "warn@corp.example"
[[channel]]
name = "sms"
kind = "sms"
url = "file:SECRETS/sms"
body = "to={{ phone }}"
content_type = "application/x-www-form-urlencoded"
[[person]]
name = "zhang-wei"
display = "张伟"
via = ["robot", "mail", "sms"]
phone = "13900139000"
email = "zhang.wei@corp.example"
[[person]]
name = "li-na"
via = ["sms", "mail"]
phone = "file:SECRETS/phone"
email = "li.na@corp.example"
[[team]]
name = "crisis"
roles = { leader = ["zhang-wei", "li-na"] }
[[route]]
to = ["crisis/leader", "li-na", "channel:hook", "channel:robot", "channel:telegram"]
ack_within = "2s"
"""


class Gossip(Fake):
    """Refuses everything, and repeats in its answer all it was told."""

    def judge(self, request: Received) -> Reply:
        query = "&".join(f"{k}={v}" for k, v in request.query.items())
        told = f"{query} {unquote(request.body.decode('utf-8', 'replace'))[-200:]} {request.path} {request.headers}"
        kind = len(self.received) % 4
        return DROP if kind == 3 else Reply(503 if kind else 400, f"no: {told}"[:900])


@pytest.mark.slow
def test_nothing_secret_or_personal_stands_in_the_log_while_everything_fails(tmp_path: Path) -> None:
    with Gossip() as gossip, FakeMail() as mail:
        mail.refuse_recipient = "550 no such user zhang.wei@corp.example, try li.na@corp.example or 13900139000"
        places = {"BASEHOST": f"localhost:{gossip.port}", "BASE": gossip.base, "MAILPORT": str(mail.port)}
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        for name, value in SECRETS.items():
            (secrets / name).write_text(_filled(value, places))
        daemon = Daemon(tmp_path, _filled(CONFIG, places | {"SECRETS": str(secrets)}))
        daemon.start()
        try:
            text = "the battery melted, call 13812345678 or customer@home.example, id 110105194912310021"
            mention = {"id": "1", "text": text, "author": "13812345678", "url": "https://user:pw-in-url-9@x.example/"}
            assert ask(daemon.port, "POST", "/api/v1/mentions?source=desk", [mention])[0] == 200
            ask(daemon.port, "POST", "/api/v1/mentions?source=desk", b"\xff{not json customer@home.example")
            ask(daemon.port, "GET", "/a/" + "forged-token-" * 4)
            assert until(lambda: daemon.said().count("ESCALATED") >= 1, 20)
            time.sleep(4)
            daemon.config.write_text(
                daemon.config.read_text()
                + '\n[[channel]]\nname = "x"\nkind = "webhook"\nurl = "ftp://u:pw-of-a-typo@x"\n'
            )
            assert daemon.process is not None
            daemon.process.send_signal(signal.SIGHUP)
            assert until(lambda: "reload_refused" in daemon.said(), 10)
        finally:
            daemon.stop()
        said = daemon.said()
    for line in ("fetch_failed", "next_channel", "heartbeat_failed", "event=notice"):
        assert line in said, line
    shown = {
        secret: next(line for line in said.splitlines() if secret in line)
        for secret in (*HIDDEN, "pw-in-url-9", "pw-of-a-typo", "forged-token-forged")
        if secret in said
    }
    assert shown == {}


def _filled(text: str, places: dict[str, str]) -> str:
    for mark, value in places.items():
        text = text.replace(mark, value)
    return text
