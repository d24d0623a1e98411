"""What `incidents` and acts say of an incident is in the reader's language."""

from __future__ import annotations

import pytest
from pytest import CaptureFixture

from monitor.cli.act import show
from monitor.cli.incidents import _row

ROW = {"number": "INC-2026-0001", "tier": "red", "state": "cancelled", "risk": "publicity"}


@pytest.mark.parametrize(("lang", "state"), [("zh", "已取消（误报）"), ("en", "cancelled (false alarm)")])
def test_the_state_of_an_incident_is_told_in_words(lang: str, state: str, capsys: CaptureFixture[str]) -> None:
    show({"incident": ROW}, lang)
    assert state in capsys.readouterr().out and state in _row(ROW, lang)
