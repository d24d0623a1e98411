"""Doubles of the vendors' servers on real sockets: they check what the vendors check, and answer in their codes.

with FakeDingTalk(secret="SEC…") as robot:
    …  url = robot.url
    robot.received[0].json, robot.accepted
    robot.script(Reply(status=500), HANG)     # the next answers, whatever is sent
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "k3y-of-the-robot-0123456789abcdef"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """One answer. `delay` in seconds; `hang` never answers; `drop` closes the connection without a word."""

    status: int = 200
    body: bytes | dict[str, Any] | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang: bool = False
    drop: bool = False

    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False).encode()


HANG = Reply(hang=True)
DROP = Reply(drop=True)


class Fake:
    """A server on a loopback port. A vendor's double overrides `judge`."""

    path = "/hook/" + KEY

    def __init__(self, *, tls: ssl.SSLContext | None = None, clock: Callable[[], float] = time.time) -> None:
        self.received: list[Received] = []
        self.replies: list[Reply] = []
        self.clock = clock
        self._script: deque[Reply] = deque()
        self._always: Reply | None = None
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._tls = tls
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    @property
    def url(self) -> str:
        return self.base + self.path

    @property
    def accepted(self) -> list[Received]:
        """What was said yes to."""
        return [r for r, reply in zip(self.received, self.replies, strict=False) if self.is_yes(reply)]

    def is_yes(self, reply: Reply) -> bool:
        return 200 <= reply.status < 300 and not reply.hang and not reply.drop

    def script(self, *replies: Reply) -> None:
        """The next answers; after them the double judges again by itself."""
        self._script.extend(replies)

    def always(self, reply: Reply | None) -> None:
        """The answer to everything from now on; None = judge again."""
        self._always = reply

    def judge(self, request: Received) -> Reply:
        return Reply(body={})

    def answer(self, request: Received) -> Reply:
        self.received.append(request)
        reply = self._script.popleft() if self._script else self._always or self.judge(request)
        self.replies.append(reply)
        self._over.wait(60.0 if reply.hang else reply.delay)
        return reply

    def start(self) -> Fake:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Any:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {k.lower(): v for k, v in self.headers.items()}
            reply = fake.answer(Received(self.command, parts.path, query, headers, body, fake.clock()))
            if reply.hang or reply.drop:
                self.close_connection = True
                return
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            out = reply.bytes()
            self.send_response(reply.status)
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_POST = do_PUT = do_PATCH = do_GET = _serve

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

    return Handler


class Window:
    """Counts as the vendors do: so many in any span of seconds."""

    def __init__(self, count: int, span: float, clock: Callable[[], float]) -> None:
        self.count, self.span, self.clock = count, span, clock
        self.seen: list[float] = []

    def full(self) -> bool:
        now = self.clock()
        self.seen = [at for at in self.seen if at > now - self.span]
        self.seen.append(now)
        return len(self.seen) > self.count


