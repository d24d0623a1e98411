"""The register of channel kinds: the union is what `[[channel]] kind = …` may name."""

from monitor.channels.channel import Channel, ChannelFault, Refused, Retry, Throttled
from monitor.channels.file import File

ChannelKind = File

__all__ = ["Channel", "ChannelFault", "ChannelKind", "File", "Refused", "Retry", "Throttled"]
