"""Kind `imap`: the new mails of a mailbox, each a mention; or the items of digest mails, each a mention.

Mails are read by UID with BODY.PEEK from a folder that is opened by EXAMINE: nothing of it changes, unless `mark_seen`
asks for it; then they are marked at the next fetch, when what they said is stored. A folder that was made anew (another
UIDVALIDITY) is read again by date; Message-IDs tell what is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec import field

from monitor.model import Cursor, Mention, Page
from monitor.secret import Secret, SecretFault, reveal
from monitor.sources.apart import apart
from monitor.sources.dates import read_date
from monitor.sources.feed import hashed
from monitor.sources.guard import outer_addresses
from monitor.sources.imap_door import PORTS, Door, Security
from monitor.sources.mail import Mail, inner_of, read_mail
from monitor.sources.mail_items import Digest, Item, items_of, wrong_digest
from monitor.sources.mapping import Mapping, mention_of, wrong_targets
from monitor.sources.records import AHEAD
from monitor.sources.source import Source, SourceFault, Surroundings
from monitor.sources.told import Told, short, why
from monitor.times import DAY, Duration

if TYPE_CHECKING:  # the client is only loaded where a mailbox is read
    from imapclient import IMAPClient

    from monitor.sources.imap_open import Mailbox

AT_ONCE = 10
"""Mails asked for in one command."""
BYTES = 32 << 20
"""Bytes of one fetch; what is left is fetched at once."""
FAULTS_CAP = 100
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Imap(Source, frozen=True, kw_only=True, tag="imap", tag_field="kind"):
    """`forwarded = "inner"`: of a forwarded mail the inner one counts: its date, its author, its text.

    `fields`: further targets from headers, such as "labels.queue" = "X-Queue". `digest`: one mail, many items.
    """

    least_every: ClassVar[float] = 5.0

    host: str
    user: str
    password: Secret
    security: Security = "tls"
    port: int = 0
    ca: str = ""
    folder: str = "INBOX"
    mark_seen: bool = False
    forwarded: Literal["outer", "inner"] = "outer"
    digest: Digest | None = None
    fields: dict[str, str] = field(default_factory=dict)
    history: Duration = Duration(30 * DAY)
    most: int = 1000
    max_message: int = 1 << 20
    timeout: Duration = Duration(60)
    allow_private: bool = False

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A host that is none, a password in the clear, targets without a place, a digest without items."""
        if not self.host.strip() or "/" in self.host:
            yield "host", Told("bad_host", host=short(self.host))
        if self.security == "none" and self.host not in _LOOPBACK:
            yield "security", Told("plain_login")
        yield from wrong_targets(self.fields, "")
        if self.digest is not None:
            yield from wrong_digest(self.digest)
        if self.most < 1:
            yield "most", Told("bad_most")
        if self.max_message < 1024:
            yield "max_message", Told("bad_max_body")
        if self.timeout <= 0:
            yield "timeout", Told("bad_timeout")

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The mails behind the cursor, all within `timeout`."""
        from monitor.sources.imap_open import Mailbox

        port = self.port or PORTS[self.security]
        addresses = () if self.allow_private else await outer_addresses(self.host, port)
        door, mailbox = self._door(port, addresses), Mailbox()
        try:
            return await apart(partial(self.read, mailbox, door, cursor, around), within=self.timeout, end=mailbox.end)
        except TimeoutError:
            raise SourceFault(Told("http.timeout", text=Told("no_answer", seconds=f"{self.timeout:g}"))) from None

    def _door(self, port: int, addresses: tuple[str, ...]) -> Door:
        try:
            user, password = reveal(self.user), self.password.reveal()
        except SecretFault as error:
            raise SourceFault(Told("secret", text=str(error))) from None
        return Door(
            host=self.host,
            port=port,
            security=self.security,
            user=user,
            password=password,
            ca=self.ca,
            timeout=float(self.timeout),
            addresses=addresses,
        )

    def read(self, mailbox: Mailbox, door: Door, cursor: Cursor, around: Surroundings) -> Page:
        """As `fetch`, in this thread."""
        of = blake2b(f"{self.host}\0{self.user}\0{self.folder}".encode(), digest_size=12).hexdigest()
        cursor = cursor if cursor.get("of") == of else {"of": of}
        with mailbox.opened(door) as client:
            here = client.select_folder(self.folder, readonly=not self.mark_seen)
            validity = here.get(b"UIDVALIDITY", 0)
            if cursor.get("validity") != validity:
                cursor = {"of": of, "whole": cursor.get("whole"), "validity": validity}
            elif self.mark_seen:
                _mark(client, cursor)
            uids = self._uids(client, cursor, around.now)
            mails, read = self._mails(client, uids[: self.most])
        mentions = _Mentions(self, self.zone(around), around.now)
        for arrived, raw in mails:
            mentions.take(arrived, raw)
        last = read or cursor.get("last") or max(here.get(b"UIDNEXT", 1) - 1, 0)
        more = bool(read) and uids[-1] > read
        whole = cursor.get("whole") or around.now
        marked = cursor.get("last") or (uids[0] - 1 if uids else last)
        after = {**cursor, "last": last, "marked": marked, "whole": whole if more else around.now}
        covers: dict[str, Any] = {"covers_to": whole} if more else {"covers_from": whole}
        return mentions.page(after, more=more, unchanged=not uids, **covers)

    def _uids(self, client: IMAPClient, cursor: Cursor, now: float) -> list[int]:
        """The UIDs of what is new, the oldest first; where none is known, of what came since `history`."""
        last = int(cursor.get("last") or 0)
        if last:
            found = client.search(["UID", f"{last + 1}:*"])
        else:
            since = min(now - self.history, (cursor.get("whole") or now) - DAY)
            found = client.search(["SINCE", _day(since - DAY)])
        return sorted(uid for uid in found if uid > last)

    def _mails(self, client: IMAPClient, uids: list[int]) -> tuple[list[tuple[float, bytes]], int]:
        """When each mail arrived and its first bytes, as many as one fetch may bring; and the last UID read."""
        mails, room, last = [], BYTES, 0
        part = f"BODY.PEEK[]<0.{self.max_message}>"
        for at in range(0, len(uids), AT_ONCE):
            if room <= 0:
                break
            some = uids[at : at + AT_ONCE]
            answer = client.fetch(some, ["INTERNALDATE", part])
            for uid in some:
                parts = answer.get(uid, {})
                raw = parts.get(b"BODY[]<0>", parts.get(b"BODY[]"))
                if raw is not None:  # else it was expunged meanwhile
                    mails.append((_arrived(parts.get(b"INTERNALDATE")), raw))
                    room -= len(raw)
            last = some[-1]
        return mails, last


def _mark(client: IMAPClient, cursor: Cursor) -> None:
    """Marks as seen what the last fetch brought: by now it is stored."""
    first, last = int(cursor.get("marked") or 0) + 1, int(cursor.get("last") or 0)
    uids = client.search(["UID", f"{first}:{last}"]) if last >= first else []
    if uids:
        client.add_flags(uids, [rb"\Seen"], silent=True)


def _arrived(at: Any) -> float:
    """When the server took a mail; it always says so."""
    return at.timestamp() if isinstance(at, datetime) else 0.0


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


class _Mentions:
    """The mails of one fetch as mentions."""

    def __init__(self, source: Imap, zone: ZoneInfo, now: float) -> None:
        self.source, self.zone, self.now = source, zone, now
        self._mentions: dict[str, Mention] = {}
        self._faults: list[str] = []

    def take(self, arrived: float, raw: bytes) -> None:
        """A mail that arrived then. What is wrong with one costs only itself."""
        arrived = min(arrived or self.now, self.now)
        try:
            mail = read_mail(raw, self.zone)
            if self.source.forwarded == "inner":
                mail = inner_of(mail, self.zone)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self._faults.append(Told("entry", entry="?", text=why(error)))
            return
        at = mail.published_at
        at = arrived if at is None or at > arrived + AHEAD else at
        if self.source.digest is None:
            self._add(mail, {"id": mail.id, "title": mail.subject, "text": mail.text, "author": mail.author}, at)
            return
        items = items_of(mail, self.source.digest)
        if not items:
            self._faults.append(Told("no_mail_items", subject=short(mail.subject)))
        for item in items:
            own = item.get("id") or item.get("url") or hashed(*item.values())
            self._add(mail, {**item, "id": own}, at)

    def _add(self, mail: Mail, item: Item, at: float) -> None:
        """An item as a mention; what it does not date itself is as old as its mail."""
        named = {target: mail.headers.get(name.lower(), "") for target, name in self.source.fields.items()}
        values: dict[str, Any] = {**item, **{target: value for target, value in named.items() if value}}
        try:
            values["published_at"] = read_date(values.get("published_at"), self.zone, now=at) or at
            mention = mention_of(values.get, self._mapping(tuple(values)))
        except (ValueError, OverflowError) as error:
            self._faults.append(Told("entry", entry=short(item.get("title") or item["id"]), text=why(error)))
            return
        self._mentions.setdefault(mention.id, mention)

    def _mapping(self, targets: tuple[str, ...]) -> Mapping:
        source = self.source
        return Mapping(source=source.name, targets=targets, zone=self.zone, now=self.now, labels=source.labels)

    def page(self, cursor: Cursor, **more: Any) -> Page:
        """All of it, with the cursor to go on from."""
        return Page(
            mentions=tuple(self._mentions.values()), faults=tuple(self._faults[:FAULTS_CAP]), cursor=cursor, **more
        )
