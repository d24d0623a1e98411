"""A form of ours, read, and what its page may confirm afterwards."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from monitor.model import Incident
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


def confirmed(done: str, incident: Incident) -> str:
    """What `?done=` may say: an address can be kept or passed on, so the incident itself must still bear it out."""
    stands = {
        "ack": incident.acknowledged_by is not None,
        "pass": incident.acknowledged_by is None,
        "cancel": incident.state == "cancelled",
        "resolve": incident.state == "resolved",
    }
    plain = ("undo", "raise", "lower", "comment", "silence", "link", "unchanged")
    return done if stands.get(done, done in plain) else ""
