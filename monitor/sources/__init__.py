"""The register of source kinds: the union is what `[[source]] kind = …` may name."""

from monitor.sources.file import File
from monitor.sources.imap import Imap
from monitor.sources.json_api import JsonApi
from monitor.sources.promql import Promql
from monitor.sources.push import Push
from monitor.sources.replay import Replay
from monitor.sources.rss import Rss
from monitor.sources.source import Source, SourceFault, SourceGone, Surroundings
from monitor.sources.sql import Sql
from monitor.sources.stream import Stream
from monitor.sources.webhook import Webhook

SourceKind = File | Imap | JsonApi | Promql | Push | Replay | Rss | Sql | Stream | Webhook

__all__ = [
    "File",
    "Imap",
    "JsonApi",
    "Promql",
    "Push",
    "Replay",
    "Rss",
    "Source",
    "SourceFault",
    "SourceGone",
    "SourceKind",
    "Sql",
    "Stream",
    "Surroundings",
    "Webhook",
]
