"""A form of ours, read."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from monitor.web.body import read_body

CAP = 16 * 1024
COMMENT_CAP = 2000


async def read_form(request: Request) -> dict[str, str]:
    """The fields, the last value of each; {} of anything that is no form. A comment is trimmed and cut."""
    raw = await read_body(request, CAP)
    try:
        fields = parse_qs(raw.decode(), max_num_fields=20)
    except ValueError:
        return {}
    form = {name: values[-1] for name, values in fields.items()}
    return form | {"comment": form.get("comment", "").strip()[:COMMENT_CAP]}
