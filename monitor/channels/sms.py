"""Kind `sms`: a text message through a gateway's HTTP interface; see http_template."""

from __future__ import annotations

from monitor.channels.http_template import HttpTemplate


class Sms(HttpTemplate, frozen=True, kw_only=True, tag="sms", tag_field="kind"):
    """Options as of HttpTemplate."""
