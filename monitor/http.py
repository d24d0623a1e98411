"""The one door to the web: httpx with a total deadline, a body cap and one tree of errors.

HttpFault            what went wrong before a full answer stood
  kind: connect | tls | timeout | too_large | refused_address | protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType

import httpx
from msgspec import Struct, field

from monitor import __version__

USER_AGENT = f"crisis-monitor/{__version__}"
BODY_CAP = 10 * 1024 * 1024


class HttpFault(Exception):
    """No full answer came. `kind` says why, `sent` whether the request may have reached the other side."""

    def __init__(self, kind: str, text: str, *, sent: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.sent = sent


class Answer(Struct, frozen=True):
    """A full answer. Header names are lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""


class Http:
    """Sends requests. `transport` lets tests answer; `contact` goes into User-Agent so that hosts can reach us."""

    def __init__(
        self, *, contact: str = "", transport: httpx.AsyncBaseTransport | None = None, verify: bool | str = True
    ) -> None:
        agent = f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
        limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
        self._client = httpx.AsyncClient(
            transport=transport, verify=verify, limits=limits, headers={"user-agent": agent}
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        max_body: int = BODY_CAP,
        follow: int = 5,
    ) -> Answer:
        """One request with a deadline in seconds for all of it and a cap in bytes for the decoded body.

        Raises HttpFault; an answer of any status is an Answer.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(method, url, headers, body, max_body, follow)
        except TimeoutError:
            raise HttpFault("timeout", f"no full answer within {timeout:g} s", sent=True) from None
        except httpx.ConnectError as error:
            kind = "tls" if "SSL" in str(error) or "certificate" in str(error) else "connect"
            raise HttpFault(kind, str(error) or "connection refused") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise HttpFault("protocol", f"{type(error).__name__}: {error}", sent=True) from None

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes | None, max_body: int, follow: int
    ) -> Answer:
        request = self._client.build_request(method, url, headers=dict(headers or {}), content=body, timeout=None)
        answer = await self._client.send(request, stream=True)
        try:
            if answer.next_request is not None and follow > 0 and method in ("GET", "HEAD"):
                onward = str(answer.next_request.url)
            else:
                return Answer(answer.status_code, _headers(answer), await _read(answer, max_body), str(answer.url))
        finally:
            await answer.aclose()
        return await self._exchange(method, onward, headers, body, max_body, follow - 1)

    async def close(self) -> None:
        """Gives all connections back."""
        await self._client.aclose()

    async def __aenter__(self) -> Http:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {k.lower(): v for k, v in answer.headers.items()}


async def _read(answer: httpx.Response, max_body: int) -> bytes:
    chunks, size = [], 0
    async for chunk in answer.aiter_bytes():
        size += len(chunk)
        if size > max_body:
            raise HttpFault("too_large", f"the body is larger than {max_body} bytes", sent=True)
        chunks.append(chunk)
    return b"".join(chunks)
