"""What detectors remember of the series of each rule, held by the judge and written down now and then.

It is a cache: it belongs to a rule's meaning and to the selection it counts, and what belongs to others is dropped.
"""

from __future__ import annotations

from msgspec import Struct

from monitor.daemon.desk import Desk
from monitor.detectors.kept import Kept
from monitor.detectors.rated import keep
from monitor.rules.evaluate import asked
from monitor.rules.rule import Rule
from monitor.store.tracks import Row

SAVE_EVERY = 900.0


class _Held(Struct):
    meaning: str
    selection: int
    desk: Desk
    kept: Kept
    against: int | None = None
    """The selection of what it is held against."""
    saved_at: float = float("-inf")


class Tracked:
    """By rule. Told of changes at any time, read by one reader."""

    def __init__(self) -> None:
        self.saved: dict[str, Row] = {}
        """What the store remembers, until it is taken up."""
        self._held: dict[str, _Held] = {}
        self._coming: dict[int, float] = {}
        self._all = False

    def changed(self, selection: int, since: float) -> None:
        """A commit changed counts of a selection, in minutes from `since` on."""
        self._coming[selection] = min(since, self._coming.get(selection, since))

    def begin(self) -> None:
        """A reading begins: what was committed before it must be seen by it, what comes later by the next one."""
        if self._all:
            self.saved, self._held, self._all = {}, {}, False
        coming, self._coming = self._coming, {}
        for held in self._held.values():
            since = [coming[id] for id in (held.selection, held.against) if id in coming]
            if since:
                held.kept.changed(min(since))

    def clear(self) -> None:
        """Everything may have changed: the next reading begins anew. One that goes on may not have seen it."""
        self._all = True

    def of(self, desk: Desk, rule: Rule) -> Kept | None:
        """What is kept for a rule, None where its detector remembers nothing."""
        (part, whole), meaning = desk.asked[rule.name], desk.meanings[rule.name]
        selection = desk.counting.get(part.id, part.id)
        held = self._held.get(rule.name)
        if held is not None and (held.meaning, held.selection) == (meaning, selection):
            if held.desk is not desk:
                held.desk, held.kept = desk, _handed_over(held.kept, keep(rule.detector, asked(rule, desk.zone)))
            return held.kept
        kept = keep(rule.detector, asked(rule, desk.zone))
        if kept is None:
            return None
        against = None if whole is None else desk.counting.get(whole.id, whole.id)
        self._held[rule.name] = _Held(meaning, selection, desk, kept, against)
        row = self.saved.pop(rule.name, None)
        if row is not None and (row.meaning, row.selection) == (meaning, selection):
            kept.load(row.saved)
        return kept

    def to_save(self, now: float) -> dict[str, Row]:
        """What is to be written down: of each rule at most every quarter of an hour."""
        out: dict[str, Row] = {}
        for rule, held in self._held.items():
            if self._all or now - held.saved_at < SAVE_EVERY:
                continue
            saved = held.kept.save(now)
            if saved is not None:
                held.saved_at = now
                out[rule] = Row(held.meaning, held.selection, saved)
        return out


def _handed_over(old: Kept, new: Kept | None) -> Kept:
    """What goes on under a new config: where that knows of other days, it is taken up as after a restart."""
    if new is None or new.almanac.same(old.almanac):
        return old
    saved = old.save(float("inf"))
    if saved is not None:
        new.load(saved)
    return new
