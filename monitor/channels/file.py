"""Kind `file`: notices appended to a JSONL file, one a line, for drop folders and tests."""

from __future__ import annotations

from monitor.channels.channel import Channel


class File(Channel, frozen=True, kw_only=True, tag="file", tag_field="kind"):
    """`path`: the file that is appended to."""

    path: str
