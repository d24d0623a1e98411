"""A person's words are taken out of the store, on demand of somebody who may act."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from monitor.web.acts import Forget
from monitor.web.answers import json_answer
from monitor.web.api import Wrong, answering, as_kind, body_of
from monitor.web.asking import Asking

LEAST = 4
"""Characters of a text that is looked for: fewer would fit nearly everything."""


@answering
async def forget(request: Request, asking: Asking) -> Response:
    """How much went, or with `preview` would go."""
    wish: Forget = as_kind(Forget, await body_of(request))
    if not (wish.author or wish.id or wish.text):
        raise Wrong("author, id or text: say whose words, or which")
    if wish.id and not wish.source:
        raise Wrong("source: an id belongs to a source")
    if wish.text and len(wish.text) < LEAST:
        raise Wrong(f"text: at least {LEAST} characters")
    return json_answer(msgspec.to_builtins(await asking.site.acts.forget(asking.actor, wish, asking.now)))
