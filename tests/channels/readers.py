"""What is live in rendered bytes, read as each dialect's client reads it: links, mentions, markup."""

from __future__ import annotations

import email
import json
import re
from collections import Counter
from collections.abc import Callable
from email.policy import default
from html import unescape
from html.parser import HTMLParser
from typing import Any

Live = Counter[str]
"""Token -> how often: "link https://…", "mention all", "heading", "tag font", …"""

_BARE = re.compile(r"(?:[a-z][a-z0-9+.\-]*://|www\.|(?:javascript|mailto|tel|data):)[^\s)\]>\"'|]+", re.I)
_DOMAIN = re.compile(r"(?<![\w./@\-])(?:[\w\-]+\.)+[a-z]{2,}\b", re.I)
_MAIL = re.compile(r"[\w.+\-]+@[\w\-]+\.[\w.]+")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_UNSEEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> Live:
    """What any client makes live by itself, and what must not be in a text at all."""
    found = Counter(f"link {m}" for m in _BARE.findall(text))
    rest = _BARE.sub(" ", text)
    for name, pattern in (("mail", _MAIL), ("domain", _DOMAIN), ("ip", _IP), ("unseen", _UNSEEN)):
        found.update(f"{name} {m}" for m in pattern.findall(rest))
    found.update(f"mention {m}" for m in re.findall(r"@(\w+)", rest))
    found.update(f"tag {m}" for m in re.findall(r"<([^<>]*)>", rest))
    return +found


