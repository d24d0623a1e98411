"""One try over HTTP: knows which secrets are in play, so that no error, receipt or log shows one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from monitor.channels.channel import Refused, Retry, Throttled
from monitor.http import Answer, Http, HttpFault
from monitor.secret import Secret, SecretFault, reveal

JSON = "application/json; charset=utf-8"
ANSWER_CAP = 1024 * 1024
EXCERPT = 300
_TRY_LATER = {408, 425, 429}


class Exchange:
    """What a channel needs for one try: secrets revealed, a request, and an answer that can be shown."""

    def __init__(self, http: Http, timeout: float, now: float) -> None:
        self._http, self._timeout, self.now = http, timeout, now
        self._hidden: set[str] = set()

    def reveal(self, option: str | Secret) -> str:
        """The value of a secret, or of an option that may be one. Refused when the reference leads nowhere."""
        try:
            value = option.reveal() if isinstance(option, Secret) else reveal(option)
        except SecretFault as fault:
            raise Refused(str(fault)) from None
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise Refused("an option or an address of this channel holds a line end")
        if isinstance(option, Secret) or value != option:
            self._hide(value, 4)
        return value

    def url(self, option: str | Secret) -> str:
        """An address; all in it that may be a key is hidden. Refused unless it is http(s)."""
        url = self.reveal(option)
        try:
            parts = urlsplit(url)
        except ValueError:
            raise Refused("the channel's url is none") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("the channel's url begins with neither http:// nor https://")
        self._hide(url, 8)
        self._hide(parts.password or "", 1)
        for value in (*parts.path.split("/"), *(v for _, v in parse_qsl(parts.query))):
            self._hide(value, 16 if value.isalpha() else 8)
        return url

    def _hide(self, value: str, least: int) -> None:
        """Hides what is long enough to be a key; a short one would blot out common words."""
        if len(value) >= least:
            self._hidden |= {value, quote(value, safe="")}

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        content_type: str = JSON,
    ) -> Answer:
        """Sends a body; an answer of any status comes back. Retry where none came."""
        if not all(text.isascii() for pair in (headers or {}).items() for text in pair):
            raise Refused("a header of this channel holds letters that headers cannot")
        try:
            return await self._http.request(
                method,
                url,
                headers={"content-type": content_type, **(headers or {})},
                body=body,
                timeout=self._timeout,
                max_body=ANSWER_CAP,
            )
        except HttpFault as fault:
            text = f"{fault.kind}: {self.show(str(fault))}"
            if fault.kind == "refused_address":
                raise Refused(text, code=fault.kind) from None
            raise Retry(text, code=fault.kind, sent=fault.sent) from None

    def accept(self, answer: Answer) -> None:
        """Passes a 2xx; Throttled for 429, Retry for what may pass with time, Refused for every other status."""
        if 200 <= answer.status < 300:
            return
        text, code = f"HTTP {answer.status}: {self.said(answer)}", str(answer.status)
        after = retry_after(answer, self.now)
        if answer.status == 429:
            raise Throttled(text, code=code, after=after)
        if answer.status in _TRY_LATER or answer.status >= 500:
            raise Retry(text, code=code, after=after, sent=answer.status >= 500)
        raise Refused(text, code=code)

    def said(self, answer: Answer) -> str:
        """An excerpt of what the other side answered."""
        return self.show(answer.body[: 4 * EXCERPT].decode("utf-8", "replace"))

    def show(self, text: str) -> str:
        """A text in one short line, with every secret of this try hidden."""
        for value in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(value, "***")
        return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())[:EXCERPT]


def reading(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds the other side asks us to wait, given in seconds or as a date."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
