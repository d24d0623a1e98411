"""One request as the pages and the API see it: the site, its config and hour, the language, who asks."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.requests import HTTPConnection

from monitor.config.schema import Config
from monitor.incidents.timeline import words
from monitor.messages import say
from monitor.web.acts import ActFault
from monitor.web.site import Site


class Asking(Struct, frozen=True, kw_only=True):
    """Read once at the start of a request."""

    site: Site
    config: Config
    now: float
    language: str
    actor: str

    @classmethod
    def of(cls, connection: HTTPConnection) -> Asking:
        """From a connection that the guard has let in."""
        site: Site = connection.app.state.site
        config = site.config()
        return cls(
            site=site,
            config=config,
            now=site.now(),
            language=language_of(connection, config.settings.language),
            actor=connection.scope.get("actor", ""),
        )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the settings: pages and answers tell times in it."""
        return ZoneInfo(self.config.settings.timezone)

    def say(self, id: str, **args: Any) -> str:
        """A text of the web's own catalogue in the reader's language."""
        return say(self.language, f"web.{id}", **args)

    def told(self, fault: ActFault) -> str:
        """Why an act was not done, in the reader's language."""
        return say(self.language, fault.id, **words(fault.told, self.language, self.zone))


def language_of(connection: HTTPConnection, default: str) -> str:
    """`?lang=`, else the first of Accept-Language that we speak, else the settings' language."""
    asked = connection.query_params.get("lang", "")
    if asked in ("zh", "en"):
        return asked
    for language in _preferred(connection.headers.get("accept-language", "")):
        if language in ("zh", "en"):
            return language
    return default


def _preferred(header: str) -> list[str]:
    weighed = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.partition("q=")[2].strip() or "1"
        try:
            weighed.append((-float(weight), place, tag[:2].lower()))
        except ValueError:
            continue
    return [tag for weight, _, tag in sorted(weighed) if weight < 0]
