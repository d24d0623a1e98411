"""Where things are: addresses, listeners, tokens, time zones, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from monitor.channels import Channel
from monitor.config.check_people import is_reference
from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.secret import Secret, SecretFault
from monitor.sources.told import tell


def wrong_urls(draft: Draft) -> Iterator[Problem]:
    """A public address that no browser could open, a store that is none."""
    server, store = draft.table("server"), draft.table("store")
    if server.public_url and not _is_web(server.public_url):
        yield Problem(path=("server", "public_url"), id="no_url", args={"value": server.public_url})
    for name, url in zip(("url", "start", "fail"), _heartbeat(draft), strict=True):
        if url and not is_reference(url) and not _is_web(url):
            yield Problem(path=("heartbeat", name), id="no_url", args={"value": url})
    if is_reference(store.url):
        return
    if "@" in store.url and ":" in store.url.partition("://")[2].rpartition("@")[0]:
        yield Problem(path=("store", "url"), id="password_in_url")
    elif store.url != "sqlite" and not store.url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        yield Problem(path=("store", "url"), id="no_store", args={"value": store.url.partition("@")[2] or store.url})


def _heartbeat(draft: Draft) -> tuple[str, str, str]:
    beat = draft.table("heartbeat")
    return beat.url, beat.start, beat.fail


def wrong_options(draft: Draft) -> Iterator[Problem]:
    """What the kinds of sources and channels themselves say is wrong with their options."""
    for path, source in draft.each("source"):
        for option, text in source.wrong():
            yield Problem(path=(*path, *option.split(".")), id="said", args={"text": _OfSource(text)})
    for path, channel in draft.each("channel"):
        for i, (option, _) in enumerate(channel.faults("en")):
            yield Problem(path=(*path, *option.split(".")), id="said", args={"text": _OfChannel(channel, i)})


class _OfSource(Struct, frozen=True):
    said: str

    def text(self, language: str, /) -> str:
        return tell(self.said, language)


class _OfChannel(Struct, frozen=True):
    channel: Channel
    index: int

    def text(self, language: str, /) -> str:
        return self.channel.faults(language)[self.index][1]


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url) and parts.port != 0
        )
    except ValueError:
        return False


def wrong_tokens(draft: Draft) -> Iterator[Problem]:
    """A token's hash is 64 hex digits; anything else may be the token itself, which has no business here."""
    for i, token in enumerate(draft.table("server").token):
        if not re.fullmatch(r"[0-9a-f]{64}", token.hash):
            yield Problem(path=("server", "token", i, "hash"), id="no_hash", args={"name": token.name})


def unsafe_listeners(draft: Draft) -> Iterator[Problem]:
    """`host:port`; whoever listens to more than this machine asks for a token."""
    server = draft.table("server")
    host, port = split_listen(server.listen)
    if not port:
        yield Problem(path=("server", "listen"), id="no_listen", args={"value": server.listen})
    elif not server.token and not _is_loopback(host):
        rests: tuple[Path, ...] = (("server", "token"),)
        yield Problem(path=("server", "listen"), id="open_listener", args={"value": server.listen}, rests_on=rests)


def split_listen(listen: str) -> tuple[str, str]:
    """Host and port of `127.0.0.1:9464` or `[::1]:9464`; two empty texts when it is neither."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]/]+):(\d{1,5})", listen)
    return (found[1].strip("[]"), found[2]) if found and int(found[2]) < 65536 else ("", "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def unknown_zones(draft: Draft) -> Iterator[Problem]:
    """Time zones that nobody has."""
    asked: list[tuple[Path, str]] = [(("settings", "timezone"), draft.table("settings").timezone)]
    for key in ("source", "person"):
        asked += [((*path, "timezone"), table.timezone) for path, table in draft.each(key)]
    for path, zone in asked:
        if zone and not _is_zone(zone):
            yield unknown("timezone", zone, available_timezones(), path)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        return False
    return True


def unresolved_secrets(draft: Draft) -> Iterator[Problem]:
    """Secrets that are not there where this runs; a service may get them later, so this warns."""
    for name in ("store", "heartbeat"):
        for way, reference in _references(draft.table(name), (name,)):
            yield from _unresolved(reference, way)
    for key in ("source", "channel", "person"):
        for path, table in draft.each(key):
            if getattr(table, "enabled", True):
                plain = dict((reference, way) for way, reference in _references(table, path))
                within = {secret.reference: path for secret in table.secrets()} if key == "source" else {}
                for reference, way in {**within, **plain}.items():
                    yield from _unresolved(reference, way)


def references(config: Struct) -> list[str]:
    """Every reference to a secret that stands anywhere in a config."""
    return [reference for _, reference in _references(config, ())]


def _references(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Secret):
        yield path, value.reference
    elif isinstance(value, str) and is_reference(value) and value.partition(":")[2]:
        yield path, value
    elif isinstance(value, Struct):
        for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            yield from _references(getattr(value, name), (*path, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(inner, (*path, key))
    elif isinstance(value, tuple | list):
        for i, inner in enumerate(value):
            yield from _references(inner, (*path, i))


def _unresolved(reference: str, path: Path) -> Iterator[Problem]:
    try:
        Secret(reference).reveal()
    except SecretFault as error:
        yield Problem(path=path, id="unresolved", args={"text": str(error)}, severity="warning")
