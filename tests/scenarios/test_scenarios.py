"""Our own scenarios hold, through the very command that users run; and the command tells what does not hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.messages import catalogue
from monitor.scenario.read import Desks, read
from monitor.scenario.said import OPTIONS, VERBS, Unsaid, read_act
from monitor.scenario.schema import Act, Expect, Head, Mentions, Numbers, Outage

HERE = Path(__file__).resolve().parent
FILES = sorted(HERE.glob("*.toml"))
SMALL = f"""
[scenario]
name = "small"
config = "{HERE}/config/small.toml"
start = 2026-03-09T09:00:00+08:00
"""
SURGE = """
[[mentions]]
source = "desk"
text = "屏幕不亮了"
every = "2m"
for = "1h"
"""

FAILING = [
    ('rule = "volume"\nnever = "yellow"', "never yellow, but it reached yellow at"),
    ('incident = "mass-complaints"\nnotice = "none"', "expected no notice"),
    ('incident = "mass-complaints"\nnotice = "CLEARED"', "expected a notice CLEARED"),
    ('incident = "mass-complaints"\nnotices = 3', "expected 3 notices, found 1"),
    ('incident = "mass-complaints"\nnot_paged = ["anna"]', "expected anna not to be told"),
    ('incident = "mass-complaints"\nstate = "cleared"', "expected the state cleared, found open"),
    ('incident = "publicity"\nincidents = 1', "expected 1 incidents, found 0"),
    ('incident = "mass-complaints"\nnot_text = ["屏幕"]', 'expected no "屏幕"'),
    ('rule = "volume"\ntier = "no data"', "expected no data, found yellow"),
    ('tier = "calm"', "expected calm, found yellow"),
    ('incident = "INC-2026-0009"\ntier = "blue"', "expected blue, found calm"),
]
FAULTY = [
(11, '[[expect]]\nat = "9h"\ntier = "calm"\n[[expect]]\nat="1h"\ntier="clam"', 'did you mean "calm"?'),
(8, '[[expect]]\nat = "1h"\nrule = "volum"\ntier = "calm"', 'did you mean "volume"?'),
(6, '[[expect]]\nat = "1h"', "nothing is expected"),
(7, '[[expect]]\nat = "tomorrow"\ntier = "calm"', "is no time"),
(7, '[[expect]]\nat = "-1h"\ntier = "calm"', "before the start"),
(8, '[[expect]]\nat = "1h"\npaged = "ann"', 'did you mean "anna"?'),
(8, '[[expect]]\nat = "1h"\nby = { product = "X" }\nrule = "volume"\ntier = "calm"', "no series by product"),
(6, '[[expect]]\nat = "1h"\nrule = "volume"\nnotice = "NEW"', "notices belong to incidents"),
(8, '[[mentions]]\ntext = "x"\nsource = "dask"\n[[expect]]\nat = "1h"\ntier = "calm"', 'did you mean "desk"?'),
(6, '[[mentions]]\ntext = "x"\n[[expect]]\nat = "1h"\ntier = "calm"', "source is missing"),
(6, '[[series]]\nseries = "x"\nsource = "desk"\n[[expect]]\nat = "1h"\ntier = "calm"', "no value"),
(9, '[[act]]\nat = "1h"\nwho = "anna"\ndo = "akc"\n[[expect]]\nat = "2h"\ntier = "calm"', "there is no act"),
(9, '[[act]]\nat = "1h"\nwho = "anna"\ndo = "raise publicity"\n[[expect]]\nat = "2h"\ntier = "calm"', "tier"),
(2, "", "nothing is expected at all"),
]  # fmt: skip


def run(*files: Path, lang: str = "en") -> Result:
    return CliRunner().invoke(main, ["test", *map(str, files), "--lang", lang])


def blocks(files: Sequence[Path]) -> dict[str, str]:
    """What the command says of each file, run once over all of them: configs are read once."""
    said = re.split(r"(?m)^(?=[✓✗] )", run(*files).output)
    return {Path(text.split()[1]).stem: text for text in said if text[:1] in "✓✗" and text}


def written(folder: Path, texts: dict[str, str]) -> list[Path]:
    paths = [folder / f"{name}.toml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def case(wrong: str) -> str:
    """A name for a file of that content."""
    return "case" + re.sub(r"\W+", "-", wrong)[-60:]


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    return blocks(FILES)


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Our own scenarios in which nothing comes in and nobody acts."""
    texts = {}
    for file in FILES:
        tables = re.split(r"(?m)^(?=\[\[|\[scenario\])", file.read_text(encoding="utf-8"))
        bare = "".join(t for t in tables if not t.startswith(("[[mentions", "[[series", "[[act", "[[outage")))
        texts[file.stem] = re.sub(r'config = "(.*)"', lambda m: f'config = "{HERE / m[1]}"', bare)
    return blocks(written(tmp_path_factory.mktemp("emptied"), texts))


