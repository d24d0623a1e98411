"""Server-rendered pages: the Jinja2 environment and the words, numbers and times a template may use."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor import __version__
from monitor.model import Tier
from monitor.times import local
from monitor.web.asking import Asking
from monitor.web.people import display
from monitor.web.words import Words

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def environment() -> Environment:
    """One for the process: autoescape on, an unknown name is a fault, templates only from this package."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"Tier": Tier, "version": __version__, "static": static, "host": host, "safe_url": safe_url}
    return made


@cache
def static(name: str) -> str:
    """The address of a file of ours; it changes with the content, so that browsers may keep it for good."""
    stamp = sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?{stamp}"


def render(name: str, asking: Asking, **context: Any) -> str:
    """A page for one request, in its language."""
    config = asking.config
    words = Words(asking.language, asking.zone, asking.now, lambda actor: display(config, actor, asking.language))
    return (
        environment()
        .get_template(name)
        .render(
            w=words,
            t=asking.say,
            lang=asking.language,
            now=local(asking.now, asking.zone),
            organisation=config.settings.organisation,
            **context,
        )
    )


def safe_url(url: str) -> str:
    """An address from outside, if it is a plain web address; else nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc else ""


def host(url: str) -> str:
    """Whose address it is, for people to see before they follow it."""
    return urlsplit(url).hostname or ""
