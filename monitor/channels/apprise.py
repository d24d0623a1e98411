"""Kind `apprise`: whatever else Apprise knows. Handed over, not verified: never alone for orange or red."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from monitor.channels.channel import Channel, Refused, Retry
from monitor.channels.dialect import PLAIN
from monitor.channels.exchange import Exchange
from monitor.channels.fit import fit
from monitor.channels.payload import over
from monitor.http import Http
from monitor.messages import say
from monitor.model import Notice, Receipt, Target, Tier
from monitor.secret import Secret, SecretFault

LIMIT = 3500
"""Bytes; Apprise counts characters where services count bytes, and would pass what is then refused in silence."""
OURS = {"dingtalk": "dingtalk", "wecombot": "wecom", "feishu": "feishu", "lark": "feishu"}
"""Services whose no Apprise takes for a yes -> the kind of ours that reads it."""
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="apprise")


class Apprise(Channel, frozen=True, kw_only=True, tag="apprise", tag_field="kind"):
    """`url`: one Apprise address, a secret."""

    verified: ClassVar[bool] = False

    url: Secret

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Hands over within the deadline."""
        way = Exchange(http, self.timeout, now)
        url = way.reveal(self.url)
        if kind := OURS.get(url.partition("://")[0].lower()):
            raise Refused(f'Apprise says yes when this robot says no: use kind = "{kind}"')
        fitted = fit(notice, LIMIT, lambda f: len(f.text(PLAIN).encode()))
        words = {"title": fitted.heading(PLAIN), "body": "\n".join(fitted.written(PLAIN)), "notify_type": _type(notice)}
        work = asyncio.get_running_loop().run_in_executor(_threads, _notify, url, words)
        try:
            async with asyncio.timeout(self.timeout):
                done = await asyncio.shield(work)
        except TimeoutError:
            work.add_done_callback(lambda left: left.exception())
            raise Retry(f"no answer within {self.timeout:g} s", code="timeout", sent=True) from None
        except (TypeError, ValueError, OSError) as error:
            raise Retry(way.show(f"{type(error).__name__}: {error}")) from None
        if not done:
            raise Retry("Apprise could not hand it over")
        return Receipt(answer="handed over, not verified")

    def faults(self, language: str) -> tuple[tuple[str, str], ...]:
        """Robots that have a kind of ours are better served by it."""
        try:
            scheme = self.url.reveal().partition("://")[0].lower()
        except SecretFault:
            return ()
        return (("url", say(language, "channels.fault.apprise", kind=OURS[scheme])),) if scheme in OURS else ()


def _type(notice: Notice) -> str:
    if over(notice):
        return "success"
    return "failure" if notice.tier >= Tier.ORANGE else "warning" if notice.tier >= Tier.YELLOW else "info"


def _notify(url: str, words: dict[str, Any]) -> bool:
    try:
        import apprise
    except ImportError:
        raise Refused("Apprise is not installed: pip install 'crisis-monitor[apprise]'") from None
    sender = apprise.Apprise()
    if not sender.add(url):
        raise Refused("Apprise does not know this address")
    return bool(sender.notify(body_format="text", **words))
