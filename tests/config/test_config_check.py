"""Every fault is told once, on its line, and nothing that only follows from another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from monitor.config.load import load, read
from monitor.incidents.workdays import known_until
from monitor.messages import LANGUAGES, catalogue

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.toml"))


def expected(text: str) -> list[tuple[int, str]]:
    """Behind `# <-` stands how the line of a fault begins; `# +1 <-` speaks of the next line."""
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, rest = line.partition("# +1 <- " if "# +1 <- " in line else "# <- ")
        out += [(number + ("+1" in mark), said.strip()) for said in rest.split(" <- ") if mark]
    return out


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_each_fault_is_told_once_on_its_line(path: Path) -> None:
    told = [fault for fault in read(path)[1] if fault.severity == "fault"]
    wanted = expected(path.read_text(encoding="utf-8"))
    assert [fault.line for fault in told] == [line for line, _ in wanted]
    for fault, (line, said) in zip(told, wanted, strict=True):
        assert fault.write("en").startswith(f"{path}:{line}: {said}")


def test_thirty_faults_give_thirty_lines() -> None:
    path = Path(__file__).parent / "faults" / "thirty.toml"
    assert len([fault.write("en") for fault in read(path)[1]]) == 30


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fault_is_one_line_in_both_languages(path: Path, language: str) -> None:
    for fault in read(path)[1]:
        line = fault.write(language)
        assert "\n" not in line and re.match(rf"{re.escape(str(path))}:\d+: \S", line)
        assert "{" not in fault.text(language).replace("{ key = … }", "").replace("{ above = 10 }", "")


def test_every_text_has_both_languages_and_asks_for_the_same() -> None:
    for id, texts in catalogue().items():
        if id.startswith(("check.", "init.", "config.")):
            fields = [sorted(set(re.findall(r"(?<!\{)\{(\w+)\}", texts[language]))) for language in LANGUAGES]
            assert fields[0] == fields[1], id


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


PUSH = '[[source]]\nname = "in"\nkind = "push"\n'
RULE = '[[rule]]\nname = "a"\nrisk = "r"\nyellow = { above = 1 }\n'
LOG = '[[channel]]\nname = "log"\nkind = "file"\npath = "n.jsonl"\n'


def warnings(folder: Path, text: str) -> list[str]:
    return [f"{fault.line} {fault.id}" for fault in load(write(folder, text)).warnings if fault.severity == "warning"]


def test_no_route_at_all_is_a_warning_since_a_backtest_needs_none(tmp_path: Path) -> None:
    assert warnings(tmp_path, PUSH + RULE) == ["1 no_route"]


def test_a_yellow_tier_that_nobody_is_told_of_is_a_warning(tmp_path: Path) -> None:
    text = PUSH + RULE + LOG + '[[route]]\ntier = ["red"]\nto = ["channel:log"]\n'
    assert warnings(tmp_path, text) == ["7 nobody_told", "14 nothing_rings"]


def test_a_route_behind_one_that_takes_everything_is_a_warning(tmp_path: Path) -> None:
    text = PUSH + LOG + '[[route]]\ntier = ["blue"]\nto = ["channel:log"]\n' * 2
    assert warnings(tmp_path, text) == ["11 route_hidden"]


def test_a_family_that_no_source_bears_yet_is_a_warning(tmp_path: Path) -> None:
    text = PUSH + RULE + 'where = { family = ["social", "press"] }\n'
    assert "8 idle_family" in warnings(tmp_path, text)


SEASONAL = '[[rule]]\nname = "a"\nrisk = "r"\nyellow = { rarer_than = "1mo" }\ndetector = { kind = "seasonal" }\n'


def promoted(*days: str) -> str:
    return "".join(f'[[promotion]]\nname = "618"\nfrom = "{day}"\nto = "{day}"\n' for day in days)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (promoted("2026-06-18"), ["promotion_first"]),
        (promoted("2026-06-18") + "expect = 3\n", []),
        (promoted("2025-06-18", "2026-06-18"), ["promotion_far"]),
        (promoted("2026-05-18", "2026-06-18"), ["promotion_first"]),
        (promoted("2026-03-28", "2026-06-18"), []),
        (promoted("2025-06-18"), []),
    ],
)
def test_a_promotion_to_come_of_which_nothing_is_known_is_noted(tmp_path: Path, text: str, told: list[str]) -> None:
    now = 1_775_000_000.0  # 2026-03-31
    found = [fault.id for fault in read(write(tmp_path, PUSH + SEASONAL + text), now=now)[1]]
    assert [id for id in found if id.startswith("promotion")] == told


def test_a_promotion_for_a_rule_of_another_kind_is_a_warning(tmp_path: Path) -> None:
    where = 'expect = 2\n[promotion.where]\nrule = ["a"]\n'
    assert "14 promotion_rule" in warnings(tmp_path, PUSH + RULE + promoted("2026-06-18") + where)
    assert "promotion_rule" not in str(warnings(tmp_path, PUSH + SEASONAL + promoted("2026-06-18") + where))


def test_a_detectors_calendar_that_ends_soon_is_a_warning(tmp_path: Path) -> None:
    text = PUSH + SEASONAL.replace('"seasonal"', '"seasonal", calendar = "CN"')
    last = datetime.combine(known_until("CN"), time(), UTC).timestamp()
    for before, told in ((30 * 86400, ["calendar_ends"]), (90 * 86400, [])):
        found = [fault.id for fault in read(write(tmp_path, text), now=last - before)[1]]
        assert [id for id in found if id.startswith("calendar")] == told


def test_a_series_that_may_be_pushed_is_nothing_and_one_nearly_right_a_warning(tmp_path: Path) -> None:
    made = '[[source]]\nname = "shop"\nkind = "file"\npath = "x.csv"\nseries = "returns"\n'
    assert warnings(tmp_path, PUSH + made + RULE + 'of = "csat"\n') == ["1 no_route"]
    assert "13 series_near" in warnings(tmp_path, PUSH + made + RULE + 'of = "retruns"\n')


def test_a_tier_may_ask_less_of_one_thing_and_more_of_another(tmp_path: Path) -> None:
    text = PUSH + RULE + "orange = { above = 0.5, floor = 9 }\n"
    assert "8 eases" in warnings(tmp_path, text)


def test_a_secret_that_is_not_there_warns_in_check_and_is_a_fault_in_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LI_NA_PHONE", raising=False)
    path = write(tmp_path, PUSH + LOG + '[[person]]\nname = "li-na"\nphone = "env:LI_NA_PHONE"\nvia = ["log"]\n')
    assert "10 unresolved" in warnings(tmp_path, path.read_text())
    assert [fault.id for fault in read(path, secrets=True)[1]] == ["unresolved"]
    monkeypatch.setenv("LI_NA_PHONE", "+86 138 0000 0000")
    assert read(path, secrets=True)[0] is not None


def test_names_that_a_broken_file_may_hold_are_not_missed(tmp_path: Path) -> None:
    path = write(tmp_path, 'include = ["topics.toml"]\n' + PUSH + RULE + 'where = { topic = ["danger"] }\n')
    (tmp_path / "topics.toml").write_text("[[topic]\n", encoding="utf-8")
    assert [(Path(fault.file).name, fault.id) for fault in read(path)[1]] == [("topics.toml", "syntax")]


def test_a_playbook_that_is_named_must_exist_and_its_folder_too(tmp_path: Path) -> None:
    (tmp_path / "playbooks" / "outage").mkdir(parents=True)
    (tmp_path / "playbooks" / "outage" / "playbook.toml").write_text("", encoding="utf-8")
    path = write(tmp_path, PUSH + RULE + 'playbook = "outtage"\n')
    assert [(fault.line, fault.id, fault.args["right"]) for fault in read(path)[1]] == [(8, "unknown_near", "outage")]
    path = write(tmp_path, '[settings]\nplaybooks = "plans"\n')
    assert [(fault.line, fault.id) for fault in read(path)[1]] == [(2, "no_folder")]


def test_a_risk_without_a_playbook_is_noted_once(tmp_path: Path) -> None:
    (tmp_path / "playbooks" / "outage").mkdir(parents=True)
    (tmp_path / "playbooks" / "outage" / "playbook.toml").write_text("", encoding="utf-8")
    notes = load(write(tmp_path, PUSH + RULE + RULE.replace('"a"', '"b"'))).warnings
    assert [fault.line for fault in notes if fault.severity == "note"] == [6]
