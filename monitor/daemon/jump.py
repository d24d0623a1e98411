"""What the store is told when somebody sets the clock, so that no timer is lost and not all of them fire at once."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.store import findings, outbox, timers

KIND, SUBJECT = "clock-jump", "clock"
SHOWN_FOR = 86400.0


def take(connection: Connection, by: float, now: float) -> None:
    """Spans of time go on as they were; the jump is a finding for a day."""
    timers.shift(connection, by)
    outbox.shift(connection, by)
    findings.begin(connection, KIND, SUBJECT, now, {"seconds": round(by)})


def forget(connection: Connection, now: float) -> None:
    """Ends the finding once it has been shown long enough."""
    for finding in findings.open(connection):
        if finding.kind == KIND and abs(now - finding.since) > SHOWN_FOR:
            findings.end(connection, KIND, SUBJECT, now)
