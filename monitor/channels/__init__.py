"""The register of channel kinds: the union is what `[[channel]] kind = …` may name."""

from monitor.channels.channel import Channel, ChannelFault, Refused, Retry, Throttled
from monitor.channels.dingtalk import DingTalk
from monitor.channels.email import Email
from monitor.channels.feishu import Feishu
from monitor.channels.file import File
from monitor.channels.slack import Slack
from monitor.channels.webhook import Webhook
from monitor.channels.wecom import WeCom

ChannelKind = DingTalk | Email | Feishu | File | Slack | Webhook | WeCom

__all__ = ["Channel", "ChannelFault", "ChannelKind", "Refused", "Retry", "Throttled"]
