"""What planning may know of a config: people, teams, channels, routes and all that goes by the clock."""

from __future__ import annotations

from msgspec.structs import replace

from monitor.channels import Channel
from monitor.config.schema import Config
from monitor.incidents.context import ChannelInfo, Context
from monitor.incidents.routes import everybody_of


def context_of(config: Config) -> Context:
    """A planning context without rules and playbooks."""
    context = Context(
        organisation=config.settings.organisation,
        timezone=config.settings.timezone,
        language=config.settings.language,
        settings=config.incident,
        matrix=config.matrix,
        people={person.name: person for person in config.person},
        teams={team.name: team for team in config.team},
        routes=config.route,
        channels={channel.name: _channel(channel) for channel in config.channel},
        escalations={escalation.name: escalation for escalation in config.escalation},
        rotas={rota.name: rota for rota in config.rota},
        mutes=config.mute,
        calendars=config.calendar,
    )
    return replace(context, drill_to=everybody_of(config.incident.drill_to, context))


def _channel(channel: Channel) -> ChannelInfo:
    return ChannelInfo(
        name=channel.name, address_of=channel.address_of, group=channel.group, fallback=channel.fallback,
        rings=channel.rings,
    )  # fmt: skip
