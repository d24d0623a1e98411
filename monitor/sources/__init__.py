"""The register of source kinds: the union is what `[[source]] kind = …` may name."""

from monitor.sources.file import File
from monitor.sources.push import Push
from monitor.sources.rss import Rss
from monitor.sources.source import Source, SourceFault, SourceGone, Surroundings

SourceKind = File | Push | Rss

__all__ = ["File", "Push", "Rss", "Source", "SourceFault", "SourceGone", "SourceKind", "Surroundings"]
