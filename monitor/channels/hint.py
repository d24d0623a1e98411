"""What to do about a no: advice on the codes that vendors answer, from the message catalogue."""

from __future__ import annotations

from monitor.messages import catalogue, say


def hint(kind: str, code: str, language: str) -> str:
    """Advice on a kind's code, or on the code for all kinds; "" where there is none."""
    for id in (f"channels.hint.{kind}.{code}", f"channels.hint.any.{code}"):
        if code and id in catalogue():
            return say(language, id)
    return ""