class FakeDingTalk(Fake):
    """`secret`, `keyword`: the robot's guard. `limited`: 20 a minute, then blocked for ten minutes."""

    path = f"/robot/send?access_token={KEY}"

    def __init__(self, *, secret: str = "", keyword: str = "", limited: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.secret, self.keyword = secret, keyword
        self._window = Window(20, 60.0, self.clock) if limited else None
        self._blocked_until = 0.0

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("errcode") == 0

    def judge(self, request: Received) -> Reply:
        code, text = self._judge(request)
        return Reply(body={"errcode": code, "errmsg": text})

    def _judge(self, request: Received) -> tuple[int, str]:
        if request.query.get("access_token") != KEY:
            return 300005, "token is not exist"
        if self._window and self._throttled():
            return 130101, "send too fast, exceed 20 times per minute"
        if len(request.body) > 20_000:
            return 460101, "message too long, exceed 20000 bytes"
        if self.secret and not self._signed(request):
            return 310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"
        message = request.json
        kind = message.get("msgtype")
        if kind not in ("text", "markdown", "actionCard", "link", "feedCard") or kind not in message:
            return 40035, "缺少参数 msgtype"
        if self.keyword and self.keyword not in json.dumps(message[kind], ensure_ascii=False):
            return 310000, "keywords not in content, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"
        return 0, "ok"

    def _throttled(self) -> bool:
        now = self.clock()
        if now >= self._blocked_until and self._window and self._window.full():
            self._blocked_until = now + 600
        return now < self._blocked_until

    def _signed(self, request: Received) -> bool:
        stamp = request.query.get("timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) / 1000 - self.clock()) > 3600:
            return False
        digest = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256).digest()
        return request.query.get("sign") == base64.b64encode(digest).decode()


class FakeWeCom(Fake):
    """`limited`: 20 a minute."""

    path = f"/cgi-bin/webhook/send?key={KEY}"

    def __init__(self, *, limited: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self._window = Window(20, 60.0, self.clock) if limited else None

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("errcode") == 0

    def judge(self, request: Received) -> Reply:
        code, text = self._judge(request)
        return Reply(body={"errcode": code, "errmsg": text})

    def _judge(self, request: Received) -> tuple[int, str]:
        if request.query.get("key") != KEY:
            return 93000, "invalid webhook url, hint: [1700000000123456789], from ip: 127.0.0.1"
        if self._window and self._window.full():
            return 45009, "api freq out of limit, hint: [1700000000123456789], from ip: 127.0.0.1"
        message = request.json
        kind = message.get("msgtype")
        if kind not in ("text", "markdown"):
            return 40008, "invalid message type"
        limit = {"text": 2048, "markdown": 4096}[kind]
        if len(message[kind]["content"].encode()) > limit:
            return 40058, f"{kind}.content exceed max length {limit}. invalid Request Parameter"
        return 0, "ok"


class FakeFeishu(Fake):
    """`secret`, `keyword`: the robot's guard. `limited`: 5 a second and 100 a minute."""

    path = f"/open-apis/bot/v2/hook/{KEY}"

    def __init__(self, *, secret: str = "", keyword: str = "", limited: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.secret, self.keyword = secret, keyword
        self._windows = [Window(5, 1.0, self.clock), Window(100, 60.0, self.clock)] if limited else []

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("code") == 0

    def judge(self, request: Received) -> Reply:
        code, text = self._judge(request)
        extra = {"StatusCode": 0, "StatusMessage": "success"} if code == 0 else {}
        return Reply(body={**extra, "code": code, "data": {}, "msg": text})

    def _judge(self, request: Received) -> tuple[int, str]:
        if not request.path.endswith(KEY):
            return 19001, "param invalid: incoming webhook access token invalid"
        if any([w.full() for w in self._windows]):
            return 11232, "frequency limited psm[lark.oapi.app_platform_runtime]"
        if len(request.body) > 20 * 1024:
            return 9499, "Bad Request"
        message = request.json
        if self.secret and not self._signed(message):
            return 19021, "sign match fail or timestamp is not within one hour from current time"
        if message.get("msg_type") != "interactive" or "card" not in message:
            return 9499, "Bad Request"
        if self.keyword and self.keyword not in json.dumps(message["card"], ensure_ascii=False):
            return 19024, "Key Words Not Found"
        return 0, "success"

    def _signed(self, message: dict[str, Any]) -> bool:
        stamp = message.get("timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - self.clock()) > 3600:
            return False
        digest = hmac.new(f"{stamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        return bool(message.get("sign") == base64.b64encode(digest).decode())


class FakeSlack(Fake):
    """`limited`: one a second, with Retry-After."""

    path = f"/services/T000/B000/{KEY}"

    def __init__(self, *, limited: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self._window = Window(1, 1.0, self.clock) if limited else None

    def judge(self, request: Received) -> Reply:
        if not request.path.endswith(KEY):
            return Reply(404, "no_service")
        if self._window and self._window.full():
            return Reply(429, "rate_limited", {"retry-after": "1"})
        message = request.json
        if not isinstance(message.get("text"), str):
            return Reply(400, "no_text")
        if len(message.get("blocks", [])) > 50 or _longest(message) > 3000:
            return Reply(400, "invalid_blocks")
        return Reply(200, "ok", {"content-type": "text/html"})


def _longest(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((_longest(v) for v in values), default=0)


class FakeWebhook(Fake):
    """Checks Standard Webhooks with any of `secrets`, and tells an id it has taken before."""

    path = f"/hook?key={KEY}"

    def __init__(self, *, secrets: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(**more)
        self.secrets = secrets

    def judge(self, request: Received) -> Reply:
        if self.secrets and not self._signed(request):
            return Reply(401, {"error": "signature"})
        return Reply(200, {"ok": True}, {"x-request-id": f"req-{len(self.received)}"})

    def _signed(self, request: Received) -> bool:
        stamp, id = request.headers.get("webhook-timestamp", ""), request.headers.get("webhook-id", "")
        if not stamp.isdigit() or abs(int(stamp) - self.clock()) > 300:
            return False
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(_standard(secret, id, stamp, request.body) in given for secret in self.secrets)


def _standard(secret: str, id: str, stamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()


class FakeNtfy(Fake):
    """`token`: what the topic is guarded with."""

    path = "/"

    def __init__(self, *, token: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.token = token

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("event") == "message"

    def judge(self, request: Received) -> Reply:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(403, {"code": 40301, "http": 403, "error": "forbidden"})
        message = request.json
        if len(message.get("message", "").encode()) > 4096:
            return Reply(413, {"code": 41301, "http": 413, "error": "attachment too large"})
        if len(message.get("actions", [])) > 3:
            return Reply(400, {"code": 40018, "http": 400, "error": "invalid request: actions invalid"})
        return Reply(body={"id": "hwQ2YpKdmg", "event": "message", "ok": 1, "topic": message["topic"]})


class FakePagerDuty(Fake):
    """`routing_key`: of the service."""

    path = "/v2/enqueue"

    def __init__(self, *, routing_key: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.routing_key = routing_key

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("status") == "success"

    def judge(self, request: Received) -> Reply:
        event = request.json
        if self.routing_key and event.get("routing_key") != self.routing_key:
            return Reply(400, {"status": "invalid event", "errors": ["Invalid routing key"]})
        triggers = event.get("event_action") == "trigger"
        if triggers and len(event["payload"]["summary"]) > 1024:
            return Reply(400, {"status": "invalid event", "errors": ["Length of 'payload.summary' is over 1024"]})
        if triggers and not {"summary", "source", "severity"} <= set(event["payload"]):
            return Reply(400, {"status": "invalid event", "errors": ["'payload' is missing something"]})
        return Reply(202, {"status": "success", "message": "Event processed: ok", "dedup_key": event["dedup_key"]})


class FakeTelegram(Fake):
    """`token`: the bot's, which is in the path."""

    path = "/"

    def __init__(self, *, token: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.token = token

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("ok") is True

    def judge(self, request: Received) -> Reply:
        if request.path != f"/bot{self.token}/sendMessage":
            return Reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        message = request.json
        if len(message["text"].encode("utf-16-le")) // 2 > 4096:
            return Reply(400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"})
        return Reply(body={"ok": True, "result": {"message_id": 77, "text": message["text"]}})


class FakeTeams(Fake):
    """A Workflow: takes a card of up to 28 KB, and says so before Teams has it."""

    path = f"/workflows/{KEY}/triggers/manual/paths/invoke?sig={KEY}"

    def is_yes(self, reply: Reply) -> bool:
        return reply.status == 202

    def judge(self, request: Received) -> Reply:
        if request.query.get("sig") != KEY:
            return Reply(401, {"error": {"code": "DirectApiAuthorizationRequired"}})
        if len(request.body) > 28 * 1024:
            return Reply(413, {"error": {"code": "RequestEntityTooLarge"}})
        attachment = request.json["attachments"][0]
        if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
            return Reply(400, {"error": {"code": "BadRequest"}})
        return Reply(202, b"", {"x-ms-workflow-run-id": "0858"})


class FakeGateway(Fake):
    """A gateway for text messages and calls, as those in China are: approved templates, a code in a 200."""

    path = "/send"

    def __init__(self, *, key: str = "", template: str = "SMS_1", **more: Any) -> None:
        super().__init__(**more)
        self.key, self.template = key, template

    def is_yes(self, reply: Reply) -> bool:
        return isinstance(reply.body, dict) and reply.body.get("Code") == "OK"

    def judge(self, request: Received) -> Reply:
        form = {k: v[0] for k, v in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        sign = hmac.new(self.key.encode(), (form["phone"] + form["time"]).encode(), hashlib.sha256).hexdigest()
        if self.key and form.get("sign") != sign:
            return Reply(body={"Code": "SignatureDoesNotMatch", "Message": "签名不符"})
        if form.get("template") != self.template:
            return Reply(body={"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "模板不合法"})
        if any(len(v) > 20 for v in json.loads(form["params"]).values()):
            return Reply(body={"Code": "isv.PARAM_LENGTH_LIMIT", "Message": "参数超过长度限制"})
        return Reply(body={"Code": "OK", "Message": "ok", "Data": [{"BizId": "900619746936498440"}]})


class FakeAlertmanager(Fake):
    """One member of a cluster; `burning` holds the alerts by their labels."""

    path = ""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.alerts: dict[str, dict[str, Any]] = {}

    def judge(self, request: Received) -> Reply:
        if request.path != "/api/v2/alerts":
            return Reply(404, "404 page not found")
        for alert in request.json:
            if any(not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) for name in alert["labels"]):
                return Reply(400, '"invalid label set"')
            if alert["endsAt"] < alert["startsAt"]:
                return Reply(400, '"start time must be before end time"')
            self.alerts[json.dumps(alert["labels"], sort_keys=True)] = alert
        return Reply(200, b"ok")

    def burning(self, at: str) -> list[dict[str, Any]]:
        """The alerts whose end lies after an instant (RFC 3339)."""
        return [alert for alert in self.alerts.values() if alert["endsAt"] > at]
