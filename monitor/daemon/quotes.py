"""The mentions a notice quotes: three, recent, from places as different as can be, masked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.drivers import drivers_of
from monitor.incidents.plan import AlertChange, is_drill
from monitor.mentions.mask import excerpt
from monitor.mentions.reading import Reading
from monitor.model import Alert, Driver, Example, Key, Tier
from monitor.rules.select import OTHER, Selection, by_term, fits, keys_of
from monitor.rules.terms import tells
from monitor.store import customers, observations
from monitor.store.observations import Stored

MOST = 3
LOOKED_AT = 2000
SHOWN_WORDS = 4


class Read:
    """What one look has read already: windows of mentions, few however many series there are, and what they say."""

    def __init__(self) -> None:
        self.windows: dict[tuple[float, float], list[Stored]] = {}
        self._said: dict[int, Reading] = {}

    def window(self, connection: Connection, span: tuple[float, float]) -> list[Stored]:
        """The newest mentions of a window."""
        if span not in self.windows:
            self.windows[span] = observations.window(connection, *span, LOOKED_AT)
        return self.windows[span]

    def said(self, desk: Desk, row: Stored) -> Reading:
        """The reading of a row, made once."""
        found = self._said.get(row.seq)
        if found is None:
            found = self._said[row.seq] = desk.reader.read(row.mention)
        return found


def quotes(connection: Connection, desk: Desk, changes: Sequence[AlertChange], now: float) -> list[AlertChange]:
    """The changes, those that rise with their examples and the time of the newest record behind them."""
    read = Read()
    return [_with(connection, desk, change, read) if change.after.tier > Tier.CALM else change for change in changes]


def examples_of(connection: Connection, desk: Desk, alerts: Sequence[Alert]) -> list[Example]:
    """What the standing alerts of an incident rest on, as it is now."""
    read = Read()
    found = (_with(connection, desk, AlertChange(before=None, after=alert), read).examples for alert in alerts)
    return list({(e.text, e.source): e for examples in found for e in examples}.values())


def most_told(connection: Connection, desk: Desk, alerts: Sequence[Alert], most: int = 3) -> list[str]:
    """The stories that the mentions behind standing alerts tell most often; none where each is told once."""
    read, told = Read(), Counter[str]()
    for alert in alerts:
        selection, _ = desk.asked.get(alert.rule, (None, None))
        if selection is None or selection.kind != "mentions" or alert.verdict is None or is_drill(alert.key):
            continue
        rows = read.window(connection, alert.verdict.windowed)
        told.update(
            {row.seq: row.story for row in rows if row.story and _fits(desk, selection, alert.key, row, read)}.values()
        )
    return [story for story, n in told.most_common(most) if n > 1]


def _with(connection: Connection, desk: Desk, change: AlertChange, read: Read) -> AlertChange:
    verdict = change.after.verdict
    if is_drill(change.after.key):
        return change  # what it rests on was never stored: it brings its own
    if verdict is None or change.after.rule not in desk.asked:
        return change
    selection, _ = desk.asked[change.after.rule]
    if selection.kind == "findings":
        return _of_customer(connection, desk, change)
    if selection.kind != "mentions":
        return change
    rows = read.window(connection, verdict.windowed)
    start, end = verdict.windowed
    before = read.window(connection, (start - (end - start), start)) if change.rises else []
    return quoting(desk, change, rows, before, read)


def _of_customer(connection: Connection, desk: Desk, change: AlertChange) -> AlertChange:
    """What a customer said whose turn is a finding."""
    who = dict(change.after.key).get("subject", "")
    said = customers.get(connection, [who]).get(who)
    if said is None or not said.text:
        return change
    example = Example(
        text=said.text, source=said.source, family=desk.family(said.source), at=said.at, why=said.why,
        identity=said.author,
    )  # fmt: skip
    return replace(change, examples=(example,), data_at=said.at)


def quoting(
    desk: Desk, change: AlertChange, rows: Sequence[Stored], before: Sequence[Stored] = (), read: Read | None = None
) -> AlertChange:
    """The change with the best of these rows, newest first, that its series counts, and with the slices that drive it.

    `before`: those of the window before it, as long; without them nothing is said of slices.
    """
    selection, _ = desk.asked[change.after.rule]
    read = read or Read()
    fitting = [row for row in rows if _fits(desk, selection, change.after.key, row, read)]
    newest = max((row.mention.at for row in fitting), default=None)
    examples = tuple(_example(desk, row, read) for row in diverse(desk, fitting))
    return replace(change, examples=examples, data_at=newest, drivers=_drivers(desk, change, fitting, before, read))


def _drivers(
    desk: Desk, change: AlertChange, fitting: Sequence[Stored], before: Sequence[Stored], read: Read
) -> tuple[Driver, ...]:
    if not change.rises:
        return ()
    selection, key = desk.asked[change.after.rule][0], change.after.key
    earlier = [row for row in before if _fits(desk, selection, key, row, read)]
    now, then = ([read.said(desk, row).mention.labels for row in rows] for rows in (fitting, earlier))
    return drivers_of(now, then, key)


def _fits(desk: Desk, selection: Selection, key: Key, row: Stored, read: Read) -> bool:
    source = row.mention.source
    family, where = desk.family(source), selection.where
    if (where.source and source not in where.source) or (where.family and family not in where.family):
        return False  # before the text is read
    mention, said = read.said(desk, row)[:2]
    if by_term(selection):
        mention = replace(mention, labels={**mention.labels, **tells(key, mention)})
    if not fits(selection, said, source, family, mention.labels):
        return False
    return any(value == OTHER for _, value in key) or key in keys_of(selection, said, source, family, mention.labels)


def diverse(desk: Desk, rows: Sequence[Stored]) -> list[Stored]:
    """Up to three, newest first: other families before other sources before more of the same; no story twice."""
    chosen: list[Stored] = []
    families: set[str] = set()
    sources: set[str] = set()
    for wanted in (families, sources, None):
        for row in rows:
            place = desk.family(row.mention.source) if wanted is families else row.mention.source
            seen = wanted is not None and place in wanted
            if len(chosen) == MOST or seen or any(_same(row, c) for c in chosen):
                continue
            chosen.append(row)
            families.add(desk.family(row.mention.source))
            sources.add(row.mention.source)
    return sorted(chosen, key=lambda row: -row.mention.at)


def _same(a: Stored, b: Stored) -> bool:
    return a.seq == b.seq or (a.story != "" and a.story == b.story) or a.mention.text == b.mention.text


def _example(desk: Desk, row: Stored, read: Read) -> Example:
    m, said = row.mention, row.said or read.said(desk, row).kept()
    why = tuple(excerpt(word) for word in said.why[:SHOWN_WORDS]) if said is not None else ()
    family = desk.family(m.source)
    return Example(text=excerpt(m.title or m.text), source=m.source, family=family, at=m.at, url=m.url, why=why)
