"""How commands speak with the running service: over its admin socket, or `--url` with a token."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import httpx

from monitor.cli.language import told
from monitor.messages import say

PATIENCE = 30.0
RUNTIME = Path("/run/crisis-monitor/admin.sock")


class Client:
    """Asks the service; a refusal ends the command with the service's own words on stderr."""

    def __init__(self, url: str, token: str, state: Path | None, lang: str) -> None:
        self._lang = lang
        self.patience = PATIENCE
        headers = {"accept-language": lang, **({"authorization": f"Bearer {token}"} if token else {})}
        if url:
            self._where = url
            self._http = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE)
        else:
            path = socket_path(state)
            self._where = str(path)
            transport = httpx.HTTPTransport(uds=str(path))
            self._http = httpx.Client(
                base_url="http://localhost", headers=headers, transport=transport, timeout=PATIENCE
            )

    def ask(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The service's answer as JSON. Exit code 1 on a no, 3 where nobody answers within `patience` seconds."""
        try:
            known = {name: value for name, value in params.items() if value is not None}
            answer = self._http.request(method, path, json=body, params=known, timeout=self.patience)
        except httpx.HTTPError as error:
            shut = "[Errno 13]" in str(error)
            text = "client.shut" if shut else "client.nobody"
            click.echo(say(self._lang, text, where=self._where, fault=str(error)), err=True)
            sys.exit(3)
        if answer.status_code >= 400:
            click.echo(refusal(answer), err=True)
            sys.exit(1)
        return answer.json()


def socket_path(state: Path | None) -> Path:
    """The admin socket of the service at hand."""
    if state is not None:
        return state.resolve() / "admin.sock"
    named = os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("STATE_DIRECTORY")
    return Path(named) / "admin.sock" if named else RUNTIME


def refusal(answer: httpx.Response) -> str:
    """Why the service said no, in its words."""
    try:
        body = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"
    return str(body.get("message") or body) if isinstance(body, dict) else str(body)


def speaks(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --url, --token, --state and --json, and hands the command a Client."""

    @click.option("--url", default="", envvar="CRISIS_MONITOR_URL", help=told("client.help.url"))
    @click.option("--token", default="", envvar="CRISIS_MONITOR_TOKEN", help=told("client.help.token"))
    @click.option("--state", type=click.Path(path_type=Path), help=told("client.help.state"))
    @functools.wraps(command)
    def wrapped(*args: Any, url: str, token: str, state: Path | None, lang: str, **rest: Any) -> Any:
        return command(*args, client=Client(url, token, state, lang), lang=lang, **rest)

    return wrapped
