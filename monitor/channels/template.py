"""A request's body from a template of the config: the notice comes in only as values, escaped for the form. Pure.

In JSON `{{ title }}` stands within quotes of the template's own, `{{ lines | tojson }}` brings its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.channels.channel import Refused


class Ready(str):
    """Text that is escaped already. Joined to another text it is a common one again, and is escaped again."""

    __slots__ = ()


def render(source: str, content_type: str, values: Mapping[str, Any]) -> bytes:
    """The body. Refused where the template cannot be rendered, or renders to no JSON where JSON is promised."""
    if not source:
        return b""
    form = content_type.partition(";")[0].strip().lower()
    try:
        text = _environment(form).from_string(source).render(values)
        if form.endswith("json"):
            json.loads(text)
    except TemplateError as error:
        raise Refused(f"body: {type(error).__name__}: {error}") from None
    except ValueError as error:
        raise Refused(f"body: the template renders to no JSON: {error}") from None
    except (ArithmeticError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Refused(f"body: {type(error).__name__}: {error}") from None
    return text.encode("utf-8", "replace")


def template_fault(source: str) -> str:
    """What is wrong with a template's syntax; "" when nothing is."""
    try:
        _environment("application/json").parse(source)
    except TemplateError as error:
        return str(error)
    return ""


@cache
def _environment(form: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, finalize=_finalizer(form), keep_trailing_newline=True
    )
    environment.filters["tojson"] = lambda value: Ready(json.dumps(value, ensure_ascii=False))
    environment.filters["safe"] = str
    environment.filters |= _FILTERS
    return environment


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


_FILTERS: dict[str, Callable[..., str]] = {
    "md5": lambda text: hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(_bytes(text)).hexdigest(),
    "hmac_sha256": lambda text, key: hmac.new(_bytes(key), _bytes(text), hashlib.sha256).hexdigest(),
    "base64": lambda text: base64.b64encode(_bytes(text)).decode(),
}
"""What gateways ask to be signed with; `base64` takes text, the others answer in hex."""


def _finalizer(form: str) -> Callable[[Any], Any]:
    escape = _escape(form)

    def finalize(value: Any) -> Any:
        if type(value) is Ready or isinstance(value, StrictUndefined):
            return value
        if isinstance(value, str):
            return escape(value)
        text = json.dumps(value, ensure_ascii=False)
        return text if form.endswith("json") else escape(text)

    return finalize


def _escape(form: str) -> Callable[[str], str]:
    if form.endswith("json"):
        return lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    if form == "application/x-www-form-urlencoded":
        return quote_plus
    if form.endswith(("xml", "html")):
        return html.escape
    return str
