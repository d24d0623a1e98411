"""What sources of the web share: one polite, conditional request, and what its answers mean."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import field

from monitor.http import BODY_CAP, Answer, HttpFault
from monitor.model import Cursor
from monitor.secret import Secret, SecretFault
from monitor.sources.source import Source, SourceFault, SourceGone, Surroundings
from monitor.sources.told import Told, short
from monitor.times import DAY, Duration, duration

_INSTANT = re.compile(r"\{(now|date|time)(?:-([\w.]+))?\}")
_REFERENCE = re.compile(r"(?:(?<=\s)|^)(?:env|file|credential):[^\s\"',;]+")


class WebSource(Source, frozen=True, kw_only=True):
    """Options of sources read over HTTP. Values of `headers` may hold secret references as words:
    `Authorization = "Bearer env:TOKEN"`. `spacing`: seconds between requests to one host, of which two at most are
    under way. With `allow_private` the host may be one's own: inner addresses, and no such limit.

    `params` go into the query; in them references are resolved, and `{now-1d}` (epoch seconds), `{date-30d}` and
    `{time-1h}` (RFC 3339) tell an instant before now, in UTC. With `user` the request bears it and `password` as HTTP
    Basic; where a key alone is the user, a dummy goes as the password.
    """

    least_every = 0.5

    url: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    user: str = ""
    password: Secret | None = None
    timeout: Duration = Duration(30)
    max_body: int = BODY_CAP
    allow_private: bool = False
    spacing: Duration = Duration(0)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A URL that can't be asked, references that are none, limits that let nothing through."""
        if not _is_url(self.url):
            yield "url", Told("bad_url", url=short(self.url))
        for name, value in self.params.items():
            try:
                moving(value, DAY * 1000)
            except (ValueError, OverflowError):
                yield f"params.{name}", Told("bad_instant", value=short(value))
        if self.timeout <= 0:
            yield "timeout", Told("bad_timeout")
        if self.max_body < 1024:
            yield "max_body", Told("bad_max_body")

    def secrets(self) -> Iterator[Secret]:
        """The references inside headers, parameters and the user."""
        for value in (*self.headers.values(), *self.params.values(), self.user):
            yield from references(value)

    def address(self, now: float, url: str = "", params: Mapping[str, str] | None = None) -> str:
        """Where a request goes: `url`, else the source's own, with its parameters and further ones. SourceFault."""
        try:
            own = {name: revealed(moving(value, now)) for name, value in self.params.items()}
            return _with(url or self.url, {**own, **(params or {})})
        except (SecretFault, ValueError) as error:
            raise SourceFault(Told("secret", text=short(str(error), 160))) from None

    def _basic(self) -> dict[str, str]:
        if not self.user:
            return {}
        pair = f"{revealed(self.user)}:{self.password.reveal() if self.password else 'X'}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def ask(
        self,
        around: Surroundings,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request, its answer 2xx or 304. Raises SourceFault for all else, SourceGone for 410."""
        answer = await self.answer(around, url, method=method, headers=headers, body=body)
        return judged(answer, self.url, around.now)

    async def answer(
        self,
        around: Surroundings,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request and its answer, whatever that says; `judged` judges it. SourceFault where none came."""
        try:
            sent = {**(headers or {}), **self._basic(), **{k: revealed(v) for k, v in self.headers.items()}}
            return await around.http.request(
                method,
                url,
                headers=sent,
                body=body,
                timeout=self.timeout,
                max_body=self.max_body,
                allow_private=self.allow_private,
                polite=True,
                spacing=self.spacing,
            )
        except SecretFault as error:
            raise SourceFault(Told("secret", text=str(error))) from None
        except HttpFault as error:
            raise SourceFault(Told(f"http.{error.kind}", text=short(str(error), 200))) from None

    async def ask_again(self, around: Surroundings, cursor: Cursor, headers: Mapping[str, str]) -> Answer:
        """A conditional GET where the source lives now; back at `url` when its new address does not answer.

        A source with parameters is asked at `url` always: what they hold must not be remembered with an address.
        """
        if self.params:
            return await self.ask(around, self.address(around.now), headers={**headers, **self.validators(cursor)})
        moved = cursor.get("moved")
        if moved:
            try:
                return await self.ask(around, moved, headers={**headers, **self.validators(cursor)})
            except SourceFault as fault:
                if fault.retry_after is not None:
                    raise
        return await self.ask(around, self.url, headers={**headers, **({} if moved else self.validators(cursor))})

    def validators(self, cursor: Cursor) -> dict[str, str]:
        """The headers that ask for a body only if there is a new one."""
        pairs = (("if-none-match", cursor.get("etag")), ("if-modified-since", cursor.get("modified")))
        return {name: value for name, value in pairs if value}

    def remembered(self, cursor: Cursor) -> Cursor:
        """The cursor, or nothing if it was made for another URL."""
        return cursor if cursor.get("of") == self.url else {"of": self.url}


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def after_answer(cursor: Cursor, answer: Answer, *, moves: bool = True) -> Cursor:
    """The cursor with the validators, the body's hash and (where the source `moves`) the new address of an answer."""
    out = {k: v for k, v in cursor.items() if k not in ("etag", "modified")}
    for name, header in (("etag", "etag"), ("modified", "last-modified")):
        value = answer.headers.get(header) or (cursor.get(name) if answer.status == 304 else None)
        if value and len(value) <= 1000:
            out[name] = value
    if answer.url == out.get("of"):
        out.pop("moved", None)
    if moves and answer.moved_to and answer.status == 200 and len(answer.moved_to) <= 4096:
        out["moved"] = answer.moved_to
    if answer.status != 304:
        out["hash"], out["size"] = blake2b(answer.body, digest_size=12).hexdigest(), len(answer.body)
    return out


