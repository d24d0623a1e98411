"""The register of channel kinds: the union is what `[[channel]] kind = …` may name."""

from monitor.channels.alertmanager import Alertmanager
from monitor.channels.apprise import Apprise
from monitor.channels.channel import Channel, ChannelFault, Refused, Retry, Throttled
from monitor.channels.dingtalk import DingTalk
from monitor.channels.email import Email
from monitor.channels.feishu import Feishu
from monitor.channels.file import File
from monitor.channels.ntfy import Ntfy
from monitor.channels.pagerduty import PagerDuty
from monitor.channels.slack import Slack
from monitor.channels.sms import Sms
from monitor.channels.teams import Teams
from monitor.channels.telegram import Telegram
from monitor.channels.voice import Voice
from monitor.channels.webhook import Webhook
from monitor.channels.wecom import WeCom

ChannelKind = (
    Alertmanager
    | Apprise
    | DingTalk
    | Email
    | Feishu
    | File
    | Ntfy
    | PagerDuty
    | Slack
    | Sms
    | Teams
    | Telegram
    | Voice
    | Webhook
    | WeCom
)

__all__ = ["Channel", "ChannelFault", "ChannelKind", "Refused", "Retry", "Throttled"]