def markdown(text: str) -> Live:
    """The markdown robots know: anything of CommonMark and of their own tags."""
    found: Live = Counter()
    found.update(f"picture {m}" for m in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text))
    found.update(f"link {m}" for m in re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", text))
    rest = re.sub(r"!?\[[^\]]*\]\([^)]*\)", " ", text)
    found.update(plain(rest))
    for name, pattern in _MARKDOWN.items():
        found.update(name for _ in re.findall(pattern, rest, re.M))
    return +found


_MARKDOWN = {
    "heading": r"^\s{0,3}#{1,6}\s",
    "underlined heading": r"^\s{0,3}(?:=+|-+)\s*$",
    "quote": r"^\s{0,3}>",
    "list": r"^\s*(?:[-+*]|\d+[.)])\s",
    "rule": r"^\s{0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$",
    "strong": r"\*+[^*\s][^*]*\*+",
    "emphasis": r"(?<!\w)_+[^_\s][^_]*_+",
    "struck": r"~~[^~]+~~",
    "code": r"`",
    "table": r"\|",
    "escape": r"\\",
    "entity": r"&#?\w+;",
    "reference": r"^\s*\[[^\]]+\]:",
    "formula": r"\$[^$]+\$",
}


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Live = Counter()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[f"tag {tag}"] += 1
        for name, value in attrs:
            if name in ("href", "src", "background", "action"):
                self.found[f"link {value}"] += 1
            elif name not in ("style", "lang", "charset", "name", "content"):
                self.found[f"attribute {name}"] += 1

    def handle_comment(self, data: str) -> None:
        self.found["comment"] += 1

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def html(text: str) -> Live:
    """Tags, addresses in attributes, and what clients link in the words."""
    reader = _Html()
    reader.feed(text)
    reader.close()
    return reader.found + plain(" ".join(reader.words).replace("<", "(").replace(">", ")"))


def mrkdwn(text: str) -> Live:
    """Slack's own markup, as in the line for notifications."""
    found: Live = Counter()
    for token in re.findall(r"<([^>]*)>", text):
        kind = "mention" if token[:1] in "@!#" else "link"
        found[f"{kind} {token.split('|')[0]}"] += 1
    rest = re.sub(r"<[^>]*>", " ", text)
    for name, pattern in (
        ("strong", r"\*[^*\s][^*]*\*"),
        ("struck", r"~[^~\s][^~]*~"),
        ("code", r"`"),
        ("quote", "^&gt;"),
    ):
        found.update(name for _ in re.findall(pattern, rest, re.M))
    found.update("emphasis" for _ in re.findall(r"(?<!\w)_[^_\s][^_]*_", rest))
    return found + plain(rest)


def dingtalk(body: bytes) -> Live:
    message = json.loads(body)
    found = Counter({f"at {m}": 1 for m in message.get("at", {}).get("atMobiles", [])})
    found["at all"] += int(message.get("at", {}).get("isAtAll", False))
    if message["msgtype"] == "actionCard":
        card = message["actionCard"]
        found.update(f"button {b['actionURL']}" for b in card["btns"])
        return +(found + markdown(card["text"]) + plain(card["title"]))
    return +(found + markdown(message["markdown"]["text"]) + plain(message["markdown"]["title"]))


def wecom(body: bytes) -> Live:
    message = json.loads(body)
    if message["msgtype"] == "text":
        extra = {f"at {m}": 1 for m in message["text"].get("mentioned_list", [])}
        return Counter(extra) + plain(message["text"]["content"])
    return markdown(message["markdown"]["content"])


def feishu(body: bytes) -> Live:
    card = json.loads(body)["card"]
    found = plain(card["header"]["title"]["content"])
    for element in card["elements"]:
        if element["tag"] == "div":
            found += markdown(element["text"]["content"])
        else:
            found.update(f"button {b['url']}" for b in element["actions"])
    return found


def slack(body: bytes) -> Live:
    message = json.loads(body)
    found = mrkdwn(message["text"])
    for block in message["blocks"]:
        assert block["type"] == "rich_text"
        for section in block["elements"]:
            for element in section["elements"]:
                found += _slack_element(element)
    return found


def _slack_element(element: dict[str, Any]) -> Live:
    if element["type"] == "link":
        return Counter({f"link {element['url']}": 1})
    if element["type"] == "text":
        return plain(element["text"])  # literal to Slack; still nothing in it that another client would link
    return Counter({f"mention {element.get('user_id') or element.get('range')}": 1})


def ntfy(body: bytes) -> Live:
    message = json.loads(body)
    found = plain(message["title"]) + plain(message["message"])
    found.update(f"button {action['url']}" for action in message["actions"])
    found.update(f"link {message['click']}" for _ in [0] if "click" in message)
    return found


def telegram(body: bytes) -> Live:
    message = json.loads(body)
    assert message["parse_mode"] == "HTML"
    found = html(message["text"])
    words = unescape(re.sub(r"<[^>]*>", " ", message["text"]))
    found.update(f"command {m}" for m in re.findall(r"(?<![\w/])/\w+", words))
    found.update(f"hash tag {m}" for m in re.findall(r"#\w+|\$[A-Z]+", words))
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        found.update(f"button {key['url']}" for key in row)
    return found


def teams(body: bytes) -> Live:
    card = json.loads(body)["attachments"][0]["content"]
    found: Live = Counter(f"button {action['url']}" for action in card["actions"])
    for block in card["body"]:
        found += markdown(block["text"])
        found.update("function" for _ in re.findall(r"\{\{(?:DATE|TIME)\(", block["text"]))
    found.update(f"mention {entity['mentioned']['id']}" for entity in card["msteams"]["entities"])
    return found


def pagerduty(body: bytes) -> Live:
    event = json.loads(body)
    found: Live = Counter(f"link {link['href']}" for link in event["links"])
    found += plain(event["payload"]["summary"])
    for line in event["payload"]["custom_details"]["lines"]:
        found += plain(line)
    return found


def letter(raw: bytes) -> Live:
    mail = email.message_from_bytes(raw, policy=default)
    found: Live = Counter(f"header {name}" for name in mail)
    words, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert words is not None and page is not None
    found += plain(str(mail["subject"])) + plain(words.get_content()) + html(page.get_content())
    return found


def data(body: bytes) -> Live:
    """JSON for machines: only its own words count, each as a client would show it."""
    found: Live = Counter()

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, path)
        elif isinstance(value, str) and path in ("title", "lines", "summary", "description", "text"):
            found.update(plain(value))
            found["line end"] += value.count("\n") if path in ("title", "lines", "summary") else 0

    walk(json.loads(body), "")
    return +found


Reader = Callable[[bytes], Live]
