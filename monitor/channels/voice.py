"""Kind `voice`: a call that reads a text aloud, through a gateway's HTTP interface; see http_template."""

from __future__ import annotations

from monitor.channels.http_template import HttpTemplate
from monitor.times import Duration


class Voice(HttpTemplate, frozen=True, kw_only=True, tag="voice", tag_field="kind"):
    """Options as of HttpTemplate; what is read aloud may be longer."""

    longest: int = 60
    timeout: Duration = Duration(20)
