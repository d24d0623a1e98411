"""Named commit boundaries where a test may kill the process, as a power cut would; nothing unless one is armed.

`CRISIS_MONITOR_FAILPOINT=name` or `name:3` kills at the first, or the third, pass. The register says what each proves.
"""

from __future__ import annotations

import os
import signal

FAILPOINTS: dict[str, str] = {
    "ingest-before-commit": "records are in the transaction: none was answered for, the sender sends them again",
    "ingest-after-commit": "records are stored, their sender has no answer yet: sent again they are duplicates",
    "judge-before-commit": "the incident is in the transaction: it is judged again from the counts",
    "judge-after-commit": "incident and deliveries are stored, nobody has been told to send",
    "claimed": "a delivery is claimed, nothing was sent",
    "answered": "the other side said yes, we have not noted it: the one place where a notice may come twice",
    "sent": "the yes is noted",
    "timer-before-commit": "what a timer does is planned, nothing of it is written: it fires again",
    "timer-after-commit": "what a timer did is stored, nobody has been told to send",
}
_name, _, _count = os.environ.get("CRISIS_MONITOR_FAILPOINT", "").partition(":")
_left = int(_count or 1) if _name in FAILPOINTS else 0


def reach(name: str) -> None:
    """The process is at this boundary."""
    if _left and name == _name:
        _pass()


def _pass() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
