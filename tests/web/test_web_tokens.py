"""Ack tokens: what is signed is read, nothing else is, and not for ever."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.web.tokens import Claim, Rejected, read, sign

KEY = bytes(range(32))
AT = 1_772_334_000.0
NAMES = st.text(alphabet=string.ascii_lowercase + "-:张伟", min_size=1, max_size=40)


@given(incident=NAMES, person=NAMES, lives=st.floats(0, 90 * 86400))
def test_what_is_signed_is_read(incident: str, person: str, lives: float) -> None:
    claim = read(KEY, sign(KEY, incident, person, AT + lives), AT)
    assert isinstance(claim, Claim)
    assert (claim.incident, claim.person) == (incident, person)
    assert 0 <= claim.expires - (AT + lives) < 60


@given(st.integers(0, 200), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_token_with_any_letter_changed_is_forged(place: int, letter: str) -> None:
    token = sign(KEY, "INC-2026-0042", "zhang-wei", AT + 600)
    place %= len(token)
    other = token[:place] + letter + token[place + 1 :]
    assert isinstance(read(KEY, other, AT), Claim) == (other == token)
    assert read(KEY, f"{token[:place]}!{token[place:]}", AT) == Rejected("forged")


@given(st.text(max_size=200))
def test_any_text_may_be_given(text: str) -> None:
    assert read(KEY, text, AT) == Rejected("forged")


def test_another_key_reads_nothing() -> None:
    assert read(b"x" * 32, sign(KEY, "INC-1", "mary", AT + 600), AT) == Rejected("forged")


def test_it_expires() -> None:
    token = sign(KEY, "INC-1", "mary", AT + 600)
    assert isinstance(read(KEY, token, AT + 600), Claim)
    assert read(KEY, token, AT + 661) == Rejected("expired")


@pytest.mark.parametrize(
    ("incident", "person"), [("INC-2026-0042", "zhang-wei"), ("INC-2026-0042", "channel:ops-dingtalk")]
)
def test_it_is_short_and_url_safe(incident: str, person: str) -> None:
    token = sign(KEY, incident, person, AT)
    assert len(token) < 80
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