def is_unchanged(cursor: Cursor, answer: Answer) -> bool:
    """True for 304, for the last body byte for byte, and for one of its length with its ETag.

    An answer that expired as it was sent (`Expires: 0`) is not believed by its ETag.
    """
    if answer.status == 304 or cursor.get("hash") == blake2b(answer.body, digest_size=12).hexdigest():
        return True
    if answer.headers.get("expires", "").strip() in ("0", "-1"):
        return False
    etag = answer.headers.get("etag")
    return bool(etag) and etag == cursor.get("etag") and len(answer.body) == cursor.get("size")


def judged(answer: Answer, url: str, now: float) -> Answer:
    """The answer where it is 2xx or 304. Raises SourceFault for all else (it names `url`), SourceGone for 410."""
    status = answer.status
    if status == 410:
        raise SourceGone(Told("gone", url=short(url, 120)))
    if status in (429, 503):
        wait = retry_after(answer.headers.get("retry-after", ""), now)
        raise SourceFault(Told("busy", status=status), retry_after=wait)
    if not (200 <= status < 300 or status == 304):
        hint = Told("refused_key") if status in (401, 403) else Told("not_found") if status == 404 else ""
        raise SourceFault(Told("status", status=status, hint=hint), status=status)
    return answer


def _with(url: str, params: Mapping[str, str]) -> str:
    """The URL with parameters set, those of the same name replaced."""
    if not params:
        return url
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in params]
    return urlunsplit(parts._replace(query=urlencode([*kept, *params.items()])))


def moving(text: str, now: float) -> str:
    """The text with its instants filled in. ValueError for a span that is none."""

    def filled(found: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(now - (duration(found[2]) if found[2] else 0)), UTC)
        if found[1] == "now":
            return str(int(at.timestamp()))
        return at.strftime("%Y-%m-%d" if found[1] == "date" else "%Y-%m-%dT%H:%M:%SZ")

    return _INSTANT.sub(filled, text)


def retry_after(value: str, now: float) -> float | None:
    """Seconds of a Retry-After header, a number or a date; None when it says nothing usable. At most a day."""
    try:
        seconds = float(value) if value.strip()[:1].isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), DAY)


def references(text: str) -> Iterator[Secret]:
    """The secret references that stand in a text as words."""
    for found in _REFERENCE.finditer(text):
        yield Secret(found[0])


def revealed(text: str) -> str:
    """The text with its references resolved. SecretFault when one has no value."""
    return _REFERENCE.sub(lambda found: Secret(found[0]).reveal(), text)