@pytest.fixture(scope="module")
def surges(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    texts = {case(expect): f'{SMALL}{SURGE}[[expect]]\nat = "29m"\n{expect}\n' for expect, _ in FAILING}
    return blocks(written(tmp_path_factory.mktemp("surges"), texts))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    texts = {case(wrong): SMALL + wrong for _, wrong, _ in FAULTY}
    return blocks(written(tmp_path_factory.mktemp("faulty"), texts))


@pytest.fixture
def scenario(tmp_path: Path):
    def write(text: str, head: str = SMALL) -> Path:
        path = tmp_path / "scenario.toml"
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_it_holds(file: Path, ours: dict[str, str]) -> None:
    assert ours[file.stem].startswith("✓"), ours[file.stem]


@pytest.mark.parametrize("file", [f for f in FILES if f.stem != "promotion"], ids=lambda f: f.stem)
def test_it_does_not_hold_where_nothing_happens(file: Path, emptied: dict[str, str]) -> None:
    assert emptied[file.stem].startswith("✗")


@pytest.mark.slow
def test_a_promotion_of_dangerous_goods_would_not_stay_quiet(scenario) -> None:
    text = (HERE / "promotion.toml").read_text(encoding="utf-8").replace('"../../', f'"{HERE}/../../')
    assert run(scenario(text.replace("抢到了", "充电宝起火").replace("优惠券用不了", "冒烟"), head="")).exit_code == 1


def test_what_does_not_hold_is_told_with_its_line_what_was_expected_and_what_was_found(scenario) -> None:
    path = scenario(SURGE + '[[expect]]\nat = "30m"\nincident = "mass-complaints"\ntier = "red"\npaged = []\n')
    result = run(path)
    assert result.exit_code == 1
    assert f"{path}:12: 2026-03-09T09:30:00+08:00: mass-complaints: expected red, found yellow" in result.output
    assert "expected nobody to be told, but told were anna, zhang-wei" in result.output
    assert "INC-2026-0001 mass-complaints  NEW  yellow  → zhang-wei, anna" in result.output
    assert "应为红，实为黄" in run(path, lang="zh").output


def test_a_text_that_is_missing_is_told_beside_what_the_notice_says(scenario) -> None:
    path = scenario(SURGE + '[[expect]]\nat = "30m"\nincident = "mass-complaints"\ntext = ["999 条"]\n')
    output = run(path).output
    assert 'expected "999 条" in a notice' in output
    assert "| 🟡 YELLOW" in output


@pytest.mark.parametrize(("expect", "told"), FAILING)
def test_each_kind_of_expectation_can_fail(surges: dict[str, str], expect: str, told: str) -> None:
    assert told in surges[case(expect)], surges[case(expect)]


def test_an_act_that_cannot_be_done_is_amiss(scenario) -> None:
    path = scenario(
        SURGE + '[[act]]\nat = "20m"\nwho = "anna"\ndo = "ack mass-complaints"\n'
        '[[act]]\nat = "21m"\nwho = "zhang-wei"\ndo = "ack mass-complaints"\n'
        '[[act]]\nat = "22m"\nwho = "zhang-wei"\ndo = "resolve publicity"\n'
        '[[expect]]\nat = "30m"\nincident = "mass-complaints"\ntier = "yellow"\n'
    )  # fmt: skip
    output = run(path).output
    assert f'{path}:16: 2026-03-09T09:21:00+08:00: zhang-wei could not "ack mass-complaints"' in output
    assert f"{path}:20:" in output
    assert ":12:" not in output


@pytest.mark.parametrize(("line", "wrong", "told"), FAULTY)
def test_a_fault_of_the_file_is_told_with_its_line(faulty: dict[str, str], line: int, wrong: str, told: str) -> None:
    text = faulty[case(wrong)]
    assert "can't be played" in text
    assert any(f".toml:{line}: " in each and told in each for each in text.splitlines()), text


def test_an_expectation_after_the_end_is_a_fault_not_a_success(scenario) -> None:
    head = SMALL + 'end = "3h"\n'
    path = scenario('[[expect]]\nat = "4h"\ntier = "calm"\n', head)
    result = run(path)
    assert result.exit_code == 1
    assert f"{path}:8: expect #1: at: lies after the end, so it is never checked" in result.output


def test_all_faults_are_told_at_once(scenario) -> None:
    text = (
        '[[mentions]]\ntext = []\nsource = "dask"\nevery = "1m"\n[[expect]]\nat = "x"\nrule = "volum"\ntier = "red"\n'
    )
    output = run(scenario(text)).output
    assert [int(n) for n in re.findall(r"scenario\.toml:(\d+): ", output)] == [7, 8, 11, 12]


def test_a_faulty_config_and_a_missing_one_are_told(scenario, tmp_path: Path) -> None:
    head = '[scenario]\nname = "x"\nconfig = "rules.toml"\nstart = "2026-03-09T09:00:00Z"\n'
    assert "scenario.toml:3: scenario: config: " in run(scenario("", head)).output
    (tmp_path / "rules.toml").write_text("[[rule]]\nname = 1\n", encoding="utf-8")
    assert "rules.toml:2:" in run(scenario("", head)).output


def test_a_template_that_fails_is_amiss_though_live_a_plain_notice_goes_out(scenario, tmp_path: Path) -> None:
    config = (HERE / "config" / "small.toml").read_text(encoding="utf-8").replace("../../../playbooks", "playbooks")
    (tmp_path / "rules.toml").write_text(config, encoding="utf-8")
    shutil.copytree(HERE.parents[1] / "playbooks", tmp_path / "playbooks")
    (tmp_path / "playbooks" / "general" / "notice.alarm.zh.j2").write_text(
        "{{ nothing.of.the.kind }}", encoding="utf-8"
    )
    head = re.sub(r"config = .*", 'config = "rules.toml"', SMALL)
    result = run(scenario(SURGE + '[[expect]]\nat = "30m"\nincident = "mass-complaints"\ntier = "yellow"\n', head))
    assert result.exit_code == 1
    assert "mass-complaints: its words make no notice: " in result.output


def test_exit_codes(tmp_path: Path) -> None:
    assert run(HERE / "shadow.toml", tmp_path / "nowhere.toml").exit_code == 2
    assert CliRunner().invoke(main, ["test"]).exit_code == 2
    (tmp_path / "broken.toml").write_text("[scenario\n", encoding="utf-8")
    result = run(HERE / "shadow.toml", tmp_path / "broken.toml")
    assert result.exit_code == 1
    assert "broken.toml:1:" in result.output
    assert "2 scenarios: 1 hold, 1 do not" in result.output


def test_playing_twice_tells_the_same() -> None:
    assert run(HERE / "lowered.toml").output == run(HERE / "lowered.toml").output


def test_steps_are_spread_and_repeat(scenario) -> None:
    text = """
    [[mentions]]
    source = "desk"
    text = ["a", "b"]
    at = "1h"
    every = "10m"
    for = "30m"
    values = [2, 1]
    late = "5s"
    [[expect]]
    at = "2h"
    tier = "calm"
    """
    scene = read(scenario(text), Desks())
    told = [(r.text, (r.at - scene.start) / 60, r.seen_at - r.at) for r in scene.records]  # type: ignore[union-attr]
    assert told == [("a", 60, 5), ("b", 65, 5), ("a", 70, 5), ("b", 80, 5), ("a", 85, 5)]


def test_every_act_of_the_command_line_can_be_said() -> None:
    words = {"raise": "raise x --tier red", "silence": "silence risk=x --for 1h --up-to red"}
    for verb in VERBS:
        assert read_act(words.get(verb, f"{verb} x -m why"))
    with pytest.raises(Unsaid):
        read_act("raise x --teir red")
    assert set(OPTIONS.values()) == {"tier", "scope", "for", "up-to", "comment"}


def test_every_text_stands_in_both_languages() -> None:
    texts = {id: text for id, text in catalogue().items() if id.startswith("scenario.")}
    assert len(texts) > 40
    assert all(set(text) == {"zh", "en"} for text in texts.values())


def test_the_example_of_the_docs_holds_and_its_page_names_every_key(scenario) -> None:
    page = (HERE.parents[1] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?s)```toml\n(.*?)```", page)
    result = run(scenario(example.replace('"rules.toml"', f'"{HERE.parents[1]}/rules.toml"'), head=""))
    assert result.exit_code == 0, result.output
    for kind in (Head, Mentions, Numbers, Outage, Act, Expect):
        for field in kind.__struct_encode_fields__:
            assert re.search(rf"`{field}\b|(?m:^{field} = )", page), f"{kind.__name__}.{field}"
